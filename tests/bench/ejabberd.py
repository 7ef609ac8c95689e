"""ejabberd with an archive for each room, in SQLite or PostgreSQL: a peer of the durable room."""

from __future__ import annotations

import itertools
import os
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

from tests.bench.contestants import BOOT, SERVERS, Contestant, Missing, Speech, run, wait_for
from tests.bench.debian import debian_versions, from_debian
from tests.bench.processes import end
from tests.process.ports import free_port

_runs = itertools.count()

ERLANG = (
    *("asn1", "base", "base64url", "crypto", "eunit", "ftp", "goldrush", "idna", "inets", "jiffy"),
    *("jose", "lager", "mnesia", "os-mon", "public-key", "runtime-tools", "ssl", "syntax-tools"),
    *("tools", "unicode-util-compat", "xmerl"),
    *(
        f"p1-{name}"
        for name in (
            *("acme", "cache-tab", "eimp", "mqtree", "pkix", "sqlite3", "stringprep", "stun"),
            *("pgsql", "tls", "utils", "xml", "xmpp", "yaml", "yconf", "zlib"),
        )
    ),
)
"""What ejabberd needs of Debian's Erlang."""


class Ejabberd(Contestant):
    """ejabberd from Debian, each room with its archive in SQLite. What comes back from the room is
    the answer: the archive comes before."""

    name = "ejabberd, SQLite"
    keeps = True

    def install(self) -> None:
        """Unpacked beside, never on the host."""
        self._root = from_debian("ejabberd", *(f"erlang-{name}" for name in ERLANG))
        packages = ("ejabberd_*", "erlang-base_*", "erlang-p1-sqlite3_*")
        self.version = debian_versions("ejabberd", *packages)

    def words(self, port: int, folder: Path) -> list[str]:
        told = (SERVERS / "ejabberd.yml").read_text()
        told = told.replace("{port}", str(port)).replace("{archive}", self._place(folder))
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
        self._prepared(folder, self._root / "usr/share/ejabberd/sql")
        super().start(folder)

    def _place(self, folder: Path) -> str:
        return f'sql_type: sqlite\nsql_database: "{folder}/archive.sqlite3"'

    def _prepared(self, folder: Path, schemas: Path) -> None:
        self._archive = folder / "archive.sqlite3"
        with closing(sqlite3.connect(self._archive)) as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.executescript((schemas / "lite.sql").read_text())

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


class EjabberdOnPostgres(Ejabberd):
    """The same, with its archive in a PostgreSQL of its own, as large houses have it."""

    name = "ejabberd, PostgreSQL"

    def __init__(self) -> None:
        super().__init__()
        self._postgres: subprocess.Popen[bytes] | None = None

    def install(self) -> None:
        """Unpacked beside, never on the host."""
        super().install()
        self._postgres_root = from_debian("postgresql-15", "postgresql-client-15", "libpq5")
        self.version += f", {debian_versions('postgresql-15', 'postgresql-15_*')}"

    def _place(self, folder: Path) -> str:
        del folder
        where = f'sql_server: "127.0.0.1"\nsql_port: {self._postgres_port}'
        return f"sql_type: pgsql\nsql_database: postgres\nsql_username: ejabberd\n{where}"

    def _prepared(self, folder: Path, schemas: Path) -> None:
        self._postgres_port, data = free_port(), folder / "data"
        # it refuses to be root, so it is somebody else in a world of its own
        other = ["unshare", "--user", "--map-user=65534"]
        run([*other, self._tool("initdb"), "-D", data, "-U", "ejabberd", "-A", "trust", "-N"])
        settings = ("listen_addresses=127.0.0.1", "unix_socket_directories=")
        more = [word for setting in settings for word in ("-c", setting)]
        command = [*other, str(self._tool("postgres")), "-D", str(data)]
        command += ["-p", str(self._postgres_port)]
        with (folder / "postgres.log").open("wb") as log:
            self._postgres = subprocess.Popen(
                command + more, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            wait_for(self._postgres_port, self._postgres)
            self._until_ready()
            self._asked("-f", str(schemas / "pg.sql"))
        except Missing:
            self.stop()
            raise

    def _until_ready(self) -> None:
        """It listens before it lets anybody in."""
        deadline = time.monotonic() + BOOT
        while True:
            try:
                self._asked("-c", "SELECT 1")
            except Missing:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return

    def _tool(self, name: str) -> Path:
        return self._postgres_root / "usr/lib/postgresql/15/bin" / name

    def _asked(self, *words: str) -> str:
        port = str(self._postgres_port)
        own = ["-h", "127.0.0.1", "-p", port, "-U", "ejabberd", "-v", "ON_ERROR_STOP=1"]
        return run([self._tool("psql"), *own, "-qtAX", *words, "postgres"])

    @property
    def pids(self) -> dict[str, int]:
        """Of both."""
        if self._postgres is None:
            raise LookupError("PostgreSQL does not run")
        return super().pids | {"PostgreSQL": self._postgres.pid}

    def kept(self) -> int:
        """The rows of its archive."""
        return int(self._asked("-c", "SELECT count(*) FROM archive"))

    def stop(self) -> None:
        """ejabberd first."""
        super().stop()
        if self._postgres is not None:
            end(self._postgres)
            self._postgres = None
