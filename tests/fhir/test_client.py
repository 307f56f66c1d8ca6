"""Reading from the EHR's FHIR server: over real HTTP on loopback, and with faults at the edge."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
import responses
from ehr import TOKEN, Answer, Call, Ehr, Hook, ask, client, dripping, ids, reasons, slow
from fhir_support import PATIENT, bundle, condition, outcome, source

from cds_service.fhir.gather import gather
from cds_service.fhir.hook import HookRequest
from cds_service.fhir.prefetch import (
    FAILED,
    NOT_ALLOWED,
    NOT_SENT,
    REFUSED,
    SOURCES,
    TIMED_OUT,
    TRUNCATED,
    UNREACHABLE,
    UNREADABLE,
    UNTRUSTED,
    next_link,
)
from cds_service.fhir.search import Fetched

CONDITION, STATEMENT = source("Condition"), source("MedicationStatement")


# -- what is fetched (FHIR-02, FHIR-03) -------------------------------------------------------------------------------------


def test_absent_keys_are_fetched_with_their_template(ehr: Ehr) -> None:
    """FHIR-02: exactly the advertised query, after token replacement."""
    Hook(ehr).gather(*SOURCES)
    assert sorted(ehr.paths) == sorted("/fhir/" + s.template.replace("{{context.patientId}}", PATIENT) for s in SOURCES)


@pytest.mark.parametrize("value", [None, bundle(), bundle(condition()), outcome()])
def test_a_satisfied_key_is_not_fetched(ehr: Ehr, value: Any) -> None:
    """FHIR-02, FHIR-03, FHIR-04: null, an empty Bundle and an OperationOutcome are answers."""
    Hook(ehr, {"Condition": value}).gather(CONDITION, STATEMENT)
    assert ehr.paths == [f"/fhir/MedicationStatement?patient={PATIENT}"]


def test_prefetched_and_fetched_records_are_the_same(ehr: Ehr) -> None:
    """FHIR-01."""
    ehr.answer = lambda call: call.send_json(bundle(condition()))
    assert Hook(ehr).gather() == Hook(ehr, {"Condition": bundle(condition())}).gather()


def test_nothing_is_called_when_everything_was_sent(ehr: Ehr) -> None:
    Hook(ehr, {s.resource_type: None for s in SOURCES}).gather(*SOURCES)
    assert ehr.calls == []


def test_a_strange_patient_id_is_quoted(ehr: Ehr) -> None:
    request = HookRequest("patient-view", "i", "p1&_count=1/../x", "Practitioner/1", server=ehr.base)
    gather(request, (CONDITION,), client())
    assert ehr.paths == ["/fhir/Condition?patient=p1%26_count%3D1%2F..%2Fx"]


# -- how it is asked (FHIR-07, FHIR-09, FHIR-15) ----------------------------------------------------------------------------


def test_the_token_is_presented_with_every_call_pages_included(ehr: Ehr) -> None:
    """FHIR-07."""
    pages(ehr, 3)
    Hook(ehr).gather()
    assert [headers.get("Authorization") for _, headers in ehr.calls] == [f"Bearer {TOKEN}"] * 3


def test_without_a_token_no_authorization_is_sent(ehr: Ehr) -> None:
    """FHIR-06: open test servers work this way."""
    Hook(ehr, token=None).gather()
    assert "Authorization" not in ehr.calls[0][1]


def test_a_token_is_not_remembered_for_the_next_call(ehr: Ehr) -> None:
    """FHIR-09."""
    shared = client()
    shared.fetch(ehr.base, TOKEN, {"a": "Condition?patient=p1"})
    shared.fetch(ehr.base, None, {"a": "Condition?patient=p1"})
    assert ["Authorization" in headers for _, headers in ehr.calls] == [True, False]


def test_a_cookie_of_one_call_is_not_sent_with_another(ehr: Ehr) -> None:
    """FHIR-09: a session that the server opened for one user is none of the next one's."""
    ehr.answer = lambda call: call.send_json(bundle(), Set_Cookie="SESSION=first-user; Path=/")
    shared = client()
    shared.fetch(ehr.base, TOKEN, {"a": "Condition?patient=p1"})
    shared.fetch(ehr.base, "another-token", {"a": "Condition?patient=p2"})
    assert "Cookie" not in ehr.calls[1][1]


