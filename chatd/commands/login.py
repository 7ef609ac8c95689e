"""Saying who one is: guests, accounts and tokens; a guest's new name; goodbye.
How a password or token is checked is chatd/auth; which rooms are replayed is chatd/node."""

from __future__ import annotations

from collections.abc import Awaitable

from chatd.commands.host import Caller, Host
from chatd.commands.limiting import Attempt
from chatd.commands.places import asked, case_of, entered, room_key
from chatd.core import commands as c
from chatd.core import names
from chatd.core.errors import BYE, Refused
from chatd.core.events import LoggedIn, Ok, Renewed
from chatd.core.limits import met
from chatd.core.log import Membership, Rank, RoomId, StoredRoom, UserId
from chatd.core.policy import Actor, decide
from chatd.core.ports import Identity, StoreFailed
from chatd.core.rooms import Person, Room

READS = 10
"""Times that somebody's rooms are read at most, until nobody changes them meanwhile."""
FAILED = "the user, password or token is wrong, or the account is disabled"


async def login(host: Host, session: Caller, command: c.Login) -> LoggedIn:
    """Give the session its user, its rooms, and what it missed in them."""
    before = session.person
    if before is not None and not before.guest:
        raise Refused("already_logged_in", f"this session is {before.name!r} already; open another")
    kind = _kind(command)
    try:
        answer = await _log_in(host, session, command, guest=kind == "guest")
    except (Refused, names.BadName):
        host.meter.login(kind, "refused")
        raise
    host.meter.login(kind, "ok")
    return answer


def _kind(command: c.Login) -> str:
    """How somebody logs in; Refused when that is not clear."""
    given = [
        word
        for word, value in (
            ("guest", command.guest or command.guest_token),
            ("password", command.user or command.password),
            ("token", command.token or command.return_token),
        )
        if value is not None
    ]
    if len(given) > 1:
        raise Refused(
            "bad_field",
            "login takes 'guest', or 'user' and 'password', or 'token', or 'return_token': one of "
            "these",
        )
    return given[0] if given else "guest"


async def _log_in(host: Host, session: Caller, command: c.Login, *, guest: bool) -> LoggedIn:
    mark = 0 if guest else await host.revocation_mark()
    identity = await _identity(host, session, command)
    if session.person is not None and session.person.user_id == identity.user_id:
        raise Refused("already_logged_in", "this session is that guest already; nick renames it")
    if command.password is not None:  # to prove it takes its time
        await host.revocation_mark()
    # An id made just now is nobody's who could have been anywhere, or be a member of anything.
    new = guest and command.guest_token is None
    public = await _public_rooms(host, command, identity) if guest and not new else []
    memberships = [] if new else await _memberships(host, identity.user_id)
    # From here on nothing waits, so that all of it is still true when the answer goes out.
    actor = Actor(guest=guest, operator=identity.operator)
    asked(case_of(host, actor, identity.user_id, "login"))
    identity = _named_now(host, command, identity)
    memberships = [m for m in memberships if _may_hear(host, actor, identity.user_id, m.room)]
    public = [each for each in public if _may_hear(host, actor, identity.user_id, each[0])]
    known = [(m, host.room_of(m.room)) for m in memberships]
    inside = _inside(host, identity.user_id, [room for _, room in known])
    resumed = {room_key(name) for name in command.resume}
    _seats(host, identity)
    _renames(host, session, identity)
    again = _fitting(host, session, identity, inside, public)
    catching = {room.room_id for room in (*inside.values(), *again) if room.name in resumed}
    person = host.seat(session, identity, guest=guest, mark=mark, catching=catching)
    _attend(host, session, person, known, again)
    if command.resume:
        host.resume(session, command.resume)
    return LoggedIn(
        user=person.name,
        guest=guest,
        guest_token=host.auth.guest_token(person.user_id, person.name) if guest else None,
        return_token=_return_token(host, identity, guest=guest),
        operator=person.operator,
        rooms=[host.state_of(a) for a in person.rooms.values()],
    )


async def _memberships(host: Host, user_id: UserId) -> list[Membership]:
    """As of a moment after which nobody has put this user out of a room, or into one: what is done
    to those who are here is done by whoever does it, and this one is not here yet."""
    for _ in range(READS):
        before = host.moves(user_id)
        found = await host.store.memberships(user_id)
        if host.moves(user_id) == before:
            return found
    raise StoreFailed("the rooms of somebody who logs in change faster than they can be read")


