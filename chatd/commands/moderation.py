"""What moderators do in their rooms and operators anywhere: kick, ban, mute, slow mode, read-only.
What concerns the server as a whole, and reports, are operator; who may is core/policy."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec.structs import replace

from chatd.commands.act import Act
from chatd.commands.host import Caller, Host
from chatd.commands.places import asked, case_of, line_of, refusal, unseen
from chatd.core import commands as c
from chatd.core.audit import NO_DEED, Deed
from chatd.core.errors import KICKED, Refused
from chatd.core.events import Notice, Ok
from chatd.core.log import Member, Rank, RoomId, UserId
from chatd.core.moderation import Sanctioned, SanctionLine, SanctionList
from chatd.core.policy import Verb, decide, lasts
from chatd.core.rooms import Person, Room
from chatd.core.sanctions import RoomRules, Sanction, SanctionKind, Subject, subject_of


@dataclass(frozen=True, slots=True)
class Scene:
    """Where somebody moderates: a room (None: the whole server), as ``typed``, and their rank."""

    room: Room | None
    rank: Rank | None
    typed: str = ""

    @property
    def room_id(self) -> RoomId | None:
        """The room's id."""
        return self.room.room_id if self.room else None

    @property
    def label(self) -> str:
        """The room's name, for the audit log; empty for the whole server."""
        return self.room.label if self.room else ""

    @property
    def where(self) -> str:
        """As a person reads it, behind a verb."""
        return f"in #{self.room.label}" if self.room else "on this server"


async def kick(host: Host, session: Caller, command: c.Kick, act: Act) -> Ok:
    """Put somebody out of a room, or off the server."""
    scene, target = await _aim(host, session.me, "kick", command.user, command.room)
    reason = line_of(command.reason)
    deed = act.deed(target.user_id, user=target.name, room=scene.label, reason=reason)
    if scene.room is None:
        if host.by_id(target.user_id) is None:
            raise Refused("no_such_user", f"{target.name!r} is not here")
        await host.store.record(deed)
        host.expel(target.user_id, KICKED, f"kicked by {session.me.name}: {reason}")
        return Ok()
    if not await _put_out(host, session.me, scene.room, target, "kicked", reason, deed):
        raise Refused("no_such_user", f"{target.name!r} is not {scene.where}")
    return Ok()


async def _put_out(
    host: Host, me: Person, room: Room, target: Member, done: str, reason: str, deed: Deed
) -> bool:
    """Out of a room, which hears of it; whether they were in."""
    kept = await host.store.membership(room.room_id, target.user_id)
    if kept is not None:
        await host.store.drop_member(room.room_id, target.user_id, deed=deed)
        host.moved(target.user_id)
    elif _inside(host, target, room):
        await host.store.record(deed)
    person = host.by_id(target.user_id)
    if person is None or room.room_id not in person.rooms:
        return kept is not None
    _tell(host, me, person, Scene(room, None), f"{done} you", reason)
    host.depart(person, room, done)
    return True


def _inside(host: Host, target: Member, room: Room) -> bool:
    person = host.by_id(target.user_id)
    return person is not None and room.room_id in person.rooms


def _tell(host: Host, me: Person, person: Person, scene: Scene, deed: str, reason: str) -> None:
    where = scene.room.label if scene.room else ""
    text = f"{me.name} {deed}{f': {reason}' if reason else ''}"
    name = scene.room.name if scene.room else None
    notice = Notice(text=text, user=me.name, room=name)
    host.tell_person(person, notice, label=where)


async def ban(host: Host, session: Caller, command: c.Ban, act: Act) -> Sanctioned:
    """Keep a user out of a room, or a user, an address or a network off the server."""
    me, subject = session.me, _address(command.who)
    if subject is not None:
        if command.room is not None:
            raise Refused("bad_field", "an address or network is banned from the whole server only")
        asked(case_of(host, me.actor, me.user_id, "operate"))
        if subject.is_about(me.user_id, session.address):
            raise Refused("bad_field", f"you come from {session.address} yourself")
        return await _lay(host, session, "ban", subject, Scene(None, None), command, act)
    scene, target = await _aim(host, me, "ban", command.who, command.room)
    laid = await _lay(host, session, "ban", _user(target), scene, command, act)
    if scene.room is not None:
        reason = line_of(command.reason)
        await _put_out(host, me, scene.room, target, "banned", reason, NO_DEED)
    return laid


