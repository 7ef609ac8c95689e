"""The texts that are made from the table of keys: the reference, the example file, a listing.
docs/configuration.md and packaging/chatd.toml are these texts; a test keeps them so."""

from __future__ import annotations

import textwrap
import tomllib
from collections.abc import Iterator

from chatd.ops.config.keys import Key, Section
from chatd.ops.config.kinds import TABLE
from chatd.ops.config.literal import literal
from chatd.ops.config.load import DEFAULT, Loaded, written
from chatd.ops.config.rules import RULES
from chatd.ops.config.table import SECTIONS

WIDTH = 96
INTRO = """\
# Configuration

<!-- Made by `chatd config describe`. Change chatd/ops/config/table.py instead. -->

chatd reads one file in [TOML](https://toml.io), named by `--config`. Every key has a default, so
the file holds only what is different; `chatd config example` prints one with every key, commented
out.

- `chatd check FILE` finds everything that is wrong with a file at once: each problem with its line,
  the key, its value and what is allowed. It exits with 78 (EX_CONFIG) if there is any.
- `chatd config show --config FILE` prints what the file sets; `--effective` prints all keys with
  the values that hold, and `--origin` adds where each value comes from.
- `chatd config changes OLD NEW` says which keys differ between two files, and which of them need a
  restart.
- `systemctl reload chatd` (SIGHUP) reads the file again, all or nothing: with any problem in it
  the running configuration stays. Keys that need a restart keep their old value until then, and
  the log names them.

Sizes are integers in bytes, or strings with a unit: `"64 KiB"`, `"1 MiB"`. Durations are strings
with a unit: `"500ms"`, `"25s"`, `"2m"`, `"1h"`, `"1d"`. Unknown keys are errors.
"""
EXAMPLE = """\
# The configuration of chatd. Every key has a default, shown here after a #: remove the # to set it.
# `chatd check FILE` says whether a file is good; docs/configuration.md describes each key.
"""


def describe() -> str:
    """The reference of all keys, in Markdown."""
    parts = [INTRO]
    for section in SECTIONS.values():
        parts.append(f"## [{section.name}]\n\n{_folded(section.doc)}\n")
        parts += [_described(key) for key in section.keys]
    parts.append("## What keys must hold together\n")
    parts.append("\n".join(_item(rule.says + ".") for rule in RULES) + "\n")
    return "\n".join(parts)


def _described(key: Key) -> str:
    facts = [
        f"default: `{key.kind.write(key.default)}`",
        f"type: {key.kind.word}",
        f"allowed: {key.kind.allowed}",
        "a change needs: " + ("reload" if key.reload else "restart"),
    ]
    return f"### {key.name}\n\n{_folded(key.doc)}\n\n" + "\n".join(map(_item, facts)) + "\n"


def _folded(text: str) -> str:
    return textwrap.fill(
        " ".join(text.split()), WIDTH, break_long_words=False, break_on_hyphens=False
    )


def _item(text: str) -> str:
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent="- ",
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def example() -> str:
    """A file with every key, each commented out with its default."""
    return "\n".join([EXAMPLE, *(_exemplified(section) for section in SECTIONS.values())])


def _exemplified(section: Section) -> str:
    lines = [*_comment(section.doc), f"[{section.name}]"]
    for key in section.keys:
        note = f"Allowed: {key.kind.allowed}." + (
            "" if key.reload else " A change needs a restart."
        )
        lines += [*_comment(key.doc), *_comment(note)]
        lines += [*(f"#{line}" for line in _defaulted(key)), ""]
    return "\n".join(lines)


def _defaulted(key: Key) -> Iterator[str]:
    """A key with its default; a table of its own for one that is a table, since TOML allows no line
    to break within braces. Such keys are the last ones of their section."""
    default = key.kind.write(key.default)
    if key.kind.word != TABLE:
        yield f"{key.name.partition('.')[2]} = {default}"
        return
    yield f"[{key.name}]"
    for name, value in tomllib.loads(f"it = {default}")["it"].items():
        yield f"{name} = {literal(value)}"


def _comment(text: str) -> Iterator[str]:
    return (f"# {line}" for line in _folded(text.replace("`", "")).splitlines())


def listing(loaded: Loaded, *, effective: bool, origin: bool) -> str:
    """The values in TOML: those that the file sets, or all; with their origins as comments."""
    blocks = []
    for section in SECTIONS.values():
        keys = [k for k in section.keys if effective or loaded.origins[k.name] != DEFAULT]
        if keys:
            lines = [_listed(loaded, key, origin) for key in keys]
            blocks.append("\n".join([f"[{section.name}]", *lines]) + "\n")
    return "\n".join(blocks) or "# Every key has its default.\n"


def _listed(loaded: Loaded, key: Key, origin: bool) -> str:
    line = f"{key.name.partition('.')[2]} = {written(loaded.config, key.name)}"
    return f"{line}  # {loaded.origins[key.name]}" if origin else line
