"""A room by path in bare Python: the least that a server in this language does for a message. It
trusts its peers, bounds nothing, and sends to each socket once a turn what the turn brought.
PORT is the argument."""

import select
import socket
import struct
import sys
from base64 import b64encode
from collections import defaultdict
from hashlib import sha1

ROOMS = defaultdict(dict)  # by path: connections by descriptor
THERE = {}  # by descriptor: connection, path (None before the handshake), what is half read
KEY = b"\r\nSec-WebSocket-Key: "
MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
ANSWER = b"HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "


def messages(data):
    """The frames that are there, unmasked and worded anew, and what is left."""
    found, at = [], 0
    while len(data) - at >= 6:
        size, begin = data[at + 1] & 127, at + 2
        if size == 126:
            size, begin = int.from_bytes(data[begin : begin + 2], "big"), begin + 2
        end = begin + 4 + size
        if end > len(data):
            break
        keys = (data[begin : begin + 4] * (size // 4 + 1))[:size]
        number = int.from_bytes(data[begin + 4 : end], "little") ^ int.from_bytes(keys, "little")
        head = bytes((0x81, size)) if size < 126 else struct.pack("!BBH", 0x81, 126, size)
        if data[at] == 0x81:
            found.append(head + number.to_bytes(size, "little"))
        at = end
    return found, data[at:]


def shake(connection, data):
    """Answer a handshake; gives the path."""
    key = data[data.index(KEY) + len(KEY) :].split(b"\r\n", 1)[0]
    connection.sendall(ANSWER + b64encode(sha1(key + MAGIC).digest()) + b"\r\n\r\n")  # noqa: S324 - RFC 6455
    return data.split(b" ", 2)[1]


def gone(poll, descriptor):
    connection, path, _ = THERE.pop(descriptor)
    ROOMS[path].pop(descriptor, None)
    poll.unregister(descriptor)
    connection.close()


def read(poll, descriptor, said):
    connection, path, rest = THERE[descriptor]
    data = connection.recv(65536)
    if not data:
        gone(poll, descriptor)
    elif path is None:
        path = shake(connection, data)
        ROOMS[path][descriptor] = connection
        THERE[descriptor] = connection, path, b""
    else:
        found, left = messages(rest + data if rest else data)
        if left or rest:
            THERE[descriptor] = connection, path, left
        said[path] += found


def turn(poll, listener):
    said = defaultdict(list)
    for descriptor, _ in poll.poll():
        if descriptor == listener.fileno():
            connection = listener.accept()[0]
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            THERE[connection.fileno()] = connection, None, b""
            poll.register(connection, select.EPOLLIN)
            continue
        try:
            read(poll, descriptor, said)
        except ConnectionError:
            gone(poll, descriptor)
    for path, found in said.items():
        wire = b"".join(found)
        for connection in list(ROOMS[path].values()):
            try:
                connection.sendall(wire)
            except OSError:
                gone(poll, connection.fileno())


def main():
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=4096)
    poll = select.epoll()
    poll.register(listener, select.EPOLLIN)
    while True:
        turn(poll, listener)


main()
