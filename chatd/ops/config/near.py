"""What somebody may have meant who wrote a key that does not exist."""

from __future__ import annotations

from difflib import get_close_matches

from chatd.ops.config.positions import Where
from chatd.ops.config.table import KEYS, SECTIONS


def advice(where: Where, what: str) -> str:
    """What to do about an unknown ``what`` ("table" or "key") at ``where``; ends a sentence."""
    names = [str(part).lower().replace("-", "_") for part in where]
    meant = _section(names[0]) if what == "table" and len(names) == 1 else _key(names)
    if meant:
        return f"did you mean {meant}?"
    section = SECTIONS.get(str(where[0])) if len(where) > 1 else None
    if section is None:
        return "the tables are " + ", ".join(SECTIONS)
    leaves = ", ".join(key.name.partition(".")[2] for key in section.keys)
    return f"the keys of [{section.name}] are {leaves}"


def _section(name: str) -> str:
    near = get_close_matches(name, SECTIONS, 1)
    return f"[{near[0]}]" if near else ""


def _key(names: list[str]) -> str:
    """The nearest key: by its whole name, or by its last part in another table."""
    whole = get_close_matches(".".join(names), KEYS, 1, 0.8)
    if whole:
        return whole[0]
    leaves = {name.partition(".")[2]: name for name in reversed(KEYS)}
    near = get_close_matches(names[-1], leaves, 1, 0.75)
    return leaves[near[0]] if near else ""
