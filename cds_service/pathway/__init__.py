"""The posterior hip pain pathway: what a chart says, asked in named findings. Knows no HTTP, no FHIR and no files.

Importing the package fills the vocabulary: each module of findings registers what it can answer.
"""

from . import (
    cauda_equina,
    demographics,
    exclusions,
    gaps,
    hamstring,
    kidney,
    kidney_dose,
    measurements,
    medicines,
    ordering,
    outcomes,
    physiotherapy,
    red_flags,
    scope,
    trials,
)

__all__ = [
    "cauda_equina",
    "demographics",
    "exclusions",
    "gaps",
    "hamstring",
    "kidney",
    "kidney_dose",
    "measurements",
    "medicines",
    "ordering",
    "outcomes",
    "physiotherapy",
    "red_flags",
    "scope",
    "trials",
]
