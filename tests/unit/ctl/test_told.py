"""How chatctl counts what it tells."""

from __future__ import annotations

from typing import Any

import pytest

from chatd.ctl.told import TOLD, remaining

LEAVING: dict[str, Any] = {"draining": True}
WHOLE: dict[str, Any] = {"whole": True, "head": "ab", "found": None}
STATUS: dict[str, Any] = {
    "server": "chat",
    "version": "1",
    "uptime": 0,
    "since": 0,
    "draining": False,
    "emergency": "off",
    "listening": [],
    "config": "x",
    "reloaded": True,
    "restart": [],
    "log_level": "info",
    "schema": 1,
    "epoch": "e",
}
COUNTED = ("sessions", "users", "rooms", "bans", "mutes", "reports")


@pytest.mark.parametrize(
    ("word", "answer", "told"),
    [
        ("drain", LEAVING | {"sessions": 1}, "draining; 1 session is still here"),
        ("drain", LEAVING | {"sessions": 2}, "draining; 2 sessions are still here"),
        ("auditverify", WHOLE | {"records": 1}, "the audit log is whole: 1 record, head ab"),
        ("auditverify", WHOLE | {"records": 2}, "the audit log is whole: 2 records, head ab"),
        ("everybody", {"people": [], "strangers": 1}, "nobody is here\n1 more is not logged in"),
        ("everybody", {"people": [], "strangers": 2}, "nobody is here\n2 more are not logged in"),
    ],
)
def test_one_is_one_and_not_several(word: str, answer: dict[str, Any], told: str) -> None:
    assert TOLD[word](answer) == told


def test_the_status_counts_each_by_itself() -> None:
    one = TOLD["status"](STATUS | dict.fromkeys(COUNTED, 1))
    assert "1 session, 1 user, 1 room in use\n" in one
    assert "1 ban, 1 mute; 1 report open\n" in one
    none = TOLD["status"](STATUS | dict.fromkeys(COUNTED, 0))
    assert "0 sessions, 0 users, 0 rooms in use\n" in none
    assert "0 bans, 0 mutes; 0 reports open\n" in none


def test_who_waits_for_a_drain_is_told_how_many_it_waits_for() -> None:
    assert [remaining(1), remaining(3)] == ["1 session is still here", "3 sessions are still here"]
