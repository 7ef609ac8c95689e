"""What is said about one key, and how the keys of a tree of sections are found.
The keys themselves are table.py: the one place where each of them is written."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from chatd.ops.config.kinds import Kind

T = TypeVar("T")
META = "chatd"


@dataclass(frozen=True, slots=True)
class Key:
    """One key: ``name`` is "section.key". ``reload``: a SIGHUP is enough for a change to work."""

    name: str
    kind: Kind[Any]
    default: Any
    doc: str
    reload: bool


@dataclass(frozen=True, slots=True)
class Section:
    """One table of the file with its keys, in the order of the reference."""

    name: str
    doc: str
    keys: tuple[Key, ...]


def key(kind: Kind[T], default: T, doc: str, *, reload: bool) -> T:
    """A field of a section's dataclass; the type checker sees its value, the reference its doc."""
    return dataclasses.field(default=default, metadata={META: (kind, doc, reload)})


def sections(tree: object) -> Iterator[Section]:
    """The sections of a dataclass whose fields are sections."""
    for field in dataclasses.fields(tree):  # type: ignore[arg-type]  # any dataclass
        section = getattr(tree, field.name)
        doc = inspect.cleandoc(type(section).__doc__ or "")
        yield Section(field.name, doc, tuple(_keys(field.name, section)))


def _keys(prefix: str, section: object) -> Iterator[Key]:
    for field in dataclasses.fields(section):  # type: ignore[arg-type]  # any dataclass
        kind, doc, reload = field.metadata[META]
        yield Key(f"{prefix}.{field.name}", kind, field.default, doc, reload)
