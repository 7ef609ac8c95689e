"""The verbs `chatd room ...`: public rooms that an operator makes before anybody is there.
What people do in rooms goes through the gate; a Desk is that of users.py."""

from __future__ import annotations

import json
from argparse import Namespace

from chatd.core import text
from chatd.core.audit import Deed
from chatd.core.log import Account, Member, Rank, StoredRoom
from chatd.core.names import account_name, room_name, skeleton
from chatd.core.ports import NameTaken
from chatd.ops import audit
from chatd.ops.users import Denied, Desk, refusing

PAGE = 500


@refusing
def add(args: Namespace, desk: Desk) -> None:
    """``args.name``, ``args.topic``, ``args.owner`` (an account, or None), ``args.no_history``:
    make a public room."""
    name = room_name(args.name)
    topic = text.one_line(args.topic)
    if len(topic) > text.TOPIC_CHARACTERS:
        raise Denied(
            f"a topic has at most {text.TOPIC_CHARACTERS} characters; this has {len(topic)}"
        )
    owner = None if args.owner is None else _owner(_account(args.owner, desk))
    try:
        desk.run(
            desk.store.create_room(
                name,
                "public",
                skeleton=skeleton(name),
                topic=topic,
                owner=owner,
                ts=desk.now(),
                history=not args.no_history,
                deed=_deed(name, owner, desk),
            )
        )
    except NameTaken as taken:
        same = taken.args[0] == name
        raise Denied(
            f"there is a room {name} already"
            if same
            else f"{name} looks like {taken}, which is there already: choose another name"
        ) from None
    desk.out.write(f"made room {name}\n")


def _account(name: str, desk: Desk) -> Account:
    account = desk.run(desk.store.account(account_name(name)))
    if account is None:
        raise Denied(f"there is no user {name}: `chatd user list` shows all")
    return account


def _deed(name: str, owner: Member | None, desk: Desk) -> Deed:
    target, user = (owner.user_id, owner.name) if owner is not None else ("", "")
    return audit.deed("room_add", desk.by, desk.now(), target, user=user, room=name)


def _owner(account: Account) -> Member:
    return Member(user_id=account.user_id, name=account.name, guest=False, rank=Rank.OWNER)


@refusing
def list_(args: Namespace, desk: Desk) -> None:
    """``args.json``: the public rooms, by name."""
    rooms = _public(desk)
    if args.json:
        said = [{"name": room.name, "topic": room.topic, "history": room.history} for room in rooms]
        json.dump(said, desk.out, ensure_ascii=False, indent=2)
        desk.out.write("\n")
    elif not rooms:
        desk.err.write("there are no public rooms yet: `chatd room add NAME` makes one\n")
    for room in [] if args.json else rooms:
        mark = "" if room.history else "  (no history)"
        desk.out.write(f"{room.name}  {room.topic}".rstrip() + f"{mark}\n")


def _public(desk: Desk) -> list[StoredRoom]:
    rooms: list[StoredRoom] = []
    while True:
        page = desk.run(desk.store.public_rooms(rooms[-1].name if rooms else "", PAGE))
        rooms += page
        if len(page) < PAGE:
            return rooms