def _seats(host: Host, identity: Identity) -> None:
    here, most = host.by_id(identity.user_id), host.settings.sessions_per_user
    if here is None or not met(len(here.sessions), most):
        return
    if host.limits.stops("sessions_per_user", user=here.name, sessions=len(here.sessions)):
        raise Refused("too_many", f"you have {most} sessions, the limit; close one first")


def _return_token(host: Host, identity: Identity, *, guest: bool) -> str | None:
    """For whoever gave a password, or a return token before; a bot has its own."""
    if guest or identity.token_id:
        return None
    last = host.last_revoked(identity.user_id)  # before which this was no log-in
    return host.auth.return_token(identity.user_id, host.clock.now(), last)


def _named_now(host: Host, command: c.Login, identity: Identity) -> Identity:
    """A guest who asked for no name has the one of their other sessions, also if it is new."""
    here = host.by_id(identity.user_id)
    if here is None or not here.guest or command.guest is not None:
        return identity
    return _stranger(identity.user_id, here.name)


def _inside(host: Host, user_id: UserId, known: list[Room]) -> dict[RoomId, Room]:
    """The rooms that this user will be in without asking."""
    here = host.by_id(user_id)
    attended = [place.room for place in here.rooms.values()] if here else []
    return {room.room_id: room for room in (*known, *attended)}


def _fitting(
    host: Host,
    session: Caller,
    guest: Identity,
    inside: dict[RoomId, Room],
    public: list[tuple[Room, int]],
) -> list[Room]:
    """Further rooms that a guest comes back to, within the limits that `join` has. The replay of
    the others says `recovered: false`."""
    most, used = host.settings.rooms_per_user, sum(r.kind != "direct" for r in inside.values())
    me = host.by_id(guest.user_id) or Person(guest.user_id, guest.name, guest=True)
    found: list[Room] = []
    for room, members in public:
        taken = used + len(found)
        if met(taken, most) and host.limits.stops("rooms_per_user", user=guest.name, rooms=taken):
            break
        if room.room_id in inside or _full(host, room, members):
            continue
        if not host.young and host.limits.paced(session, "join", me=me):
            break
        found.append(room)
    return found


def _full(host: Host, room: Room, members: int) -> bool:
    """``members``: how many the store knew when it was asked."""
    live, most = host.live_room(room.room_id), host.settings.members_per_room
    used = max(members, live.attended if live else 0)
    return met(used, most) and host.limits.stops("members_per_room", room=room.name, members=used)


def _renames(host: Host, session: Caller, identity: Identity) -> None:
    """Another name for a guest who is here is a `nick`, whatever it came with."""
    here = host.by_id(identity.user_id)
    if here is None or not here.guest or here.name == identity.name:
        return
    asked(case_of(host, here.actor, here.user_id, "nick"))
    wait = host.limits.paced(session, "nick", me=here)
    if wait:
        after, pace = int(wait * 1000) + 1, host.settings.paces["nick"]
        raise Refused("rate_limited", f"over nick: {pace}; wait {after} ms", after)


async def _identity(host: Host, session: Caller, command: c.Login) -> Identity:
    if command.token is not None:
        attempt = host.limits.attempt(session, "")
        return await _proved(host, attempt, host.auth.token(command.token))
    if command.return_token is not None:  # nobody guesses one, and who comes back must not suffer
        now = host.clock.now()
        found = await host.auth.returning(command.return_token, now, host.last_revoked)
        if found is None:
            raise Refused("login_failed", FAILED)
        return found
    if command.user is not None or command.password is not None:
        if command.user is None or command.password is None:
            raise Refused("bad_field", "login with an account takes both 'user' and 'password'")
        name = _folded(command.user)
        attempt = host.limits.attempt(session, name)
        return await _proved(host, attempt, host.auth.password(name, command.password))
    return await _guest(host, command)


async def _proved(host: Host, attempt: Attempt, asked_for: Awaitable[Identity | None]) -> Identity:
    """Who it is; the attempt stays counted when it is nobody."""
    try:
        found = await asked_for
    except BaseException:
        host.limits.excuse(attempt)
        raise
    if found is None:
        raise Refused("login_failed", FAILED)
    host.limits.proved(attempt)
    return found


