"""Quiet patients: charts on which every card of every hook is silent."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service import create_app, packaged_cards
from cds_service.check import CASE_DAY, case_settings, sender
from cds_service.content.case_charts import request_for
from cds_service.content.loader import load

LIBRARY = load(packaged_cards())
SEND = sender(create_app(case_settings(), LIBRARY))

QUIET: dict[str, dict[str, Any]] = {
    "nothing recorded at all": {},
    "nothing recorded, not even a date of birth": {"born": "none"},
    "high blood pressure and diabetes": {"problems": ["hypertension", {"code": ["icd", "E11.9"], "text": "Type 2 diabetes"}]},
    "plain hip pain without words for the posterior hip": {
        "problems": [{"code": ["icd", "M25.551"], "text": "Pain in right hip"}]
    },
    "low back pain": {"problems": [{"code": ["icd", "M54.50"], "text": "Low back pain"}]},
    "impingement code without the words": {"problems": [{"code": ["icd", "M25.851"], "text": "Joint disorder, hip"}]},
    "a family history of sciatica": {"problems": [{"text": "Family history of sciatica"}]},
    "sciatica was asked for and denied": {"problems": [{"text": "Denies sciatica"}]},
    "sciatica as a question": {"problems": [{"text": "Sciatica?"}]},
    "piriformis syndrome, refuted": {"problems": [{"is": "piriformis-syndrome", "verification": "refuted"}]},
    "piriformis syndrome, entered in error": {"problems": [{"is": "piriformis-syndrome", "verification": "entered-in-error"}]},
    "piriformis syndrome, resolved": {"problems": [{"is": "piriformis-syndrome", "status": "resolved"}]},
    "shoulder physiotherapy": {"problems": [{"text": "Rotator cuff tear"}], "visits": [10, 20, 30]},
    "cancer alone": {"problems": ["malignancy"]},
    "urinary retention alone": {"problems": ["urinary-retention"]},
    "fever alone": {"readings": [{"is": "body-temperature", "value": 39, "unit": "Cel", "days": 1}]},
}
ORDERS: dict[str, dict[str, Any]] = {
    "patient-view": {},
    "order-select": {"ordering": ["oxycodone", "lorazepam", "gabapentin", "naproxen", "amitriptyline"]},
    "order-sign": {"ordering": ["oxycodone", "lorazepam", "gabapentin", "naproxen", "amitriptyline"]},
}


@pytest.mark.parametrize("hook", ORDERS)
@pytest.mark.parametrize("name", QUIET)
def test_outside_the_pathway_every_card_is_silent(name: str, hook: str) -> None:
    body = request_for(LIBRARY.terminology, QUIET[name] | ORDERS[hook], hook, CASE_DAY)
    assert SEND(f"posterior-hip-pain-{hook}", body) == (200, {"cards": []})


BASELINE = [{"is": "hip-score", "value": 48, "days": 20}, {"is": "pain-score", "value": 3, "days": 2}]
CALM: dict[str, dict[str, Any]] = {
    "deep gluteal syndrome, physiotherapy on day 20": {
        "problems": ["deep-gluteal-syndrome"],
        "visits": [20, 10, 2],
        "readings": BASELINE,
        "taught": 20,
    },
    "piriformis syndrome, programme finished": {
        "problems": ["piriformis-syndrome"],
        "visits": {"from": 100, "count": 12},
        "plans": [{"is": "exercise-plan", "status": "completed"}],
    },
    "sciatica, physiotherapy ordered last week": {
        "problems": ["sciatica"],
        "requests": [{"is": "physiotherapy-order", "days": 7}],
        "readings": BASELINE,
        "taught": 7,
    },
    "ischiofemoral impingement, improving at ten weeks": {
        "problems": ["ischiofemoral-impingement"],
        "visits": {"from": 70, "count": 9},
        "readings": [
            {"is": "hip-score", "value": 48, "days": 70},
            {"is": "pain-score", "value": 6, "days": 70},
            {"is": "pain-score", "value": 3, "days": 2},
        ],
    },
    "the patient has died": {"problems": ["deep-gluteal-syndrome"], "died": True},
}


@pytest.mark.parametrize("name", CALM)
def test_on_the_pathway_and_nothing_to_say(name: str) -> None:
    given = dict(CALM[name])
    died = given.pop("died", False)
    body = request_for(LIBRARY.terminology, given, "patient-view", CASE_DAY)
    if died:
        body["prefetch"]["Patient"]["deceasedBoolean"] = True
    assert SEND("posterior-hip-pain-patient-view", body) == (200, {"cards": []})


def test_an_unrelated_order_on_the_pathway_is_not_our_business() -> None:
    given = {"problems": ["deep-gluteal-syndrome"], "ordering": ["amlodipine", "amoxicillin"]}
    body = request_for(LIBRARY.terminology, given, "order-select", CASE_DAY)
    assert SEND("posterior-hip-pain-order-select", body) == (200, {"cards": []})
