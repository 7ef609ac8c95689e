"""A little of everything that a store keeps, and how it reads. Stored databases of released schemas
are made of it: `python -m tests.unit.store.sample` adds the newest one to the folder released/."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from chatd.core.audit import Deed
from chatd.core.hooks import Hook
from chatd.core.log import Rank, RoomId, Token, UserId
from chatd.core.ports import Store
from chatd.core.sanctions import Emergency, RoomRules, Subject
from tests.unit.store.examples import ANN, BOB, GUS, account, draft, member

RELEASED = Path(__file__).with_name("released")


async def write_sample(store: Store, schema: int | None = None) -> None:
    """The same calls at every release. What a ``schema`` before the newest cannot keep is left out;
    a later schema's part is added at the end."""
    await _write_first(store)
    if schema is None or schema >= 2:
        await _write_sanctions(store)
    if schema is None or schema >= 3:
        await _write_audit(store)
    if schema is None or schema >= 4:
        await _write_hooks(store)
    if schema is None or schema >= 5:
        await _write_passing(store)


async def _write_first(store: Store) -> None:
    await store.add_account(account(), "ann", 1)
    await store.add_account(account("bob", "u2"), "bob", 2)
    await store.set_disabled(BOB.user_id, True, 3)
    await store.set_disabled(BOB.user_id, False, 4)
    for number in (1, 2):
        token = Token(token_id=f"t{number}", user_id=ANN.user_id, label="bot", created_ts=number)
        await store.add_token(token, bytes([number]) * 32)
    await store.revoke_token("t2", 5)
    owner = member(ANN, Rank.OWNER)
    lobby = await store.create_room(
        "lobby", "public", skeleton="lobby", topic="Tea", owner=owner, ts=6
    )
    cellar = await store.create_room(
        "cellar", "private", skeleton="cellar", topic="", owner=owner, ts=7
    )
    direct = await store.direct_room("@1", member(ANN), member(BOB), 8)
    await store.set_member(lobby.room_id, member(GUS))
    await _talk(store, lobby.room_id)
    await store.append(cellar.room_id, draft("hidden wine", by=ANN, key="c1"))
    await store.append(direct.room_id, draft("between us", by=BOB, key="d1"))
    await store.mark(ANN.user_id, lobby.room_id, 4)


async def _write_sanctions(store: Store) -> None:
    """What schema 2 added."""
    lobby = await store.room("lobby")
    assert lobby is not None
    bob = Subject("user", BOB.user_id, "bob")
    await store.sanction("mute", bob, lobby.room_id, reason="loud", by="ann", ts=30, until=None)
    network = Subject("network", "192.0.2.0/24", "192.0.2.0/24")
    await store.sanction("ban", network, None, reason="spam", by="ann", ts=31, until=2**50)
    cellar = await store.room("cellar")
    assert cellar is not None
    await store.set_room_rules(cellar.room_id, RoomRules(read_only=True, slow=30))
    for step in (Emergency.NO_NEW, Emergency.OFF):  # a daemon must be able to serve it to guests
        await store.set_emergency(step)
    for seq in (1, 2):
        await store.report(lobby.room_id, seq, by=BOB, reason="rude", ts=32)
    await store.settle(2, outcome="warned", by="ann", ts=33)


async def _write_audit(store: Store) -> None:
    """What schema 3 added."""
    facts = {"user": "bob", "reason": "spam"}
    await store.record(
        Deed(ts=40, verb="ban", actor_id="u1", actor="ann", target_id="u2", facts=facts),
        Deed(ts=41, verb="start", actor="chatd", facts={"version": "0"}),
    )


async def _write_hooks(store: Store) -> None:
    """What schema 4 added."""
    lobby = await store.room("lobby")
    assert lobby is not None
    for number in (1, 2):
        hook = Hook(
            hook_id=f"h{number}",
            room_id=lobby.room_id,
            room="lobby",
            name="alerts",
            created_ts=40 + number,
        )
        await store.add_hook(hook, "alerts", bytes([10 + number]) * 32)
    await store.revoke_hook("h2")