def test_a_netrc_file_does_not_replace_the_token(ehr: Ehr, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """FHIR-07."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    ask(ehr, token=TOKEN)
    assert ehr.calls[0][1]["Authorization"] == f"Bearer {TOKEN}"


def test_fhir_json_is_asked_for(ehr: Ehr) -> None:
    """Some servers send XML otherwise."""
    ask(ehr)
    assert ehr.calls[0][1]["Accept"] == "application/fhir+json"


def test_a_base_with_and_without_a_slash_is_the_same(ehr: Ehr) -> None:
    client().fetch(ehr.base + "/", None, {"a": "Condition?patient=p1"})
    assert ehr.paths == ["/fhir/Condition?patient=p1"]


def test_a_compressed_answer_is_read(ehr: Ehr) -> None:
    packed = gzip.compress(json.dumps(bundle(condition())).encode())
    ehr.answer = lambda call: call.send(packed, Content_Encoding="gzip")
    assert ids(Hook(ehr).gather()) == ["c1"]


# -- pages (FHIR-05) --------------------------------------------------------------------------------------------------------


def pages(ehr: Ehr, count: int, link: Callable[[int], str] | None = None) -> None:
    """Answers with so many pages of one condition each."""

    def answer(call: Call) -> None:
        number = int(call.path.partition("page=")[2] or 1)
        following = link(number + 1) if link else f"{ehr.base}/Condition?page={number + 1}"
        call.send_json(bundle(condition(id=f"c{number}"), next_page=following if number < count else None))

    ehr.answer = answer


def test_next_pages_are_followed(ehr: Ehr) -> None:
    """FHIR-05."""
    pages(ehr, 3)
    records = Hook(ehr).gather()
    assert (ids(records), records.gaps) == (["c1", "c2", "c3"], [])


def test_the_next_page_of_a_prefetched_bundle_is_followed(ehr: Ehr) -> None:
    """FHIR-05: the decisive record may be on page 2."""
    pages(ehr, 2)
    records = Hook(ehr, {"Condition": bundle(condition(), next_page=f"{ehr.base}/Condition?page=2")}).gather()
    assert (ids(records), records.gaps, ehr.paths) == (["c1", "c2"], [], ["/fhir/Condition?page=2"])
    assert ehr.calls[0][1]["Authorization"] == f"Bearer {TOKEN}"


def test_a_relative_link_belongs_to_the_page_it_stands_on(ehr: Ehr) -> None:
    pages(ehr, 2, lambda number: f"Condition?page={number}")
    assert ids(Hook(ehr).gather()) == ["c1", "c2"]


def test_fifty_pages_are_complete_and_one_more_is_not_read(ehr: Ehr) -> None:
    pages(ehr, 50)
    assert ask(ehr).reason is None
    pages(ehr, 51)
    cut = ask(ehr)
    assert (len(cut.pages), cut.reason) == (50, TRUNCATED)


def test_ten_thousand_resources_are_enough(ehr: Ehr) -> None:
    entries = [{}] * 5001
    ehr.answer = lambda call: call.send_json(bundle(next_page=f"{call.path}x") | {"entry": entries})
    cut = ask(ehr)
    assert (len(cut.pages), cut.reason) == (2, TRUNCATED)


def test_a_page_that_links_to_itself_comes_to_an_end(ehr: Ehr) -> None:
    pages(ehr, 9, lambda _: f"{ehr.base}/Condition?page=1")
    assert ask(ehr).reason == TRUNCATED


def test_a_page_on_another_origin_is_not_called(ehr: Ehr, new_ehr: Callable[[], Ehr]) -> None:
    """FHIR-15: the token goes to the origin of fhirServer only."""
    stranger = new_ehr()
    pages(ehr, 2, lambda number: f"{stranger.base}/Condition?page={number}")
    records = Hook(ehr).gather()
    assert (ids(records), reasons(records), stranger.calls) == (["c1"], [TRUNCATED], [])


def test_a_prefetched_link_to_another_origin_is_not_called(ehr: Ehr, new_ehr: Callable[[], Ehr]) -> None:
    """FHIR-15."""
    stranger = new_ehr()
    records = Hook(ehr, {"Condition": bundle(condition(), next_page=f"{stranger.base}/Condition?page=2")}).gather()
    assert (ids(records), reasons(records), stranger.calls, ehr.calls) == (["c1"], [TRUNCATED], [], [])


@pytest.mark.parametrize(
    ("base", "link", "same"),
    [
        ("https://ehr.example/fhir", "https://ehr.example:443/fhir?page=2", True),
        ("https://ehr.example:443/fhir", "https://ehr.example/other?page=2", True),
        ("http://ehr.example/fhir", "http://ehr.example:80/fhir?page=2", True),
        ("https://ehr.example/fhir", "HTTPS://EHR.example/fhir?page=2", True),
        ("https://ehr.example/fhir", "http://ehr.example/fhir?page=2", False),
        ("https://ehr.example/fhir", "https://ehr.example:8443/fhir?page=2", False),
        ("https://ehr.example/fhir", "https://ehr.example.evil.example/fhir?page=2", False),
        ("https://ehr.example/fhir", "https://ehr.example@evil.example/fhir?page=2", False),
        ("https://ehr.example/fhir", "//evil.example/fhir?page=2", False),
    ],
)
def test_default_ports_are_the_same_origin(base: str, link: str, same: bool) -> None:
    """FHIR-15: MEDITECH's next links carry :443."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        mocked.get(f"{base}/Condition", json=bundle(condition(), next_page=link))
        mocked.get(link if not link.startswith("//") else "https:" + link, json=bundle(condition(id="c2")))
        found = client(allowed=(base,)).fetch(base, TOKEN, {"a": "Condition"})["a"]
        assert (len(found.pages), found.reason) == ((2, None) if same else (1, TRUNCATED))
        assert len(mocked.calls) == len(found.pages)


@pytest.mark.parametrize(
    "form",
    [
        "http://127.0.0.1:{there}\\@127.0.0.1:{here}/fhir?page=2",
        "http://user:secret@127.0.0.1:{here}/fhir?page=2",
        "http://127.0.0.1:{here}@127.0.0.1:{there}/fhir?page=2",
        "http://127.0.0.1:{there}#@127.0.0.1:{here}/fhir?page=2",
        "//127.0.0.1:{there}/fhir?page=2",
        "http://127.0.0.1:{there}\t@127.0.0.1:{here}/fhir?page=2",
    ],
)
def test_a_link_in_which_two_parsers_see_two_hosts_takes_no_token_along(ehr: Ehr, new_ehr: Callable[[], Ehr], form: str) -> None:
    """FHIR-15: the parser that checks is the one that calls."""
    stranger = new_ehr()
    link = form.format(here=ehr.server_address[1], there=stranger.server_address[1])
    pages(ehr, 2, lambda _: link)
    records = Hook(ehr).gather()
    assert (reasons(records), stranger.calls) == ([TRUNCATED], [])


@pytest.mark.parametrize("link", ["http://[bad", "http://ehr.example:port/x", "javascript:alert(1)", "file:///etc/passwd", ""])
def test_a_link_that_is_no_address_cuts_the_answer_short(ehr: Ehr, link: str) -> None:
    """FHIR-11: never a crash."""
    ehr.answer = lambda call: call.send_json(bundle(condition()) | {"link": [{"relation": "next", "url": link}]})
    records = Hook(ehr).gather()
    assert (set(ids(records)), reasons(records)) == ({"c1"}, [TRUNCATED])


def test_a_link_as_one_object_is_followed_like_a_prefetched_one(ehr: Ehr) -> None:
    """Otherwise the rest of the answer is missing and nobody knows."""
    first = bundle(condition()) | {"link": {"relation": "next", "url": f"{ehr.base}/Condition?page=2"}}
    ehr.answer = lambda call: call.send_json(bundle(condition(id="c2")) if "page=2" in call.path else first)
    assert ids(Hook(ehr).gather()) == ["c1", "c2"]


def test_a_page_that_fails_leaves_what_was_read_and_a_gap(ehr: Ehr) -> None:
    def answer(call: Call) -> None:
        if "page=2" in call.path:
            call.send_json(outcome(), 500)
        else:
            call.send_json(bundle(condition(), next_page=f"{ehr.base}/Condition?page=2"))

    ehr.answer = answer
    records = Hook(ehr).gather()
    assert (ids(records), reasons(records)) == (["c1"], [TRUNCATED])


@pytest.mark.parametrize("status", [404, 500, 403])
@pytest.mark.parametrize("kind", ["Condition", "MedicationStatement"])
def test_a_prefetched_answer_whose_next_page_fails_is_not_complete(ehr: Ehr, kind: str, status: int) -> None:
    """FHIR-05: not a silent partial answer, for an optional type neither."""
    ehr.answer = lambda call: call.send_json(outcome(), status)
    records = Hook(ehr, {kind: bundle(next_page=f"{ehr.base}/{kind}?page=2")}).gather(source(kind))
    assert len(records.gaps) == 1


def test_a_prefetched_answer_with_a_next_page_and_no_server_is_not_complete() -> None:
    """FHIR-05."""
    records = Hook(prefetch={"Condition": bundle(condition(), next_page="https://ehr.example/fhir/Condition?page=2")}).gather()
    assert (ids(records), reasons(records)) == (["c1"], [TRUNCATED])


def test_next_page_reads_only_what_is_there() -> None:
    assert next_link({"link": [{"relation": "next", "url": "?page=2"}]}) == "?page=2"
    assert next_link({"link": {"relation": "next", "url": "?page=2"}}) == "?page=2"
    assert next_link({"link": [{"relation": "self", "url": "?page=1"}, None]}) is None
    assert next_link({"link": [{"relation": "next", "url": 7}]}) == ""


@pytest.mark.parametrize("link", [{"relation": "next"}, {"relation": "next", "url": None}])
def test_a_next_page_without_an_address_is_missing(ehr: Ehr, link: dict[str, Any]) -> None:
    """FHIR-05. Prefetched and fetched; nothing is called for it."""
    page = bundle(condition()) | {"link": [link]}
    ehr.answer = lambda call: call.send_json(page)
    assert reasons(Hook(ehr).gather()) == [TRUNCATED]
    assert reasons(Hook(ehr, {"Condition": page}).gather()) == [TRUNCATED]
    assert len(ehr.calls) == 1


# -- failures (FHIR-11, FHIR-12) --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, REFUSED),
        (403, REFUSED),
        (400, FAILED),
        (404, FAILED),
        (410, FAILED),
        (429, FAILED),
        (500, FAILED),
        (501, FAILED),
        (503, FAILED),
    ],
)
def test_an_error_of_the_server_has_its_reason(ehr: Ehr, status: int, reason: str) -> None:
    """FHIR-11."""
    ehr.answer = lambda call: call.send_json(outcome(), status)
    assert reasons(Hook(ehr).gather()) == [reason]


