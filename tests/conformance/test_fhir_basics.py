"""Reading from the EHR: what is fetched and what is not, and whose data it is."""

from __future__ import annotations

from urllib.parse import quote, unquote

import conformance_support as support
import pytest

AUTHORIZATION = {"access_token": "s3cret", "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.read", "subject": "cds"}


@pytest.fixture(scope="module")
def client():
    """The service with time enough for a busy machine: nothing here is about speed."""
    return support.service(deadline_ms=10_000)


def advertised(client, hook):
    return next(s["prefetch"] for s in client.get("/cds-services").json["services"] if s["hook"] == hook)


def from_server(body, ehr, *keys):
    """The same request with these keys (or all) to be fetched from the EHR."""
    keys = keys or tuple(body["prefetch"])
    ehr.data = {key: body["prefetch"][key] for key in keys}
    return support.without(body, *(f"prefetch.{key}" for key in keys)) | {"fhirServer": ehr.base}


@pytest.mark.parametrize("hook", support.HOOKS)
def test_exactly_the_missing_keys_are_fetched_with_the_advertised_query_fhir_02(client, ehr, hook):
    body = from_server(support.on_pathway(hook), ehr, "Patient", "Observation", "Procedure")
    assert support.call(client, body).status_code == 200
    queries = {advertised(client, hook)[key].replace("{{context.patientId}}", support.PATIENT) for key in ehr.data}
    assert {unquote(url.removeprefix("/fhir/")) for url in ehr.asked} == {unquote(query) for query in queries}
    assert len(ehr.asked) == 3


@pytest.mark.parametrize("hook", support.HOOKS)
def test_prefetch_server_and_half_and_half_give_the_same_cards_fhir_01_fhir_02(client, ehr, hook):
    body = support.on_pathway(hook, medicines=["lorazepam", "gabapentin"], egfr=50)
    expected = support.unnamed(support.call(client, body).json)
    assert expected["cards"]
    for keys in ((), ("Condition", "MedicationRequest"), ("Observation", "Patient", "Encounter")):
        assert support.unnamed(support.call(client, from_server(body, ehr, *keys)).json) == expected


def test_an_id_is_escaped_in_the_query_fhir_02(client, ehr):
    body = support.smallest("patient-view") | {"fhirServer": ehr.base}
    body["context"]["patientId"] = "a.b-c_d"
    assert support.call(client, body).status_code == 200
    assert f"/fhir/Patient/{quote('a.b-c_d')}" in ehr.asked


@pytest.mark.parametrize("base", ["", "/"])
def test_a_slash_at_the_end_of_the_server_makes_no_difference_fhir_02(client, ehr, base):
    body = support.smallest("patient-view") | {"fhirServer": ehr.base + base}
    assert support.call(client, body).status_code == 200
    assert f"/fhir/Condition?patient={support.PATIENT}" in ehr.asked


def test_the_token_goes_with_every_call_fhir_07(client, ehr):
    body = support.smallest("order-sign") | {"fhirServer": ehr.base, "fhirAuthorization": AUTHORIZATION}
    assert support.call(client, body).status_code == 200
    assert set(ehr.tokens) == {"Bearer s3cret"}


# -- absent, null, empty, failed --------------------------------------------------------------------------------------------


def test_an_absent_key_is_fetched_fhir_03(client, ehr):
    body = from_server(support.on_pathway("patient-view"), ehr, "Condition")
    assert support.card_ids(support.call(client, body)) == ["physio-start-general", "document-exam-differential"]
    assert ehr.types == ["Condition"]


NOTHING = {
    "null": None,
    "no entry": {"resourceType": "Bundle", "type": "searchset", "total": 0},
    "an empty entry list": support.bundle(),
}


@pytest.mark.parametrize("hook", support.HOOKS)
@pytest.mark.parametrize("nothing", NOTHING.values(), ids=NOTHING)
def test_null_and_an_empty_bundle_mean_none_and_are_not_fetched_fhir_03(client, ehr, hook, nothing):
    body = support.on_pathway(hook) | {"fhirServer": ehr.base}
    expected = support.unnamed(support.call(client, body).json)
    for key in body["prefetch"]:
        if key not in ("Patient", "Condition"):
            body["prefetch"][key] = nothing
    assert support.unnamed(support.call(client, body).json) == expected
    body["prefetch"]["Condition"] = nothing
    assert support.call(client, body).json == {"cards": []}
    assert ehr.asked == []


