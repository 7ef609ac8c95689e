"""The counts behind the limits that the node asks: paces of commands, log-ins that failed, and how
somebody stands towards all of them. Which limits there are is core/limits; addresses at the door
are counted by the edge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Self

from chatd.commands.host import Caller
from chatd.commands.limiting import Attempt, Entering
from chatd.core.buckets import Buckets
from chatd.core.errors import Refused
from chatd.core.guard import Guard
from chatd.core.limits import Standing, Usage, network_of, standings, word_of
from chatd.core.log import UserId
from chatd.core.rooms import Person, Room

if TYPE_CHECKING:
    from chatd.node.node import Node

WELCOME = 20_000
"""So many pairs of an account and the address that it logged in from are remembered."""


class Limiting(Guard):
    """The guard of a node, with what it counts."""

    def __init__(self, node: Node) -> None:
        super().__init__(lambda: node.settings.modes, node.clock, node.meter, node.log)
        self._node = node
        self._paces = Buckets()
        self._by_address = Buckets()
        self._by_account = Buckets()
        self._welcome: dict[tuple[str, str], None] = {}
        self._entering: Counter[Hashable] = Counter()

    def client(self, address: str) -> str:
        """What an address is counted as; empty for one that no limit for addresses concerns."""
        return "" if self._node.settings.exempt.believes(address) else self._home(address)

    # --- paces ---
    def paced(
        self, session: Caller, word: str, *, take: bool = True, me: Person | None = None
    ) -> float:
        """See the port."""
        pace, person = self._node.settings.paces.get(word), me or session.person
        if pace is None or person is None:
            return 0.0
        count = self._paces.take if take else self._paces.wait
        key = word, self._whose(person, session.address)
        wait = count(key, 1.0, self._node.clock.monotonic(), pace.rate, pace.burst)
        if wait and self.stops("command", command=word, user=person.name, address=session.address):
            return wait
        return 0.0

    def _whose(self, person: Person, address: str) -> str:
        """A guest is made in a moment, an address is not."""
        client = self.client(address) if person.guest else ""
        return client or person.user_id

    # --- log-ins that failed ---
    def attempt(self, session: Caller, account: str) -> Attempt:
        """See the port."""
        settings, now = self._node.settings, self._node.clock.monotonic()
        client, window = self.client(session.address), settings.failed_logins_window
        most = settings.failed_logins_per_address
        if client:
            wait = self._by_address.take(client, 1.0, now, most / window, most)
            if wait and self.stops("failed_logins_per_address", address=session.address):
                raise _too_often(f"too many log-ins from {session.address} failed", wait)
        home = self._home(session.address)
        key = self._account(account, home)
        most = settings.failed_logins_per_account
        if account:
            wait = self._by_account.take(key, 1.0, now, most / window, most)
            if wait and self.stops("failed_logins_per_account", address=session.address):
                raise _too_often("too many log-ins to this account failed", wait)
        return Attempt(account, client, home)

    def _home(self, address: str) -> str:
        """Where somebody is at home; nowhere, when all come by the same socket."""
        settings = self._node.settings
        if address == "unix":
            return ""
        return network_of(address, settings.ipv4_prefix, settings.ipv6_prefix)

    def _account(self, account: str, home: str) -> tuple[str, str]:
        """Addresses from which somebody got in have a count of their own: who guesses from
        elsewhere cannot keep an account's owner out."""
        return (account, home if (account, home) in self._welcome else "")

    def excuse(self, attempt: Attempt) -> None:
        """See the port."""
        self._by_address.give(attempt.client, 1.0)
        self._by_account.give(self._account(attempt.account, attempt.home), 1.0)

    def proved(self, attempt: Attempt) -> None:
        """See the port."""
        self.excuse(attempt)
        if attempt.account and attempt.home:
            pair = attempt.account, attempt.home
            self._welcome.pop(pair, None)
            self._welcome[pair] = None
            if len(self._welcome) > WELCOME:
                del self._welcome[next(iter(self._welcome))]

    # --- how somebody stands ---
    async def explain(
        self, user_id: UserId, name: str, verb: str, room: Room | None
    ) -> list[Standing]:
        """How this user stands now towards every limit that a command of this verb meets, in the
        order in which they are asked. Nothing is consumed."""
        return standings(self._node.settings, await self.usage(user_id, name, verb, room), verb)

    async def usage(self, user_id: UserId, name: str, verb: str, room: Room | None) -> Usage:
        """What of a user is compared with limits."""
        node, person = self._node, self._node.people.by_id(user_id)
        if person is not None:
            kinds = [place.room.kind for place in person.rooms.values()]
        else:
            kinds = [kept.room.kind for kept in await node.store.memberships(user_id)]
        direct = kinds.count("direct")
        return Usage(
            rooms=len(kinds) - direct,
            direct_rooms=direct,
            sessions=len(person.sessions) if person else 0,
            members=await self.members(room) if room else None,
            rate_wait=self._rate_wait(person, verb),
            command_wait=self._command_wait(person, user_id, word_of(verb)),
            account_wait=None if person and person.guest else self._account_wait(name),
        )

    async def members(self, room: Room) -> int:
        """How many a room has: those whom the store knows, or those who are in it, if more."""
        stored = await self._node.store.member_count(room.room_id)
        return max(stored, room.attended)

    def entering(self, *into: Hashable) -> AbstractContextManager[Entering]:
        """See the port."""
        return _Entering(self._entering, into)

    def _rate_wait(self, person: Person | None, verb: str) -> float | None:
        """Of the session that is readiest."""
        mine = [s for s in self._node.sessions if s.person is person] if person else []
        return min((session.wait(word_of(verb)) for session in mine), default=None)

    def _command_wait(self, person: Person | None, user_id: UserId, word: str) -> float:
        pace, now = self._node.settings.paces.get(word), self._node.clock.monotonic()
        if pace is None:
            return 0.0
        mine = [s.address for s in self._node.sessions if s.person is person] if person else []
        whose = {self._whose(person, address) for address in mine} if person else {user_id}
        waits = [
            self._paces.wait((word, who), 1.0, now, pace.rate, pace.burst)
            for who in whose or {user_id}
        ]
        return min(waits)

    def _account_wait(self, name: str) -> float:
        """From an address that is not known yet."""
        settings, now = self._node.settings, self._node.clock.monotonic()
        most = settings.failed_logins_per_account
        rate = most / settings.failed_logins_window
        return self._by_account.wait((name, ""), 1.0, now, rate, most)


class _Entering:
    """host.Entering: one on the way, counted in ``all``."""

    def __init__(self, all_: Counter[Hashable], into: tuple[Hashable, ...]) -> None:
        self._all, self._into = all_, into

    def others(self, into: Hashable) -> int:
        """See the port."""
        return self._all[into] - 1

    def __enter__(self) -> Self:
        self._all.update(self._into)
        return self

    def __exit__(self, *_: object) -> None:
        self._all.subtract(self._into)
        for each in self._into:
            if not self._all[each]:
                del self._all[each]


def _too_often(what: str, wait: float) -> Refused:
    after = int(wait * 1000) + 1
    return Refused("rate_limited", f"{what}; wait {-(-after // 1000)} s and log in again", after)
