"""Why advice may not apply: cancer, sickle cell disease, palliative care, substance use."""

from __future__ import annotations

import pytest
from charts import NO, UNKNOWN, YES, Case, case, contact, draft, gap, label, plan, problem, reason, request, year

SKIN = ("malignancy", "non-melanoma-skin-cancer")
HOSPICE = frozenset({"hospice-discharge"})
PALLIATIVE = "palliative-care"

CASES = [
    # has_problem
    case("has_problem", YES, "current", problem("diabetes"), of="diabetes"),
    case("has_problem", YES, "suspected counts as current", problem("diabetes", suspected=True), of="diabetes"),
    case(
        "has_problem", YES, "one is current, another is over", problem("diabetes", current=NO), problem("diabetes"), of="diabetes"
    ),
    case("has_problem", NO, "over", problem("diabetes", current=NO), of="diabetes"),
    case("has_problem", NO, "not recorded", problem("stroke"), of="diabetes"),
    case("has_problem", UNKNOWN, "its state is not recorded", problem("diabetes", current=UNKNOWN), of="diabetes"),
    case("has_problem", UNKNOWN, "the problem list could not be read", gap("problems"), of="diabetes"),
    case("has_problem", NO, "a gap elsewhere does not matter", gap("readings"), of="diabetes"),
    # ever_had
    case("ever_had", YES, "current", problem("bipolar-disorder"), problem="bipolar-disorder"),
    case("ever_had", YES, "in remission", problem("bipolar-disorder", current=NO), problem="bipolar-disorder"),
    case("ever_had", YES, "its state is not recorded", problem("bipolar-disorder", current=UNKNOWN), problem="bipolar-disorder"),
    case("ever_had", NO, "another problem", problem("diabetes"), problem="bipolar-disorder"),
    case("ever_had", UNKNOWN, "the problem list could not be read", gap("problems"), problem="bipolar-disorder"),
    # problem_began_within
    case("problem_began_within", YES, "180 days ago", problem("infarction", began=180), of="infarction", days=180),
    case(
        "problem_began_within",
        YES,
        "over, and still recent",
        problem("infarction", began=9, current=NO),
        of="infarction",
        days=180,
    ),
    case("problem_began_within", YES, "recorded, without an onset", problem("infarction", recorded=9), of="infarction", days=180),
    case("problem_began_within", NO, "181 days ago", problem("infarction", began=181), of="infarction", days=180),
    case("problem_began_within", NO, "tomorrow", problem("infarction", began=-1), of="infarction", days=180),
    case("problem_began_within", NO, "another problem", problem("stroke", began=9), of="infarction", days=180),
    case("problem_began_within", UNKNOWN, "without a date", problem("infarction"), of="infarction", days=180),
    case("problem_began_within", UNKNOWN, "in a year", problem("infarction", began=year(2025)), of="infarction", days=180),
    case("problem_began_within", UNKNOWN, "the problem list could not be read", gap("problems"), of="infarction", days=180),
    # active_cancer
    case("active_cancer", YES, "current", problem("malignancy")),
    case("active_cancer", YES, "the order is for pain from a neoplasm", draft("oxycodone", reason("neoplasm-related-pain"))),
    case("active_cancer", YES, "the order is for a neoplasm", draft("oxycodone", reason("malignancy"))),
    case("active_cancer", NO, "in remission", problem("malignancy", current=NO, in_remission=True)),
    case("active_cancer", NO, "history only", problem("rf-history-of-malignancy")),
    case("active_cancer", NO, "non-melanoma skin cancer", problem(*SKIN)),
    case("active_cancer", NO, "the order is for non-melanoma skin cancer", draft("oxycodone", reason(*SKIN))),
    case("active_cancer", NO, "another order, not selected", draft("oxycodone", reason("malignancy"), selected=False)),
    case("active_cancer", NO, "not recorded"),
    case("active_cancer", UNKNOWN, "its state is not recorded", problem("malignancy", current=UNKNOWN)),
    case("active_cancer", UNKNOWN, "the problem list could not be read", gap("problems")),
    # sickle_cell_disease
    case("sickle_cell_disease", YES, "current", problem("sickle-cell-disease")),
    case("sickle_cell_disease", NO, "not recorded"),
    case("sickle_cell_disease", UNKNOWN, "its state is not recorded", problem("sickle-cell-disease", current=UNKNOWN)),
    case("sickle_cell_disease", UNKNOWN, "the problem list could not be read", gap("problems")),
    # palliative_care
    case("palliative_care", YES, "an encounter under way", contact(PALLIATIVE, under_way=True)),
    case("palliative_care", YES, "the reason of one", contact("other", under_way=True, reasons=frozenset({PALLIATIVE}))),
    case("palliative_care", YES, "an active referral", request(PALLIATIVE)),
    case("palliative_care", YES, "an active plan or flag", plan(PALLIATIVE, active=True)),
    case("palliative_care", YES, "a problem", problem(PALLIATIVE)),
    case("palliative_care", YES, "discharged to hospice 365 days ago", contact("other", days=365, discharge=HOSPICE)),
    case("palliative_care", NO, "discharged to hospice 366 days ago", contact("other", days=366, discharge=HOSPICE)),
    case("palliative_care", NO, "an encounter that is over", contact(PALLIATIVE)),
    case("palliative_care", NO, "a referral that is completed", request(PALLIATIVE, active=False)),
    case("palliative_care", NO, "a plan that is finished", plan(PALLIATIVE, finished=True)),
    case("palliative_care", NO, "not recorded"),
    case("palliative_care", UNKNOWN, "its state is not recorded", problem(PALLIATIVE, current=UNKNOWN)),
    *(
        case("palliative_care", UNKNOWN, f"the {s} could not be read", gap(s))
        for s in ("contacts", "requests", "plans", "problems")
    ),
    # drug_misuse_history
    case("drug_misuse_history", YES, "opioid use disorder, current", problem("opioid-use-disorder", "drug-misuse")),
    case(
        "drug_misuse_history", YES, "opioid use disorder, in remission", problem("opioid-use-disorder", "drug-misuse", current=NO)
    ),
    case(
        "drug_misuse_history",
        YES,
        "an overdose long ago",
        problem("opioid-poisoning", "drug-misuse", current=NO, began=year(2010)),
    ),
    case("drug_misuse_history", YES, "other misuse, current", problem("drug-misuse")),
    case("drug_misuse_history", YES, "other misuse of unknown state", problem("drug-misuse", current=UNKNOWN)),
    case("drug_misuse_history", YES, "other misuse that is over", problem("drug-misuse", current=NO)),
    case("drug_misuse_history", NO, "not recorded"),
    case("drug_misuse_history", UNKNOWN, "the problem list could not be read", gap("problems")),
]


@pytest.mark.parametrize("one", CASES, ids=label)
def test_exclusions(one: Case) -> None:
    assert one.ask().answer is one.answer
