"""What a support bundle keeps out of the lines of the log."""

from __future__ import annotations

import json

from chatd.ops.log_entry import Entry
from chatd.ops.support import WITHHELD, without_names


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
