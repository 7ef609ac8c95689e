"""What every command is made of: its base, and the kinds of its fields with their bounds.
The commands themselves are commands, those of operators control."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

# These bounds keep a hostile frame from costing more than its bytes; the limits an operator
# sets (message size, name rules) are checked where the command is carried out.
Short = Annotated[str, Meta(min_length=1, max_length=128)]
Key = Annotated[str, Meta(min_length=1, max_length=64)]
Emoji = Annotated[str, Meta(min_length=1, max_length=32)]
Query = Annotated[str, Meta(min_length=1, max_length=256)]
Seq = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Page = Annotated[int, Meta(ge=1, le=200)]
Secret = Annotated[str, Meta(min_length=1, max_length=1024)]
Hash = Annotated[str, Meta(min_length=12, max_length=64)]
Why = Annotated[str, Meta(max_length=300)]
Seconds = Annotated[int, Meta(ge=1, le=10 * 366 * 86_400)]
Pause = Annotated[int, Meta(ge=0, le=86_400)]
RequestId = (
    Annotated[int, Meta(ge=-(2**53) + 1, le=2**53 - 1)] | Annotated[str, Meta(max_length=64)]
)


def _word(name: str) -> str:
    return name.lower()


class Command(
    Struct, frozen=True, kw_only=True, tag_field="type", tag=_word, forbid_unknown_fields=True
):
    """What every command has: an optional request id, echoed in the answer."""

    id: RequestId | None = None
