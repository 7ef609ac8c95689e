"""What handlers may ask of everybody's counts, as a port: a part of host. Which limits there are is
core/limits; the node counts."""

from __future__ import annotations

from collections.abc import Hashable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from chatd.core.limits import LimitName, Standing
from chatd.core.log import UserId
from chatd.core.rooms import Person, Room

if TYPE_CHECKING:
    from chatd.commands.host import Caller


@dataclass(frozen=True, slots=True)
class Attempt:
    """A log-in that is being tried, as it was counted. ``home``: the network that it comes from;
    ``client`` the same, but empty when no limit for addresses concerns it."""

    account: str
    client: str
    home: str


class Entering(Protocol):
    """Who is on the way with somebody."""

    def others(self, into: Hashable) -> int:
        """How many others are now. One whom the store has already is one of them for a moment: at
        the very limit the last one may be refused."""
        ...


class Limiting(Protocol):
    """What is counted of everybody, and what a limit that is met does."""

    def off(self, limit: LimitName) -> bool:
        """Whether this limit need not be looked at."""
        ...

    def stops(self, limit: LimitName, **facts: object) -> bool:
        """This limit was met: count it, tell the log, and say whether to refuse."""
        ...

    def paced(
        self, session: Caller, word: str, *, take: bool = True, me: Person | None = None
    ) -> float:
        """Take one of what a user may do of this in a while (limits.command): 0.0, or the seconds
        until there is one. Not ``take``: only look. ``me``: who logs in with this session, before
        it is theirs."""
        ...

    async def members(self, room: Room) -> int:
        """How many members a room has, guests in it among them."""
        ...

    def entering(self, *into: Hashable) -> AbstractContextManager[Entering]:
        """Somebody is on the way into these (a room, a user's rooms), until the context ends; it
        tells how many others are. What is counted before a wait is else not true behind it."""
        ...

    def attempt(self, session: Caller, account: str) -> Attempt:
        """Count a log-in, before it is tried, as one that failed: those that are tried at the same
        time are counted, too. ``account``: its name, empty for a token. Raises Refused when too
        many have failed; which answer that is does not tell whether there is such an account."""
        ...

    def excuse(self, attempt: Attempt) -> None:
        """It did not fail, or not for its own fault: take it out of the count."""
        ...

    def proved(self, attempt: Attempt) -> None:
        """It succeeded: the account is at home at this address from now on."""
        ...

    async def explain(
        self, user_id: UserId, name: str, verb: str, room: Room | None
    ) -> list[Standing]:
        """How a user stands towards every limit that a command of this verb meets; nothing is
        consumed."""
        ...