@pytest.mark.parametrize("hook", support.HOOKS)
def test_an_outcome_is_neither_data_nor_none_and_is_not_tried_again_fhir_04(client, ehr, hook):
    body = support.on_pathway(hook) | {"fhirServer": ehr.base}
    body["prefetch"]["Procedure"] = support.failed("forbidden")
    detail = support.card_of(support.call(client, body), "data-incomplete")["detail"]
    assert "Procedure: not permitted" in detail
    assert ehr.asked == []


@pytest.mark.parametrize(("severity", "noticed"), [("error", True), ("warning", False), ("information", False)])
def test_an_outcome_beside_entries_leaves_them_in_use_fhir_04(client, severity, noticed):
    body = support.on_pathway("order-sign", medicines=["lorazepam"])
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": "processing"}]}
    body["prefetch"]["Condition"]["entry"].append({"resource": outcome, "search": {"mode": "outcome"}})
    shown = support.card_ids(support.call(client, body))
    assert "opioid-benzodiazepine" in shown
    assert ("data-incomplete" in shown) == noticed


def test_the_next_page_of_a_prefetched_bundle_is_fetched_fhir_05(client, ehr):
    body = support.on_pathway("patient-view") | {"fhirServer": ehr.base, "fhirAuthorization": AUTHORIZATION}
    second = body["prefetch"]["Condition"]
    ehr.data = {"Condition": second}
    body["prefetch"]["Condition"] = support.bundle(link=[{"relation": "next", "url": f"{ehr.base}/Condition?page=2"}])
    assert support.card_ids(support.call(client, body)) == ["physio-start-general", "document-exam-differential"]
    assert ehr.asked == ["/fhir/Condition?page=2"]
    assert ehr.tokens == ["Bearer s3cret"]


# -- required and optional --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hook", support.HOOKS)
def test_the_error_names_the_missing_key_and_nothing_of_the_patient_fhir_12(client, hook):
    answer = support.call(client, support.smallest(hook))
    issue = support.refusal(answer, 412)
    assert "Condition" in issue["details"]["text"]
    assert issue["expression"] == ["prefetch.Condition"]
    assert support.PATIENT not in answer.text


@pytest.mark.parametrize("hook", support.HOOKS)
def test_without_an_optional_key_there_are_no_more_cards_than_with_it_fhir_13(client, hook):
    body = support.on_pathway(hook, medicines=["lorazepam"], egfr=40)
    complete = set(support.card_ids(support.call(client, body)))
    for key in body["prefetch"]:
        if key != "Condition":
            fewer = set(support.card_ids(support.call(client, support.without(body, f"prefetch.{key}"))))
            assert fewer - {"data-incomplete", "demographics-missing", "renal-function-unknown"} <= complete, key


def test_the_condition_alone_is_documented_as_required_fhir_13(client):
    for service in client.get("/cds-services").json["services"]:
        assert "Condition is required" in service["usageRequirements"]


# -- whose data -------------------------------------------------------------------------------------------------------------


def test_conditions_of_another_patient_are_not_mixed_in_fhir_14(client):
    body = support.request("patient-view", problems=["hypertension"])
    body["prefetch"]["Condition"]["entry"].append({"resource": support.condition(patient="other")})
    answer = support.call(client, body)
    assert (answer.status_code, answer.json["issue"][0]["details"]["text"]) == (
        412,
        "Condition: in part of another patient. The problem list is required.",
    )
    body["prefetch"]["Condition"]["entry"].append({"resource": support.condition()})
    assert "data-incomplete" in support.card_ids(support.call(client, body))


@pytest.mark.parametrize("reference", ["Patient/other", "https://ehr.example/fhir/Patient/other", "Patient/other/_history/2"])
def test_medicines_of_another_patient_are_not_mixed_in_fhir_14(client, reference):
    body = support.on_pathway("order-sign", medicines=["naproxen", "lorazepam"])
    assert "opioid-benzodiazepine" in support.card_ids(support.call(client, body))
    body["prefetch"]["MedicationRequest"]["entry"][1]["resource"]["subject"] = {"reference": reference}
    assert "opioid-benzodiazepine" not in support.card_ids(support.call(client, body))


def test_absolute_and_versioned_references_to_the_patient_are_his_own_fhir_14(client):
    body = support.on_pathway("order-sign", medicines=["lorazepam"])
    for reference in (f"https://ehr.example/fhir/Patient/{support.PATIENT}", f"Patient/{support.PATIENT}/_history/2"):
        body["prefetch"]["MedicationRequest"]["entry"][0]["resource"]["subject"] = {"reference": reference}
        assert "opioid-benzodiazepine" in support.card_ids(support.call(client, body))


