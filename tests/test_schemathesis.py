"""Whatever openapi.yaml allows, and much that it does not, sent to the application: every answer is one that it describes."""

from __future__ import annotations

import copy
import json
import tempfile
from dataclasses import replace

import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import checks
from schemathesis.config import SchemathesisConfig
from schemathesis.generation import GenerationMode

from cds_service import create_app
from cds_service.check import case_settings
from cds_service.demo.personas import fixtures_folder

# Two checks of the tool cannot hold, because the description says less, or more, than the service decides:
# - positive_data_acceptance: that the hook is that of the addressed service (422), and that Condition can be read from
#   somewhere (412), are conditions between the parts of a call, which no schema expresses.
# - negative_data_rejection: what a prefetch key holds is read leniently. What cannot be understood there is a gap that a card
#   names, never a refused request.
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
    checks.unsupported_method,
]
EXAMPLES = 60
FIXED = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    # Request bodies are large for Hypothesis; their number is what bounds the time here.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
CONFIG = SchemathesisConfig.from_dict({"generation": {"max-examples": EXAMPLES, "deterministic": True, "mode": "all"}})
# Nothing listens at this address, and no other may be called: what is generated as fhirServer stays uncalled.
MEMORY = tempfile.TemporaryDirectory()
APP = create_app(
    replace(
        case_settings(),
        fhir_servers=("http://127.0.0.1:1/fhir",),
        database_url=f"sqlite:///{MEMORY.name}/memory.sqlite3",
        hash_key="a key of the tests",
    )
)
SCHEMA = schemathesis.openapi.from_wsgi("/openapi.yaml", APP, config=CONFIG)
CALL = SCHEMA["/cds-services/{id}"]["POST"]
RECORDED = {
    name.partition("-")[2]: json.loads((fixtures_folder() / "requests" / f"{name}.json").read_text())
    for name in ("piriformis-patient-view", "piriformis-order-select", "kidney-order-sign")
}


@SCHEMA.parametrize()
@FIXED
def test_every_answer_is_described(case: schemathesis.Case) -> None:
    case.call_and_validate(checks=CHECKS)


@FIXED
@given(case=CALL.as_strategy(generation_mode=GenerationMode.POSITIVE))
def test_so_is_every_answer_to_a_call_that_is_evaluated(case: schemathesis.Case) -> None:
    """The recorded calls with the unknown members and the prefetched resources that were generated, save for Condition."""
    hook = case.body["hook"]
    recorded = copy.deepcopy(RECORDED[hook])
    known = {"fhirServer", "fhirAuthorization", *recorded}
    unknown = {name: value for name, value in case.body.items() if name not in known}
    # Each under its own type: a resource of another type is passed over before it is read.
    prefetched = {
        key: value | {"resourceType": key} if isinstance(value, dict) and key in recorded["prefetch"] else value
        for key, value in case.body.get("prefetch", {}).items()
        if key != "Condition"
    }
    case.path_parameters = {"id": f"posterior-hip-pain-{hook}"}
    case.body = unknown | recorded | {"prefetch": recorded["prefetch"] | prefetched}
    answer = case.call_and_validate(checks=CHECKS)
    assert answer.status_code == 200
