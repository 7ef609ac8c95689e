"""Who is here: people by id and by name, from their first session to the end of their linger.
Which rooms they hear is attendance; whether they are who they say is chatd/auth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatd.core import names
from chatd.core.errors import Refused
from chatd.core.events import Renamed
from chatd.core.log import Member, Rank, RoomId, UserId
from chatd.core.ports import Identity
from chatd.core.rooms import Person
from chatd.core.session import State

if TYPE_CHECKING:
    from chatd.node.node import Node
    from chatd.node.session import Session


class People:
    """The directory of those who are here. No two of them look alike."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._by_id: dict[UserId, Person] = {}
        self._by_look: dict[str, Person] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def by_id(self, user_id: UserId) -> Person | None:
        """Who has this id."""
        return self._by_id.get(user_id)

    def looks_like(self, look: str) -> Person | None:
        """Who has a name with this look."""
        return self._by_look.get(look)

    def named(self, name: str) -> Person | None:
        """Who has exactly this name, but for case."""
        person = self._by_look.get(names.skeleton(name))
        if person is not None and person.name.casefold() == name.casefold():
            return person
        return None

    async def find_member(self, name: str) -> Member:
        """See commands.host."""
        person = self.named(name)
        if person is not None and not person.guest:
            return person.member()
        try:  # an account wins over a guest who was here under its name before it was made
            account = await self._node.store.account(names.account_name(name))
        except names.BadName:
            account = None
        person = self.named(name)
        if account is not None:
            return Member(user_id=account.user_id, name=account.name, guest=False, rank=Rank.MEMBER)
        if person is None:
            raise Refused("no_such_user", f"there is nobody called {name!r}; names are in 'who'")
        return person.member()

    # --- coming ---
    def seat(
        self, session: Session, identity: Identity, *, guest: bool, catching: set[RoomId]
    ) -> Person:
        """Give a session its user. Nothing is changed when it is refused."""
        if session.state not in (State.OPEN, State.READY):
            raise Refused("draining", "this session is being closed")
        person = self._by_id.get(identity.user_id)
        if guest and self._alike(identity.name) - {person}:
            raise self._taken(identity.name)
        self.unseat(session, "left", linger=False)
        if person is None:
            person = self._enter(identity, guest=guest)
        elif guest and person.name != identity.name:
            self.rename(person, identity.name)
        if person.linger is not None:
            person.linger.cancel()
            person.linger = None
        session.catching = catching
        self._sit(session, person, identity)
        return person

    def _sit(self, session: Session, person: Person, identity: Identity) -> None:
        first = not person.sessions
        person.sessions[session] = None
        person.operator = identity.operator
        session.person = person
        session.token_id = identity.token_id
        session.become(State.READY)
        for attendance in person.rooms.values():
            self._node.attendance.hear(session, attendance.room)
            if first:
                self._node.attendance.came(person, attendance.room, quiet=True)

    def _enter(self, identity: Identity, *, guest: bool) -> Person:
        self.make_way(identity.name)
        person = Person(identity.user_id, identity.name, guest=guest, operator=identity.operator)
        self._by_id[person.user_id] = person
        self._list(person)
        self._node.meter.people(len(self._by_id))
        return person

    def make_way(self, name: str) -> None:
        """An account's name is its own, and a hook's: a guest who is here under it, or one like
        it, gets another."""
        for other in self._alike(name):
            if other.guest:
                self.rename(other, self._spare())

    def _alike(self, name: str) -> set[Person]:
        """Those here whose names share a look with this one."""
        return {self._by_look[look] for look in names.looks(name) if look in self._by_look}

    def _taken(self, name: str) -> Refused:
        return Refused("name_taken", f"{name!r} was taken just now; choose another")

    def _list(self, person: Person) -> None:
        """Two accounts may share one of their looks; whoever came first is found by it."""
        for look in names.looks(person.name):
            self._by_look.setdefault(look, person)

    def _unlist(self, person: Person) -> None:
        for look in names.looks(person.name):
            if self._by_look.get(look) is person:
                del self._by_look[look]

    def _spare(self) -> str:
        while True:
            name = f"guest-{self._node.ids.below(10**9):09d}"
            if not self._alike(name):
                return name

    def rename(self, person: Person, name: str) -> None:
        """Change a name that nobody else has, and tell the rooms."""
        if self._by_id.get(person.user_id) is not person:
            raise Refused("not_logged_in", "this session is over")
        if self._alike(name) - {person}:
            raise self._taken(name)
        self._unlist(person)
        old = person.name
        person.rename(name)
        self._node.control.saw("renamed", user=old, target=name)
        self._list(person)
        for attendance in list(person.rooms.values()):
            room = attendance.room
            renamed = Renamed(room=room.name, user=old, nick=name)
            if self._node.attendance.small(room):
                self._node.tell_room(room, renamed)
            else:  # as their coming was not announced, either
                self._node.tell_person(person, renamed, label=room.label)

    # --- going ---
    def unseat(self, session: Session, reason: str, *, linger: bool) -> None:
        """Take a session from its user; the last one takes a guest's rooms with it, at once or
        when the time is over that is kept for a line that was lost."""
        person = session.person
        if person is None:
            return
        session.person = None
        session.catching = set()
        person.sessions.pop(session, None)
        for attendance in person.rooms.values():
            self._node.attendance.unhear(session, attendance.room)
        if person.sessions:
            return
        if person.guest and linger and not self._node.draining:
            for attendance in person.rooms.values():
                self._node.attendance.went(person, attendance.room)
            seconds = self._node.settings.linger
            person.linger = self._node.clock.later(seconds, lambda: self._forget(person, "gone"))
        else:
            self._forget(person, reason)

    def _forget(self, person: Person, reason: str) -> None:
        if person.guest and not self._node.draining:
            for place in list(person.rooms.values()):
                self._node.attendance.depart(person, place.room, reason)
        self._node.attendance.rest(person)
        self._by_id.pop(person.user_id, None)
        self._unlist(person)
        self._node.meter.people(len(self._by_id))
