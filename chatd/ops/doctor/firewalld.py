"""Asking firewalld what it lets in. What of it is right is platform.py's to judge."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator

from chatd.ops.doctor.host import Firewall, Zone

COMMAND = "firewall-cmd"
NOT_RUNNING = 252
PATIENCE = 20.0


def read() -> Firewall | None:
    """The firewall as it is now; None where firewalld is not installed. Raises PermissionError for
    somebody who may not ask."""
    if shutil.which(COMMAND) is None:
        return None
    if _asked("--state").returncode == NOT_RUNNING:
        return Firewall(runs=False)
    default, every = _asked("--get-default-zone"), _asked("--list-all-zones")
    for each in (default, every):
        if each.returncode:
            raise PermissionError(f"{COMMAND}: {each.stderr.strip()}")
    return Firewall(runs=True, zones=tuple(in_use(every.stdout, default.stdout.strip())))


def _asked(word: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, word], capture_output=True, text=True, timeout=PATIENCE, check=False
    )


def in_use(text: str, default: str) -> Iterator[Zone]:
    """The zones that something comes through, of what --list-all-zones prints."""
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        heading, *lines = paragraph.splitlines()
        name, _, state = heading.strip().partition(" ")
        if name != default and "active" not in state:
            continue
        facts, rules = _facts(lines)
        yield Zone(
            name=name,
            target=facts.get("target", ""),
            services=frozenset(facts.get("services", "").split()),
            ports=frozenset(facts.get("ports", "").split()),
            rules=tuple(rules),
        )


def _facts(lines: list[str]) -> tuple[dict[str, str], list[str]]:
    """The lines "key: value" of a zone, and its rich rules, which stand below a line of theirs."""
    facts: dict[str, str] = {}
    rules: list[str] = []
    for line in lines:
        if line.lstrip().startswith("rule "):
            rules.append(line.strip())
        else:
            key, _, value = line.strip().partition(":")
            facts[key] = value.strip()
    return facts, rules
