"""Gives a play on a stage: says what is to be said, and insists on what is to be heard.
Everything that a client hears must be in the play, in its order, but news of presence."""

from __future__ import annotations

import json
import re
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from chatd.core.errors import CLOSES
from tests.conversations import patterns
from tests.conversations.directions import direction
from tests.conversations.script import HEARS, SAYS_RAW, BadPlay, Line, Play
from tests.conversations.stage import JSON, TEXT, Actor, Closed, Stage

_PRESENCE = re.compile(r"\d\d:\d\d \S+ \* (?:online|offline): .*")


class Failed(AssertionError):
    """The play went wrong: the message shows the line, what was expected and what came."""


@dataclass
class Role:
    """Somebody in the play and their connection. ``asked``: the commands that are to be answered,
    by id; only those which the director gave an id."""

    name: str
    actor: Actor
    dialect: str
    number: int = 0
    asked: deque[tuple[int, str]] = field(default_factory=deque)
    closed: bool = False


@dataclass
class Record:
    """What was said and heard in plays, for whoever counts."""

    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By command, and `ok` or the code of the error."""
    frames: Counter[str] = field(default_factory=Counter)
    """By type, for JSON."""
    closes: Counter[str] = field(default_factory=Counter)


def give(play: Play, stage: Stage, record: Record | None = None) -> None:
    """Play it to its end. Raises Failed, BadPlay."""
    _Director(stage, record or Record()).give(play)


class _Director:
    def __init__(self, stage: Stage, record: Record) -> None:
        self._stage = stage
        self._record = record
        self._roles: dict[str, Role] = {}
        self._names: patterns.Names = {"long": "x" * 20_000}
        self._epoch = ""

    def give(self, play: Play) -> None:
        for line in play.lines:
            try:
                self._play(line)
            except patterns.Unreadable as error:
                raise BadPlay(f"{line}\n  {error}") from None
            except Closed as end:
                raise Failed(f"{line}\n  came:     the connection was closed: {end}") from None
        for role in self._roles.values():
            self._leaves(play, role)

    def _play(self, line: Line) -> None:
        if not line.who:
            self._direct(line)
            return
        role = self._role(line, line.who)
        if line.kind == HEARS and line.text == "nothing":
            self._nothing(role, str(line))
        elif line.kind == HEARS:
            self._hears(line, role)
        else:
            self._says(line, role)

    def _role(self, line: Line, name: str) -> Role:
        if name not in self._roles:
            raise BadPlay(f"{line}\n  {name} has not connected")
        return self._roles[name]

    # --- saying ---
    def _says(self, line: Line, role: Role) -> None:
        if role.dialect == TEXT:
            role.actor.send(patterns.filled(line.text, self._names))
            return
        if line.kind == SAYS_RAW:
            role.asked.extend(_id_in(line.text))
            role.actor.send(line.text)
            return
        command = patterns.command(line.text, self._names)
        if isinstance(command.get("resume"), str):
            command["resume"] = self._positions(command["resume"])
        if not line.text.startswith("{"):
            role.number += 1
            command = {"type": command.pop("type"), "id": role.number, **command}
        if isinstance(command.get("id"), int):
            role.asked.append((command["id"], str(command.get("type"))))
        role.actor.send(json.dumps(command, ensure_ascii=False))

    def _positions(self, short: str) -> dict[str, Any]:
        """`lobby:7,garden:2` in the epoch of the welcome."""
        pairs = (each.rpartition(":") for each in short.split(","))
        return {room: {"epoch": self._epoch, "seq": int(seq)} for room, _, seq in pairs}

    # --- hearing ---
    def _hears(self, line: Line, role: Role) -> None:
        frame = self._next(line, role)
        try:
            if role.dialect == TEXT:
                patterns.compare_lines(line.text, frame, self._names)
            else:
                patterns.compare(line.text, json.loads(frame), self._names)
                self._answers(role, json.loads(frame))
        except patterns.Mismatch as why:
            raise Failed(
                f"{line}\n  expected: {line.text}\n  came:     {frame}\n  but:      {why}"
            ) from None

    def _next(self, line: Line, role: Role) -> str:
        while True:
            frame = role.actor.receive()
            if frame is None:
                raise Failed(f"{line}\n  expected: {line.text}\n  came:     nothing")
            self._note(role, frame)
            if not _passed_over(role, frame) or line.text.startswith(("presence", '{"type": "pre')):
                return frame

    def _note(self, role: Role, frame: str) -> None:
        if role.dialect == JSON:
            came = json.loads(frame)
            self._record.frames[came["type"]] += 1
            self._epoch = came["epoch"] if came["type"] == "welcome" else self._epoch

    def _answers(self, role: Role, came: dict[str, Any]) -> None:
        """Whether an answer is that of the command whose turn it is."""
        if came["type"] not in {"ok", "error"}:
            return
        word = "ok" if came["type"] == "ok" else came["code"]
        if not isinstance(came.get("id"), int):
            self._record.answers["", word] += 1
            return
        if not role.asked or role.asked[0][0] != came["id"]:
            turn = role.asked[0] if role.asked else "none"
            raise patterns.Mismatch(f"it answers {came['id']}, and the turn is with {turn}")
        _, command = role.asked.popleft()
        self._record.answers[command, word] += 1

    def _nothing(self, role: Role, where: str) -> None:
        left = [frame for frame in role.actor.rest() if not _passed_over(role, frame)]
        if left:
            raise Failed(
                f"{where}\n  expected: nothing\n  came:     " + "\n            ".join(left)
            )

    def _leaves(self, play: Play, role: Role) -> None:
        where = f"{play.name}: at the end, {role.name}<"
        if role.closed:
            return
        try:
            self._nothing(role, where)
        except Closed as end:
            raise Failed(f"{where}\n  came:     the connection was closed: {end}") from None

    # --- directions ---
    def _direct(self, line: Line) -> None:
        found = direction(line)
        if found is None:
            raise BadPlay(f"{line}\n  this is no direction; directions.py has them")
        each, how = found
        mine = getattr(self, f"_{each.what}", None)
        if mine is not None:
            mine(line, **how)
            return
        if "who" in how:
            self._role(line, how["who"])
        if each.what == "revoke":
            how["token"] = self._names[how["name"]]
        made = self._stage.direct(each.what, **how)
        if each.what == "token":
            self._names[how["name"]] = made

    def _connects(self, line: Line, who: str, dialect: str = JSON) -> None:
        before = self._roles.get(who)
        if before is not None and not before.closed:
            raise BadPlay(f"{line}\n  {who} is connected already")
        self._roles[who] = Role(who, self._stage.connect(dialect, who), dialect)

    def _arrives(self, line: Line, who: str, password: str = "", rooms: str = "") -> None:
        """Connect, log in under the role's name, join: all of it must succeed, and is read."""
        self._connects(line, who)
        role = self._roles[who]
        entry = f'login user={who} password="{password}"' if password else f"login {who}"
        for said in (entry, *(f"join {room.strip(',')}" for room in rooms.split())):
            self._says(Line(line.play, line.number, who, ">", said), role)
        for frame in role.actor.rest():
            self._note(role, frame)
            came = json.loads(frame)
            if came["type"] == "error":
                raise Failed(f"{line}\n  came:     {frame}")
            self._answers(role, came)

    def _closes(self, line: Line, who: str) -> None:
        self._leaves_stage(line, who).actor.close()

    def _drops(self, line: Line, who: str) -> None:
        self._leaves_stage(line, who).actor.drop()

    def _leaves_stage(self, line: Line, who: str) -> Role:
        role = self._role(line, who)
        self._nothing(role, str(line))
        role.closed = True
        return role

    def _is_closed(self, line: Line, who: str, code: str, word: str) -> None:
        role = self._role(line, who)
        if word not in CLOSES or CLOSES[word].code != int(code):
            raise BadPlay(f"{line}\n  no close code is {code} {word}")
        try:
            frame = role.actor.receive()
            while frame is not None and _passed_over(role, frame):
                frame = role.actor.receive()
        except Closed as end:
            if end.code != int(code):
                raise Failed(f"{line}\n  expected: {code}\n  came:     {end}") from None
            role.closed = True
            self._record.closes[word] += 1
        else:
            came = "nothing" if frame is None else frame
            raise Failed(f"{line}\n  expected: the end of the connection\n  came:     {came}")


def _id_in(raw: str) -> list[tuple[int, str]]:
    """The number that the answer to a raw frame will bear, if it has one."""
    try:
        frame = json.loads(raw)
    except ValueError:
        return []
    number = frame.get("id") if isinstance(frame, dict) else None
    return [(number, str(frame.get("type")))] if isinstance(number, int) else []


def _passed_over(role: Role, frame: str) -> bool:
    """News of presence come when a second is over, so a play need not mention them."""
    if role.dialect == TEXT:
        return _PRESENCE.fullmatch(frame) is not None
    return bool(json.loads(frame)["type"] == "presence")
