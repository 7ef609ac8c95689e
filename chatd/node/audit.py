"""The audit log in a running node: its newest hash goes to the journal and to a metric, and what
is nobody's command is recorded here. Failed log-ins are failures; the chain is core/audit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatd.commands.act import Act
from chatd.core.audit import Deed, short
from chatd.core.ports import StoreFailed, StoreFull
from chatd.node.failures import Failures

if TYPE_CHECKING:
    from chatd.node.node import Node

PAGE = 100
MOST_OWED = 1000
"""Deeds that wait for a store that fails; with more, the oldest is lost."""


class Audit:
    """One for each node. Other processes write to the same log: ``look`` hears of theirs, too."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._told = 0
        self._owed: list[Deed] = []
        self.failures = Failures(node, self.note)

    async def start(self) -> None:
        """Say where the log stands. Raises StoreFull, StoreFailed."""
        head = await self._node.store.audit_head()
        self._told = head.number
        self._node.log.info("audit_head", number=head.number, head=head.hash)
        self._node.meter.audit(head.number, short(head.hash))

    async def stop(self) -> None:
        """Record what is still to be recorded, as far as the store lets it; ``give_up`` comes when
        the last of all is noted."""
        await self.failures.flush()
        await self.note()

    async def give_up(self) -> None:
        """Nothing follows any more: what is owed will never be recorded."""
        owed, self._owed = self._owed, []
        self._lose(owed)

    def _lose(self, deeds: list[Deed]) -> None:
        """The journal is the only place that has these, so it has all of each."""
        for each in deeds:
            self._node.log.warning(
                "audit_lost",
                verb=each.verb,
                ts=each.ts,
                by=each.actor,
                by_id=each.actor_id,
                address=each.address,
                user_id=each.target_id,
                facts=[f"{name}={value}" for name, value in each.facts.items()],
            )

    async def look(self) -> None:
        """Tell of records that are new, whoever made them. Raises StoreFull, StoreFailed."""
        if self._owed:
            await self.note()
        node = self._node
        more = True
        while more:
            began = self._told
            records = await node.store.audit(began, PAGE)
            for each in records:
                if each.number > self._told:  # another look may have been faster
                    self._told = each.number
                    by = each.told_who.name
                    node.log.info(
                        "audit", number=each.number, verb=each.verb, by=by, head=each.hash
                    )
                    node.meter.audit(each.number, short(each.hash))
            # A damaged file may give a page of old ones for ever.
            more = len(records) == PAGE and self._told > began

    async def told(self, act: Act) -> None:
        """A command that must be recorded was carried out; a store that cannot take a record that
        is missing is a matter of its. Nobody waits for the new head to be read: the answer would
        come after what the others hear of the command."""
        if not act.told:
            await self._node.store.record(act.deed())
        if not act.empty:
            self._node.spawn(self._look_if_possible())

    async def note(self, *deeds: Deed) -> None:
        """Record what nobody waits for: now, or when the store can again."""
        owed, self._owed = [*self._owed, *deeds], []
        if not owed:
            return
        try:
            await self._node.store.record(*owed)
        except (StoreFull, StoreFailed) as error:
            owed = [*owed, *self._owed]
            self._lose(owed[:-MOST_OWED])
            self._owed = owed[-MOST_OWED:]
            verbs = ",".join(deed.verb for deed in deeds)
            self._node.log.warning(
                "audit_owed", records=len(self._owed), newest=verbs, reason=str(error)
            )
        else:
            await self._look_if_possible()
        self._node.meter.audit_owed(len(self._owed))

    async def _look_if_possible(self) -> None:
        try:
            await self.look()
        except (StoreFull, StoreFailed) as error:
            self._node.log.warning("audit_unread", reason=str(error))
