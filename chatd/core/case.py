"""One question to the policy and its answer, as values: all that a decision depends on.
How it is decided is policy's; how a case comes about is chatd/commands/places."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from chatd.core.log import Rank, RoomKind
from chatd.core.sanctions import Emergency

Verb = Literal[
    "login", "see", "join", "leave", "read", "send", "edit", "delete", "react", "create",
    "create_private", "topic", "invite", "role", "nick", "direct", "report",
    "kick", "ban", "mute", "rule", "operate",
]  # fmt: skip
"""``mute`` and ``ban`` are also to lift them; ``rule``: slow mode and read-only; ``operate``: what
concerns the whole server."""

SPEAKING = frozenset({"send", "edit", "react", "topic"})
MAKING = frozenset({"create", "create_private", "invite", "nick", "direct"})
MODERATING = frozenset({"kick", "ban", "mute", "rule"})
ABOUT_NO_ROOM = frozenset({"login", "direct", "create", "create_private", "nick", "operate"})


class Actor(Struct, frozen=True):
    """Who asks, as far as the rules care."""

    guest: bool
    operator: bool = False


class Laid(Struct, frozen=True):
    """A ban or mute that hits: why, and for how many milliseconds yet (None: until it is lifted).
    ``where`` is the room's label, empty for the whole server."""

    reason: str = ""
    left: int | None = None
    where: str = ""


class Case(Struct, frozen=True, kw_only=True):
    """All that one decision depends on.

    ``kind`` is the room's (None: the verb is about no room), ``rank`` the actor's in it (None: not
    a member), ``own`` whether the message in question is the actor's. ``over``: the rank of the
    member whom a moderator is about to hit, ``over_operator`` whether that is an operator.
    ``slow_wait``: milliseconds until slow mode allows the next message. ``last_owner``: whether the
    room would be left without an owner, while another member could be that.
    """

    verb: Verb
    guest: bool
    operator: bool = False
    kind: RoomKind | None = None
    rank: Rank | None = None
    own: bool = False
    may_create: str = "anyone"
    over: Rank | None = None
    over_operator: bool = False
    banned: Laid | None = None
    muted: Laid | None = None
    read_only: bool = False
    slow_wait: int = 0
    last_owner: bool = False
    emergency: Emergency = Emergency.OFF

    @property
    def moderates(self) -> bool:
        """Whether the actor stands above the room's own rules."""
        return self.operator or self.rank in (Rank.MODERATOR, Rank.OWNER)


class Verdict(Struct, frozen=True):
    """The answer, the rule that gave it, and for a no: what would change it, the error code, and
    the milliseconds after which to ask again where waiting helps."""

    allowed: bool
    rule: str
    hint: str = ""
    code: str = "forbidden"
    retry_after_ms: int | None = None


class Step(Struct, frozen=True):
    """One rule of the table that was asked; ``verdict`` is None where it had nothing to say."""

    rule: str
    verdict: Verdict | None
