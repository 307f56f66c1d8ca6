"""Writes a clients file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content))  # JSON is YAML
