"""A hostile client of each kind, at a real process; two honest people go on chatting beside it.
What an attack does is attacks.py; how the honest ones are asked is company.py."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.process.client import Client
from tests.process.company import UNDER_ATTACK, Company, attacked
from tests.process.harness import Daemon, eventually

ROUND_TRIPS = 30
MET = {
    # attack: what became of it, and the limit that it met, if one that is counted
    "slowloris": ({"cut off"}, "connections_per_address"),
    "giant_frame": ({"1009"}, "frame_bytes"),
    "fragment_flood": ({"1009"}, "frame_parts"),
    "pings": ({"held", "taken"}, "rate"),  # the kernel may take what chatd does not read
    "compressed_bomb": ({"1002"}, None),
    "inflated_bomb": ({"1009"}, "frame_bytes"),
    "inflated_flood": ({"left"}, "rate"),
    "never_reads": ({"held", "cut off"}, "rate"),
    "guesser": ({"rate_limited"}, "failed_logins_per_a"),
    "crowd": ({"closed", "429"}, "connections_per_address"),
    "search_hog": ({"rate_limited"}, "command"),
    "proxy_liar": ({"400"}, None),
}


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One for all attacks: what one does must not harm the next."""
    with closing(Daemon(tmp_path_factory.mktemp("attacked"), UNDER_ATTACK)) as daemon:
        made = daemon.verb("user", "add", "alice", "--config", str(daemon.config), stdin="x" * 12)
        assert made.returncode == 0, made.stderr
        daemon.start()
        log_in(daemon)  # from here on alice is at home at this address
        yield daemon
        assert daemon.stop() == 0
        assert daemon.faults() == []


def log_in(daemon: Daemon) -> None:
    """alice comes, with her password, and goes."""
    alice = Client(daemon.url())
    alice.must("login", user="alice", password="x" * 12)
    alice.must("quit")
    alice.closed()


def hits(daemon: Daemon, limit: str) -> float:
    """How often limits whose names begin like this were met."""
    status, text = daemon.get("/metrics")
    assert status == 200
    wanted = f'chatd_limit_hits_total{{limit="{limit}'
    return sum(float(each.split()[-1]) for each in text.splitlines() if each.startswith(wanted))


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", MET)
def test_honest_people_go_on_chatting_beside(daemon: Daemon, name: str) -> None:
    expected, limit = MET[name]
    before = hits(daemon, limit) if limit else 0.0
    with closing(Company(daemon)) as company, attacked(daemon, name) as attacker:
        for _ in range(ROUND_TRIPS):
            company.round_trip()
        log_in(daemon)  # nor does anybody new wait at the door
        if limit:
            eventually(lambda: hits(daemon, limit) > before)
    assert expected & set(attacker.became), attacker.became
    eventually(lambda: daemon.metric("chatd_connections") == 0)
