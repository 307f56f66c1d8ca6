"""The Dockerfile as data, and its steps run without a container: each absolute path of the image lies under a folder."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from deploy_support import DEPLOY, ROOT


@dataclass
class Stage:
    """What stands between one FROM and the next."""

    base: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def all(self, word: str) -> list[str]:
        return [text for name, text in self.steps if name == word]


def stages() -> list[Stage]:
    """The stages of the Dockerfile; comments and line breaks are gone."""
    text = re.sub(r"(?m)^#.*\n", "", (DEPLOY / "Dockerfile").read_text()).replace("\\\n", " ")
    found: list[Stage] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            found.append(Stage(rest))
        elif found:
            found[-1].steps.append((word, rest.strip()))
    return found


def context(folder: Path) -> Path:
    """The build context: what .dockerignore lets through (it names what may come in; everything else stays out)."""
    wanted = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for name in wanted:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.sqlite3*"))
        elif source.exists():
            shutil.copy(source, folder / name)
    return folder


@dataclass
class Image:
    """Runs steps in order. ``places``: folders of the image, which lie under ``root`` here."""

    root: Path
    context: Path
    environment: dict[str, str]
    places: tuple[str, ...] = ("/src", "/wheels", "/opt/cds", "/var/lib/cds-service")
    folder: str = "/"

    def here(self, text: str) -> str:
        return re.sub("|".join(f"(?<![\\w.]){re.escape(p)}" for p in self.places), lambda m: f"{self.root}{m[0]}", text)

    def run(self, stage: Stage) -> None:
        for word, text in stage.steps:
            getattr(self, f"_{word.lower()}")(text)

    def _arg(self, text: str) -> None:
        self._env(text)

    def _env(self, text: str) -> None:
        for name, value in re.findall(r'(\w+)=("[^"]*"|\S+)', text):
            plain = self.here(value.strip('"')).replace("$PATH", self.environment["PATH"])
            self.environment[name] = plain

    def _workdir(self, text: str) -> None:
        self.folder = self.here(text)
        Path(self.folder).mkdir(parents=True, exist_ok=True)

    def _copy(self, text: str) -> None:
        if text.startswith("--from=builder"):
            return  # both stages share the folder
        *sources, target = text.split()
        for pattern in sources:
            for source in self.context.glob(pattern):
                place = Path(self.folder, target)
                if source.is_dir():
                    shutil.copytree(source, place)
                else:
                    shutil.copy(source, place)

    def _run(self, text: str) -> None:
        subprocess.run(["/bin/sh", "-ec", self.here(text)], check=True, cwd=self.folder, env=self.environment)

    def _label(self, _: str) -> None:
        """Says something, does nothing; so do the next ones. USER and what comes after it is the test's to do."""

    _user = _expose = _healthcheck = _entrypoint = _cmd = _label


def command(text: str) -> list[str]:
    """The JSON form of ENTRYPOINT, CMD or HEALTHCHECK … CMD."""
    words: list[str] = json.loads(text[text.index("[") :])
    return words


def as_nobody(user: int) -> list[str]:
    """Runs what follows as this user. It keeps the right to read everything, because the Python of this machine may lie in a
    home folder; what it may not do is write."""
    if os.geteuid() != 0:
        return []
    read = "-all,+dac_read_search"
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", f"--inh-caps={read}", f"--ambient-caps={read}"]