@pytest.mark.parametrize("status", [400, 404, 501])
def test_an_optional_type_that_the_server_does_not_know_is_none(ehr: Ehr, status: int) -> None:
    ehr.answer = lambda call: call.send(b"<html>", status, Content_Type="text/html")
    assert reasons(Hook(ehr).gather(STATEMENT)) == []


@pytest.mark.parametrize("status", [401, 403, 500])
def test_an_optional_type_that_is_refused_or_fails_is_a_gap(ehr: Ehr, status: int) -> None:
    ehr.answer = lambda call: call.send_json(outcome(), status)
    assert len(reasons(Hook(ehr).gather(STATEMENT))) == 1


def test_a_patient_who_is_not_there_is_not_found(ehr: Ehr) -> None:
    ehr.answer = lambda call: call.send_json(outcome("not-found"), 404)
    assert reasons(Hook(ehr).gather(source("Patient"))) == ["not found"]


@pytest.mark.parametrize(
    "body", [b"<html>login</html>", b"", b"{", b"<Bundle xmlns='http://hl7.org/fhir'/>", b"\xff\xfe", b"null", b"[]", b"5", b"{}"]
)
def test_a_body_that_is_no_fhir_json_is_unreadable(ehr: Ehr, body: bytes) -> None:
    ehr.answer = lambda call: call.send(body)
    records = Hook(ehr).gather()
    assert (ids(records), reasons(records)) == ([], [UNREADABLE])


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(ehr: Ehr, new_ehr: Callable[[], Ehr], status: int) -> None:
    """FHIR-15: it would take the token along."""
    elsewhere = new_ehr()
    ehr.answer = lambda call: call.send(b"", status, Location=f"{elsewhere.base}/Condition")
    assert (reasons(Hook(ehr).gather()), elsewhere.calls) == ([FAILED], [])