async def _write_passing(store: Store) -> None:
    """What schema 5 added."""
    owner = member(ANN, Rank.OWNER)
    hall = await store.create_room(
        "hall", "public", skeleton="hall", topic="", owner=owner, ts=50, history=False
    )
    await store.set_topic(hall.room_id, "passing by")


async def _talk(store: Store, room_id: RoomId) -> None:
    for each in (
        draft("green tea", by=ANN, key="a1", ts=10),
        draft("green coffee", by=GUS, ts=11, reply_to=1),
        draft("a secret", by=BOB, key="b1", ts=12),
        draft("black tea", kind="edited", by=ANN, target=1, ts=13),
        draft("+1", kind="reacted", by=GUS, target=1, ts=14),
        draft("+1", kind="reacted", by=BOB, target=1, ts=15),
        draft("+1", kind="unreacted", by=GUS, target=1, ts=16),
        draft("no secret", kind="edited", by=BOB, target=3, ts=17),
        draft("", kind="deleted", by=ANN, target=3, ts=18),
        draft("Tea at five", kind="topic", by=ANN, ts=19),
        draft("Schöne Grüße", by=GUS, ts=20),
    ):
        await store.append(room_id, each)


async def read_sample(store: Store) -> dict[str, Any]:
    """Everything that the port lets one read of it."""
    told: dict[str, Any] = {"accounts": await store.accounts()}
    for user_id in (ANN.user_id, BOB.user_id, GUS.user_id):
        memberships = await store.memberships(user_id)
        told[f"{user_id} is in"] = memberships
        told[f"{user_id} has"] = await store.tokens(user_id)
        for query in ("green", "tea", "secret", "wine", "us", "schone gruße"):
            hits = await store.search(query, room_id=None, member=user_id, cursor=None, limit=50)
            told[f"{user_id} finds {query}"] = hits
    for name in ("lobby", "cellar", "@1"):
        room = await store.room(name)
        assert room is not None
        told[name] = room
        told[f"{name} log"] = await store.read(room.room_id, 0, 100)
        told[f"{name} page"] = await store.history(room.room_id, before=None, after=None, limit=100)
        told[f"{name} members"] = await store.members(room.room_id, 100)
    told["public"] = await store.public_rooms("", 100)
    told["token"] = [await store.token(bytes([number]) * 32) for number in (1, 2)]
    told["revocations"] = await store.revocations(0)
    told["look alike"] = [await store.look_alike([look]) for look in ("bob", "alerts")]
    told["id"] = await store.account_by_id(UserId("u2"))
    told["sanctions"] = await store.sanctions(40)
    told["rules"] = await store.room_rules()
    told["emergency"] = await store.emergency()
    told["reports"] = [await store.reports(settled=settled, limit=9) for settled in (False, True)]
    told["hooks"] = await store.hooks()
    told["hook"] = [await store.hook(bytes([10 + number]) * 32) for number in (1, 2)]
    told["audit"] = [
        (each.number, each.ts, each.verb, each.told_who.name, each.told_what)
        for each in await store.audit(0, 9)
    ]
    return told


def released() -> dict[int, Path]:
    """The stored databases by their schema's number."""
    return {int(file.name[:4]): file for file in sorted(RELEASED.glob("*.sqlite3.gz"))}


def unpack(number: int, path: Path) -> None:
    path.write_bytes(gzip.decompress(released()[number].read_bytes()))


def main() -> None:
    # Imported here, so that the sample itself serves every store.
    from chatd.store.sqlite import opened  # noqa: PLC0415  # only where it is needed

    with TemporaryDirectory() as folder:
        path = Path(folder) / "chatd.sqlite3"
        with opened(path) as (store, run):
            run(write_sample(store))
            name = f"{store.schema_version:04d}.sqlite3.gz"
        RELEASED.mkdir(exist_ok=True)
        (RELEASED / name).write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    sys.stdout.write(f"wrote {RELEASED / name}\n")


if __name__ == "__main__":
    main()
