"""The codes of the loaded value sets, by name, in whatever number they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cds_service import packaged_cards
from cds_service.content.loader import load

from .catalogue import RXNORM

LIBRARY = load(packaged_cards())

Code = tuple[str, str]


def _every_code() -> Mapping[str, Sequence[Code]]:
    index = LIBRARY.terminology.codes
    found = {name: [*index.codes_of(name)] for name in sorted(LIBRARY.terminology.names)}
    for name, branch in index.branches_of.items():
        found.setdefault(name, []).append(branch)
    return {name: codes for name, codes in found.items() if codes and codes[0][0] != RXNORM}


CODES = _every_code()
ANYTHING = tuple(CODES)  # the value sets that are not medicines

CORE = ("piriformis-syndrome", "deep-gluteal-syndrome", "hamstring-strain", "lumbosacral-radiculopathy", "sciatica")
WORDS = {
    "piriformis-syndrome": "Piriformis syndrome",
    "gemelli-obturator-syndrome": "Obturator internus syndrome",
    "ischiofemoral-impingement": "Ischiofemoral impingement",
    "posterior-femoral-cutaneous-neuralgia": "Posterior femoral cutaneous neuralgia",
    "hamstring-strain": "Proximal hamstring tendinopathy",
    "sciatica": "Sciatica",
    "deep-gluteal-syndrome": "Deep gluteal syndrome",
    "lumbosacral-radiculopathy": "Lumbar radiculopathy",
}
WIDE = ("buttock-pain", "sacroiliac-disorder")
# What pathway.md, C.4, names as a reason not to offer a medicine.
RISKS = (
    "ischemic-heart-disease",
    "heart-block-conduction",
    "arrhythmia",
    "prolonged-qt",
    "angle-closure-glaucoma",
    "urinary-retention",
    "seizure-disorder",
    "suicidality",
    "bipolar-disorder",
    "hepatic-impairment",
    "heavy-alcohol-use",
    "peptic-ulcer-gi-bleed",
    "nsaid-bleeding-risk-condition",
    "respiratory-depression-risk",
    "opioid-use-disorder",
    "opioid-poisoning",
    "substance-use",
    "injecting-drug-use",
    "ckd-stage-3",
    "ckd-stage-4",
    "ckd-stage-5",
    "dialysis",
    "heart-failure",
    "stroke",
    "pregnancy",
    "cannot-be-pregnant",
)
RED_FLAGS = (
    "leg-weakness",
    "cauda-equina-saddle",
    "cauda-equina-bladder",
    "rf-cauda-equina",
    "rf-hip-pelvic-infection",
    "stress-fracture",
    "unable-to-bear-weight",
    "malignancy",
    "falls",
    "mass-on-nerve",
    "hamstring-avulsion",
    "palliative-care",
    "sickle-cell-disease",
)
