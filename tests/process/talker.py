"""A program on the client library: one says so many things, another hears them, both to the end.
Runs on asyncio or on Twisted; what becomes of the daemon meanwhile is the test's.

talker.py FRAMEWORK URL COUNT [CA]: a line for every ten acknowledgements, then one with all.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from typing import Any

from chatd.client import CaughtUp, Message, Offline
from chatd.client.chat import Chat

ROOM = "lobby"


async def talk(sayer: Chat, hearer: Chat, count: int) -> None:
    """Say and hear ``count`` messages, one after the other."""
    acked, heard = [], []
    offline: list[int] = []
    recovered: list[bool] = []
    async with hearer, sayer:
        await hearer.join(ROOM)
        await sayer.join(ROOM)
        for number in range(1, count + 1):
            stored = await sayer.send(ROOM, f"word {number}", key=f"k{number}")
            acked.append([stored.seq, f"k{number}"])
            if number % 10 == 0:
                say(number)
        async for event in hearer.events():
            if isinstance(event, Message):
                heard.append([event.seq, event.key])
            elif isinstance(event, Offline):
                offline.append(event.code)
            elif isinstance(event, CaughtUp):
                recovered.append(event.recovered)
            if heard and heard[-1][1] == f"k{count}":
                break
        faults = [*sayer.faults, *hearer.faults]
    say(
        {
            "acked": acked,
            "heard": heard,
            "offline": offline,
            "recovered": recovered,
            "faults": faults,
        }
    )


def say(what: Any) -> None:
    print(json.dumps(what), flush=True)  # noqa: T201  # for whoever reads the run


def main(framework: str, url: str, count: str, authority: str = "") -> None:
    tls = ssl.create_default_context(cafile=authority) if authority else None
    if framework == "asyncio":
        from chatd.client import Client  # noqa: PLC0415  # only where it is needed

        asyncio.run(
            talk(
                Client(url, guest="sayer", tls=tls),
                Client(url, guest="hearer", tls=tls),
                int(count),
            )
        )
        say(sorted(name for name in sys.modules if name.split(".")[0] in {"twisted", "autobahn"}))
        return
    from twisted.internet.defer import Deferred  # noqa: PLC0415  # only where it is needed
    from twisted.internet.task import react  # noqa: PLC0415  # only where it is needed

    from chatd.client.on_twisted import Client as TwistedClient  # noqa: PLC0415  # only where it is needed

    def run(reactor: Any) -> Deferred[None]:
        both = (
            TwistedClient(url, reactor=reactor, guest="sayer", tls=tls),
            TwistedClient(url, reactor=reactor, guest="hearer", tls=tls),
        )
        return Deferred.fromCoroutine(talk(*both, int(count)))

    react(run)


if __name__ == "__main__":
    main(*sys.argv[1:])