def test_drafts_of_another_patient_are_not_looked_at_fhir_14(client):
    body = support.on_pathway("order-sign", medicines=["lorazepam"])
    body["context"]["draftOrders"]["entry"][0]["resource"]["subject"] = {"reference": "Patient/other"}
    assert support.card_ids(support.call(client, body)) == []


def test_another_patient_in_the_patient_key_gives_no_age_and_no_sex_fhir_14(client):
    body = support.on_pathway("patient-view")
    body["prefetch"]["Patient"]["id"] = "other"
    shown = support.card_ids(support.call(client, body))
    assert {"demographics-missing", "data-incomplete"} <= set(shown)
    assert "physio-start-general" not in shown


# -- servers ----------------------------------------------------------------------------------------------------------------

NOT_ALLOWED = [
    "http://169.254.169.254/latest",
    "https://ehr.example/fhir",
    "http://10.0.0.1/fhir",
    "http://0.0.0.0:1/fhir",
    "http://localhost.evil.example/fhir",
    "http://127.0.0.1.evil.example/fhir",
    "http://user@127.0.0.1:1/fhir",
    "http://127.0.0.1:1/fhir?x=y",
]


@pytest.mark.parametrize("server", NOT_ALLOWED)
def test_only_loopback_is_called_when_nothing_is_listed_fhir_15(client, server):
    answer = support.call(client, support.smallest("patient-view") | {"fhirServer": server})
    if answer.status_code != 422:
        assert "not on the list" in support.refusal(answer, 412)["details"]["text"]


@pytest.mark.parametrize("change", [lambda base: base + "/other", lambda base: base.replace("/fhir", "/other")])
def test_only_listed_servers_are_called_fhir_15(ehr, change):
    client = support.service(fhir_servers=(ehr.base,))
    assert support.call(client, support.smallest("patient-view") | {"fhirServer": change(ehr.base)}).status_code == 412
    assert ehr.asked == []
    assert support.call(client, support.smallest("patient-view") | {"fhirServer": ehr.base}).status_code == 200


def test_next_links_to_another_server_are_not_followed_fhir_15(client, ehr, other_ehr):
    body = support.on_pathway("order-sign", medicines=["lorazepam"]) | {
        "fhirServer": ehr.base,
        "fhirAuthorization": AUTHORIZATION,
    }
    link = [{"relation": "next", "url": f"{other_ehr.base}/MedicationRequest?page=2"}]
    body["prefetch"]["MedicationRequest"]["link"] = link
    assert "data-incomplete" in support.card_ids(support.call(client, body))
    ehr.data = {"MedicationRequest": support.bundle(link=link)}
    assert "data-incomplete" in support.card_ids(support.call(client, support.without(body, "prefetch.MedicationRequest")))
    assert other_ehr.asked == []


def test_redirects_are_not_followed_fhir_15(client, ehr, other_ehr):
    body = support.smallest("patient-view") | {"fhirServer": ehr.base, "fhirAuthorization": AUTHORIZATION}
    ehr.data = {"Condition": {"Location": f"{other_ehr.base}/Condition"}}
    support.refusal(support.call(client, body), 412)
    assert other_ehr.asked == []


def test_drafts_are_not_looked_for_on_the_server_fhir_16(client, ehr):
    body = from_server(support.on_pathway("order-select", ordering=["oxycodone", "naproxen"]), ehr)
    assert support.card_ids(support.call(client, body))
    assert not any("draft-" in url for url in ehr.asked)
    assert len(ehr.asked) == len(set(ehr.asked))


def test_data_are_read_anew_for_every_call_fhir_17(client, ehr):
    body = from_server(support.on_pathway("order-sign", medicines=["lorazepam"]), ehr)
    assert "opioid-benzodiazepine" in support.card_ids(support.call(client, body))
    ehr.data["MedicationRequest"] = support.bundle()
    assert "opioid-benzodiazepine" not in support.card_ids(support.call(client, body))
    ehr.data["Condition"] = support.bundle()
    assert support.call(client, body).json == {"cards": []}


def test_a_server_that_trickles_does_not_keep_others_from_being_read_gen_08(ehr, other_ehr):
    client = support.service(deadline_ms=400)
    ehr.data = dict.fromkeys(advertised(client, "order-sign"), ...)
    for _ in range(2):
        support.refusal(support.call(client, support.smallest("order-sign") | {"fhirServer": ehr.base}), 412)
    body = from_server(support.on_pathway("order-sign"), other_ehr, "Procedure")
    assert "data-incomplete" not in support.card_ids(support.call(client, body))
