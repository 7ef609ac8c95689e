"""The laws of the house that a machine can check: what may import what, and how modules are made.
First the checker, then the house under it, then offences: a law must be able to fail."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2] / "chatd"

PURE_ROOMS = {"core", "commands", "dialects"}
THE_WORLD = {
    *("twisted", "autobahn", "sqlite3", "asyncio", "threading", "socket", "select", "selectors"),
    *("os", "time", "random", "secrets", "uuid", "subprocess", "multiprocessing"),
}
NOT_FOR_THE_NODE = {"twisted", "autobahn", "sqlite3"}

# Room -> the rooms that it may import. Daemon and cli may import all.
ARROWS: dict[str, set[str]] = {
    "core": set(),
    "commands": {"core"},
    "dialects": {"core"},
    "store": {"core"},
    "bus": {"core"},
    "auth": {"core"},
    "node": {"commands", "core"},
    "edge": {"node", "commands", "dialects", "core"},
    "ops": {"core", "store", "auth"},
    "client": {"core"},
    "terminal": {"client", "dialects", "core", "ops"},  # what people type is the text dialect's
    "bench": {"client", "core", "ops"},  # a crowd of the client
    "canary": {"client", "core", "ops"},  # a program on the client, with chatd's log and metrics
    "wiring": {"core", "edge", "ops"},  # reads the configuration for each room
    "doors": {"core", "edge", "node", "ops", "wiring"},  # opens what the configuration names
    "process": {"core", "edge", "node", "ops"},  # what operators ask of all of it
    "ctl": set(),  # starts at once: it knows the wire, and nothing of the house
}
# The files that know everything, and what even they may not import.
KNOW_ALL: dict[str, set[str]] = {"daemon": {"cli"}, "cli": set()}
ONLY_ONE_OF = {"edge", "store", "bus", "auth"}

MOST_LINES = 350
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}


@dataclass(frozen=True)
class Module:
    """A module by its dotted name, as in ``chatd.store.sqlite``, with its text."""

    name: str
    text: str
    is_package: bool = False

    @property
    def room(self) -> str:
        """Where it lies: ``store`` for ``chatd.store.sqlite``, and ``""`` for ``chatd`` itself."""
        return room_of(self.name)

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.name)


def room_of(name: str) -> str:
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else ""


def imported(module: Module) -> Iterator[tuple[int, str]]:
    """The names that a module imports, with their lines. ``from a import b`` names ``a.b``."""
    package = module.name if module.is_package else module.name.rpartition(".")[0]
    for node in ast.walk(module.tree):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=source, names=names, level=level):
                start = package.split(".")[: len(package.split(".")) - level + 1] if level else []
                full = ".".join([*start, *([source] if source else [])])
                yield from ((node.lineno, f"{full}.{alias.name}") for alias in names)
            case ast.Call(
                func=ast.Name(id="import_module" | "__import__")
                | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield node.lineno, name


def foreign(module: Module) -> Iterator[tuple[int, str]]:
    return ((line, name.split(".")[0]) for line, name in imported(module))


def own_rooms(module: Module) -> Iterator[tuple[int, str]]:
    """The other rooms that a module imports. ``chatd.__version__`` and its like belong to all."""
    for line, name in imported(module):
        room = room_of(name)
        if name.split(".")[0] == "chatd" and not room.startswith("__") and room != module.room:
            yield line, room


def the_core_knows_no_world(module: Module) -> Iterator[str]:
    if module.room in PURE_ROOMS:
        for line, name in foreign(module):
            if name in THE_WORLD:
                yield f"{line}: {module.room} imports {name}; time, ids and I/O are arguments there"


def the_node_knows_no_framework(module: Module) -> Iterator[str]:
    if module.room == "node":
        for line, name in foreign(module):
            if name in NOT_FOR_THE_NODE:
                yield f"{line}: the node imports {name}; it speaks with ports only"


def imports_point_one_way(module: Module) -> Iterator[str]:
    if module.room in ("", "__main__"):
        return
    for line, room in own_rooms(module):
        if module.room in KNOW_ALL:
            allowed = room not in KNOW_ALL[module.room]
        else:
            allowed = room in ARROWS.get(module.room, set())
        if not allowed:
            yield f"{line}: {module.room} imports {room}, against the arrows"


def only_the_daemon_names_two(module: Module) -> Iterator[str]:
    named = {room for _, room in own_rooms(module)} | {module.room}
    if module.room not in KNOW_ALL and len(named & ONLY_ONE_OF) > 1:
        yield f"1: names {sorted(named & ONLY_ONE_OF)}; only daemon and cli may name two of them"


def files_are_short(module: Module) -> Iterator[str]:
    lines = len(module.text.splitlines())
    if lines > MOST_LINES:
        yield f"{lines}: has {lines} lines, and {MOST_LINES} are the most"


def names_say_something(module: Module) -> Iterator[str]:
    for word in module.name.split("."):
        if word.strip("_") in NAMES_THAT_SAY_NOTHING:
            yield f"1: {word!r} says nothing of what lives there"


def nothing_is_asserted(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Assert):
            yield f"{node.lineno}: assert; refuse or raise, and say what to do"


def every_room_is_known(module: Module) -> Iterator[str]:
    if module.room and module.room not in {*ARROWS, *KNOW_ALL, "__main__"}:
        yield f"1: {module.room!r} is no room of the plan; give it its arrows in this test"


Law = Callable[[Module], Iterator[str]]
LAWS: list[Law] = [
    the_core_knows_no_world,
    the_node_knows_no_framework,
    imports_point_one_way,
    only_the_daemon_names_two,
    files_are_short,
    names_say_something,
    nothing_is_asserted,
    every_room_is_known,
]


def read_house() -> list[Module]:
    return [read(path) for path in sorted(HOUSE.rglob("*.py"))]


def read(path: Path) -> Module:
    parts = path.relative_to(HOUSE.parent).with_suffix("").parts
    is_package = parts[-1] == "__init__"
    return Module(".".join(parts[:-1] if is_package else parts), path.read_text(), is_package)


@pytest.mark.parametrize("law", LAWS)
def test_the_house_keeps_the_law(law: Law) -> None:
    broken = [f"{module.name}:{finding}" for module in read_house() for finding in law(module)]
    assert not broken, "\n".join(["", *broken])


def drawn() -> dict[str, str]:
    """What each room may import, by the table of docs/architecture.md."""
    page = (HOUSE.parent / "docs" / "architecture.md").read_text()
    rows = re.findall(r"^\| `chatd/(\w+)(?:\.py)?` \| .* \| ([^|]+) \|$", page, re.MULTILINE)
    return dict(rows)


@pytest.mark.parametrize("room", ARROWS)
def test_the_page_draws_the_same_arrows(room: str) -> None:
    told = drawn()[room]
    none = told in ("nothing", "nothing of the world")
    assert (set() if none else set(told.split(", "))) == ARROWS[room]


def test_the_house_is_found() -> None:
    names = {module.name for module in read_house()}
    assert {"chatd", "chatd.__main__", "chatd.core.ports", "chatd.core"} <= names


OFFENCES: list[tuple[Law, str, str]] = [
    (the_core_knows_no_world, "chatd.core.rooms", "import time"),
    (the_core_knows_no_world, "chatd.core.rooms", "import os.path as p"),
    (the_core_knows_no_world, "chatd.core", "from random import choice"),
    (the_core_knows_no_world, "chatd.commands.login", "def f():\n    from sqlite3 import connect"),
    (the_core_knows_no_world, "chatd.dialects.json", "import msgspec, asyncio"),
    (the_core_knows_no_world, "chatd.dialects.json", "import_module('autobahn.websocket')"),
    (the_node_knows_no_framework, "chatd.node", "from twisted.internet import defer"),
    (the_node_knows_no_framework, "chatd.node.gate", "import autobahn"),
    (the_node_knows_no_framework, "chatd.node.gate", "if TYPE_CHECKING:\n    import sqlite3"),
    (imports_point_one_way, "chatd.core.rooms", "from chatd.commands import login"),
    (imports_point_one_way, "chatd.core.rooms", "from chatd import commands"),
    (imports_point_one_way, "chatd.core.rooms", "from ..store import sqlite"),
    (imports_point_one_way, "chatd.core.rooms", "from .. import node"),
    (imports_point_one_way, "chatd.commands.login", "import chatd.dialects.json"),
    (imports_point_one_way, "chatd.node", "from chatd.edge.outbox import Outbox"),
    (imports_point_one_way, "chatd.node", "from chatd.dialects import all_dialects"),
    (imports_point_one_way, "chatd.store.sqlite", "from chatd.node import Node"),
    (imports_point_one_way, "chatd.store.sqlite", "importlib.import_module('chatd.ops.logs')"),
    (imports_point_one_way, "chatd.edge.http", "from chatd.daemon import Daemon"),
    (imports_point_one_way, "chatd.daemon", "from chatd.cli import main"),
    (imports_point_one_way, "chatd.client", "from chatd.edge import websocket"),
    (only_the_daemon_names_two, "chatd.edge.http", "from chatd.store import sqlite"),
    (only_the_daemon_names_two, "chatd.ops.doctor", "import chatd.store, chatd.bus"),
    (files_are_short, "chatd.core.rooms", "pass\n" * (MOST_LINES + 1)),
    (names_say_something, "chatd.store.utils", ""),
    (names_say_something, "chatd.common.rooms", ""),
    (names_say_something, "chatd.store._base", ""),
    (nothing_is_asserted, "chatd.edge.http", "def f(x):\n    assert x"),
    (every_room_is_known, "chatd.plugins.irc", ""),
]


@pytest.mark.parametrize(("law", "name", "text"), OFFENCES)
def test_an_offence_is_found(law: Law, name: str, text: str) -> None:
    assert len(list(law(Module(name, text)))) == 1


HONEST: list[tuple[str, str]] = [
    (
        "chatd.core.rooms",
        "from chatd.core.log import Draft\nfrom .log import Draft\nimport msgspec",
    ),
    ("chatd.core.rooms", "from chatd import __version__"),
    ("chatd.core.timeless", "import datetime"),
    ("chatd.commands.login", "from chatd.core import policy"),
    ("chatd.dialects.text", "from ..core import events"),
    ("chatd.node.gate", "from chatd.commands import COMMANDS\nimport time\nfrom . import fanout"),
    ("chatd.edge.websocket", "from chatd.node import Node\nimport twisted, autobahn, time"),
    ("chatd.store.sqlite", "import sqlite3, threading\nfrom chatd.core.ports import Store"),
    ("chatd.ops.backup", "from chatd.store import sqlite"),
    ("chatd.daemon", "from chatd import auth, bus, edge, ops, store"),
    ("chatd.cli", "from chatd import daemon, client, store, auth"),
    ("chatd.__main__", "from chatd.cli import main"),
    ("chatd.core.rooms", "pass\n" * MOST_LINES),
    ("chatd.store.database", "'assert and utils are words here'"),
]


@pytest.mark.parametrize(("name", "text"), HONEST)
def test_what_is_honest_passes_every_law(name: str, text: str) -> None:
    assert [finding for law in LAWS for finding in law(Module(name, text))] == []


def test_a_relative_import_in_a_package_starts_at_the_package() -> None:
    offence = Module("chatd.core", "from ..store import sqlite", is_package=True)
    assert [name for _, name in imported(offence)] == ["chatd.store.sqlite"]
    honest = Module("chatd.core", "from .log import Draft", is_package=True)
    assert [name for _, name in imported(honest)] == ["chatd.core.log.Draft"]


def test_a_finding_says_where_and_what() -> None:
    sample = Module("chatd.core.rooms", "import msgspec\nimport os\n")
    assert list(the_core_knows_no_world(sample)) == [
        "2: core imports os; time, ids and I/O are arguments there"
    ]
