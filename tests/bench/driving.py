"""The load generator: built when it is first needed, driven through one measurement at a time while
the server's CPU time and memory are looked at between its steps."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench.cases import Case
from tests.bench.contestants import CACHE, Contestant, Missing, Speech, run
from tests.bench.debian import from_debian
from tests.bench.processes import cpu, memory, pin, stolen

SOURCES = sorted(Path(__file__).with_name("load").glob("*.[ch]"))
FLAGS = ("-O2", "-Wall", "-Wextra")
LONGEST = 180.0
"""Seconds after which a measurement is given up."""
QUIET = 0.15
"""Seconds of which a server that has nothing to do is busy for a twentieth at most."""
CALM, TRIES = 0.01, 3
"""A share of the processors that others may have had meanwhile, and how often a measurement is
taken at most until they had less."""
SERVER, GENERATOR = 0, 1
"""The cores that each is kept to, where there are two; a store has a thread of its own, so a server
that keeps what is said may have both."""

Round = dict[str, Any]
Look = dict[str, tuple[float, int]]
"""CPU time and memory of each of a server's parts."""


def built(*, tls: bool = False) -> Path:
    """The load generator's program. Raises Missing."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise Missing("there is no C compiler here for the load generator")
    sources = [file for file in SOURCES if file.name != ("plain.c" if tls else "tls.c")]
    seal = hashlib.sha256(b"".join(file.read_bytes() for file in sources)).hexdigest()[:16]
    program = CACHE / f"load-{seal}"
    if not program.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        texts = [file for file in sources if file.suffix == ".c"]
        run([compiler, *FLAGS, "-o", program, *texts, *(_openssl() if tls else ())])
    return program


def _openssl() -> list[str]:
    """For the compiler: this host's, or that of Debian's package, unpacked beside."""
    if Path("/usr/include/openssl/ssl.h").exists():
        return ["-lssl", "-lcrypto"]
    root, machine = from_debian("libssl-dev") / "usr", f"{os.uname().machine}-linux-gnu"
    headers = [f"-I{root}/include", f"-I{root}/include/{machine}"]
    return [*headers, f"-L{root}/lib/{machine}", "-l:libssl.a", "-l:libcrypto.a"]


def until_quiet(*pids: int) -> None:
    """Wait until the server has done with what came before: connections that end cost as well."""
    deadline, before = time.monotonic() + 20, -1.0
    while time.monotonic() < deadline:
        spent = sum(map(cpu, pids))
        if before >= 0 and spent - before < QUIET / 20:
            return
        before = spent
        time.sleep(QUIET)


def measured(who: Contestant, case: Case, at: Callable[[str], None] | None = None) -> Round:
    """One round of a case. ``at`` hears of each step: started, and what the generator says. Raises
    Missing when it came to no end."""
    until_quiet(*who.pids.values())
    kept = who.kept()
    spoken = who.speech
    speech = Speech(path=spoken.path, header=spoken.header) if case.bare else spoken
    program, port = str(built(tls=who.tls)), str(who.port)
    command = [program, "--port", port, *case.arguments(), *speech.arguments()]
    if _apart(who):
        command.append("--awake")
    generator = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        told = _watched(generator, who, case, at or (lambda step: None))
        return told if kept is None else told | _unkept(who, kept, told)
    finally:
        generator.kill()
        generator.communicate()


def calmly(who: Contestant, case: Case) -> Round:
    """As measured, but again when the host of this virtual machine took much of its processors for
    others meanwhile, which counts as their CPU time here: the calmest one. ``stolen``: how much."""
    rounds: list[Round] = []
    while len(rounds) < TRIES and not (rounds and rounds[-1]["stolen"] <= CALM):
        before = stolen()
        told = measured(who, case)
        taken, whole = (now - then for now, then in zip(stolen(), before, strict=True))
        rounds.append(told | {"stolen": round(taken / max(whole, 1), 4)})
    return min(rounds, key=lambda each: float(each["stolen"]))


def _unkept(who: Contestant, before: int, told: Round) -> Round:
    """How many of what was said have no answer, and how many of the answered are not on disk."""
    found = who.kept() or 0
    return {
        "unanswered": told["said"] - told["answered"],
        "unkept": max(0, told["answered"] - (found - before)),
    }


def _watched(
    generator: subprocess.Popen[str], who: Contestant, case: Case, at: Callable[[str], None]
) -> Round:
    if _apart(who):
        for pid in who.pids.values():
            pin(pid, SERVER)
        pin(generator.pid, GENERATOR)
    marks = {"started": _look(who)}
    at("started")
    assert generator.stdin is not None
    assert generator.stdout is not None
    for line in generator.stdout:
        step = line.strip()
        marks[step] = _look(who)
        at(step)
        if step == "open":
            generator.stdin.write("go\n")
            generator.stdin.flush()
        if step.startswith("{"):
            return _told(json.loads(step), marks, case)
    assert generator.stderr is not None
    raise Missing(f"the load generator gave up: {generator.stderr.read()[-300:]}")


def _apart(who: Contestant) -> bool:
    """Whether the generator has a core of its own. There it never sleeps: to wake it would be in
    the server's CPU time, of one whose `send`s are quick more often than of one whose are slow,
    and clients elsewhere are not woken by the server."""
    return (os.cpu_count() or 1) > 1 and not who.keeps


def _look(who: Contestant) -> Look:
    return {name: (cpu(pid), memory(pid)) for name, pid in who.pids.items()}


def _told(seen: Round, marks: dict[str, Look], case: Case) -> Round:
    start, end = ("started", "open") if case.bare else ("begin", "end")
    parts = {name: spent - marks[start][name][0] for name, (spent, _) in marks[end].items()}
    grown = {name: size - marks["started"][name][1] for name, (_, size) in marks["open"].items()}
    spent = sum(parts.values())
    count = case.connections if case.bare else seen[case.per]
    told: Round = {
        "cpu_us": 1e6 * spent / count if count else None,
        "bytes_each": sum(grown.values()) / case.connections,
        **{name: seen[name] for name in ("lost", "disorder", "strangers")},
    }
    if len(parts) > 1 and count:
        told["cpu_us_of"] = {name: 1e6 * part / count for name, part in parts.items()}
        told["bytes_each_of"] = {name: size / case.connections for name, size in grown.items()}
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
