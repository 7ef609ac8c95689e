"""Which dialects there are: those whose file lies in the folder."""

from __future__ import annotations

from pathlib import Path

import pytest

import chatd.dialects
from chatd.core import events as e
from chatd.core.commands import Ping
from chatd.core.settings import Settings
from chatd.dialects import all_dialects

SHOUT = """
from chatd.core.commands import Ping
from chatd.core.ports import Frame


def dialect(settings):
    return Shout()


class Shout:
    name = "shout"
    subprotocol = "chatd.shout"
    echo = True
    resumes = False

    def speaker(self):
        return self

    def opening(self):
        return []

    def heard(self, payload):
        return [Ping()]

    def answer(self, command, answer):
        return Frame(b"OK!")

    def event(self, event, *, label, now):
        return Frame(label.upper().encode() + b"!")
"""


def test_json_and_text_are_there() -> None:
    assert {"json", "text"} <= all_dialects(Settings()).keys()


def test_no_two_dialects_share_a_subprotocol() -> None:
    found = all_dialects(Settings()).values()
    assert len({d.subprotocol for d in found}) == len(found)


def test_a_third_dialect_is_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shout.py").write_text(SHOUT)
    monkeypatch.setattr(chatd.dialects, "__path__", [*chatd.dialects.__path__, str(tmp_path)])
    shout = all_dialects(Settings())["shout"]
    assert shout.speaker().heard(b"anything") == [Ping()]
    frame = shout.event(e.Joined(room="lobby", user="ann"), label="lobby", now=0)
    assert frame is not None
    assert frame.payload == b"LOBBY!"
