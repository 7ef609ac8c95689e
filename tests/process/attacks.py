"""Hostile clients, one function each, as a program of its own: for tests and for the benchmark.
What honest people feel meanwhile is measured by company.py.

attacks.py NAME PORT: attacks from another address of this machine than honest clients have, says
"begun" when it is under way, goes on until its standard input ends, then tells what became of it.
"""

from __future__ import annotations

import json
import resource
import socket
import sys
import threading
import zlib
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from tests.process.wire import CONTINUATION, PING, TEXT, Raw, frame, upgrade_request

SOURCE = "127.0.0.66"
OFFER = "Sec-WebSocket-Extensions: permessage-deflate\r\n"
WORDS = " ".join(f"w{number:x}" for number in range(60))


def packed(data: bytes) -> bytes:
    """As a message of permessage-deflate."""
    work = zlib.compressobj(9, wbits=-15)
    return (work.compress(data) + work.flush(zlib.Z_SYNC_FLUSH))[:-4]


class Attack:
    """One run: ``over`` is set at its end; ``became`` counts what the server did about it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.over = threading.Event()
        self.became: Counter[str] = Counter()
        self._told = False

    def begun(self) -> None:
        """From now on others may feel it."""
        if not self._told:
            self._told = True
            print("begun", flush=True)  # noqa: T201  # for whoever reads the run

    def connect(self, receive_buffer: int = 0, patience: float = 5.0) -> Raw:
        """A new connection."""
        raw = Raw(self.port, receive_buffer, SOURCE)
        raw.socket.settimeout(patience)
        return raw

    def session(self, name: str = "", receive_buffer: int = 0, more: str = "") -> Raw | None:
        """One with a session of a guest, if it is let in. ``more``: lines of its request."""
        raw = self.connect(receive_buffer)
        try:
            raw.upgrade(more=more)
            raw.command(type="login", id="login", **({"guest": name} if name else {}))
            raw.answer("login")
            raw.command(type="join", id="join", room="lobby")
            raw.answer("join")
        except (ConnectionError, EOFError, TimeoutError) as no:
            self.became[_status(no)] += 1
            raw.close()
            return None
        return raw

    def ends(self, raw: Raw) -> None:
        """Count how the server ended it."""
        with suppress(TimeoutError):
            self.became[str(raw.close_code())] += 1
        raw.close()


def _status(no: Exception) -> str:
    words = str(no).split(" ")
    return words[1] if words[0].startswith("HTTP/") else type(no).__name__


def slowloris(attack: Attack) -> None:
    """As many connections as it gets, whose request comes byte by byte and never ends."""
    request = upgrade_request(more="X-Slow: " + "z" * 1000)
    half: list[Raw] = []
    at = 0
    while not attack.over.wait(0.1):
        while len(half) < 150:
            half.append(attack.connect())
        kept = []
        for raw in half:
            try:
                raw.socket.sendall(request[at % 1000 : at % 1000 + 1])
                kept.append(raw)
            except OSError:
                attack.became["cut off"] += 1
                raw.close()
        half, at = kept, at + 1
        attack.begun()


def giant_frame(attack: Attack) -> None:
    """Frames of 64 MiB, of which as much is sent as is taken."""
    head = b"\x81\xff" + (64 << 20).to_bytes(8, "big") + b"\0\0\0\0"
    while not attack.over.is_set():
        raw = attack.session()
        if raw is not None:
            raw.send(head + b"x" * (1 << 20))
            attack.ends(raw)
            attack.begun()


def fragment_flood(attack: Attack) -> None:
    """A message that never ends, in empty frames."""
    flood = frame(CONTINUATION, b"", fin=False) * 10_000
    while not attack.over.is_set():
        raw = attack.session()
        if raw is not None:
            raw.send(frame(TEXT, b"x", fin=False) + flood)
            attack.ends(raw)
            attack.begun()


def pings(attack: Attack) -> None:
    """Ten thousand pings at once on each of a few connections; nobody reads the pongs."""
    flood = frame(PING, b"x" * 125) * 10_000
    raws = [raw for _ in range(5) if (raw := attack.session(receive_buffer=4096)) is not None]
    for raw in raws:
        raw.socket.settimeout(0.2)
    while not attack.over.wait(0.05):
        attack.begun()
        for raw in raws:
            try:
                raw.socket.sendall(flood)
                attack.became["taken"] += 1
            except TimeoutError:
                attack.became["held"] += 1
            except OSError:
                attack.became["cut off"] += 1


def again_and_again(attack: Attack, data: bytes, more: str = "") -> None:
    """Send this, see the connection end, and begin anew."""
    while not attack.over.is_set():
        raw = attack.session(more=more)
        if raw is not None:
            raw.send(data)
            attack.ends(raw)
            attack.begun()


def compressed_bomb(attack: Attack) -> None:
    """64 MiB of zeros in 64 KiB, in a frame that says it is compressed."""
    again_and_again(attack, frame(TEXT, packed(b"\0" * (64 << 20)), rsv=4))


def inflated_bomb(attack: Attack) -> None:
    """The same, by one who was promised that it would be unpacked; over and over, in the hope that
    it is, though the first one was refused."""
    again_and_again(attack, frame(TEXT, packed(b"\0" * (32 << 20)), rsv=4) * 1600, more=OFFER)


def inflated_flood(attack: Attack) -> None:
    """Messages as long as they may be, which are nothing on the wire, more than a session may send
    at once: then it is left, and the next one begins."""
    message = json.dumps({"type": "ping", "id": "x" * 65_000}).encode()
    flood = frame(TEXT, packed(message), rsv=4) * 24
    while not attack.over.is_set():
        raw = attack.session(more=OFFER)
        if raw is not None:
            raw.send(flood)
            attack.begun()
            raw.close()
            attack.became["left"] += 1


def never_reads(attack: Attack) -> None:
    """Asks for much, and reads nothing of it."""
    ask = frame(TEXT, b'{"type": "history", "room": "lobby", "limit": 200}') * 2000
    while not attack.over.is_set():
        raw = attack.session(receive_buffer=4096)
        if raw is None:
            continue
        raw.socket.settimeout(0.2)
        attack.begun()
        try:
            for _ in range(500):  # more than any kernel keeps for somebody who is not read
                raw.socket.sendall(ask)
            attack.became["all was taken"] += 1
        except TimeoutError:
            attack.became["held"] += 1
        except OSError:
            attack.became["cut off"] += 1
        attack.over.wait(0.5)
        raw.close()


def guesser(attack: Attack) -> None:
    """Guesses alice's password, many at the same time."""
    guess = {"type": "login", "user": "alice", "password": "password1"}
    while not attack.over.is_set():
        raws: list[Raw] = []
        for number in range(20):
            raw = attack.connect()
            raws.append(raw)
            try:
                raw.upgrade()
                raw.command(id=1, **(guess | {"password": f"password{number}"}))
            except (ConnectionError, EOFError, TimeoutError) as no:
                attack.became[_status(no)] += 1
        attack.begun()
        for raw in raws:
            with suppress(ConnectionError, EOFError, TimeoutError, ValueError):
                attack.became[str(raw.answer(1).get("code"))] += 1
            raw.close()


