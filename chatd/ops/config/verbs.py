"""The verbs about configuration: check, and config describe, example, show and changes.
Each takes its parsed arguments, where to write, and returns the exit code; argparse is cli.py's."""

from __future__ import annotations

import json
import os
from argparse import Namespace
from pathlib import Path
from typing import TextIO

from chatd.ops.config.load import Invalid, Loaded, changes, load, parse, written
from chatd.ops.config.reference import describe as reference
from chatd.ops.config.reference import example as example_file
from chatd.ops.config.reference import listing


def check(args: Namespace, out: TextIO, err: TextIO) -> int:
    """``args.file``: 0 and one line if it is good, else every problem on ``err`` and EX_CONFIG."""
    if _loaded(args.file, err) is None:
        return os.EX_CONFIG
    out.write(f"{args.file}: ok\n")
    return os.EX_OK


def describe(_args: Namespace, out: TextIO, _err: TextIO) -> int:
    """The reference in Markdown."""
    out.write(reference())
    return os.EX_OK


def example(_args: Namespace, out: TextIO, _err: TextIO) -> int:
    """A commented file."""
    out.write(example_file())
    return os.EX_OK


def show(args: Namespace, out: TextIO, err: TextIO) -> int:
    """``args.config`` (a file, or None: defaults only), ``args.effective``, ``args.origin``."""
    loaded = _loaded(args.config, err)
    if loaded is None:
        return os.EX_CONFIG
    out.write(listing(loaded, effective=args.effective, origin=args.origin))
    return os.EX_OK


def changed(args: Namespace, out: TextIO, err: TextIO) -> int:
    """``args.old``, ``args.new``, ``args.json``: which keys differ, and what each of them needs."""
    old, new = _loaded(args.old, err), _loaded(args.new, err)
    if old is None or new is None:
        return os.EX_CONFIG
    found = changes(old.config, new.config)
    needs = {"reload": found.reloaded, "restart": found.restart}
    if args.json:
        out.write(json.dumps(needs) + "\n")
        return os.EX_OK
    for need, names in needs.items():
        for name in names:
            out.write(f"{name}: {written(old.config, name)} -> {written(new.config, name)}")
            out.write(f" (a {need})\n")
    return os.EX_OK


def _loaded(file: str | None, err: TextIO) -> Loaded | None:
    try:
        return parse("", "", Path()) if file is None else load(file)
    except Invalid as invalid:
        err.write(f"{invalid}\n")
        return None
