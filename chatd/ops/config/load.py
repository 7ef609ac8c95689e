"""From a file or a text to a Config: everything that is wrong is found at once, with its line.
What may be written is said in table.py and rules.py."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from chatd.ops.config import positions
from chatd.ops.config.kinds import Unfit
from chatd.ops.config.literal import bare, called, shown
from chatd.ops.config.near import advice
from chatd.ops.config.positions import Where
from chatd.ops.config.rules import RULES
from chatd.ops.config.table import KEYS, SECTIONS, Config
from chatd.ops.plain import plain

DEFAULT = "default"  # the origin of a value that no file sets


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. ``line`` and ``column`` count from 1; 0 means no certain place."""

    source: str
    line: int
    says: str
    column: int = 0

    def __str__(self) -> str:
        place = [self.source, *(str(n) for n in (self.line, self.column) if n)]
        return ":".join(place) + f": {self.says}"


class Invalid(Exception):
    """The configuration cannot be used; ``problems`` holds all that is wrong, by line."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Loaded:
    """A good configuration, and where each key's value came from: "default" or "FILE:LINE"."""

    config: Config
    origins: Mapping[str, str]


def load(file: str | os.PathLike[str]) -> Loaded:
    """Read, parse and check a file. Raises Invalid, also when the file cannot be read."""
    path = Path(file)
    source = str(path)
    try:
        raw = plain(path).read_bytes()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise Invalid((Problem(source, 0, f"cannot be read: {why}"),)) from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        says = f"not UTF-8: byte 0x{raw[error.start]:02x} has no place here"
        raise Invalid((Problem(source, line, says),)) from None
    return parse(text, source, path.absolute().parent)


def beside(loaded: Loaded, file: Path) -> Loaded:
    """As it holds where chatd is only tried out: the control socket lies beside the file, unless
    that names another place."""
    if loaded.origins["control.socket"] != DEFAULT:
        return loaded
    control = replace(loaded.config.control, socket=file.absolute().parent / "control.sock")
    return Loaded(replace(loaded.config, control=control), loaded.origins)


def parse(text: str, source: str, base: Path) -> Loaded:
    """Parse and check a text. Errors call it ``source``; relative paths start at ``base``.

    Raises Invalid.
    """
    try:
        tree = tomllib.loads(text)
        lines = positions.lines(text)
    except tomllib.TOMLDecodeError as error:
        raise Invalid((_syntax(text, source, str(error)),)) from None
    except RecursionError:
        raise Invalid((Problem(source, 0, "not a configuration: nested too deep"),)) from None
    except ValueError as error:  # Python refuses to read integers of thousands of digits
        raise Invalid((Problem(source, 0, f"not valid TOML: {error}"),)) from None
    return _Check(source, lines, base).config(tree)


def _syntax(text: str, source: str, error: str) -> Problem:
    """tomllib's error as a problem, with the line in question."""
    match = re.fullmatch(
        r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", error, re.DOTALL
    )
    rows = text.splitlines() or [""]
    if match is None:
        return Problem(source, 0, f"not valid TOML: {error}")
    line, column = (int(match[2]), int(match[3])) if match[2] else (len(rows), 0)
    here = rows[line - 1].strip() if 0 < line <= len(rows) else ""
    hint = "; text stands in quotation marks" if match[1] == "Invalid value" else ""
    return Problem(source, line, f"not valid TOML: {match[1]}: {shown(here)}{hint}", column)


def _dotted(where: Where) -> str:
    name = ".".join(bare(part) for part in where if isinstance(part, str))
    return name + "".join(f"[{part}]" for part in where if isinstance(part, int))


