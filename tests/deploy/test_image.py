"""The Dockerfile: what it promises, and its steps run in an empty folder (no container engine is needed)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from deploy_support import ROOT
from image_support import Image, as_nobody, command, context, stages

BUILDER, FINAL = stages()


def test_the_last_stage_has_no_build_tools_and_no_downloads() -> None:
    runs = " ".join(FINAL.all("RUN"))
    assert not re.search(r"apt|pip|gcc|curl|wget|dev\b", runs)
    assert "AS builder" in BUILDER.base
    assert FINAL.all("COPY") == ["--from=builder /opt/cds /opt/cds"]


def test_it_runs_as_a_user_without_a_name_or_rights() -> None:
    (user,) = FINAL.all("USER")
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)
    words = [word for word, _ in FINAL.steps]
    assert "RUN" not in words[words.index("USER") :]


def test_it_says_how_it_is() -> None:
    (check,) = FINAL.all("HEALTHCHECK")
    assert command(check)[0] == "python"
    assert command(*FINAL.all("ENTRYPOINT")) == ["cds-service"]
    assert command(*FINAL.all("CMD"))[:3] == ["serve", "--host", "0.0.0.0"]
    assert FINAL.all("EXPOSE") == ["8000"]
    assert "org.opencontainers.image.licenses" in FINAL.all("LABEL")[0]


def test_the_version_is_that_of_the_package() -> None:
    version = re.search(r'(?m)^version = "(.+)"$', (ROOT / "pyproject.toml").read_text())
    assert version
    assert f"VERSION={version[1]}" in FINAL.all("ARG")
    for place in ("deploy/compose.yaml", "deploy/kubernetes/kustomization.yaml"):
        assert version[1] in (ROOT / place).read_text()


def test_the_context_holds_no_secrets_and_no_tests(tmp_path: Path) -> None:
    assert {path.name for path in context(tmp_path).iterdir()} - {"requirements.lock"} == {
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "openapi.yaml",
        "cds_service",
        "cards",
        "fhir_fixtures",
    }


@pytest.fixture
def root() -> Iterator[Path]:
    """Where the image is built: every user may look into it, unlike the folders of pytest."""
    folder = Path(tempfile.mkdtemp(prefix="cds-image-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.skipif("SLOW" not in os.environ, reason="downloads and builds wheels; make slow runs it")
def test_the_steps_build_a_service_that_runs_as_nobody_on_a_read_only_tree(root: Path, free_port: int) -> None:
    tools = root / "bin"  # the python and pip of the base image
    subprocess.run([sys.executable, "-m", "venv", root / "base"], check=True)
    subprocess.run([root / "base/bin/pip", "install", "--quiet", "--upgrade", "pip"], check=True)
    tools.mkdir()
    for name in ("python", "pip"):
        (tools / name).symlink_to(root / "base/bin" / name)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("CDS_", "VIRTUAL", "PYTHON"))}
    given = root / "given"
    given.mkdir()
    builder = Image(root, context(given), clean | {"PATH": f"{tools}:{os.environ['PATH']}"})
    builder.run(BUILDER)
    final = Image(root, given, builder.environment)
    final.run(FINAL)

    user = int(FINAL.all("USER")[0].split(":")[0])
    alone = as_nobody(user)
    writable = [*alone, "find", str(root / "opt/cds"), "-writable", "!", "-type", "l"]
    if alone:
        assert subprocess.run(writable, capture_output=True, text=True, check=True).stdout == ""
    serve = [*command(*FINAL.all("ENTRYPOINT")), *command(*FINAL.all("CMD"))]
    serve = ["127.0.0.1" if word == "0.0.0.0" else str(free_port) if word == "8000" else word for word in serve]
    check = [word.replace("8000", str(free_port)) for word in command(*FINAL.all("HEALTHCHECK"))]
    process = subprocess.Popen([*alone, *serve], cwd=final.folder, env=final.environment)
    try:
        for _ in range(200):
            healthy = subprocess.run([*alone, *check], env=final.environment, capture_output=True, check=False).returncode
            if healthy == 0:
                break
            time.sleep(0.1)
        assert healthy == 0
        assert process.poll() is None
    finally:
        process.terminate()
    assert process.wait(40) == 0
    assert subprocess.run([*alone, *check], env=final.environment, capture_output=True, check=False).returncode != 0
