"""A room by path on picows: PORT is the argument."""

import asyncio
import sys
from collections import defaultdict

from picows import (
    WSFrame,
    WSListener,
    WSMsgType,
    WSTransport,
    WSUpgradeRequest,
    ws_create_server,
)

ROOMS: dict[bytes, set[WSTransport]] = defaultdict(set)


class Chat(WSListener):
    def __init__(self, room: set[WSTransport]) -> None:
        self.room = room

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.room.add(transport)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.room.discard(transport)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is WSMsgType.TEXT or frame.msg_type == WSMsgType.TEXT:
            payload = frame.get_payload_as_bytes()
            for each in self.room:
                each.send(WSMsgType.TEXT, payload)


def listener(request: WSUpgradeRequest) -> Chat:
    return Chat(ROOMS[request.path])


async def main() -> None:
    server = await ws_create_server(
        listener, "127.0.0.1", int(sys.argv[1]), enable_auto_ping=False, backlog=4096
    )
    await server.serve_forever()


asyncio.run(main())
