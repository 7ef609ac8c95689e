"""What goes into a support bundle, and what is kept out of it: for somebody who is to help, and
who need not know who chats here. Who asks for it is chatd/process and chatctl."""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import asdict

from chatd.core.ports import Facts
from chatd.ops.config import KEYS, Loaded
from chatd.ops.config.reference import listing
from chatd.ops.log_entry import Entry, Fact
from chatd.store.sqlite.opening import connect

WITHHELD = "[withheld]"
NAMES = frozenset(
    {"address", "by", "facts", "host", "label", "motd", "name", "peer", "reported", "room", "rooms"}
    | {"server", "target", "user", "users", "who"}
)
"""Facts of the log with one of these words in their names say who, where from, or in which room."""
KEYS_WITHHELD = frozenset(
    {"server.name", "server.motd", "rooms.lobby", "retention.rooms", "limits.exempt"}
    | {"http.origins", "http.hosts", "http.trusted_proxies", "http.proxy_protocol"}
    | {"control.group"}
)
"""Keys whose values say whose server this is, where it is, or which rooms are there."""
_IPV4 = re.compile(r"(?<![\w.])(?!127\.|0\.0\.0\.0)\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\.\d)")
_IPV6 = re.compile(r"(?<![\w:])(?:[0-9a-fA-F]{1,4}:){2,7}[0-9a-fA-F:]*(?![\w:])")
ADDRESS = "[address]"
_PROBLEM = re.compile(r"(?P<place>.+?:\d+(?::\d+)?: )(?P<key>[a-z_]+\.[a-z_]+)?")
"""How a problem of the configuration begins; what follows may cite any value."""

README = """\
A support bundle of chatd, for somebody who is to help.

versions.json   what runs          config.toml   the configuration in force, with its origins
status.json     how it is          metrics.txt   all metrics
counts.json     rows by table      schema.sql    the database's schema
log.jsonl       the newest lines   doctor.json   what chatd doctor finds (empty: it did not run)

Kept out: what was said, passwords and tokens (chatd never logs them); and withheld: names of
people and rooms, addresses other than this host's own, the server's name and greeting, the
configured hosts, origins and proxies. Facts of the log that may hold them are replaced as a whole.
"""


@dataclass(frozen=True, slots=True)
class Described:
    """What a database says of itself: its schema, and how many rows each table has."""

    schema: str = ""
    rows: Mapping[str, int] = field(default_factory=dict)


def described(path: Path) -> Described:
    """Read beside the daemon; counting takes a while. What a search index keeps for itself is
    left out."""
    connection = connect(path, write=False)
    try:
        found = connection.execute(
            "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"
        ).fetchall()
        tables = [name for kind, name, sql in found if kind == "table" and "VIRTUAL" not in sql]
        rows = {
            name: int(connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0])  # noqa: S608  the database's own names
            for name in tables
        }
    finally:
        connection.close()
    return Described("\n".join(f"{sql};" for _, _, sql in found) + "\n", rows)


def files(
    loaded: Loaded, facts: Facts, metrics: str, described: Described, recent: Iterable[Entry]
) -> dict[str, str]:
    """The files by name; all but what chatctl adds."""
    versions = {"schema": facts.schema, "python": platform.python_version()}
    versions |= {"system": platform.platform()}
    return {
        "README.txt": README,
        "versions.json": json.dumps(versions, indent=1),
        "config.toml": configuration(loaded),
        "metrics.txt": scrubbed(metrics),
        "counts.json": json.dumps(dict(described.rows), indent=1),
        "schema.sql": described.schema,
        "log.jsonl": "".join(json.dumps(without_names(each)) + "\n" for each in recent),
    }


def configuration(loaded: Loaded) -> str:
    """The effective configuration, without what says whose server this is."""
    lines, section = [], ""
    for line in listing(loaded, effective=True, origin=True).splitlines():
        section = line.strip("[]") if line.startswith("[") else section
        key = f"{section}.{line.partition(' = ')[0]}"
        withheld = key in KEYS_WITHHELD and key in KEYS
        lines.append(f'{line.partition(" = ")[0]} = "{WITHHELD}"' if withheld else scrubbed(line))
    return "\n".join(lines) + "\n"


def without_names(entry: Entry) -> dict[str, object]:
    """An entry of the log in which nobody is named."""
    told = asdict(entry)
    told["facts"] = {name: _fact(name, value) for name, value in entry.facts.items()}
    return told


def _fact(name: str, value: Fact) -> Fact:
    if not NAMES.isdisjoint(name.lower().split("_")):
        return WITHHELD
    if isinstance(value, str):
        return without_values(value) if name == "problem" else scrubbed(value)
    if isinstance(value, list):
        return [scrubbed(each) if isinstance(each, str) else each for each in value]
    return value


def without_values(text: str) -> str:
    """A problem of the configuration, as far as it says where it is and of which key; anything else
    without addresses."""
    found = _PROBLEM.match(text)
    if found is None:
        return scrubbed(text)
    key = f"{found['key']} " if found["key"] in KEYS else ""
    return f"{found['place']}{key}{WITHHELD}"


def scrubbed(text: str) -> str:
    """Without addresses, but for those of every host itself."""
    return _IPV6.sub(ADDRESS, _IPV4.sub(ADDRESS, text))
