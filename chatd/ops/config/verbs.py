"""The verbs about configuration: check, config describe, config example, config show.
Each takes its parsed arguments, where to write, and returns the exit code; argparse is cli.py's."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path
from typing import TextIO

from chatd.ops.config.load import Invalid, Loaded, load, parse
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


def _loaded(file: str | None, err: TextIO) -> Loaded | None:
    try:
        return parse("", "", Path()) if file is None else load(file)
    except Invalid as invalid:
        err.write(f"{invalid}\n")
        return None