def crowd(attack: Attack) -> None:
    """Two thousand connections at the same time, again and again; half of them ask for a session.
    Those that are let in stay."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 4096), hard), hard))
    while not attack.over.is_set():
        raws: list[Raw] = []
        for number in range(2000):
            try:
                raws.append(attack.connect())
                if number % 2:
                    raws[-1].socket.sendall(upgrade_request())
            except OSError:
                attack.became["refused"] += 1
            if number == 500:
                attack.begun()
            if attack.over.is_set():
                break
        for raw in raws:
            raw.socket.setblocking(False)
            try:
                told = raw.socket.recv(12)
                attack.became[told[9:12].decode() or "closed"] += 1
            except BlockingIOError:
                attack.became["waits"] += 1
            except OSError:
                attack.became["closed"] += 1
            raw.close()


def search_hog(attack: Attack) -> None:
    """Searches for as many words as a query holds and a short beginning, from several sessions."""
    raws = [raw for number in range(6) if (raw := attack.session(f"hog{number}")) is not None]
    while not attack.over.is_set():
        attack.begun()
        for raw in raws:
            raw.command(type="search", id=1, query=f"{WORDS} a")
        for raw in raws:
            with suppress(EOFError, TimeoutError):
                answer = raw.answer(1)
                attack.became[answer.get("code", answer["type"])] += 1


def proxy_liar(attack: Attack) -> None:
    """Says by the PROXY protocol that it is somebody else."""
    lie = b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n"
    binary = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + socket.inet_aton("127.0.0.1") * 2 + b"\0\1\0\2"
    while not attack.over.is_set():
        for header in (lie, binary):
            raw = attack.connect()
            raw.send(header + upgrade_request())
            attack.became[raw.rest()[9:12].decode() or "closed"] += 1
            raw.close()
        attack.begun()


ATTACKS: dict[str, Callable[[Attack], None]] = {
    each.__name__: each
    for each in (
        *(slowloris, giant_frame, fragment_flood, pings, compressed_bomb, inflated_bomb),
        *(inflated_flood, never_reads, guesser, crowd, search_hog, proxy_liar),
    )
}


def main(name: str, port: str) -> None:
    """Attack until nobody reads along any more."""
    attack = Attack(int(port))

    def watch() -> None:
        sys.stdin.read()
        attack.over.set()

    threading.Thread(target=watch, daemon=True).start()
    ATTACKS[name](attack)
    print(json.dumps(attack.became), flush=True)  # noqa: T201  # for whoever reads the run


if __name__ == "__main__":
    main(*sys.argv[1:])
