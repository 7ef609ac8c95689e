"""The token bucket, and the peak of a rate."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatd.core.buckets import Bucket, Buckets, PeakRate


def test_a_burst_is_free_and_then_one_waits() -> None:
    bucket = Bucket(0.0, 3)
    assert [bucket.take(1.0, 0.0, 2.0, 3) for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]


def test_a_refusal_costs_nothing() -> None:
    bucket = Bucket(0.0, 1)
    bucket.take(1.0, 0.0, 1.0, 1)
    assert [bucket.take(1.0, at, 1.0, 1) for at in (0.25, 0.5, 0.75)] == [0.75, 0.5, 0.25]
    assert bucket.take(1.0, 1.0, 1.0, 1) == 0.0


def test_who_waits_as_told_is_let_in() -> None:
    bucket = Bucket(0.0, 5)
    bucket.take(5.0, 0.0, 2.0, 5)
    wait = bucket.take(5.0, 0.0, 2.0, 5)
    assert bucket.take(5.0, wait, 2.0, 5) == 0.0


def test_rest_fills_no_more_than_a_burst() -> None:
    bucket = Bucket(0.0, 2)
    assert [bucket.take(1.0, 1e9, 10.0, 2) for _ in range(3)] == [0.0, 0.0, 0.1]


def test_what_costs_more_than_a_burst_costs_all_of_it() -> None:
    bucket = Bucket(0.0, 2)
    assert bucket.take(5.0, 0.0, 1.0, 2) == 0.0
    assert bucket.take(5.0, 0.0, 1.0, 2) == 2.0


def test_a_reload_reaches_a_bucket_at_its_next_use() -> None:
    bucket = Bucket(0.0, 100)
    assert bucket.take(1.0, 0.0, 1.0, 1) == 0.0
    assert bucket.take(1.0, 0.0, 0.5, 1) == 2.0
    assert bucket.take(3.0, 1.0, 4.0, 100) == 0.0


@given(st.lists(st.tuples(st.floats(0, 10), st.floats(0, 5)), max_size=50))
def test_no_more_passes_than_burst_and_rate_allow(steps: list[tuple[float, float]]) -> None:
    bucket, now, passed = Bucket(0.0, 7), 0.0, 0.0
    for pause, cost in steps:
        now += pause
        if bucket.take(cost, now, 3.0, 7) == 0.0:
            passed += cost
        assert passed <= 7 + now * 3.0 + 1e-6


def test_the_peak_is_the_fullest_second() -> None:
    peak = PeakRate()
    assert peak.peak == 0
    for at in (0.0, 0.1, 0.9, 1.0, 1.5, 7.0, 7.1, 7.2, 7.3, 9.0):
        peak.count(at)
    assert peak.peak == 4


def test_to_ask_takes_nothing_and_what_was_taken_for_nothing_is_given_back() -> None:
    bucket = Bucket(0.0, 2)
    assert bucket.wait(1.0, 0.0, 1.0, 2) == 0.0
    bucket.take(2.0, 0.0, 1.0, 2)
    assert bucket.wait(1.0, 0.5, 1.0, 2) == 0.5
    assert bucket.wait(1.0, 0.5, 1.0, 2) == 0.5
    bucket.give(1.0)
    assert bucket.take(1.0, 0.0, 1.0, 2) == 0.0


def test_each_key_has_its_own_bucket_and_the_oldest_make_room() -> None:
    buckets = Buckets(most=2)
    assert buckets.take("a", 1.0, 0.0, 1.0, 1) == 0.0
    assert buckets.take("b", 1.0, 0.0, 1.0, 1) == 0.0
    assert buckets.take("a", 1.0, 0.0, 1.0, 1) == 1.0  # asked for later than b
    assert buckets.take("c", 1.0, 0.0, 1.0, 1) == 0.0
    assert len(buckets) == 2
    assert buckets.wait("a", 1.0, 0.0, 1.0, 1) == 1.0
    assert buckets.wait("b", 1.0, 0.0, 1.0, 1) == 0.0
    buckets.give("a", 1.0)
    buckets.give("nobody", 1.0)
    assert buckets.take("a", 1.0, 0.0, 1.0, 1) == 0.0
