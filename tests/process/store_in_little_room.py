"""Fills the disk under a store and makes room again; fails by an assertion.
`python -m tests.process.store_in_little_room FOLDER`, where FOLDER is a small file system's."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from chatd.core.log import Author, Draft, RoomId, UserId
from chatd.core.ports import StoreFull
from chatd.store.sqlite import SqliteStore
from chatd.store.sqlite.blocking import Run

ANN = Author(UserId("u1"), "ann", False)


def draft(text: str) -> Draft:
    return Draft(kind="message", author=ANN, ts=1, text=text)


async def fill(store: SqliteStore, lobby: RoomId) -> int:
    """The last seq before the disk was full."""
    seq = 0
    try:
        while True:
            seq = (await store.append(lobby, draft(f"text {seq} " * 50))).entry.seq
    except StoreFull as full:
        sys.stdout.write(f"{seq} messages, then: {full}\n")
    return seq


async def stays_full(store: SqliteStore, lobby: RoomId, seq: int) -> None:
    for _ in range(20):
        try:
            await store.append(lobby, draft("x" * 100_000))
        except StoreFull:
            continue
        raise AssertionError("the disk is not full")
    messages, _ = await store.history(lobby, before=None, after=None, limit=seq + 100)
    assert [message.seq for message in messages] == list(range(1, seq + 1))
    # The index may be behind, and there is no room to bring it up to date; that is no error.
    assert len(await found(store, lobby, seq + 100)) <= seq


async def found(store: SqliteStore, lobby: RoomId, limit: int) -> Sequence[object]:
    return await store.search("text", room_id=lobby, member=ANN.user_id, cursor=None, limit=limit)


def main(folder: Path) -> None:
    ballast = folder / "ballast"
    ballast.write_bytes(bytes(2_000_000))
    run = Run()
    store = SqliteStore(folder / "chatd.sqlite3", run.deliver)
    lobby = run(
        store.create_room("lobby", "public", skeleton="lobby", topic="", owner=None, ts=1)
    ).room_id
    seq = run(fill(store, lobby))
    assert seq > 100
    run(stays_full(store, lobby, seq))
    ballast.unlink()
    for number in range(1, 100):
        assert run(store.append(lobby, draft("again"))).entry.seq == seq + number
    assert len(run(found(store, lobby, seq + 100))) == seq
    run(store.close())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
