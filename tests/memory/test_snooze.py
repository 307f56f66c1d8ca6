"""A card that was answered rests, until its time is over or a fact changes (pathway specification, C.1)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from memory_support import accepted, call, client, in_encounter, overridden, request, say, settings

from cds_service.explain import explain

OPIOID = {"problems": ["deep-gluteal-syndrome"], "ordering": "oxycodone", "egfr": 88, "blood_pressure": [128, 80], "age": 54}
FIRST_LINE, PAIR = "first-line-before-opioid", "opioid-benzodiazepine"


class Chart:
    """One patient of one hospital over time."""

    def __init__(self, database: str) -> None:
        self.database = database

    def cards(self, body: dict[str, Any], days: float = 0, encounter: str | None = "e1", **settings: Any) -> dict[str, Any]:
        return call(client(self.database, days, **settings), in_encounter(body, encounter))

    def dismiss(
        self, body: dict[str, Any], card: str, reason: str | None = "", days: float = 0, encounter: str | None = "e1"
    ) -> None:
        app = client(self.database, days)
        shown = call(app, in_encounter(body, encounter))[card]
        assert say(app, body["hook"], overridden(shown, reason)).status_code == 200


@pytest.fixture
def chart(database: str) -> Chart:
    return Chart(database)


@pytest.fixture
def sqlite_chart(tmp_path: Any) -> Chart:
    return Chart(f"sqlite:///{tmp_path / 'memory.sqlite3'}")


def test_a_card_that_was_merely_shown_comes_again(chart: Chart) -> None:
    body = request("order-select", **OPIOID)
    assert all(FIRST_LINE in chart.cards(body) for _ in range(2))


def test_a_dismissed_card_stays_away_for_its_days(chart: Chart) -> None:
    """S-90-drug, counted in whole days."""
    body = request("order-select", **OPIOID)
    chart.dismiss(body, FIRST_LINE)
    shown = {days: FIRST_LINE in chart.cards(body, days, "e2") for days in (0, 1, 89, 90, 91)}
    assert shown == {0: False, 1: False, 89: False, 90: True, 91: True}


def test_an_accepted_card_does_not_rest(sqlite_chart: Chart) -> None:
    """The chart changes by itself when something was done."""
    body, app = request("order-select", **OPIOID), client(sqlite_chart.database)
    assert say(app, "order-select", accepted(call(app, body)[FIRST_LINE])).status_code == 200
    assert FIRST_LINE in sqlite_chart.cards(body)


def test_another_patient_and_another_card_are_not_meant(sqlite_chart: Chart) -> None:
    body = request("order-select", **OPIOID)
    sqlite_chart.dismiss(body, FIRST_LINE)
    other = json.loads(json.dumps(body).replace("case-patient", "other-patient"))
    assert FIRST_LINE in sqlite_chart.cards(other)
    pair = request("order-select", **OPIOID | {"medicines": ["lorazepam"]})
    assert set(sqlite_chart.cards(pair)) == {PAIR}


CHANGES: dict[str, dict[str, Any]] = {
    "another drug": {"ordering": "morphine"},
    "one drug more": {"ordering": ["oxycodone", "morphine"]},
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_new_ingredient_wakes_the_card(sqlite_chart: Chart, change: str) -> None:
    sqlite_chart.dismiss(request("order-select", **OPIOID), FIRST_LINE)
    assert FIRST_LINE in sqlite_chart.cards(request("order-select", **OPIOID | CHANGES[change]), 5, "e2")


def dose(mg: float) -> dict[str, Any]:
    """The draft of oxycodone with a daily dose."""
    body = request("order-sign", **OPIOID | {"medicines": ["gabapentin"]})
    order = body["context"]["draftOrders"]["entry"][0]["resource"]
    order["dosageInstruction"] = [
        {
            "doseAndRate": [{"doseQuantity": {"value": mg, "unit": "mg", "code": "mg"}}],
            "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
        }
    ]
    return body


@pytest.mark.parametrize(("mg", "shown"), [(5, False), (10, False), (15, True)])
def test_a_higher_dose_wakes_the_card_and_a_lower_one_does_not(sqlite_chart: Chart, mg: float, shown: bool) -> None:
    sqlite_chart.dismiss(dose(10), "opioid-gabapentinoid-respiratory")
    assert ("opioid-gabapentinoid-respiratory" in sqlite_chart.cards(dose(mg), 5, "e2")) is shown


def test_a_dose_that_is_no_longer_known_counts_as_higher(sqlite_chart: Chart) -> None:
    sqlite_chart.dismiss(dose(10), "opioid-gabapentinoid-respiratory")
    body = dose(10)
    del body["context"]["draftOrders"]["entry"][0]["resource"]["dosageInstruction"]
    assert "opioid-gabapentinoid-respiratory" in sqlite_chart.cards(body, 5, "e2")


def test_a_worse_kidney_band_wakes_the_card_and_a_better_one_does_not(sqlite_chart: Chart) -> None:
    def body(egfr: int) -> dict[str, Any]:
        return request("order-select", **OPIOID | {"egfr": egfr})

    sqlite_chart.dismiss(body(70), FIRST_LINE)
    assert [FIRST_LINE in sqlite_chart.cards(body(egfr), 5, "e2") for egfr in (61, 95, 59)] == [False, False, True]


def test_a_higher_level_wakes_the_card(sqlite_chart: Chart) -> None:
    """A warning that was answered and is critical now."""
    given = OPIOID | {"medicines": ["gabapentin"]}
    sqlite_chart.dismiss(request("order-sign", **given), "opioid-gabapentinoid-respiratory")
    older = request("order-sign", **given | {"age": 70})
    assert sqlite_chart.cards(older, 5, "e2")["opioid-gabapentinoid-respiratory"]["indicator"] == "critical"


def test_a_new_episode_wakes_the_card(sqlite_chart: Chart) -> None:
    def body(days: int) -> dict[str, Any]:
        problem = {"is": "piriformis-syndrome", "onset": days}
        return request("patient-view", problems=[problem])

    card = next(iter(sqlite_chart.cards(body(60))))
    sqlite_chart.dismiss(body(60), card)
    assert card not in sqlite_chart.cards(body(60), 2, "e2")
    assert card in sqlite_chart.cards(body(10), 2, "e2")


# -- critical cards and encounters ------------------------------------------------------------------------------------------

BENZODIAZEPINE = OPIOID | {"medicines": ["lorazepam"]}


@pytest.mark.parametrize(("encounter", "shown"), [("e1", False), ("e2", True), (None, True)])
def test_a_critical_card_rests_in_its_encounter_only(sqlite_chart: Chart, encounter: str | None, shown: bool) -> None:
    body = request("order-sign", **BENZODIAZEPINE)
    sqlite_chart.dismiss(body, PAIR)
    assert (PAIR in sqlite_chart.cards(body, 0, encounter)) is shown


@pytest.mark.parametrize(("hours", "shown"), [(23, False), (25, True)])
def test_without_encounters_a_day_of_work_is_one(sqlite_chart: Chart, hours: int, shown: bool) -> None:
    body = request("order-sign", **BENZODIAZEPINE)
    sqlite_chart.dismiss(body, PAIR, encounter=None)
    assert (PAIR in sqlite_chart.cards(body, hours / 24, None)) is shown


def test_a_card_of_this_encounter_comes_back_in_the_next(sqlite_chart: Chart) -> None:
    body = request("patient-view", problems=["deep-gluteal-syndrome"], unread=["Encounter"])
    sqlite_chart.dismiss(body, "data-incomplete")
    assert [("data-incomplete" in sqlite_chart.cards(body, 0, e)) for e in ("e1", "e2")] == [False, True]


def test_cauda_equina_is_silent_for_a_day_of_the_same_encounter_and_no_longer(sqlite_chart: Chart) -> None:
    body = request("patient-view", problems=["sciatica", {"is": "cauda-equina-bowel", "onset": 2}])
    sqlite_chart.dismiss(body, "red-flag-cauda-equina")
    shown = [("red-flag-cauda-equina" in sqlite_chart.cards(body, days, e)) for days, e in ((0.5, "e1"), (1.1, "e1"), (0, "e2"))]
    assert shown == [False, True, True]


def test_another_reason_has_another_rest(sqlite_chart: Chart) -> None:
    """``snooze_after``: 90 days instead of 42 when the patient declined."""
    body = request("patient-view", problems=["piriformis-syndrome"])
    card = "physio-start-piriformis"
    sqlite_chart.dismiss(body, card, "patient-declined")
    assert [card in sqlite_chart.cards(body, days, "e2") for days in (43, 89, 90)] == [False, False, True]


# -- one prescription, two hooks --------------------------------------------------------------------------------------------


def test_advice_answered_with_a_reason_is_not_repeated_on_signing(sqlite_chart: Chart) -> None:
    """The same draft in the same encounter, where the site shows advice on both hooks."""
    select = request("order-select", **OPIOID)
    sqlite_chart.dismiss(select, FIRST_LINE, "benefit-outweighs-risk")
    sign = request("order-sign", **OPIOID)
    assert FIRST_LINE not in sqlite_chart.cards(sign, advice_on_order_sign=True)


def test_a_safety_card_is_always_repeated_on_signing(sqlite_chart: Chart) -> None:
    """The signature is the last gate; answered there, it rests there."""
    select, sign = request("order-select", **BENZODIAZEPINE), request("order-sign", **BENZODIAZEPINE)
    sqlite_chart.dismiss(select, PAIR)
    assert PAIR not in sqlite_chart.cards(select)
    assert PAIR in sqlite_chart.cards(sign)
    sqlite_chart.dismiss(sign, PAIR)
    assert PAIR not in sqlite_chart.cards(sign)


# -- a snooze hides nothing else --------------------------------------------------------------------------------------------


def test_a_snoozed_card_does_not_hide_the_one_that_yields_to_it(sqlite_chart: Chart) -> None:
    body = request("patient-view", problems=[{"is": "piriformis-syndrome", "onset": 100}], visits=[50, 45, 43, 10])
    first = sqlite_chart.cards(body)
    assert "reassess-6-weeks" in first
    assert "prom-not-recorded" not in first
    sqlite_chart.dismiss(body, "reassess-6-weeks")
    after = sqlite_chart.cards(body, 1, "e2")
    assert "reassess-6-weeks" not in after
    assert "prom-not-recorded" in after


def test_a_snoozed_card_leaves_its_place_under_the_cap(sqlite_chart: Chart) -> None:
    body = request("patient-view", problems=["piriformis-syndrome"])
    first = [*sqlite_chart.cards(body, max_info_cards=(1, 1))]
    sqlite_chart.dismiss(body, first[0])
    assert len([*sqlite_chart.cards(body, 1, "e2", max_info_cards=(1, 1))]) == 1


def test_when_the_memory_is_down_everything_is_shown(tmp_path: Any) -> None:
    """A broken statistics store must not silence a card."""
    app = client(f"sqlite:///{tmp_path / 'missing' / 'm.sqlite3'}")
    assert FIRST_LINE in call(app, request("order-select", **OPIOID))
    metrics = app.get("/metrics").get_data(as_text=True)
    assert 'cds_memory_losses_total{what="answers"} 1.0' in metrics
    assert 'cds_memory_losses_total{what="cards"} 0.0' in metrics, "the call waits for the database"
    ready = app.get("/readyz")
    assert (ready.status_code, ready.json["status"]) == (503, "not ready")


def test_a_snoozed_card_is_explained(sqlite_chart: Chart) -> None:
    body = request("order-select", **OPIOID)
    sqlite_chart.dismiss(body, FIRST_LINE, "benefit-outweighs-risk")
    text, status = explain(json.dumps(body).encode(), settings(sqlite_chart.database, 5), as_json=False)
    assert status == 0
    assert f"{FIRST_LINE}: snoozed\n  because answered on 2026-03-02 (benefit-outweighs-risk), rests: S-90-drug" in text


def test_explaining_makes_no_database(tmp_path: Any) -> None:
    path = tmp_path / "none.sqlite3"
    explain(json.dumps(request("order-select", **OPIOID)).encode(), settings(f"sqlite:///{path}"), as_json=True)
    assert not path.exists()


def test_a_new_red_flag_wakes_the_card(sqlite_chart: Chart) -> None:
    given = OPIOID | {"medicines": ["gabapentin"]}
    card = "opioid-gabapentinoid-respiratory"
    sqlite_chart.dismiss(request("order-sign", **given), card)
    fever = {"readings": [{"is": "body-temperature", "value": 39, "unit": "Cel", "days": 1}]}
    assert card not in sqlite_chart.cards(request("order-sign", **given), 5, "e2")
    assert card in sqlite_chart.cards(request("order-sign", **given | fever), 0.5, "e2")


def test_the_order_of_the_records_and_their_ids_do_not_wake_it(sqlite_chart: Chart) -> None:
    """One diagnosis is recorded anew at every encounter in some EHRs."""
    body = request("order-select", **OPIOID)
    sqlite_chart.dismiss(body, FIRST_LINE)
    renamed = json.loads(json.dumps(body))
    for entry in renamed["prefetch"]["Condition"]["entry"]:
        entry["resource"]["id"] += "-again"
    renamed["prefetch"]["Condition"]["entry"].reverse()
    assert FIRST_LINE not in sqlite_chart.cards(renamed, 5, "e2")


# -- every change of a fact that matters wakes a safety card ----------------------------------------------------------------

PAIN = {"problems": ["deep-gluteal-syndrome"], "age": 54, "egfr": 88, "blood_pressure": [128, 80]}
WAKES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "an unselected draft of another drug": (
        "opioid-gabapentinoid-respiratory",
        {"ordering": "oxycodone", "drafts": ["gabapentin"]},
        {"ordering": "oxycodone", "drafts": ["pregabalin"]},
    ),
    "an unselected draft more": (
        "nsaid-safety",
        {"ordering": "naproxen", "medicines": ["warfarin"]},
        {"ordering": "naproxen", "medicines": ["warfarin"], "drafts": ["ibuprofen"]},
    ),
    "a second opioid on the list": (
        "opioid-gabapentinoid-respiratory",
        {"ordering": "oxycodone", "medicines": ["gabapentin"]},
        {"ordering": "oxycodone", "medicines": ["gabapentin", "morphine"]},
    ),
    "a risk by age": (
        "nsaid-safety",
        {"ordering": "naproxen", "medicines": ["warfarin"], "age": 64},
        {"ordering": "naproxen", "medicines": ["warfarin"], "age": 65},
    ),
    "kidneys that were not known": (
        "nsaid-safety",
        {"ordering": "naproxen", "medicines": ["warfarin"], "egfr": None},
        {"ordering": "naproxen", "medicines": ["warfarin"], "egfr": 35},
    ),
}


def select(given: dict[str, Any]) -> dict[str, Any]:
    merged = {name: value for name, value in (PAIN | given).items() if value is not None}
    return request("order-select", **merged)


@pytest.mark.parametrize("change", WAKES)
def test_a_changed_fact_wakes_a_safety_card(sqlite_chart: Chart, change: str) -> None:
    card, before, after = WAKES[change]
    sqlite_chart.dismiss(select(before), card)
    assert card not in sqlite_chart.cards(select(before), 3, "e2")
    assert card in sqlite_chart.cards(select(after), 3, "e2")


def test_a_dose_that_becomes_known_wakes_the_card(sqlite_chart: Chart) -> None:
    """It may be higher than what the clinician had in mind."""
    unstated = dose(10)
    del unstated["context"]["draftOrders"]["entry"][0]["resource"]["dosageInstruction"]
    sqlite_chart.dismiss(unstated, "opioid-gabapentinoid-respiratory")
    assert "opioid-gabapentinoid-respiratory" in sqlite_chart.cards(dose(80), 3, "e2")


def test_two_drafts_of_one_drug_are_more_than_one(sqlite_chart: Chart) -> None:
    double = dose(10)
    entries = double["context"]["draftOrders"]["entry"]
    entries.append(json.loads(json.dumps(entries[0]).replace('"id": "', '"id": "second-')))
    sqlite_chart.dismiss(dose(10), "opioid-gabapentinoid-respiratory")
    assert "opioid-gabapentinoid-respiratory" in sqlite_chart.cards(double, 3, "e2")


def test_a_recurrence_beside_an_old_problem_is_a_new_episode(sqlite_chart: Chart) -> None:
    old = {"is": "piriformis-syndrome", "onset": 400}
    before = request("patient-view", problems=[old])
    card = next(iter(sqlite_chart.cards(before)))
    sqlite_chart.dismiss(before, card)
    again = request("patient-view", problems=[old, {"is": "piriformis-syndrome", "onset": 2}])
    shown = [card in sqlite_chart.cards(body, 3, "e2") for body in (before, again)]
    assert shown == [False, True]
