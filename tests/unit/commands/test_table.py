"""The COMMANDS table: what stands in it, and what the gate makes of it."""

from __future__ import annotations

import pytest

from chatd.commands import COMMANDS
from chatd.core import commands as c
from tests.house.house import House


def test_every_command_has_its_row_and_every_row_its_command() -> None:
    assert set(COMMANDS) == set(c.EVERY)


def test_before_the_log_in_one_may_log_in_ask_for_an_answer_and_leave() -> None:
    assert {kind for kind, row in COMMANDS.items() if row.anyone} == {c.Login, c.Ping, c.Quit}


@pytest.mark.parametrize("kind", [k for k, row in COMMANDS.items() if not row.anyone])
def test_everything_else_is_refused_before_the_log_in(kind: type[c.Command]) -> None:
    house = House()
    nobody = house.connects()
    needed = {"room": "lobby", "seq": 1, "text": "x", "emoji": "+", "topic": "x", "query": "x"}
    needed |= {"user": "ann", "role": "member", "nick": "ann"}
    needed |= {"who": "ann", "seconds": 1, "number": 1, "outcome": "x", "verb": "send"}
    fields = {name: needed[name] for name in kind.__struct_fields__ if name in needed}
    asked = len(house.weather.asked)
    answer = nobody.asks(type=str(kind.__struct_config__.tag), **fields)
    assert answer["code"] == "not_logged_in"
    assert len(house.weather.asked) == asked


def test_only_sends_to_a_room_go_side_by_side() -> None:
    pipelined = [k for k, row in COMMANDS.items() if row.pipelined(c.Send(text="x", room="lobby"))]
    assert pipelined == [c.Send]
    assert not COMMANDS[c.Send].pipelined(c.Send(text="x", to="ann"))


def test_what_takes_much_work_costs_more_and_goodbye_costs_nothing() -> None:
    assert COMMANDS[c.Quit].cost == 0.0
    dear = {kind for kind, row in COMMANDS.items() if row.cost > 1.0}
    everybody = {c.Login, c.Nick, c.Create, c.Direct, c.Search, c.Unread, c.Report}
    assert dear == everybody | {c.Everybody, c.Reload, c.Support, c.Audit, c.AuditVerify}
    assert all(row.cost > 0.0 for kind, row in COMMANDS.items() if kind is not c.Quit)
