"""Checks of the configuration: every problem of the file, and what an upgrade left beside it.
Problems are found by ops/config, here they become findings; who may change it: permissions.py."""

from __future__ import annotations

from pathlib import Path

from chatd.ops.config import Problem
from chatd.ops.doctor.exam import Exam
from chatd.ops.doctor.findings import Verdicts, fail, ok, typed, warn
from chatd.ops.doctor.host import Host

LEFT = (".rpmnew", ".rpmsave", ".rpmorig")
OTHERS = (Path("/etc/sysconfig"), Path("/etc/sos/extras.d"))
"""Where the package has configuration besides its own folder."""


def configuration(exam: Exam, _host: Host) -> Verdicts:
    """All that `chatd check` says."""
    for problem in exam.problems:
        yield fail(str(problem), _mend(exam, problem))
    if not exam.problems:
        yield ok(f"{exam.file} has no errors")


def _mend(exam: Exam, problem: Problem) -> str:
    if problem.line:
        do = f"correct it; `chatd check {typed(exam.file)}` says when it is good"
    else:
        do = "see whether it is the right file, and whether you may read it: root may"
    return f"{do}; then examine again, for what depends on it was left out"


def leftovers(exam: Exam, host: Host) -> Verdicts:
    """Files of a package's upgrade, which wait for somebody to compare them."""
    folder = exam.file.parent
    left = [folder / name for name in host.names(folder) if name.endswith(LEFT)]
    for other in OTHERS:
        names = [name for name in host.names(other) if name.startswith("chatd")]
        left += [other / name for name in names if name.endswith(LEFT)]
    for path in left:
        yield warn(
            f"an upgrade left {path}",
            f"`diff {typed(path.with_suffix(''))} {typed(path)}`: "
            "take over what is wanted, then remove it",
        )
    if not left:
        yield ok(f"no upgrade left anything in {folder}")
