"""The dialects: each module here translates one wire language to commands and events, sans I/O.
A module that defines `dialect(settings)` is found by itself: adding a dialect is adding a file."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from chatd.core.ports import Dialect
from chatd.core.settings import Settings


def all_dialects(settings: Settings) -> dict[str, Dialect]:
    """Every dialect by its name."""
    modules = [import_module(f"{__name__}.{m.name}") for m in iter_modules(__path__)]
    dialects: list[Dialect] = [m.dialect(settings) for m in modules if hasattr(m, "dialect")]
    return {d.name: d for d in dialects}
