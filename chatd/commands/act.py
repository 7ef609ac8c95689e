"""An administrative command on its way to the audit log: who gives it, and what it does to whom.
The gate makes one for each; that it ends up in the log is the gate's business too."""

from __future__ import annotations

from chatd.core.audit import Deed
from chatd.core.rooms import Person


class Act:
    """Handed to the handler, which hands ``deed`` on to the store with what it changes. ``told``:
    somebody has taken care of the record; else the gate does, with what it knows. ``empty``: there
    is nothing to record."""

    __slots__ = ("_actor", "_address", "_ts", "_verb", "empty", "told")

    def __init__(self, verb: str, actor: Person, address: str, ts: int) -> None:
        self._verb, self._actor, self._address, self._ts = verb, actor, address, ts
        self.told = self.empty = False

    def deed(self, target_id: str = "", **facts: object) -> Deed:
        """What is done. Facts that are None or empty are left out; ``user`` is the name of the one
        who is hit. Never a message's text."""
        self.told = True
        return Deed(
            ts=self._ts,
            verb=self._verb,
            actor_id=self._actor.user_id,
            actor=self._actor.name,
            address=self._address,
            target_id=target_id,
            facts={k: str(v) for k, v in facts.items() if v is not None and v != ""},
        )

    def nothing(self) -> None:
        """Nothing was changed: somebody looked only, or it was their own."""
        self.told = self.empty = True