def test_an_operation_outcome_as_the_answer_is_a_failure(ehr: Ehr) -> None:
    """FHIR-04."""
    ehr.answer = lambda call: call.send_json(outcome("forbidden"))
    assert reasons(Hook(ehr).gather()) == [REFUSED]


def test_a_server_that_hangs_up_could_not_be_reached(ehr: Ehr) -> None:
    def answer(call: Call) -> None:
        call.close_connection = True
        call.connection.close()

    ehr.answer = answer
    assert reasons(Hook(ehr).gather()) == [UNREACHABLE]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (requests.ConnectionError("refused"), UNREACHABLE),
        (requests.exceptions.SSLError("certificate"), UNTRUSTED),
        (requests.ConnectTimeout("slow"), TIMED_OUT),
        (requests.ReadTimeout("slow"), TIMED_OUT),
        (requests.exceptions.ChunkedEncodingError("cut"), UNREACHABLE),
    ],
)
def test_a_fault_on_the_way_has_its_reason(fault: Exception, reason: str) -> None:
    with responses.RequestsMock() as mocked:
        mocked.get("https://ehr.example/fhir/Condition", body=fault)
        found = client(allowed=("https://ehr.example/fhir",)).fetch("https://ehr.example/fhir", TOKEN, {"a": "Condition"})
    assert found == {"a": Fetched(reason=reason)}


