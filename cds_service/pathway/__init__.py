"""The posterior hip pain pathway: what a chart says, asked in named findings. Knows no HTTP, no FHIR and no files.

Importing the package fills the vocabulary: each module of findings registers what it can answer.
"""

from . import (
    demographics,
    exclusions,
    gaps,
    kidney,
    medicines,
    ordering,
    outcomes,
    physiotherapy,
    red_flags,
    scope,
    trials,
)

__all__ = [
    "demographics",
    "exclusions",
    "gaps",
    "kidney",
    "medicines",
    "ordering",
    "outcomes",
    "physiotherapy",
    "red_flags",
    "scope",
    "trials",
]
