"""A process that stores messages until it is killed, and says on its output what was acknowledged.
`python -m tests.process.store_sender PATH SENDERS KEY...`: each sender counts up from its KEY."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from twisted.internet.defer import Deferred, DeferredList

from chatd.core.log import Author, Draft, RoomId, UserId
from chatd.core.ports import NameTaken
from chatd.store.sqlite import SqliteStore
from chatd.store.sqlite.blocking import Run

ROOMS = 3


async def find_rooms(store: SqliteStore) -> list[RoomId]:
    for number in range(ROOMS):
        name = f"room{number}"
        try:
            await store.create_room(name, "public", skeleton=name, topic="", owner=None, ts=1)
        except NameTaken:
            continue
    rooms = [room.room_id for room in await store.public_rooms("", ROOMS)]
    assert len(rooms) == ROOMS
    return rooms


async def send(store: SqliteStore, room_id: RoomId, sender: int, key: int) -> None:
    author = Author(UserId(f"u{sender}"), f"sender{sender}", False)
    while True:
        text = f"word{key} from{sender}"
        draft = Draft(kind="message", author=author, ts=key, text=text, key=str(key))
        done = await store.append(room_id, draft)
        # One write of few bytes: whole, or not at all, when the end comes.
        os.write(1, f"{room_id} {done.entry.seq} {sender} {key}\n".encode())
        key += 1


def main(path: Path, senders: int, keys: list[int]) -> None:
    run = Run()
    store = SqliteStore(path, run.deliver)
    rooms = run(find_rooms(store))

    async def everybody() -> None:
        await DeferredList(
            [
                Deferred.fromCoroutine(send(store, rooms[n % ROOMS], n, keys[n]))
                for n in range(senders)
            ],
            fireOnOneErrback=True,
        )

    run(everybody())


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), [int(key) for key in sys.argv[3:]])
