"""What a call of the store costs when very much is kept: `python -m tests.bench growth`.

Two databases, one with few messages and one with many (--messages, in --rooms rooms with --members
members), are asked the same in turn; the figure is the median of the rounds' ratios. A search is
for words of which both hold equally many, since what is found has its price in both."""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from chatd.core.audit import NO_DEED
from chatd.core.log import Author, Draft, Member, Rank, RoomId, UserId
from chatd.core.ports import Store
from chatd.store.sqlite import opened
from chatd.store.sqlite.appending import append_all
from chatd.store.sqlite.indexing import catch_up, settle
from chatd.store.sqlite.opening import connect
from chatd.store.sqlite.rooms import create_room, set_member
from chatd.store.sqlite.transaction import Transaction
from tests.bench.keeping import keep

FEW = (10_000, 100, 500)
WORDS = [f"word{number}" for number in range(20_000)]
RARE, RARE_TIMES = "needle", 100
ROUNDS, CALLS = 15, 40
GROUP = 5000
WORN = 4000
"""Messages after which a WAL is as long as it becomes: to make a file longer costs more than to
write over what it holds."""
CHUNK = 1 << 20

Run = Callable[[Any], Any]
T = TypeVar("T")


def main(argv: Sequence[str]) -> int:
    """Fill, ask, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench growth", description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--rooms", type=int, default=10_000)
    parser.add_argument("--members", type=int, default=50_000)
    parser.add_argument("--folder", type=Path, help="where they stay; what is there is asked again")
    parser.add_argument("--out", type=Path, help="a file for the figures")
    args = parser.parse_args(argv)
    many = (args.messages, args.rooms, args.members)
    with ExitStack() as stack:
        folder = args.folder or Path(stack.enter_context(TemporaryDirectory(prefix="chatd-bench-")))
        folder.mkdir(exist_ok=True)
        paths, sides = [], []
        for name, size in {"few": FEW, "many": many}.items():
            path = folder / f"{name}-{'-'.join(map(str, size))}"
            if not path.exists():
                unfinished = path.with_suffix(".unfinished")
                for left in folder.glob(f"{unfinished.name}*"):
                    left.unlink()
                fill(unfinished, *size)
                unfinished.rename(path)
            paths.append(path)
            sides.append(stack.enter_context(opened(path)))
        found = {
            "few": FEW,
            "many": many,
            "calls": compared(sides, (FEW, many), paths),
            "load": round(os.getloadavg()[0], 1),
        }
    print(json.dumps(found, indent=1))  # noqa: T201  # its result
    keep(args.out, "growth", found)
    return 0


def fill(path: Path, messages: int, rooms: int, members: int) -> None:
    """A database like one that has been used; its texts are the same at each run."""
    with opened(path):
        pass
    chance = random.Random(7)  # noqa: S311  # texts, not secrets
    connection = connect(path, write=True)
    connection.execute("PRAGMA synchronous = OFF")
    _in_one(connection, lambda transaction: _rooms(transaction, rooms, members))
    for begin in range(0, messages, GROUP):
        drafts = [
            _draft(chance, number, rooms, messages)
            for number in range(begin, min(messages, begin + GROUP))
        ]
        _in_one(connection, partial(_say, drafts))
    while _in_one(connection, settle):  # as the writer does when it has time
        pass
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    connection.close()


def _in_one(connection: Any, work: Callable[[Transaction], T]) -> T:
    connection.execute("BEGIN IMMEDIATE")
    done = work(Transaction(connection))
    connection.execute("COMMIT")
    return done


def _rooms(transaction: Transaction, rooms: int, members: int) -> None:
    for number in range(rooms):
        name = f"room{number}"
        create_room(transaction, name, "public", name, "", None, 1, True, NO_DEED)
    for number in range(members):
        member = Member(
            user_id=UserId(f"u{number}"), name=f"user{number}", guest=False, rank=Rank.MEMBER
        )
        set_member(transaction, RoomId(number % rooms + 1), member, NO_DEED, keep_owner=False)


def _draft(chance: random.Random, number: int, rooms: int, messages: int) -> tuple[RoomId, Draft]:
    text = " ".join(chance.choices(WORDS, k=10))
    if number % (messages // RARE_TIMES) == 0:
        text = f"{RARE} {text}"
    author = Author(UserId(f"u{number % 500}"), f"user{number % 500}", False)
    key = f"k{number}"
    return RoomId(number % rooms + 1), Draft(
        kind="message", author=author, ts=number, text=text, key=key
    )


def _say(drafts: list[tuple[RoomId, Draft]], transaction: Transaction) -> None:
    append_all(transaction, drafts)
    catch_up(transaction, GROUP)


def _calls(store: Store, size: tuple[int, int, int]) -> dict[str, Callable[[int], Any]]:
    """What is asked, each time of another room."""
    messages, rooms, _ = size
    each, author = messages // rooms, Author(UserId("u1"), "user1", False)

    def room(number: int) -> RoomId:
        return RoomId(number * 7919 % rooms + 1)

    return {
        "send": lambda n: store.append(
            room(n), Draft(kind="message", author=author, ts=n, text="a few words more")
        ),
        "join": lambda n: store.set_member(
            room(n), Member(user_id=UserId("u1"), name="user1", guest=False, rank=Rank.MEMBER)
        ),
        "find a room": lambda n: store.room(f"room{n * 7919 % rooms}"),
        "resume": lambda n: store.read(room(n), max(0, each - 50), 50),
        "history page": lambda n: store.history(room(n), before=each, after=None, limit=50),
        "search": lambda _: store.search(
            RARE, room_id=None, member=UserId("u1"), cursor=None, limit=20
        ),
    }


def compared(
    sides: Sequence[tuple[Store, Run]],
    sizes: Sequence[tuple[int, int, int]],
    paths: Sequence[Path],
) -> dict[str, dict[str, float]]:
    """Medians in microseconds, and how many times the first's the second's is. Before each round
    both files are read once, for it is the memory that is asked here, and not the disk."""
    asked = [_calls(store, size) for (store, _), size in zip(sides, sizes, strict=True)]
    for calls, (_, run) in zip(asked, sides, strict=True):
        for number in range(WORN):
            run(calls["send"](-number))
    found = {}
    for name in asked[0]:
        rounds: list[list[float]] = [[], []]
        for number in range(ROUNDS + 1):
            for path in paths:
                warm(path)
            for side, (_, run) in enumerate(sides):
                took = _timed(run, asked[side][name], number * CALLS)
                if number:  # the first one finds cold caches
                    rounds[side].append(took)
        ratios = [many / few for few, many in zip(*rounds, strict=True)]
        found[name] = {
            "few_us": round(1e6 * median(rounds[0])),
            "many_us": round(1e6 * median(rounds[1])),
            "ratio": round(median(ratios), 2),
        }
    return found


def warm(path: Path) -> None:
    """Have it in memory."""
    with path.open("rb") as file:
        while file.read(CHUNK):
            pass


def _timed(run: Run, ask: Callable[[int], Any], first: int) -> float:
    times = []
    for number in range(first, first + CALLS):
        begun = time.perf_counter()
        run(ask(number))
        times.append(time.perf_counter() - begun)
    return median(times)
