"""Any value of any struct of the core, for hypothesis: made from the types, so none is left out."""

from __future__ import annotations

from typing import Any

import msgspec.inspect as mi
from hypothesis import strategies as st

from chatd.core.commands import EVERY, Command
from chatd.core.events import Error, Event, Ok

NASTY = st.sampled_from(
    "\r\n\t \x00\x07\x1b\x7f\x85\x9b\u2028\u2029\u202a\u202e\u2066\u2069\u200b\u200f\ufeff"
    "<>#@/\"'\\{}[]:*!-"
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]) | NASTY, max_size=40)
LATEST = 4_102_444_800_000
"""Milliseconds from 1970 to 2100 UTC: further times are nobody's."""

EVENTS: list[type[Event]] = Event.__subclasses__()
ANSWERS: list[type[Ok]] = [Ok, *Ok.__subclasses__()]


def of(kind: Any) -> st.SearchStrategy[Any]:  # noqa: C901  # one case for each kind of type
    """Values that are within the bounds of ``kind``, a type or what msgspec knows of one."""
    known = kind if isinstance(kind, mi.Type) else mi.type_info(kind)
    match known:
        case mi.StructType(cls=cls, fields=fields):
            return st.builds(cls, **{f.name: of(f.type) for f in fields})
        case mi.UnionType(types=types):
            return st.one_of([of(t) for t in types])
        case mi.ListType(item_type=item):
            return st.lists(of(item), max_size=4)
        case mi.DictType(key_type=key, value_type=value):
            return st.dictionaries(of(key), of(value), max_size=3)
        case mi.StrType(min_length=least, max_length=most):
            return _text(least or 0, most)
        case mi.IntType(ge=least, le=most):
            return st.integers(0 if least is None else least, LATEST if most is None else most)
        case mi.FloatType():
            return st.floats(0, 1e9)
        case mi.BoolType():
            return st.booleans()
        case mi.LiteralType(values=values):
            return st.sampled_from(values)
        case mi.NoneType():
            return st.none()
    raise AssertionError(f"no values are known for {known!r}; teach them here")


def _text(least: int, most: int | None) -> st.SearchStrategy[str]:
    return TEXT.filter(lambda t: least <= len(t) <= (most or 40))


commands: st.SearchStrategy[Command] = st.one_of([of(c) for c in EVERY])
told: st.SearchStrategy[Event] = st.one_of([of(e) for e in EVENTS])
answers: st.SearchStrategy[Ok | Error] = st.one_of([of(a) for a in [*ANSWERS, Error]])
