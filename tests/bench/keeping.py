"""Figures of different benchmarks in one file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def keep(out: Path | None, name: str, found: Any) -> None:
    """Put these under their name, beside what else is there."""
    if out is not None:
        results = json.loads(out.read_text()) if out.exists() else {}
        out.write_text(json.dumps(results | {name: found}, indent=1, sort_keys=True) + "\n")
