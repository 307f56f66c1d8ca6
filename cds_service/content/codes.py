"""Whether a code can be what it claims to be: published lists and check digits, without asking anybody.

The libraries are the extra ``check`` of the package. They are loaded here and only when codes are verified: the list of
ICD-10-CM takes seconds and memory that a running service does not have to spare.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ..fhir.terminology import ICD_10_CM, RXNORM

SNOMED_CT = "http://snomed.info/sct"
LOINC = "http://loinc.org"
CPT = "http://www.ama-assn.org/go/cpt"
ICD_10_PCS = "http://www.cms.gov/Medicare/Coding/ICD10"
NAMES = {
    ICD_10_CM: "ICD-10-CM",
    SNOMED_CT: "SNOMED CT",
    LOINC: "LOINC",
    RXNORM: "RxNorm",
    CPT: "CPT",
    ICD_10_PCS: "ICD-10-PCS",
}
RELEASE = "April 2026"

Fault = str | None


class NotInstalled(Exception):
    """The libraries that codes are verified with are not there."""


class CodeSystems:
    """The code systems of which something can be verified. Raises NotInstalled."""

    def __init__(self) -> None:
        try:
            import simple_icd_10_cm
            from stdnum import luhn, verhoeff
        except ImportError:
            raise NotInstalled("the extra check is missing (in a checkout: pip install --editable '.[check]')") from None
        self._icd = simple_icd_10_cm
        self._luhn: Callable[[str], bool] = luhn.is_valid
        self._verhoeff: Callable[[str], bool] = verhoeff.is_valid
        self._judges: dict[str, Callable[[str], Fault]] = {
            ICD_10_CM: self._icd_10_cm,
            SNOMED_CT: self._snomed_ct,
            LOINC: self._loinc,
            RXNORM: _form(r"[1-9]\d{0,7}", "an RxNorm code has one to eight digits"),
            CPT: _form(r"\d{4}[0-9A-Z]", "a CPT code has five characters"),
            ICD_10_PCS: _form(r"[0-9A-HJ-NP-Z]{7}", "an ICD-10-PCS code has seven characters, without I and O"),
        }

    def knows(self, system: str) -> bool:
        """Whether anything can be verified of the codes of this system."""
        return system in self._judges

    def fault(self, system: str, code: str) -> Fault:
        """What is wrong with a code, as the end of a sentence that begins with it."""
        judge = self._judges.get(system)
        return judge(code) if judge else None

    def is_header(self, system: str, code: str) -> bool:
        """Whether an existing code only heads others and is not billable itself."""
        return system == ICD_10_CM and not self._icd.is_leaf(code)

    def _icd_10_cm(self, code: str) -> Fault:
        # Chapters ("13") and blocks ("M50-M54") are items of the classification, but no codes.
        if not self._icd.is_category_or_subcategory(code):
            return f"is not a code of the release of {RELEASE}"
        dotted = self._icd.add_dot(code)
        return None if dotted == code else f"is written {dotted}"

    def _snomed_ct(self, code: str) -> Fault:
        if not re.fullmatch(r"[1-9][0-9]{5,17}", code):
            return "is no identifier: it has 6 to 18 digits and does not begin with 0"
        if not self._verhoeff(code):
            return "has a wrong check digit (Verhoeff)"
        return None if code[-3:-1] in ("00", "10") else f"is not a concept: its partition is {code[-3:-1]}, not 00 or 10"

    def _loinc(self, code: str) -> Fault:
        if not re.fullmatch(r"[0-9]{1,7}-[0-9]", code):
            return "is no LOINC number: it has digits, a dash and one check digit"
        return None if self._luhn(code.replace("-", "")) else "has a wrong check digit (mod 10)"


def _form(pattern: str, rule: str) -> Callable[[str], Fault]:
    form = re.compile(pattern, re.ASCII)
    return lambda code: None if form.fullmatch(code) else f"cannot be right: {rule}"


def nearly(system: str) -> str | None:
    """The code system that an address means which is only almost its own; nothing would ever match it."""
    said = _bare(system)
    return next((known for known in NAMES if known != system and _bare(known) == said), None)


def _bare(address: str) -> str:
    return re.sub(r"^https?://(www\.)?", "", address.strip().lower()).rstrip("/")
