"""What `chatd bench` counts, how it tells it, and what it is asked for."""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import replace

import pytest

from chatd.bench.arguments import arguments
from chatd.bench.report import Run, percentiles, text, told
from chatd.bench.tally import KINDS, LONGEST, OTHER, Ear, Tally, read, words
from chatd.bench.verb import plan_of

URL = "ws://127.0.0.1:1/"


def asked(*more: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    arguments(parser)
    return parser.parse_args([URL, *more])


def run(tally: Tally, **changed: float) -> Run:
    usual = Run(
        url=URL,
        connections=1,
        rooms=1,
        rate=2.0,
        duration=2.0,
        tally=tally,
        talked=2.0,
        busy=0.1,
    )
    return replace(usual, **changed)  # type: ignore[arg-type]  # fields by their names


def heard() -> Tally:
    return Tally(
        opened=[0.010], acknowledged=[0.001] * 4, delivered=[0.002] * 4, said=4, expected=4
    )


def test_a_message_is_read_as_it_was_worded_and_others_are_not_ours() -> None:
    said = words("ab12", "7", 3, 12.5, 64)
    assert len(said) == 64
    assert read(said, "ab12") == ("7", 3, 12.5)
    assert read(said, "cd34") is None
    assert read("hello all of you", "hello") is None
    assert read("hello", "hello") is None


def test_a_message_counts_once_and_what_never_came_is_lost() -> None:
    tally = Tally(expected=3)
    ear = Ear(tally)
    for number in (1, 2, 2, 1):
        ear.hears("ann", number, 0.1)
    assert (len(tally.delivered), tally.doubled, tally.lost) == (2, 2, 1)


def test_a_servers_own_words_do_nothing_to_a_terminal_or_to_the_report() -> None:
    tally = Tally()
    tally.refuse("\x1b[2Jno\nlost         0 of 0")
    tally.refuse("")
    tally.refuse("y" * 10_000)
    assert list(tally.refused) == ["\u241b[2Jno lost 0 of 0", "without a reason", "y" * LONGEST]


def test_reasons_without_end_are_folded() -> None:
    tally = Tally()
    for number in range(KINDS + 5):
        tally.refuse(f"request {number}")
        tally.refuse("request 0")
    assert len(tally.refused) == KINDS + 1
    assert tally.refused["request 0"] == KINDS + 6
    assert tally.refused[OTHER] == 5


def test_percentiles_are_of_what_was_measured() -> None:
    assert percentiles([]) == {}
    ages = [each / 1000 for each in range(101)]
    assert percentiles(ages) == {"p50": 50.0, "p90": 90.0, "p99": 99.0, "longest": 100.0}


@pytest.mark.parametrize(
    ("tally", "good"),
    [
        (heard(), True),
        (replace(heard(), doubled=1), False),
        (replace(heard(), expected=5), False),
        (replace(heard(), opened=[]), False),
        (replace(heard(), refused=Counter(rate_limited=1)), False),
    ],
)
def test_a_run_is_good_when_all_came_and_nothing_was_lost_doubled_or_refused(
    tally: Tally, *, good: bool
) -> None:
    assert run(tally).good is good
    assert told(run(tally))["good"] is good


def test_a_report_says_it_in_words() -> None:
    said = text(run(replace(heard(), refused=Counter(rate_limited=2))))
    assert "1 of 1 connections open" in said
    assert "4 messages said of 4 asked for" in said
    assert "acknowledged 4 (2 a second): p50 1 ms" in said
    assert "lost         0 of 4" in said
    assert "refused      2 times: rate_limited" in said
    assert "10 % of a core" in said
    assert "may be the limit" not in said
    assert "may be the limit" in text(run(heard(), busy=0.9))


def test_a_plan_is_what_was_asked_for() -> None:
    plan = plan_of(asked("--connections", "20", "--rooms", "4", "--duration", "90s"))
    assert (plan.connections, plan.rooms, plan.duration, plan.history) == (20, 4, 90.0, None)
    assert plan_of(asked("--no-history")).history is False


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--rooms", "200"], "take fewer rooms"),
        (["--ca", "x"], "has no TLS"),
    ],
)
def test_what_cannot_be_is_refused(more: list[str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        plan_of(asked(*more))


@pytest.mark.parametrize(
    "more",
    [["--connections", "0"], ["--rate", "fast"], ["--rate", "0"], ["--duration", "2h"]],
)
def test_a_wrong_number_is_told(more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        asked(*more)
    assert "error" in capsys.readouterr().err
