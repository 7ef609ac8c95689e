"""What operators have laid down, at hand: loaded at the start, again when the store has more, and
carried out on those who are here. Which command it stops is core/policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatd.core.errors import BANNED, EMERGENCY, CloseCode
from chatd.core.log import RoomId, UserId
from chatd.core.policy import lasts
from chatd.core.ports import StoreFailed, StoreFull
from chatd.core.rooms import Person
from chatd.core.sanctions import Emergency, RoomRules, Sanction, SanctionKind

if TYPE_CHECKING:
    from chatd.node.node import Node
    from chatd.node.session import Session

REASON_BYTES = 123
"""Of a close frame (RFC 6455 section 5.5: 125 bytes, two of which are the code)."""
NO_RULES = RoomRules()


class LaidDown:
    """commands.host.LaidDown. One for each node; another process's changes come by ``look``."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self.edition = -1
        self._sanctions: list[Sanction] = []
        self._users: dict[str, list[Sanction]] = {}
        self._addresses: list[Sanction] = []
        self._rules: dict[RoomId, RoomRules] = {}
        self._spoke: dict[tuple[RoomId, UserId], tuple[float, str | None]] = {}
        self.emergency = Emergency.OFF

    @property
    def in_force(self) -> list[Sanction]:
        """All bans and mutes, by number."""
        now = self._node.clock.now()
        return [each for each in self._sanctions if each.holds(now)]

    # --- asking ---
    def on_user(
        self, kind: SanctionKind, user_id: UserId | None, room_id: RoomId | None
    ) -> Sanction | None:
        """The one that holds longest, on the whole server or in this room."""
        found = self._users.get(user_id) if user_id is not None else None
        if not found:  # nearly everybody
            return None
        return self._longest([s for s in found if s.kind == kind and s.room_id in (None, room_id)])

    def on_address(self, address: str) -> Sanction | None:
        """The ban of this address, or of a network that it is in."""
        return self._longest([s for s in self._addresses if s.concerns(None, address)])

    def _longest(self, found: list[Sanction]) -> Sanction | None:
        if not found:
            return None
        now = self._node.clock.now()
        holding = [each for each in found if each.holds(now)]
        return max(holding, key=lambda s: (s.until is None, s.until or 0), default=None)

    def rules(self, room_id: RoomId | None) -> RoomRules:
        """A room's own."""
        return self._rules.get(room_id, NO_RULES) if room_id is not None else NO_RULES

    # --- slow mode ---
    def slow_wait(self, room_id: RoomId | None, user_id: UserId | None) -> int:
        """Milliseconds until this user may speak again."""
        slow = self.rules(room_id).slow
        if not slow or room_id is None or user_id is None:
            return 0
        spoke = self._spoke.get((room_id, user_id))
        if spoke is None:
            return 0
        return max(0, int(1000 * (spoke[0] + slow - self._node.clock.monotonic())))

    def spoke(
        self, room_id: RoomId, user_id: UserId, key: str | None, *, nothing: bool = False
    ) -> None:
        """Noted only where it matters."""
        if nothing:
            self._spoke.pop((room_id, user_id), None)
        elif self.rules(room_id).slow:
            self._spoke[room_id, user_id] = (self._node.clock.monotonic(), key)

    def repeats(self, room_id: RoomId, user_id: UserId, key: str | None) -> bool:
        """Whether what slow mode counts from was sent with this key."""
        spoke = self._spoke.get((room_id, user_id)) if key else None
        return spoke is not None and spoke[1] == key

    def _forget_who_spoke(self) -> None:
        now = self._node.clock.monotonic()
        over = [k for k, spoke in self._spoke.items() if spoke[0] + self.rules(k[0]).slow <= now]
        for key in over:
            del self._spoke[key]

    # --- looking ---
    async def look(self) -> None:
        """Load what changed, and carry it out. Raises StoreFull, StoreFailed."""
        store, meter = self._node.store, self._node.meter
        version = await store.sanctions_version()
        if version > self.edition:
            sanctions = await store.sanctions(self._node.clock.now())
            rules, emergency = await store.room_rules(), await store.emergency()
            waiting = await store.reports_open()
            if version > self.edition:  # another look may have been faster, and seen more
                self.edition = version
                self._rules, self.emergency = rules, emergency
                self._take(sanctions)
                meter.emergency(int(emergency))
                meter.reports_open(waiting)
                self._carry_out()
        self._forget_who_spoke()
        kinds = [each.kind for each in self.in_force]
        for kind in ("ban", "mute"):
            meter.sanctions(kind, kinds.count(kind))

    async def changed(self) -> None:
        """Look at once, for somebody who changed something durably: that stands, so a store that
        fails now is no matter of theirs. The next look is due within a second."""
        try:
            await self.look()
        except (StoreFull, StoreFailed) as error:
            self._node.log.warning("sanctions_unread", reason=str(error))

    def _take(self, sanctions: list[Sanction]) -> None:
        self._sanctions, self._users = sanctions, {}
        self._addresses = [s for s in sanctions if s.subject.kind != "user"]
        for each in sanctions:
            if each.subject.kind == "user":
                self._users.setdefault(each.subject.value, []).append(each)

    def _carry_out(self) -> None:
        for session in tuple(self._node.sessions):
            ending = self._ending(session)
            if ending is not None:
                session.dismiss(ending[0], close_reason(ending[1]))
        for each in self.in_force:
            person = self._node.by_id(UserId(each.subject.value))
            if each.kind == "ban" and each.room_id is not None and person is not None:
                self._put_out(person, each.room_id)

    def _ending(self, session: Session) -> tuple[CloseCode, str] | None:
        """Why a session must end, if it must."""
        person = session.person
        if person is not None and person.operator:
            return None
        ban = self.on_address(session.address)
        if ban is None and person is not None:
            ban = self.on_user("ban", person.user_id, None)
        if ban is not None:
            return BANNED, self.why(ban)
        if person is not None and person.guest and self.emergency >= Emergency.NO_GUESTS:
            return EMERGENCY, "guests are not let in for now"
        return None

    def _put_out(self, person: Person, room_id: RoomId) -> None:
        place = person.rooms.get(room_id)
        if place is not None and not person.operator:
            self._node.depart(person, place.room, "banned")

    def expel(self, user_id: UserId, code: CloseCode, reason: str) -> int:
        """Close all sessions of somebody; gives how many."""
        person = self._node.by_id(user_id)
        ended = [s for s in tuple(self._node.sessions) if person is not None and s.person is person]
        for session in ended:
            session.dismiss(code, close_reason(reason))
        return len(ended)

    def why(self, ban: Sanction) -> str:
        """A ban as the one it hits is told of it."""
        reason = f": {ban.reason}" if ban.reason else ""
        return f"banned {lasts(ban.left(self._node.clock.now()))}{reason}"


def close_reason(text: str) -> str:
    """As much of a reason as a close frame holds."""
    return text.encode()[:REASON_BYTES].decode(errors="ignore")
