"""The load generator: built when it is first needed, driven through one measurement at a time while
the server's CPU time and memory are looked at between its steps."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.bench.cases import Case
from tests.bench.contestants import CACHE, Contestant, Missing, Speech, run
from tests.bench.processes import cpu, memory, pin

SOURCES = sorted(Path(__file__).with_name("load").glob("*.[ch]"))
FLAGS = ("-O2", "-Wall", "-Wextra")
LONGEST = 180.0
"""Seconds after which a measurement is given up."""
QUIET = 0.15
"""Seconds of which a server that has nothing to do is busy for a twentieth at most."""
SERVER, GENERATOR = 0, 1
"""The cores that each is kept to, where there are two; a store has a thread of its own, so a server
that keeps what is said may have both."""

Round = dict[str, Any]


def built() -> Path:
    """The load generator's program. Raises Missing."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise Missing("there is no C compiler here for the load generator")
    seal = hashlib.sha256(b"".join(file.read_bytes() for file in SOURCES)).hexdigest()[:16]
    program = CACHE / f"load-{seal}"
    if not program.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        run([compiler, *FLAGS, "-o", program, *(file for file in SOURCES if file.suffix == ".c")])
    return program


def until_quiet(pid: int) -> None:
    """Wait until the server has done with what came before: connections that end cost as well."""
    deadline, before = time.monotonic() + 20, -1.0
    while time.monotonic() < deadline:
        spent = cpu(pid)
        if before >= 0 and spent - before < QUIET / 20:
            return
        before = spent
        time.sleep(QUIET)


def measured(who: Contestant, case: Case) -> Round:
    """One round of a case. Raises Missing when it came to no end."""
    until_quiet(who.pid)
    kept = who.kept()
    spoken = who.speech
    speech = Speech(path=spoken.path, header=spoken.header) if case.bare else spoken
    command = [str(built()), "--port", str(who.port), *case.arguments(), *speech.arguments()]
    generator = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        told = _watched(generator, who, case)
        return told if kept is None else told | _unkept(who, kept, told)
    finally:
        generator.kill()
        generator.communicate()


def _unkept(who: Contestant, before: int, told: Round) -> Round:
    """How many of what was said have no answer, and how many of the answered are not on disk."""
    found = who.kept() or 0
    return {
        "unanswered": told["said"] - told["answered"],
        "unkept": max(0, told["answered"] - (found - before)),
    }


def _watched(generator: subprocess.Popen[str], who: Contestant, case: Case) -> Round:
    if (os.cpu_count() or 1) > 1 and not who.keeps:
        pin(who.pid, SERVER)
        pin(generator.pid, GENERATOR)
    marks = {"started": (cpu(who.pid), memory(who.pid))}
    assert generator.stdin is not None
    assert generator.stdout is not None
    for line in generator.stdout:
        step = line.strip()
        marks[step] = (cpu(who.pid), memory(who.pid))
        if step == "open":
            generator.stdin.write("go\n")
            generator.stdin.flush()
        if step.startswith("{"):
            return _told(json.loads(step), marks, case)
    assert generator.stderr is not None
    raise Missing(f"the load generator gave up: {generator.stderr.read()[-300:]}")


def _told(seen: Round, marks: dict[str, tuple[float, int]], case: Case) -> Round:
    start, end = ("started", "open") if case.bare else ("begin", "end")
    spent = marks[end][0] - marks[start][0]
    count = case.connections if case.bare else seen[case.per]
    told = {
        "cpu_us": 1e6 * spent / count if count else None,
        "bytes_each": (marks["open"][1] - marks["started"][1]) / case.connections,
        **{name: seen[name] for name in ("lost", "disorder", "strangers")},
    }
    if case.bare:
        return told
    return told | {
        "server_share": spent / seen["seconds"],
        "generator_share": seen["cpu"] / seen["seconds"],
        "rate": count / seen["seconds"],
        "wire_bytes": seen["bytes"] / count if count else None,
        **{name: seen[name] for name in ("p50", "p99", "longest", "ack_p50", "ack_p99")},
        **{name: seen[name] for name in ("said", "answered")},
    }