async def mute(host: Host, session: Caller, command: c.Mute, act: Act) -> Sanctioned:
    """Let somebody listen only."""
    scene, target = await _aim(host, session.me, "mute", command.user, command.room)
    laid = await _lay(host, session, "mute", _user(target), scene, command, act)
    person = host.by_id(target.user_id)
    if person is not None:
        left = None if command.seconds is None else command.seconds * 1000
        deed = f"muted you {scene.where} {lasts(left)}"
        _tell(host, session.me, person, scene, deed, line_of(command.reason))
    return laid


async def unban(host: Host, session: Caller, command: c.Unban, act: Act) -> Ok:
    """Lift a ban."""
    return await _lift(host, session, "ban", command.who, command.room, act)


async def unmute(host: Host, session: Caller, command: c.Unmute, act: Act) -> Ok:
    """Lift a mute."""
    return await _lift(host, session, "mute", command.user, command.room, act)


async def bans(host: Host, session: Caller, command: c.Bans) -> SanctionList:
    """Those of one room, or all of them."""
    scene = await _scene(host, session.me, command.room)
    _may(host, session.me, "ban", scene)
    found = [s for s in host.laid.in_force if scene.room is None or s.room_id == scene.room_id]
    return SanctionList(sanctions=[_line(each) for each in found])


def _line(sanction: Sanction) -> SanctionLine:
    return SanctionLine(
        number=sanction.number,
        kind=sanction.kind,
        what=sanction.subject.kind,
        who=sanction.subject.shown,
        by=sanction.by,
        ts=sanction.ts,
        reason=sanction.reason,
        room=sanction.room,
        until=sanction.until,
    )


async def slow(host: Host, session: Caller, command: c.Slow, act: Act) -> Ok:
    """Slow mode: so many seconds between two messages of a plain member."""
    scene = await _ruled(host, session.me, command.room)
    rules = replace(host.laid.rules(scene.room_id), slow=command.seconds)
    pause = f"set slow mode: {command.seconds} s between two messages of one member"
    said = pause if rules.slow else "ended slow mode"
    told = act.deed(room=scene.label, seconds=command.seconds)
    return await _rule(host, session.me, scene, rules, said, told)


async def read_only(host: Host, session: Caller, command: c.ReadOnly, act: Act) -> Ok:
    """Moderators and owners speak, others listen; or all speak again."""
    scene = await _ruled(host, session.me, command.room)
    rules = replace(host.laid.rules(scene.room_id), read_only=command.on)
    said = "made this room read-only" if rules.read_only else "lets all members speak again"
    told = act.deed(room=scene.label, on="yes" if command.on else "no")
    return await _rule(host, session.me, scene, rules, said, told)


# --- what these have in common ---------------------------------------------------------------


async def _scene(host: Host, me: Person, name: str | None) -> Scene:
    if name is None:
        return Scene(None, None)
    room = await host.find_room(name)
    place = me.rooms.get(room.room_id)
    return Scene(room, place.rank if place else None, name)


def _may(
    host: Host,
    me: Person,
    verb: Verb,
    scene: Scene,
    over: Rank | None = None,
    *,
    over_operator: bool = False,
) -> None:
    """Raise Refused unless the policy lets them; in words that tell nothing of a hidden room."""
    case = case_of(
        host,
        me.actor,
        me.user_id,
        verb if scene.room else "operate",
        scene.room,
        scene.rank,
        over=over,
        over_operator=over_operator,
    )
    verdict = decide(case)
    hidden = scene.room is not None and scene.room.kind != "public" and scene.rank is None
    if not verdict.allowed:
        raise unseen(scene.typed) if hidden else refusal(verdict)


async def _aim(
    host: Host, me: Person, verb: Verb, user: str, room: str | None
) -> tuple[Scene, Member]:
    """Where, and whom: it is asked first whether one may at all."""
    scene = await _scene(host, me, room)
    _may(host, me, verb, scene)
    target = await _meant(host, scene, user)
    if target.user_id == me.user_id:
        raise Refused("bad_field", "that is you")
    account = await host.store.account_by_id(target.user_id)
    over_operator = account is not None and account.operator
    over = await _rank(host, target.user_id, scene)
    _may(host, me, verb, scene, over, over_operator=over_operator)
    return scene, target


