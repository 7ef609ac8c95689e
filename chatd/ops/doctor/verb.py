"""The verb `chatd doctor`: arguments in, report out, exit code.
The arguments' syntax is cli.py's."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from chatd.ops.config import Config, Invalid, Problem, beside, load
from chatd.ops.doctor.exam import Exam
from chatd.ops.doctor.findings import SEVERITY, Finding
from chatd.ops.doctor.linux import Linux
from chatd.ops.doctor.report import write_json, write_lines
from chatd.ops.doctor.table import examine
from chatd.ops.support import scrubbed, without_values


def doctor(file: Path, args: Namespace, out: TextIO) -> int:
    """Examine this host and the chatd of ``file``: ``args.json``, ``args.full``, ``args.withhold``,
    ``args.certificate`` and ``args.backups`` (lists of paths), ``args.dev`` (None, unless chatd is
    only tried out). Gives 0 when all is well, 1 with warnings, 2 with failures."""
    host = Linux()
    findings: Iterable[Finding] = examine(_exam(file.absolute(), args), host)
    if args.withhold:
        findings = map(_withheld, findings)
    status = write_json(findings, host.now(), out) if args.json else write_lines(findings, out)
    return SEVERITY[status]


def _withheld(finding: Finding) -> Finding:
    """The same, for somebody who need not know whose server this is."""
    return replace(finding, seen=without_values(finding.seen), do=scrubbed(finding.do))


def _exam(file: Path, args: Namespace) -> Exam:
    problems: tuple[Problem, ...] = ()
    try:
        loaded = load(file)
        config = (loaded if args.dev is None else beside(loaded, file)).config
    except Invalid as invalid:
        config, problems = Config(), invalid.problems
    return Exam(
        file=file,
        config=config,
        problems=problems,
        certificates=tuple(Path(each).absolute() for each in args.certificate),
        backups=tuple(Path(each).absolute() for each in args.backups),
        full=args.full,
    )
