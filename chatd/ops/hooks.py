"""The verbs `chatd hook ...`: each takes its arguments and a Desk, as those of users.py do.
What is posted to a hook is chatd/edge/hooks."""

from __future__ import annotations

import re
from argparse import Namespace

from chatd.auth import tokens
from chatd.core.audit import Deed
from chatd.core.hooks import Hook
from chatd.core.names import account_name, room_name, skeleton
from chatd.core.ports import NameTaken
from chatd.ops import audit
from chatd.ops.users import Denied, Desk, refusing, time_of, write_json, write_table

_HOOK_ID = re.compile("[0-9a-f]{12}")


@refusing
def add(args: Namespace, desk: Desk) -> None:
    """``args.room``, ``args.name``: make a hook. Only its token goes to standard output."""
    name = account_name(args.name)
    look = skeleton(name)
    taken = desk.run(desk.store.look_alike([look])).account
    if taken is not None:
        raise _taken(name, taken)
    room = desk.run(desk.store.room(room_name(args.room)))
    if room is None:
        raise Denied(f"there is no room {args.room}: make it first, and then its hook")
    minted = tokens.mint()
    hook = Hook(
        hook_id=minted.token_id,
        room_id=room.room_id,
        room=room.name,
        name=name,
        created_ts=desk.now(),
    )
    deed = _deed("hook_add", hook.hook_id, desk, name=name, room=room.name)
    try:
        desk.run(desk.store.add_hook(hook, look, minted.digest, deed=deed))
    except NameTaken as late:  # by an account that was made meanwhile
        raise _taken(name, str(late)) from None
    desk.out.write(minted.text + "\n")
    desk.err.write(
        f"hook {hook.hook_id} says as {name} in {room.name} what is posted to /hooks/TOKEN. The "
        f"token is shown this once; `chatd hook revoke {hook.hook_id}` ends it\n"
    )


def _taken(name: str, user: str) -> Denied:
    return Denied(f"{name} is, or looks like, the user {user}: choose another name")


@refusing
def list_(args: Namespace, desk: Desk) -> None:
    """``args.json``: all hooks, without their secrets."""
    found = desk.run(desk.store.hooks())
    if args.json:
        rows = (
            {"id": h.hook_id, "room": h.room, "name": h.name, "created": time_of(h.created_ts)}
            for h in found
        )
        write_json(rows, desk)
    elif not found:
        desk.err.write("there are no hooks yet: `chatd hook add ROOM NAME` makes one\n")
    else:
        table = [(h.hook_id, h.room, h.name, time_of(h.created_ts)) for h in found]
        write_table([("ID", "ROOM", "NAME", "CREATED"), *table], desk)


@refusing
def revoke(args: Namespace, desk: Desk) -> None:
    """``args.hook_id``: end a hook. Who found a token where it should not be may give all of it."""
    hook_id = tokens.token_id(args.hook_id) or args.hook_id
    if not _HOOK_ID.fullmatch(hook_id):
        raise Denied("that is no hook's id: `chatd hook list` shows them")
    if not desk.run(desk.store.revoke_hook(hook_id, deed=_deed("hook_revoke", hook_id, desk))):
        raise Denied(f"there is no hook {hook_id}: it may be revoked already")
    desk.out.write(f"hook {hook_id} is revoked\n")


def _deed(verb: str, hook_id: str, desk: Desk, **facts: str) -> Deed:
    """What the one at this desk does, for the audit log."""
    return audit.deed(verb, desk.by, desk.now(), hook=hook_id, **facts)