async def _meant(host: Host, scene: Scene, user: str) -> Member:
    """Who it is. Who has the name and is in the room, here or not; else a member of that name: a
    guest who is away keeps the place, and the name is free for others meanwhile."""
    found: Member | None = None
    missing = Refused("no_such_user", f"there is nobody called {user!r}")
    try:
        found = await host.find_member(user)
    except Refused as refused:
        missing = refused
    room = scene.room
    if found is not None and (room is None or _inside(host, found, room)):
        return found
    if room is not None and (found is None or await _rank(host, found.user_id, scene) is None):
        found = await host.store.member_named(room.room_id, user) or found
    if found is None:
        raise missing
    return found


async def _rank(host: Host, user_id: UserId, scene: Scene) -> Rank | None:
    if scene.room is None:
        return None
    kept = await host.store.membership(scene.room.room_id, user_id)
    person = host.by_id(user_id)
    place = person.rooms.get(scene.room.room_id) if person else None
    return place.rank if place else kept.rank if kept else None


def _user(target: Member) -> Subject:
    return Subject("user", target.user_id, target.name)


def _address(who: str) -> Subject | None:
    """An address or network, None for a user's name. Raises Refused."""
    try:
        return subject_of(who)
    except ValueError as error:
        raise Refused("bad_field", f"{who!r} is no network: {error}") from None


async def _lay(
    host: Host,
    session: Caller,
    kind: SanctionKind,
    subject: Subject,
    scene: Scene,
    command: c.Ban | c.Mute,
    act: Act,
) -> Sanctioned:
    now, seconds = host.clock.now(), command.seconds
    reason = line_of(command.reason)
    target_id = subject.value if subject.kind == "user" else ""
    facts = {subject.kind: subject.shown, "room": scene.label, "reason": reason}
    laid = await host.store.sanction(
        kind,
        subject,
        scene.room_id,
        reason=reason,
        by=session.me.name,
        ts=now,
        until=None if seconds is None else now + seconds * 1000,
        deed=act.deed(target_id, **facts, seconds=seconds),
    )
    await host.laid.changed()
    return Sanctioned(who=subject.shown, until=laid.until)


async def _lift(
    host: Host, session: Caller, kind: SanctionKind, who: str, room: str | None, act: Act
) -> Ok:
    """By the name that it was laid on, which nobody may have any more, or the one they have now.
    Whoever may not lay it on somebody may not lift it: nobody unmutes themselves."""
    scene = await _scene(host, session.me, room)
    _may(host, session.me, kind, scene)
    laid = _laid_on(host, kind, who, scene)
    if laid is None:
        done = "banned" if kind == "ban" else "muted"
        raise Refused("no_such_user", f"{who!r} is not {done} {scene.where}; `bans` lists all")
    if laid.subject.kind == "user":
        _may(host, session.me, kind, scene, await _rank(host, UserId(laid.subject.value), scene))
    deed = _lifting(act, laid.subject, scene)
    await host.store.lift(kind, laid.subject, scene.room_id, deed=deed)
    await host.laid.changed()
    return Ok()


def _laid_on(host: Host, kind: SanctionKind, who: str, scene: Scene) -> Sanction | None:
    """Theirs who have this name now goes before that of others who had it then."""
    address, here = _address(who), host.named(who)
    shown = (address.shown if address else who).casefold()
    then = None
    for each in host.laid.in_force:
        if each.kind != kind or each.room_id != scene.room_id:
            continue
        if here is not None and each.subject.value == here.user_id:
            return each
        if then is None and each.subject.shown.casefold() == shown:
            then = each
    return then


def _lifting(act: Act, subject: Subject, scene: Scene) -> Deed:
    target_id = subject.value if subject.kind == "user" else ""
    return act.deed(target_id, **{subject.kind: subject.shown}, room=scene.label)


async def _ruled(host: Host, me: Person, room: str) -> Scene:
    scene = await _scene(host, me, room)
    _may(host, me, "rule", scene)
    return scene


async def _rule(
    host: Host, me: Person, scene: Scene, rules: RoomRules, done: str, deed: Deed
) -> Ok:
    if scene.room is not None:
        await host.store.set_room_rules(scene.room.room_id, rules, deed=deed)
        await host.laid.changed()
        told = Notice(text=f"{me.name} {done}", user=me.name, room=scene.room.name)
        host.tell_room(scene.room, told)
    return Ok()
