"""Saying who one is: guests, accounts and tokens; a guest's new name; goodbye.
How a password or token is checked is chatd/auth; which rooms are replayed is chatd/node."""

from __future__ import annotations

from chatd.commands.host import Caller, Host
from chatd.core import commands as c
from chatd.core import names
from chatd.core.errors import BYE, Refused
from chatd.core.events import LoggedIn, Ok, Renewed
from chatd.core.log import Membership, Rank, UserId
from chatd.core.policy import may
from chatd.core.ports import Identity
from chatd.core.rooms import Person, Room

FAILED = "the user, password or token is wrong, or the account is disabled"


async def login(host: Host, session: Caller, command: c.Login) -> LoggedIn:
    """Give the session its user, its rooms, and what it missed in them."""
    if session.person is not None and not session.person.guest:
        raise Refused(
            "already_logged_in", f"this session is {session.person.name!r} already; open another"
        )
    mark = host.revocation_mark()
    kind = "token" if command.token else "password" if command.user else "guest"
    try:
        identity = await _identity(host, command)
    except Refused:
        host.meter.login(kind, "refused")
        raise
    memberships = await host.store.memberships(identity.user_id)
    known = [(m, await host.open_room(m.room.name)) for m in memberships]
    again = await _rooms_again(host, command, {m.room.name for m in memberships})
    guest = kind == "guest"
    session.catching.update(r.room_id for _, r in known if r.name in command.resume)
    session.catching.update(r.room_id for r in again)
    person = host.seat(session, identity, guest=guest, mark=mark)
    _attend(host, person, known, again)
    if command.resume:
        host.resume(session, command.resume)
    host.meter.login(kind, "ok")
    return LoggedIn(
        user=person.name,
        guest=guest,
        guest_token=host.auth.guest_token(person.user_id, person.name) if guest else None,
        operator=person.operator,
        rooms=[host.state_of(a) for a in person.rooms.values()],
    )


async def _identity(host: Host, command: c.Login) -> Identity:
    if command.token is not None:
        found = await host.auth.token(command.token)
    elif command.user is not None:
        if command.password is None:
            raise Refused("bad_field", "login with 'user' needs 'password'")
        found = await host.auth.password(_folded(command.user), command.password)
    else:
        return await _guest(host, command)
    if found is None:
        raise Refused("login_failed", FAILED)
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
    accounts = [await host.store.look_alike(look) for look in looks]
    holders = [host.looks_like(look) for look in looks]  # last: after it nothing waits
    if any(accounts) or any(h is not None and h.user_id != user_id for h in holders):
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


async def _rooms_again(host: Host, command: c.Login, known: set[str]) -> list[Room]:
    """Public rooms that the client was in and names in `resume`: it comes back to them."""
    rooms: list[Room] = []
    for name in command.resume:
        if name not in known:
            try:
                room = await host.find_room(name)
            except (Refused, names.BadName):
                continue  # the replay says recovered: false for it
            if room.kind == "public":
                rooms.append(room)
    return rooms


def _attend(
    host: Host, person: Person, known: list[tuple[Membership, Room]], again: list[Room]
) -> None:
    for membership, room in known:
        host.attend(person, room, membership.rank, lasting=True, quiet=True, read=membership.read)
    for room in again:
        host.attend(person, room, Rank.MEMBER, lasting=False, quiet=True)


async def nick(host: Host, session: Caller, command: c.Nick) -> Renewed:
    """Change a guest's name."""
    me = session.me
    verdict = may(me.actor, "nick")
    if not verdict.allowed:
        raise Refused("forbidden", verdict.hint)
    name = await _claim(host, command.nick, me.user_id)
    if name != me.name:
        host.rename(me, name)
    return Renewed(user=me.name, guest_token=host.auth.guest_token(me.user_id, me.name))


async def quit_(host: Host, session: Caller, command: c.Quit) -> Ok:
    """Answer, then close; a guest leaves at once."""
    session.dismiss(BYE, "bye")
    return Ok()