def test_a_port_where_nobody_listens_could_not_be_reached(ehr: Ehr) -> None:
    free = Ehr()
    address = free.base
    free.server_close()
    assert reasons(Hook(server=address).gather()) == [UNREACHABLE]


def test_one_failure_leaves_the_others(ehr: Ehr) -> None:
    def answer(call: Call) -> None:
        if "Condition" in call.path:
            call.send_json(bundle(condition()))
        else:
            call.send_json(outcome(), 500)

    ehr.answer = answer
    records = Hook(ehr).gather(CONDITION, STATEMENT)
    assert (ids(records), [gap.what for gap in records.gaps]) == (["c1"], ["MedicationStatement"])


# -- who may be called (FHIR-12, FHIR-15) -----------------------------------------------------------------------------------


def test_without_a_server_an_absent_key_was_not_sent() -> None:
    """FHIR-12."""
    assert reasons(Hook().gather()) == [NOT_SENT]


def test_a_server_that_is_not_allowed_is_not_called(ehr: Ehr) -> None:
    """FHIR-15."""
    records = Hook(ehr, allowed=("https://ehr.example/fhir",)).gather()
    assert (reasons(records), ehr.calls) == ([NOT_ALLOWED], [])


@pytest.mark.parametrize(
    ("base", "allowed"),
    [
        ("http://127.0.0.1:8000/fhir", True),
        ("http://localhost/fhir", True),
        ("http://[::1]:8000/fhir", True),
        ("https://127.0.0.2/fhir", True),
        ("http://169.254.169.254/latest", False),
        ("http://10.0.0.1/fhir", False),
        ("https://ehr.example/fhir", False),
        ("http://localhost.evil.example/fhir", False),
        ("http://127.0.0.1.evil.example/fhir", False),
        ("http://user:secret@127.0.0.1/fhir", False),
        ("http://evil.example\\@127.0.0.1/fhir", False),
        ("http://127.0.0.1\\@evil.example/fhir", False),
        ("ftp://127.0.0.1/fhir", False),
        ("file:///etc/passwd", False),
        ("http://127.0.0.1/fhir?x=1", False),
        ("http://127.0.0.1/fhir#x", False),
        ("127.0.0.1/fhir", False),
        ("", False),
        ("http://[::1", False),
        ("http://[bad]/fhir", False),
    ],
)
def test_without_a_list_only_this_machine_may_be_called(base: str, allowed: bool) -> None:
    """FHIR-15."""
    assert client().allows(base) is allowed


@pytest.mark.parametrize(
    ("base", "allowed"),
    [
        ("https://ehr.example/r4", True),
        ("https://ehr.example/r4/", True),
        ("https://EHR.example:443/r4", True),
        ("http://ehr.example/r4", False),
        ("https://ehr.example/r5", False),
        ("https://ehr.example/r4/../r5", False),
        ("https://ehr.example:8443/r4", False),
        ("http://127.0.0.1/r4", False),
    ],
)
def test_with_a_list_only_its_servers_may_be_called(base: str, allowed: bool) -> None:
    """FHIR-15."""
    assert client(allowed=("https://ehr.example/r4",)).allows(base) is allowed


