"""Log-ins that failed, on their way to the audit log: counted, and recorded a few at a time, so
that nobody who guesses can fill the disk. The log's other records are node/audit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, NamedTuple

from chatd.core import commands as c
from chatd.core.audit import Deed
from chatd.core.log import Account
from chatd.core.names import BadName, account_name
from chatd.core.ports import StoreFailed, StoreFull, Timer

if TYPE_CHECKING:
    from chatd.node.node import Node

CODES = frozenset({"login_failed", "banned", "rate_limited"})
"""The refusals of a log-in that are recorded."""
SOONEST = 1.0
"""Seconds after which the first failures are recorded."""
LATEST = 60.0
"""The longest such time: it doubles while they go on."""
RECORDS = 10
"""Most records at a time; what is over them is counted in one more."""
PLACES = 1000
"""Most different ones that are counted apart."""


class Attempt(NamedTuple):
    """What is counted as the same. ``user`` is as typed: perhaps a password in the wrong place, so
    it is never recorded, unless it is the name of an account."""

    address: str
    kind: str
    user: str
    code: str


OTHERS = Attempt("", "", "", "")


class Failures:
    """Counts, and hands records to ``note``: at most eleven a second, and in the long run a minute,
    however many there are."""

    def __init__(self, node: Node, note: Callable[..., Coroutine[Any, Any, None]]) -> None:
        self._node, self._note = node, note
        self._counts: Counter[Attempt] = Counter()
        self._pause = SOONEST
        self._timer: Timer | None = None

    def count(self, address: str, command: c.Login, code: str) -> None:
        """One more."""
        if code not in CODES:
            return
        attempt = Attempt(address, *_claimed(command), code)
        known = attempt in self._counts or len(self._counts) < PLACES
        self._counts[attempt if known else OTHERS] += 1
        if self._timer is None:
            self._later()

    def _later(self) -> None:
        self._timer = self._node.clock.later(
            self._pause, lambda: self._node.spawn(self._when_due())
        )

    async def _when_due(self) -> None:
        if not self._counts:  # quiet for as long as this
            self._timer, self._pause = None, SOONEST
            return
        await self.flush()
        self._pause = min(2 * self._pause, LATEST)
        self._later()

    async def flush(self) -> None:
        """Record what was counted until now."""
        counts, self._counts = self._counts, Counter()
        others = counts.pop(OTHERS, 0)
        most = counts.most_common()
        deeds = [await self._deed(attempt, number) for attempt, number in most[:RECORDS]]
        rest = most[RECORDS:]
        others += sum(number for _, number in rest)
        if others:
            facts = {"failures": str(others), "others": "counted together"}
            deeds.append(Deed(ts=self._node.clock.now(), verb="login_failed", facts=facts))
        if deeds:
            await self._note(*deeds)

    async def _deed(self, attempt: Attempt, number: int) -> Deed:
        account = await self._account(attempt.user)
        facts = {"failures": str(number), "kind": attempt.kind}
        if attempt.code != "login_failed":
            facts["refused"] = attempt.code
        return Deed(
            ts=self._node.clock.now(),
            verb="login_failed",
            address=attempt.address,
            target_id=account.user_id if account else "",
            facts={**({"user": account.name} if account else {}), **facts},
        )

    async def _account(self, user: str) -> Account | None:
        try:
            return await self._node.store.account(account_name(user)) if user else None
        except (BadName, StoreFull, StoreFailed):
            return None


def _claimed(command: c.Login) -> tuple[str, str]:
    """How somebody tried to log in, and as whom."""
    if command.token is not None:
        return "token", ""
    if command.user is not None:
        return "password", command.user
    if command.return_token is not None:
        return "return_token", ""
    return "guest", ""
