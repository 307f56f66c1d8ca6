"""The rules of ARCHITECTURE.md that code can break: who may import whom, and what stands where."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "cds_service"
MODULES = sorted(PACKAGE.rglob("*.py"))

# Which parts a part may import, beside itself and the standard library.
MAY_IMPORT = {
    "addresses": set(),
    "connections": {"addresses"},
    "errors": {"pathway"},
    "config": set(),
    "pathway": set(),
    "fhir": {"addresses", "connections", "pathway"},
    "ids": set(),
    "compose": {"fhir", "ids", "pathway"},
    "content": {"compose", "fhir", "pathway"},
    "pipeline": {"compose", "content", "errors", "fhir", "pathway"},
    "memory": {"config", "ids", "pathway"},
    "trust": {"addresses", "connections", "content"},
    "web": {"compose", "content", "errors", "fhir", "memory", "pathway", "pipeline", "trust"},
    "report": {"memory"},
    "workers": {"errors"},
    "server": {"addresses", "web", "workers"},
    "spans": {"fhir", "web"},
    "tracing": {"config", "spans"},
    "__init__": {"config", "content", "fhir", "memory", "pathway", "pipeline", "trust", "web"},
    "check": {"", "config", "content"},
    "explain": {"", "config", "content", "errors", "fhir", "memory", "pathway", "pipeline", "trust", "web"},
    "demo": {"", "config", "content", "errors", "explain", "fhir", "pathway", "web", "check"},
    "cli": {"", "addresses", "check", "config", "content", "demo", "explain", "memory", "report", "server", "tracing", "trust"}
    | {"web"},
}
# Libraries that have one home.
HOME = {
    "flask": ("web", "demo", "__init__", "check", "cli", "server", "spans", "tracing"),
    "flask_cors": ("web/cors",),
    "werkzeug": ("web", "demo", "__init__"),
    "requests": ("connections", "fhir/client", "fhir/search", "trust/keys"),
    "urllib3": ("addresses", "connections", "fhir/search", "trust/keys"),
    "circuitbreaker": ("fhir/client", "memory/database"),
    "sqlalchemy": ("memory", "report/figures"),
    "matplotlib": ("report/page",),
    "alembic": ("memory",),
    "jwt": ("trust",),
    "tenacity": ("fhir/search",),
    "prometheus_client": ("web/metrics", "web/multiprocess", "web/operations"),
    "opentelemetry": ("spans",),
    "ruamel": ("content/files",),
    "fhir": ("fhir/orders",),
    "msgspec": ("fhir",),
    "marshmallow": ("content", "trust/clients", "web/protocol", "web/feedback"),
    "gunicorn": ("server", "workers"),
    "markdown_it": ("web/markdown",),
    "simple_icd_10_cm": ("content/codes",),
    "stdnum": ("content/codes",),
}
# One-way inside the pathway: a module may import only what stands before it.
PATHWAY_ORDER = [
    "answers",
    "dates",
    "chart",
    "dosing",
    "vocabulary",
    "demographics",
    "syndromes",
    "scope",
    "exclusions",
    "kidney",
    "measurements",
    "suspicion",
    "weakness",
    "cauda_equina",
    "hamstring",
    "physiotherapy",
    "outcomes",
    "imaging",
    "infection",
    "mass",
    "malignancy",
    "specialist_care",
    "fasciculation",
    "examination",
    "paediatrics",
    "recommendation",
    "decide",
    "injections",
    "baseline",
    "exercise_content",
    "pelvic_floor",
    "rehabilitation",
    "teaching",
    "exposure",
    "trials",
    "fracture",
    "red_flags",
    "medicines",
    "gaps",
    "injection_orders",
    "third_line",
    "ineffective",
    "nonopioid",
    "antidepressant_risks",
    "nsaid_risks",
    "sedation",
    "long_term_opioids",
    "ordering",
    "kidney_dose",
    "pregnancy_orders",
    "rests",
    "stages",
    "__init__",
]


def _part(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def _imports(path: Path) -> list[tuple[int, str]]:
    """Level (0 = absolute) and module of every import."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [(0, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module] if node.module else [alias.name for alias in node.names]
            found += [(node.level, name) for name in names]
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_flow_one_way(path: Path) -> None:
    part, depth = _part(path), len(path.relative_to(PACKAGE).parts)
    for level, module in _imports(path):
        if level == depth:  # from the top of the package
            target = module.split(".")[0] if (PACKAGE / module.split(".")[0]).exists() or _is_module(module) else ""
            if target != part:
                assert target in MAY_IMPORT[part], f"{part} may not import {target or 'the application'}"


def _is_module(name: str) -> bool:
    return (PACKAGE / f"{name.split('.')[0]}.py").exists()


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_each_library_has_its_home(path: Path) -> None:
    place = str(path.relative_to(PACKAGE)).removesuffix(".py")
    for level, module in _imports(path):
        library = module.split(".")[0]
        if level == 0 and library in HOME:
            assert any(place == home or place.startswith(f"{home}/") for home in HOME[library]), f"{library} in {place}"


@pytest.mark.parametrize("name", PATHWAY_ORDER)
def test_the_pathway_knows_no_http_no_fhir_and_no_files(name: str) -> None:
    path = PACKAGE / "pathway" / f"{name}.py"
    for level, module in _imports(path):
        if level == 0:
            assert module.split(".")[0] not in {"flask", "requests", "fhir", "pathlib", "os", "json", "orjson", "io"}


@pytest.mark.parametrize("name", PATHWAY_ORDER)
def test_modules_of_the_pathway_import_only_what_stands_before_them(name: str) -> None:
    before = set(PATHWAY_ORDER[: PATHWAY_ORDER.index(name)])
    for level, module in _imports(PACKAGE / "pathway" / f"{name}.py"):
        if level == 1:
            assert module in before, f"{name} imports {module}"


def test_the_order_names_every_module_of_the_pathway() -> None:
    assert {path.stem for path in (PACKAGE / "pathway").glob("*.py")} == set(PATHWAY_ORDER)


def test_fhir_resource_names_stay_in_fhir() -> None:
    """Invariant 4: the pathway speaks of problems and medicines, not of resources."""
    names = ("MedicationRequest", "AllergyIntolerance", "ServiceRequest", "QuestionnaireResponse", "DiagnosticReport")
    for path in (PACKAGE / "pathway").glob("*.py"):
        assert not any(name in path.read_text() for name in names), path.name


def test_no_module_uses_the_r5_models() -> None:
    for path in MODULES:
        for _, module in _imports(path):
            assert not module.startswith("fhir.resources") or module.startswith("fhir.resources.R4B")


def test_files_stay_small() -> None:
    long = {str(p.relative_to(PACKAGE)): n for p in MODULES if (n := len(p.read_text().splitlines())) > 350}
    assert long == {}


def test_no_room_is_called_utils() -> None:
    banned = {"utils", "util", "helpers", "helper", "common", "manager", "handler", "misc"}
    assert not banned & {path.stem for path in MODULES}


def test_nothing_but_the_clock_of_the_settings_reads_the_time() -> None:
    """The moment of evaluation is injected; only settings (CDS_NOW), logs, time budgets and tokens look at a clock."""
    allowed = {
        "config.py",
        "web/logs.py",
        "fhir/client.py",
        "memory/store.py",
        "trust/tokens.py",
        "web/recorder.py",
        "web/pace.py",
    }
    for path in MODULES:
        text = path.read_text()
        if "datetime.now" in text or "date.today" in text or "time.time(" in text:
            assert str(path.relative_to(PACKAGE)) in allowed, path.name