# -- the deadline -----------------------------------------------------------------------------------------------------------


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.monotonic()
    found = work()
    return time.monotonic() - started, found


@pytest.mark.parametrize("manner", [slow, dripping])
def test_the_deadline_is_kept(ehr: Ehr, manner: Callable[[Ehr], Answer]) -> None:
    ehr.answer = manner(ehr)
    took, records = timed(lambda: Hook(ehr, budget=0.3).gather(*SOURCES))
    assert took < 2
    assert set(reasons(records)) == {TIMED_OUT}
    assert len(records.gaps) == len(SOURCES)


def test_what_arrived_in_time_is_used(ehr: Ehr) -> None:
    wait_for_ever = slow(ehr)
    ehr.answer = lambda call: call.send_json(bundle(condition())) if "Condition" in call.path else wait_for_ever(call)
    records = Hook(ehr, budget=1.0).gather(CONDITION, STATEMENT)
    assert (ids(records), [(g.what, g.reason) for g in records.gaps]) == (["c1"], [("MedicationStatement", TIMED_OUT)])


def test_all_pages_share_one_deadline(ehr: Ehr) -> None:
    def answer(call: Call) -> None:
        ehr.closing.wait(0.25)
        call.send_json(bundle(condition(), next_page=f"{ehr.base}/Condition?page=2"))

    ehr.answer = answer
    took, found = timed(lambda: ask(ehr, budget=0.6))
    assert took < 2
    assert found.reason in (TRUNCATED, TIMED_OUT)


def test_queries_run_side_by_side(ehr: Ehr) -> None:
    def answer(call: Call) -> None:
        ehr.closing.wait(0.3)
        call.send_json(bundle())

    ehr.answer = answer
    took, records = timed(lambda: Hook(ehr).gather(*SOURCES))
    assert took < 2
    assert all(gap.reason not in (TIMED_OUT, FAILED) for gap in records.gaps if gap.what != "Patient")


def test_a_dripping_server_does_not_starve_the_next_call(ehr: Ehr, new_ehr: Callable[[], Ehr]) -> None:
    """One bad EHR server must not keep every thread: the next patient is read from a server that answers at once."""
    ehr.answer = dripping(ehr)
    healthy = new_ehr()
    shared = client(0.5)
    for number in range(2):
        shared.fetch(ehr.base, None, {f"{number}-{n}": "Condition" for n in range(16)})
    found = shared.fetch(healthy.base, None, {"it": "Condition"})["it"]
    assert found.reason is None


def test_a_client_made_before_a_fork_opens_its_own_session(ehr: Ehr, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = client()
    assert shared.fetch(ehr.base, None, {"it": "Condition"})["it"].reason is None
    monkeypatch.setattr("os.getpid", lambda: -1)
    assert shared.fetch(ehr.base, None, {"it": "Condition"})["it"].reason is None


# -- a server that demands more ---------------------------------------------------------------------------------------------


def test_a_plan_is_searched_by_category_where_the_server_demands_one(ehr: Ehr) -> None:
    """Oracle Health."""
    plan = {"resourceType": "CarePlan", "id": "cp1", "subject": {"reference": f"Patient/{PATIENT}"}}
    ehr.answer = lambda call: call.send_json(*((bundle(plan),) if "category=assess-plan" in call.path else (outcome(), 400)))
    records = Hook(ehr).gather(source("CarePlan"))
    assert (ids(records, "CarePlan"), records.gaps) == (["cp1"], [])
    assert ehr.paths == [f"/fhir/CarePlan?patient={PATIENT}", f"/fhir/CarePlan?patient={PATIENT}&category=assess-plan"]


def test_a_plan_that_is_refused_both_ways_is_a_gap(ehr: Ehr) -> None:
    ehr.answer = lambda call: call.send_json(outcome(), 400)
    assert (reasons(Hook(ehr).gather(source("CarePlan"))), len(ehr.calls)) == ([FAILED], 2)


def test_a_refusal_at_the_very_deadline_is_a_gap(ehr: Ehr, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no time left to ask again."""
    refused = {"CarePlan": Fetched(reason=FAILED, unknown_type=True)}
    monkeypatch.setattr("cds_service.fhir.client.FhirClient.fetch", lambda *_, **__: refused)
    assert reasons(Hook(ehr).gather(source("CarePlan"))) == [TIMED_OUT]
