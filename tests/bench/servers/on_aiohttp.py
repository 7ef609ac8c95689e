"""A room by path on aiohttp with uvloop: PORT is the argument."""

import asyncio
import sys
from collections import defaultdict

import uvloop
from aiohttp import WSMsgType, web

ROOMS: dict[str, set[web.WebSocketResponse]] = defaultdict(set)


async def chat(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(compress=False)
    await socket.prepare(request)
    room = ROOMS[request.path]
    room.add(socket)
    try:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                for each in tuple(room):
                    await each.send_str(message.data)
    finally:
        room.discard(socket)
    return socket


async def main() -> None:
    app = web.Application()
    app.router.add_get("/{room}", chat)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(sys.argv[1]), backlog=4096).start()
    await asyncio.get_running_loop().create_future()


uvloop.install()
asyncio.run(main())
