"""The demo: a real server, its own EHR, and everything that the public CDS Hooks sandbox does with them."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, parse_qsl, urlsplit
from uuid import uuid4

import pytest
import requests

from cds_service.config import SANDBOX, Settings
from cds_service.demo import demo_app, fixtures_folder, welcome
from cds_service.demo.personas import Charts
from cds_service.fhir.orders import problems_with

PERSONAS = Charts.load(fixtures_folder()).personas
BY_ID = {persona.id: persona for persona in PERSONAS}
EACH = pytest.mark.parametrize("persona", PERSONAS, ids=lambda persona: persona.id)
ORIGIN = {"Origin": SANDBOX}
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Demo:
    """A demo that runs: its address, and what it printed."""

    base: str
    printed: str


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    folder = tmp_path_factory.mktemp("demo")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")}
    command = [sys.executable, "-m", "cds_service.cli", "demo", "--port", str(port)]
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        process = subprocess.Popen(command, stdout=out, stderr=err, env=environment, cwd=folder)
    try:
        wait_for(f"{base}/healthz", process)
        yield Demo(base, (folder / "out").read_text(encoding="utf-8"))
    finally:
        process.terminate()
        process.wait(timeout=15)


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        assert process.poll() is None, "the demo ended by itself"
        try:
            if requests.get(url, timeout=1).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise AssertionError("the demo does not answer")


@pytest.fixture(scope="module")
def ehr():
    """A client of the FHIR endpoint, with a clock that stands still."""
    return demo_app(Settings(now=NOW, log_level="CRITICAL")).test_client()


def codes(answer) -> tuple[str, ...]:
    return tuple(card["source"]["topic"]["code"] for card in answer["cards"])


# -- what is printed ------------------------------------------------------------------------------------------------------


def test_the_printed_curl_line_returns_a_card(demo):
    (line,) = [text for text in demo.printed.splitlines() if text.startswith("curl ")]
    if shutil.which("curl"):
        ran = subprocess.run(["sh", "-c", line], capture_output=True, check=True, timeout=20)
        answer = json.loads(ran.stdout)
    else:
        words = shlex.split(line)
        sent = requests.post(words[2], data=words[-1], headers={"Content-Type": "application/json"}, timeout=20)
        answer = sent.json()
    assert codes(answer) == BY_ID["piriformis"].patient_view


def test_what_is_printed_names_the_addresses_and_the_permission(demo):
    assert f"{demo.base}/\n" in demo.printed
    assert f"{demo.base}/cds-services\n" in demo.printed
    assert "local network" in demo.printed
    links = re.findall(rf"{SANDBOX}/\?\S+", demo.printed)
    assert {parse_qs(urlsplit(link).query)["hook"][0] for link in links} == {"patient-view", "order-select"}
    assert len(links) >= 4


def test_a_public_address_replaces_the_local_one():
    app = demo_app(Settings(public_url="https://demo.example.org/cds", log_level="CRITICAL"))
    assert "http://127.0.0.1" not in welcome(app, "http://127.0.0.1:8000")
    assert "https://demo.example.org/cds/cds-services\n" in welcome(app, "http://127.0.0.1:8000")


# -- every persona, through the service's own reading ---------------------------------------------------------------------


def call(demo: Demo, hook: str, persona, **context):
    body = {
        "hook": hook,
        "hookInstance": str(uuid4()),
        "fhirServer": f"{demo.base}/fhir",
        "context": {"userId": "Practitioner/demo", "patientId": persona.id, **context},
    }
    answer = requests.post(f"{demo.base}/cds-services/posterior-hip-pain-{hook}", json=body, headers=ORIGIN, timeout=20)
    assert answer.status_code == 200, answer.text
    return answer.json()


@EACH
def test_opening_the_chart_shows_what_the_persona_promises(demo, persona):
    assert codes(call(demo, "patient-view", persona)) == persona.patient_view


@EACH
def test_ordering_the_medicine_shows_what_the_persona_promises(demo, persona):
    draft = sandbox_draft(persona, medicine=True)
    assert codes(call(demo, "order-select", persona, **orders(draft))) == persona.order.cards


def test_the_healthy_persona_gets_no_card(demo):
    assert call(demo, "patient-view", BY_ID["healthy"]) == {"cards": []}


def test_the_personas_together_show_most_cards_and_no_gap():
    shown = {card for persona in PERSONAS for card in (*persona.patient_view, *persona.order.cards)}
    assert len(shown) >= 17
    assert "data-incomplete" not in shown


# -- what the public sandbox does -----------------------------------------------------------------------------------------


def sandbox_draft(persona, *, medicine: bool, reason: bool = False):
    """The order of the public sandbox as it sends it: objects where FHIR has lists, and no Bundle type."""
    draft = {
        "resourceType": "MedicationRequest",
        "id": "request-123",
        "status": "draft",
        "subject": {"reference": f"Patient/{persona.id}"},
        "authoredOn": datetime.now(UTC).date().isoformat(),
        "dosageInstruction": [
            {
                "timing": {"repeat": {"frequency": persona.order.times_a_day, "period": 1, "periodUnit": "d"}},
                "doseAndRate": [{"doseQuantity": {"value": 1, "system": "http://unitsofmeasure.org", "code": "{pill}"}}],
            }
        ],
        "dispenseRequest": {"expectedSupplyDuration": {"value": 30, "unit": "days"}},
    }
    if medicine:
        rxnorm = "http://www.nlm.nih.gov/research/umls/rxnorm"
        coding = {"display": persona.order.text, "system": rxnorm, "code": persona.order.code}
        draft["intent"] = "order"
        draft["category"] = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/medicationrequest-category"}]}
        draft["medicationCodeableConcept"] = {"text": persona.order.text, "coding": [coding]}
    if reason:
        snomed = {"system": "http://snomed.info/sct", "code": "129179000", "display": "Piriformis syndrome"}
        draft["reasonCode"] = {"coding": [snomed], "text": "Piriformis syndrome"}
    return draft


def orders(draft, *, selected: bool = True):
    context = {"draftOrders": {"resourceType": "Bundle", "entry": [{"resource": draft}]}}
    return context | ({"selections": ["MedicationRequest/request-123"]} if selected else {})


class Sandbox:
    """A browser tab with the public sandbox: it asks the EHR and the service in its order, from its origin."""

    def __init__(self, base: str, patient: str) -> None:
        self.base, self.patient = base, patient
        self.services: dict[str, dict] = {}

    def _seen(self, answer: requests.Response) -> requests.Response:
        assert answer.headers["Access-Control-Allow-Origin"] == SANDBOX, answer.url
        return answer

    def get(self, path: str, accept: str = "application/json") -> requests.Response:
        headers = ORIGIN | {"Accept": accept}
        return self._seen(requests.get(self.base + path, headers=headers, timeout=10))

    def start(self) -> None:
        assert self.get("/fhir/metadata").json()["fhirVersion"] == "4.0.1"
        assert self.get("/fhir/Patient").status_code == 200
        patient = self.get(f"/fhir/Patient/{self.patient}", accept="application/json+fhir")
        assert patient.status_code == 200
        assert patient.json()["name"][0]["given"][0]
        problems = self.get(f"/fhir/Condition?patient={self.patient}").json()
        assert problems["total"] > 0
        assert all(e["resource"]["code"]["coding"][0]["code"] and e["resource"]["code"]["text"] for e in problems["entry"])
        self.services = {s["hook"]: s for s in self.get("/cds-services").json()["services"]}

    def _prefetched(self, hook: str) -> dict[str, dict]:
        found = {}
        for key, template in self.services[hook]["prefetch"].items():
            query = template.replace("{{context.patientId}}", self.patient)
            kind, is_search, parameters = query.partition("?")
            if is_search:
                url, form = f"{self.base}/fhir/{kind}/_search", sorted(parse_qsl(parameters))
                answer = self._seen(requests.post(url, data=form, headers=ORIGIN, timeout=10))
            else:
                answer = self.get(f"/fhir/{query}", accept="application/json+fhir")
            assert answer.status_code == 200, template
            found[key] = answer.json()
        return found

    def fire(self, hook: str, context: dict | None = None, *, service: str | None = None) -> requests.Response:
        body = {
            "hookInstance": str(uuid4()),
            "hook": hook,
            "fhirServer": f"{self.base}/fhir",
            "context": {"patientId": self.patient, "userId": "Practitioner/COREPRACTITIONER1", **(context or {})},
            "prefetch": self._prefetched(hook),
        }
        url = f"{self.base}/cds-services/{self.services[service or hook]['id']}"
        headers = ORIGIN | {"Authorization": "Bearer e30.e30.e30", "Accept": "application/json"}
        return self._seen(requests.post(url, json=body, headers=headers, timeout=20))

    def cards(self, hook: str, context: dict | None = None, *, service: str | None = None) -> dict:
        answer = self.fire(hook, context, service=service)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def tab(demo):
    def opened(persona_id: str) -> Sandbox:
        sandbox = Sandbox(demo.base, persona_id)
        sandbox.start()
        return sandbox

    return opened


@EACH
def test_the_sandbox_opens_the_chart_of_every_persona(tab, persona):
    assert codes(tab(persona.id).cards("patient-view")) == persona.patient_view


@EACH
def test_the_sandbox_orders_for_every_persona(tab, persona):
    sandbox = tab(persona.id)
    assert codes(sandbox.cards("order-select", orders(sandbox_draft(persona, medicine=True)))) == persona.order.cards


def test_opening_the_order_view_sends_a_draft_without_a_medicine(tab):
    piriformis = BY_ID["piriformis"]
    assert tab("piriformis").cards("order-select", orders(sandbox_draft(piriformis, medicine=False))) == {"cards": []}


def test_a_reason_as_an_object_instead_of_a_list(tab):
    draft = sandbox_draft(BY_ID["piriformis"], medicine=True, reason=True)
    assert codes(tab("piriformis").cards("order-select", orders(draft))) == ("first-line-before-opioid",)


def test_opening_the_order_view_again_sends_no_draft_at_all(tab):
    sandbox = tab("piriformis")
    assert sandbox.cards("order-select") == {"cards": []}
    assert codes(sandbox.cards("order-select", service="patient-view")) == BY_ID["piriformis"].patient_view


def test_signing_sends_no_selections(tab):
    kidney = BY_ID["kidney"]
    answer = tab("kidney").cards("order-sign", orders(sandbox_draft(kidney, medicine=True), selected=False))
    assert codes(answer) == ("gabapentinoid-renal-dose",)


@pytest.mark.parametrize("persona_id", ["piriformis", "deep-gluteal", "six-weeks"])
def test_accepting_a_medicine_replaces_the_draft_with_the_first_action(tab, persona_id):
    draft = sandbox_draft(BY_ID[persona_id], medicine=True)
    (card,) = tab(persona_id).cards("order-select", orders(draft))["cards"]
    *medicines, removal = card["suggestions"]
    assert len(medicines) == 3
    assert [a["type"] for a in removal["actions"]] == ["delete"]
    for suggestion in medicines:
        first = suggestion["actions"][0]
        medicine = first["resource"]["medicationCodeableConcept"]
        assert first["type"] == "create"
        assert medicine["text"]
        assert medicine["coding"][0]["code"]
        assert medicine["coding"][0]["code"] != BY_ID[persona_id].order.code
        assert problems_with(first["resource"]) == []
        assert suggestion["actions"][-1]["resourceId"] == "MedicationRequest/request-123"


def test_after_an_accepted_medicine_the_card_is_gone(tab):
    piriformis = BY_ID["piriformis"]
    draft, sandbox = sandbox_draft(piriformis, medicine=True), tab("piriformis")
    (card,) = sandbox.cards("order-select", orders(draft))["cards"]
    draft["medicationCodeableConcept"] = card["suggestions"][0]["actions"][0]["resource"]["medicationCodeableConcept"]
    assert sandbox.cards("order-select", orders(draft)) == {"cards": []}


@pytest.mark.parametrize("path", ["/fhir/metadata", "/fhir/Patient/piriformis", "/fhir/Condition?patient=x", "/cds-services"])
def test_a_preflight_with_authorization_passes(demo, path):
    asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
    answer = requests.options(demo.base + path, headers=ORIGIN | asked, timeout=10)
    assert answer.ok
    assert answer.headers["Access-Control-Allow-Origin"] == SANDBOX
    assert "GET" in answer.headers["Access-Control-Allow-Methods"]
    assert "authorization" in answer.headers["Access-Control-Allow-Headers"].lower()


@pytest.mark.parametrize("path", ["/fhir/Patient/nobody", "/fhir/Spaceship?patient=x", "/fhir/Spaceship/1", "/fhir"])
def test_errors_of_the_ehr_are_outcomes_that_the_browser_may_read(demo, path):
    answer = requests.get(demo.base + path, headers=ORIGIN, timeout=10)
    assert answer.status_code == 404
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert answer.headers["Access-Control-Allow-Origin"] == SANDBOX


# -- the FHIR endpoint ----------------------------------------------------------------------------------------------------


def found(answer) -> list[dict]:
    bundle = answer.get_json()
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "searchset")
    resources = [entry["resource"] for entry in bundle.get("entry", ())]
    assert bundle["total"] == len(resources)
    return resources


def owners(resources) -> set[str]:
    return {r["subject"]["reference"] for r in resources}


def test_a_read_is_fhir_json(ehr):
    answer = ehr.get("/fhir/Patient/kidney", headers={"Accept": "application/json+fhir"})
    assert answer.mimetype == "application/fhir+json"
    assert answer.get_json()["id"] == "kidney"


def test_the_capability_statement_is_valid_and_names_every_type(ehr):
    statement = ehr.get("/fhir/metadata").get_json()
    assert problems_with(statement) == []
    named = {resource["type"] for resource in statement["rest"][0]["resource"]}
    asked = {key for s in ehr.get("/cds-services").get_json()["services"] for key in s["prefetch"]}
    assert asked <= named


def test_the_list_of_patients_names_every_persona(ehr):
    assert [patient["id"] for patient in found(ehr.get("/fhir/Patient"))] == [persona.id for persona in PERSONAS]


@pytest.mark.parametrize("query", ["patient=kidney", "patient=Patient/kidney", "subject=kidney", "subject:Patient=kidney"])
def test_a_search_by_patient_never_shows_somebody_else(ehr, query):
    for kind in ("Condition", "Observation"):
        assert owners(found(ehr.get(f"/fhir/{kind}?{query}"))) == {"Patient/kidney"}


@pytest.mark.parametrize(
    "query", ["patient=nobody", "patient=", "patient=Practitioner/kidney", "patient=%7B%7Bcontext.patientId%7D%7D"]
)
def test_a_search_for_nobody_finds_nothing(ehr, query):
    answer = ehr.get(f"/fhir/Observation?{query}")
    assert found(answer) == []
    assert "entry" not in answer.get_json()


def test_a_comma_is_or_and_a_repeated_parameter_is_and(ehr):
    def categories(query: str) -> set[str]:
        resources = found(ehr.get(f"/fhir/Observation?patient=piriformis&{query}"))
        return {r["category"][0]["coding"][0]["code"] for r in resources}

    assert categories("category=laboratory") == {"laboratory"}
    assert categories("category=laboratory,vital-signs") == {"laboratory", "vital-signs"}
    assert categories("category=laboratory&category=vital-signs") == set()


@pytest.mark.parametrize(
    ("code", "total"),
    [
        ("98979-8", 1),
        ("http://loinc.org|98979-8", 1),
        ("http://loinc.org|98979-8,http://loinc.org|85354-9", 2),
        ("http://loinc.org|", 4),
        ("http://snomed.info/sct|98979-8", 0),
        ("nothing", 0),
    ],
)
def test_codes_with_and_without_a_system(ehr, code, total):
    assert len(found(ehr.get("/fhir/Observation", query_string={"patient": "piriformis", "code": code}))) == total


def test_search_by_status_by_medicine_and_by_id(ehr):
    request = "/fhir/MedicationRequest?patient=long-term-opioid"
    assert [r["status"] for r in found(ehr.get(f"{request}&status=active"))] == ["active"]
    assert len(found(ehr.get(f"{request}&code=857002"))) == 3
    assert [r["id"] for r in found(ehr.get("/fhir/Patient?_id=kidney"))] == ["kidney"]


def test_unknown_parameters_are_passed_over(ehr):
    query = "patient=kidney&_count=1&_sort=-date&_lastUpdated=gt2000&colour=blue"
    assert found(ehr.get(f"/fhir/Condition?{query}")) == found(ehr.get("/fhir/Condition?patient=kidney"))


def test_a_search_by_form_finds_the_same(ehr):
    by_form = ehr.post("/fhir/Observation/_search", data={"patient": "kidney", "category": "laboratory,exam"})
    assert by_form.get_json() == ehr.get("/fhir/Observation?patient=kidney&category=laboratory,exam").get_json()


def test_every_entry_has_its_address(ehr):
    for entry in ehr.get("/fhir/Condition?patient=kidney").get_json()["entry"]:
        assert entry["fullUrl"] == f"http://localhost/fhir/Condition/{entry['resource']['id']}"
        assert ehr.get(urlsplit(entry["fullUrl"]).path).get_json() == entry["resource"]


def test_nothing_can_be_written(ehr):
    assert ehr.post("/fhir/Patient", json={"resourceType": "Patient"}).status_code == 405
    assert ehr.delete("/fhir/Patient/kidney").status_code == 405


def test_a_demo_that_runs_for_weeks_does_not_age():
    settings = Settings(now=NOW, log_level="CRITICAL")
    app = demo_app(settings)
    client = app.test_client()
    before = client.get("/fhir/Condition/piriformis-problem-1").get_json()
    app.config["CDS"] = replace(settings, now=NOW + timedelta(days=30))
    after = client.get("/fhir/Condition/piriformis-problem-1").get_json()
    assert (before["onsetDateTime"], after["onsetDateTime"]) == ("2026-02-10", "2026-03-12")


# -- settings and the page ------------------------------------------------------------------------------------------------


def test_a_deadline_that_is_set_is_kept_and_the_default_is_generous():
    assert demo_app(Settings(log_level="CRITICAL")).config["CDS"].deadline_ms == 2000
    assert demo_app(Settings(deadline_ms=700, log_level="CRITICAL")).config["CDS"].deadline_ms == 700


def test_the_demo_reads_from_itself_only():
    listed = Settings(fhir_servers=("https://fhir.example.org/r4",), log_level="CRITICAL")
    assert demo_app(listed).config["CDS"].fhir_servers == ()
    public = replace(listed, public_url="https://demo.example.org")
    assert demo_app(public).config["CDS"].fhir_servers == ("https://demo.example.org/fhir",)


def test_the_page_shows_every_persona_with_links_that_fit(ehr):
    page = ehr.get("/").get_data(as_text=True).replace("&amp;", "&")
    assert "Synthetic patients" in page
    links = [dict(parse_qsl(urlsplit(link).query)) for link in re.findall(r'href="(https://[^"]+)"', page)]
    for persona in PERSONAS:
        assert persona.name in page
        assert persona.order.choose in page
        assert [(link["hook"], link["screen"]) for link in links if link["patientId"] == persona.id] == [
            ("patient-view", "patient-view"),
            ("order-select", "rx-view"),
        ]
    for link in links:
        assert link["fhirServiceUrl"] == "http://localhost/fhir"
        assert link["serviceDiscoveryURL"] == "http://localhost/cds-services"


def test_the_page_loads_nothing_from_elsewhere(ehr):
    """The browser tests watch what is asked; this holds without a browser."""
    answer = ehr.get("/")
    page = answer.get_data(as_text=True)
    loaded = re.findall(r'(?:src|<link[^>]+href)="([^"]+)"', page)
    assert loaded == ["data:,", "assets/base.css", "demo/demo.css", "demo/demo.js"]
    for file in loaded[1:]:
        with ehr.get(f"/{file}") as served:
            assert served.status_code == 200
            assert not re.search(r"@import|url\(|https?:", served.get_data(as_text=True))
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