class _Check:
    """One pass over a parsed document, collecting problems on its way."""

    def __init__(self, source: str, lines: Mapping[Where, int], base: Path) -> None:
        self._source = source
        self._lines = lines
        self._base = base
        self._problems: list[Problem] = []
        self._bad: set[str] = set()

    def config(self, tree: dict[str, Any]) -> Loaded:
        given: dict[str, dict[str, Any]] = {}
        for name, table in tree.items():
            if name not in SECTIONS:
                self._unknown((name,), table)
            elif not isinstance(table, dict):
                self._not_a_table(name, table)
            else:
                given[name] = self._section(name, table)
        defaults = Config()
        changed = {name: replace(getattr(defaults, name), **each) for name, each in given.items()}
        config = replace(defaults, **changed)
        self._rules(config)
        if self._problems:
            raise Invalid(tuple(sorted(self._problems, key=lambda p: p.line)))
        return Loaded(config, {name: self._origin(name) for name in KEYS})

    def _section(self, section: str, table: dict[str, Any]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, raw in table.items():
            key = KEYS.get(f"{section}.{name}")
            if key is None or "." in name:
                self._unknown((section, name), raw)
                continue
            try:
                values[name] = self._placed(key.kind.read(raw))
            except Unfit as unfit:
                self._bad.add(key.name)
                self._unfit((section, name), raw, unfit, key.kind.allowed)
        return values

    def _placed(self, value: Any) -> Any:
        return self._base / value if isinstance(value, Path) else value

    def _unfit(self, where: Where, raw: Any, unfit: Unfit, allowed: str) -> None:
        for part in unfit.parts:
            place = (*where, part.index)
            wrong = f"{_dotted(place)} = {shown(raw[part.index])}"
            self._problem(place, f"{wrong}: {part.why}; allowed: {part.allowed}")
        if not unfit.parts:
            self._problem(
                where, f"{_dotted(where)} = {shown(raw)}: {unfit.why}; allowed: {allowed}"
            )

    def _unknown(self, where: Where, raw: Any) -> None:
        """The value stays out of it: a password may stand where no key is."""
        what = "table" if isinstance(raw, dict) else "key"
        self._problem(where, f"{_dotted(where)}: unknown {what}; {advice(where, what)}")

    def _not_a_table(self, name: str, raw: Any) -> None:
        says = f"{name}: this is {called(raw)}; allowed: one table, which begins with [{name}]"
        self._bad |= {key.name for key in SECTIONS[name].keys}
        self._problem((name,), says)

    def _rules(self, config: Config) -> None:
        for rule in RULES:
            if not self._bad.intersection(rule.keys) and not rule.holds(config):
                where = [self._where(name) for name in rule.keys]
                place = next((each for each in where if each in self._lines), where[0])
                values = ", ".join(f"{name} = {written(config, name)}" for name in rule.keys)
                self._problem(place, f"{values}: {rule.says}")

    def _where(self, name: str) -> Where:
        return tuple(name.split("."))

    def _problem(self, where: Where, says: str) -> None:
        self._problems.append(Problem(self._source, self._lines.get(where, 0), says))

    def _origin(self, name: str) -> str:
        line = self._lines.get(self._where(name))
        return DEFAULT if line is None else f"{self._source}:{line}"


def value(config: Config, name: str) -> Any:
    """The value of key ``name``, "section.key", for those who go through all keys."""
    section, _, leaf = name.partition(".")
    return getattr(getattr(config, section), leaf)


def written(config: Config, name: str) -> str:
    """The value of key ``name`` in TOML."""
    return KEYS[name].kind.write(value(config, name))


@dataclass(frozen=True, slots=True)
class Changes:
    """What a reload does: ``config`` is what holds from now on, new where a reload is enough and
    old where only a restart is. The names of the changed keys of both sorts go to the log."""

    config: Config
    reloaded: tuple[str, ...]
    restart: tuple[str, ...]


def changes(old: Config, new: Config) -> Changes:
    """Compare the running configuration with a new one."""
    differ = [name for name in KEYS if value(old, name) != value(new, name)]
    reloaded = tuple(name for name in differ if KEYS[name].reload)
    restart = tuple(name for name in differ if not KEYS[name].reload)
    config = new
    for field in fields(new):
        kept = {
            n.partition(".")[2]: value(old, n) for n in restart if n.startswith(f"{field.name}.")
        }
        section = replace(getattr(new, field.name), **kept)
        config = replace(config, **{field.name: section})
    return Changes(config, reloaded, restart)
