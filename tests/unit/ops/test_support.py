"""What a support bundle keeps out of the configuration, and of the lines of the log."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chatd.ops.config import KEYS, Invalid
from chatd.ops.config.load import parse
from chatd.ops.log_entry import Entry, Fact
from chatd.ops.support import ADDRESS, KEYS_WITHHELD, WITHHELD, without_names, without_values

TELLING = {"string", "room", "table", "list of networks", "list of origins", "list of hosts"}
"""The types of keys that may hold a name or an address."""
SHOWN = {"rooms.create", "limits.command", "limits.mode", "log.format", "log.level"}
"""Those of these types that hold words of chatd's own."""


def test_a_line_of_the_log_is_told_whole_but_for_who_and_where() -> None:
    made = Entry(1.5, "info", "joined", "chatd", True, {"user": "ann", "room": "attic", "n": 3})
    told = json.loads(json.dumps(without_names(made)))
    assert told == {
        "time": 1.5,
        "level": "info",
        "event": "joined",
        "logger": "chatd",
        "ours": True,
        "facts": {"user": WITHHELD, "room": WITHHELD, "n": 3},
    }
    assert made.facts["user"] == "ann"


def test_what_may_name_somebody_is_withheld_key_by_key() -> None:
    telling = {key.name for key in KEYS.values() if key.kind.word in TELLING}
    assert telling - SHOWN == KEYS_WITHHELD


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[rooms]\nlobby = "Geheim, no name"', "f:2: rooms.lobby"),
        ('[http]\nhosts = ["good.example", "geheim one"]', "f:2: http.hosts"),
        ('[retention.rooms]\ngeheim = "long"', "f:2: retention.rooms"),
        ("[server]\ngeheim = 1", "f:2:"),
        ("[http]\norigins = [geheim]", "f:2:12:"),
        ("[geheim]\n", "f:1:"),
    ],
)
def test_of_what_is_wrong_with_a_configuration_the_place_is_told(text: str, told: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse(text, "f", Path("/"))
    for problem in caught.value.problems:
        assert without_values(str(problem)) == f"{told} {WITHHELD}"
        entry = Entry(1.0, "error", "config_invalid", "chatd", True, {"problem": str(problem)})
        assert without_names(entry)["facts"] == {"problem": f"{told} {WITHHELD}"}


def test_the_facts_of_a_record_that_was_lost_are_withheld() -> None:
    facts: dict[str, Fact] = {"verb": "login_failed", "facts": ["user=robert.roe", "failures=3"]}
    told = without_names(Entry(1.0, "warning", "audit_lost", "chatd", True, facts))
    assert told["facts"] == {"verb": "login_failed", "facts": WITHHELD}


def test_what_is_no_such_problem_is_told_but_for_addresses() -> None:
    said = "/etc/chatd/chatd.toml: cannot be read: Permission denied"
    assert without_values(said) == said
    assert without_values("198.51.100.7 has no room") == f"{ADDRESS} has no room"