def _folded(user: str) -> str:
    """An impossible name goes on unfolded, to cost as much as a wrong password does."""
    try:
        return names.account_name(user)
    except names.BadName:
        return user


async def _guest(host: Host, command: c.Login) -> Identity:
    if not host.settings.guests:
        raise Refused("guests_off", "no guests here: log in with 'user' and 'password', or 'token'")
    user_id: UserId | None = None
    if command.guest_token is not None:
        user_id = host.auth.guest(command.guest_token)
        if user_id is None:
            raise Refused(
                "login_failed", "this guest_token is not of this server; log in without it"
            )
    user_id = user_id or UserId("g" + host.ids.secret())
    if command.guest is None:
        here = host.by_id(user_id)
        return _stranger(user_id, here.name if here else await _free_name(host))
    return _stranger(user_id, await _claim(host, command.guest, user_id))


def _stranger(user_id: UserId, name: str) -> Identity:
    return Identity(user_id=user_id, name=name, operator=False)


async def _claim(host: Host, raw: str, user_id: UserId) -> str:
    """The prepared name, if it is free or already this guest's own."""
    name = names.nick(raw)
    looks = names.looks(name)
    kept = await host.store.look_alike(looks)
    holders = [host.looks_like(look) for look in looks]  # last: after it nothing waits
    taken = kept.account or kept.hook
    if taken or any(h is not None and h.user_id != user_id for h in holders):
        raise Refused("name_taken", f"{name!r} is, or looks like, a name in use; choose another")
    return name


async def _free_name(host: Host) -> str:
    for digits in (4, 4, 4, 9):
        name = f"guest-{host.ids.below(10**digits):0{digits}d}"
        try:
            return await _claim(host, name, UserId(""))
        except Refused:
            continue
    raise Refused("name_taken", "no free guest name was found; give one with 'guest'")


def _may_hear(host: Host, actor: Actor, user_id: UserId, room: Room | StoredRoom) -> bool:
    return actor.operator or not host.laid.on_user("ban", user_id, room.room_id)


async def _public_rooms(host: Host, command: c.Login, guest: Identity) -> list[tuple[Room, int]]:
    """Those that the client names in `resume`: a guest was in them and comes back. With each, how
    many members it has, where that counts. An account's rooms are in the store, and those that it
    is no member of any more, it has left."""
    rooms: dict[RoomId, tuple[Room, int]] = {}
    here, counted = host.by_id(guest.user_id), not host.limits.off("members_per_room")
    # As many as one may be in: a frame holds more names than anybody should look up for it.
    for name in list(command.resume)[: host.settings.rooms_per_user]:
        try:
            room = await host.find_room(name)
        except (Refused, names.BadName):
            continue  # the replay says recovered: false for it
        case = case_of(host, Actor(guest=True), guest.user_id, "join", room)
        if decide(case).allowed:
            asks = counted and not (here and room.room_id in here.rooms)
            rooms[room.room_id] = room, await host.limits.members(room) if asks else 0
    return list(rooms.values())


def _attend(
    host: Host,
    session: Caller,
    person: Person,
    known: list[tuple[Membership, Room]],
    again: list[Room],
) -> None:
    """One's other sessions are in the same rooms, but for what a guest comes back to, or where an
    account is about to join: there they enter too, and hear of it from here."""
    before = set(person.rooms)
    for membership, room in known:
        host.attend(person, room, membership.rank, lasting=True, quiet=True, read=membership.read)
    for room in again:
        # Just after a start the others have heard of nobody who left: then it is presence.
        host.attend(person, room, Rank.MEMBER, lasting=False, quiet=host.young, by=session)
    if len(person.sessions) > 1:
        for place in [p for room_id, p in person.rooms.items() if room_id not in before]:
            host.tell_person(person, entered(host, place), label=place.room.label, but=session)


async def nick(host: Host, session: Caller, command: c.Nick) -> Renewed:
    """Change a guest's name."""
    me = session.me
    asked(case_of(host, me.actor, me.user_id, "nick"))
    name = await _claim(host, command.nick, me.user_id)
    if name != me.name:
        host.rename(me, name)
    return Renewed(user=me.name, guest_token=host.auth.guest_token(me.user_id, me.name))


async def quit_(host: Host, session: Caller, command: c.Quit) -> Ok:
    """Answer, then close; a guest leaves at once."""
    session.dismiss(BYE, "bye")
    return Ok()
