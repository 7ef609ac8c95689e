"""The limits: what is counted as one client, how a limit is held, and how it is explained."""

from __future__ import annotations

from typing import get_args

import pytest

from chatd.core.guard import QUIET, Guard
from chatd.core.limits import LIMITS, LimitName, Mode, Pace, Usage, network_of, standings
from chatd.core.settings import Settings
from tests.house.recorder import Log, Meter
from tests.house.world import Clock


def test_every_limit_says_what_it_means() -> None:
    assert set(LIMITS) == set(get_args(LimitName))


@pytest.mark.parametrize(
    ("address", "prefixes", "client"),
    [
        ("192.0.2.7", (32, 64), "192.0.2.7"),
        ("192.0.2.7", (24, 64), "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", (32, 64), "2001:db8:1:2::/64"),
        ("2001:db8:1:2:3::4", (32, 48), "2001:db8:1::/48"),
        ("2001:db8::1", (32, 128), "2001:db8::1"),
        ("unix", (24, 64), "unix"),
    ],
)
def test_an_address_is_counted_as_its_network(
    address: str, prefixes: tuple[int, int], client: str
) -> None:
    assert network_of(address, *prefixes) == client


class Scene:
    """A guard with its clock, meter and log."""

    def __init__(self, mode: Mode) -> None:
        self.clock, self.meter, self.log = Clock(), Meter(), Log()
        modes: dict[LimitName, Mode] = {"rate": mode}
        self.guard = Guard(lambda: modes, self.clock, self.meter, self.log)

    def hits(self) -> int:
        return sum(n for name, n in self.meter.counts.items() if name.startswith("limit_hit"))


@pytest.mark.parametrize(
    ("mode", "stops", "hits"), [("on", 1, 1), ("dry-run", 0, 1), ("off", 0, 0)]
)
def test_a_limit_that_is_met_is_counted_unless_off_and_held_only_when_on(
    mode: Mode, stops: int, hits: int
) -> None:
    scene = Scene(mode)
    assert scene.guard.stops("rate", session=1) is bool(stops)
    assert scene.hits() == hits == len(scene.log.lines)


def test_a_flood_is_a_line_of_the_log_now_and_then_with_its_number() -> None:
    scene = Scene("on")
    for _ in range(1000):
        scene.guard.stops("rate", session=1)
    assert len(scene.log.lines) == 1
    scene.clock.pass_(QUIET)
    scene.guard.stops("rate", session=2)
    assert "'times': 1000" in scene.log.lines[1]
    assert "'session': 2" in scene.log.lines[1]


FULL = Usage(
    rooms=200, direct_rooms=500, sessions=50, members=10_000, rate_wait=0.5, command_wait=2.0,
    account_wait=9.0,
)  # fmt: skip


@pytest.mark.parametrize(
    ("verb", "limits"),
    [
        ("send", ["rate"]),
        ("join", ["rate", "rooms_per_user", "members_per_room"]),
        ("create_private", ["rate", "command", "rooms_per_user"]),
        ("invite", ["rate", "members_per_room"]),
        ("direct", ["rate", "direct_rooms_per_user"]),
        ("login", ["rate", "failed_logins_per_account", "sessions_per_user"]),
    ],
)
def test_a_verb_meets_its_limits(verb: str, limits: list[str]) -> None:
    settings = Settings(paces={"create": Pace(0.1, 5)})
    full = standings(settings, FULL, verb)
    assert [each.limit for each in full if each.stops] == limits
    assert all("limits." in each.hint and "reload" in each.hint for each in full)
    free = standings(settings, Usage(members=0, rate_wait=0.0, account_wait=0.0), verb)
    assert [each.limit for each in free] == limits
    assert not any(each.met for each in free)


def test_what_is_off_is_not_looked_at_and_a_dry_run_stops_nobody() -> None:
    settings = Settings(modes={"rooms_per_user": "off", "members_per_room": "dry-run"})
    found = standings(settings, FULL, "join")
    assert [(each.limit, each.met, each.stops) for each in found] == [
        ("rate", True, True),
        ("members_per_room", True, False),
    ]


def test_a_standing_says_what_is_set_and_what_is_used() -> None:
    [rate, rooms, _] = standings(Settings(), FULL, "join")
    assert (rate.value, rate.used, rate.wait_ms) == (
        "20 a second, 100 at once",
        "free in 0.5 s",
        501,
    )
    assert (rooms.value, rooms.used, rooms.wait_ms) == ("200", "200", None)
    assert rooms.hint == (
        'raise limits.rooms_per_user, or set limits.mode.rooms_per_user = "dry-run"; then reload'
    )
