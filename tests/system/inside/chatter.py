"""Runs on the host, in the package's own tree: chats through a listener until its standard input
ends, and prints what it saw as JSON. What that proves is the tests' business."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress

sys.path.insert(0, "/usr/lib64/chatd")

from chatd.client import Client, Message, Refused

ROOM = "lobby"
PAUSE = 0.01


async def told_to_end() -> None:
    """Until standard input ends."""
    await asyncio.to_thread(sys.stdin.read)


async def talk(url: str, authority: str) -> dict[str, object]:
    """One says numbers, another hears them."""
    tls = ssl.create_default_context(cafile=authority) if authority else None
    said: list[int] = []
    heard: list[int] = []
    async with (
        Client(url, guest="speaker", tls=tls) as speaker,
        Client(url, guest="listener", tls=tls) as listener,
    ):
        await listener.join(ROOM)
        await speaker.join(ROOM)
        hearing = asyncio.create_task(hear(listener, heard))
        end = asyncio.create_task(told_to_end())
        while not end.done() or not said:
            await speaker.send(ROOM, str(len(said)))
            said.append(len(said))
            if len(said) == 1:
                print("talking", flush=True)
            await asyncio.sleep(PAUSE)
        async with asyncio.timeout(60):
            while not heard or heard[-1] != said[-1]:
                await asyncio.sleep(PAUSE)
        hearing.cancel()
        with suppress(asyncio.CancelledError):
            await hearing
    return {"said": len(said), "exactly": heard == said}


async def hear(listener: Client, heard: list[int]) -> None:
    async for event in listener.events():
        if isinstance(event, Message):
            heard.append(int(event.text))  # noqa: PERF401  # who looks on sees each as it comes


async def knock(address: str) -> dict[str, object]:
    """Connect again and again, and count who was refused."""
    end = asyncio.create_task(told_to_end())
    knocks = refused = 0
    while not end.done():
        with socket.socket(socket.AF_UNIX) as line:
            try:
                line.connect(address)
            except OSError:
                refused += 1
        knocks += 1
        if knocks == 1:
            print("knocking", flush=True)
        await asyncio.sleep(PAUSE)
    return {"knocks": knocks, "refused": refused}


async def say(url: str, size: str) -> dict[str, object]:
    """Say one thing of this many bytes, and tell what came of it."""
    async with Client(url, guest="sayer") as client:
        await client.join(ROOM)
        try:
            await client.send(ROOM, "x" * int(size))
        except Refused as refused:
            return {"outcome": refused.code}
    return {"outcome": "sent"}


VERBS: dict[str, Callable[..., Coroutine[None, None, dict[str, object]]]]
VERBS = {"talk": talk, "knock": knock, "say": say}

if __name__ == "__main__":
    verb, *arguments = sys.argv[1:]
    result = asyncio.run(VERBS[verb](*arguments))
    print(json.dumps(result), flush=True)
