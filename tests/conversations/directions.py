"""The stage directions: everything in a play that nobody says or hears.
What the director does with connections is in director.py; the rest is the stage's."""

from __future__ import annotations

import re
from typing import NamedTuple

from tests.conversations.script import Line, Play


class Direction(NamedTuple):
    """How a direction is written, and what a stage must be able to for it ("": any is)."""

    what: str
    form: re.Pattern[str]
    needs: str = ""


_WHO = r"(?P<who>[a-z][a-z0-9]*)"

DIRECTIONS = (
    # connections
    Direction("connects", re.compile(rf"{_WHO} connects(?: (?P<dialect>json|text))?")),
    Direction(
        "arrives",
        re.compile(rf'{_WHO} arrives(?: with "(?P<password>[^"]+)")?(?: in (?P<rooms>\S.*))?'),
    ),
    Direction("closes", re.compile(rf"{_WHO} closes")),
    Direction("drops", re.compile(rf"{_WHO} drops")),
    Direction("is_closed", re.compile(rf"{_WHO} is closed (?P<code>\d+) (?P<word>\w+)")),
    # what an operator does
    Direction(
        "account",
        re.compile(r'account (?P<name>\S+) "(?P<password>[^"]*)"(?P<operator> operator)?'),
    ),
    Direction("disable", re.compile(r"account (?P<name>\S+) is disabled")),
    Direction("token", re.compile(r"token \$(?P<name>\w+) for (?P<user>\S+)")),
    Direction("revoke", re.compile(r"token \$(?P<name>\w+) is revoked")),
    Direction("settings", re.compile(r"settings (?P<pairs>\S+=.*)"), "settings"),
    Direction("hush", re.compile(r"the server takes no more"), "drain"),
    Direction("wrong", re.compile(r'the configuration is wrong "(?P<why>[^"]+)"'), "configuration"),
    Direction("home", re.compile(r"the server sends everybody home"), "drain"),
    # what the world does
    Direction("time", re.compile(r"time passes (?P<seconds>[\d.]+)"), "time"),
    Direction("full", re.compile(r"the disk is full"), "store"),
    Direction("failing", re.compile(r"the store fails"), "store"),
    Direction("broken", re.compile(r"the store breaks(?: at (?P<call>\w+))?"), "store"),
    Direction("endless", re.compile(r"the next search does not end"), "store"),
    Direction("well", re.compile(r"the store works again"), "store"),
    Direction("late", re.compile(r"the store takes its time"), "store"),
    Direction("arrived", re.compile(r"the store is done"), "store"),
    Direction("slow", re.compile(rf"{_WHO} reads nothing"), "slow"),
    Direction("fast", re.compile(rf"{_WHO} reads again"), "slow"),
)


def direction(line: Line) -> tuple[Direction, dict[str, str]] | None:
    """The direction of a line and its words; None when it is none."""
    for each in DIRECTIONS:
        found = each.form.fullmatch(line.text)
        if found:
            return each, {name: word for name, word in found.groupdict().items() if word}
    return None


def needs(play: Play) -> frozenset[str]:
    """What a stage must be able to for this play."""
    directed = (direction(line) for line in play.lines if not line.who)
    return frozenset(each[0].needs for each in directed if each) - {""}
