"""The threads that hash: outcomes come home, and the queue is bounded."""

import queue
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from chatd.auth.threads import Threads
from chatd.core.errors import Refused

DEADLINE = 10.0


class Home:
    """The reactor's thread: calls from others wait here until the test takes them."""

    def __init__(self) -> None:
        self.calls: queue.Queue[Callable[[], None]] = queue.Queue()

    def take(self, count: int = 1) -> None:
        for _ in range(count):
            self.calls.get(timeout=DEADLINE)()


class Meter:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.counts: list[int] = []

    def hashed(self, seconds: float) -> None:
        self.times.append(seconds)

    def inside(self, passwords: int) -> None:
        self.counts.append(passwords)


@pytest.fixture
def home() -> Home:
    return Home()


@pytest.fixture
def threads(home: Home) -> Iterator[Threads]:
    ours = Threads(home.calls.put, size=1, queue=2)
    ours.start()
    yield ours
    ours.stop()


def outcome(deferred: Deferred[str]) -> list[str | Failure]:
    seen: list[str | Failure] = []
    deferred.addCallbacks(seen.append, seen.append)
    return seen


def refused(seen: list[str | Failure]) -> str:
    (failure,) = seen
    assert isinstance(failure, Failure)
    assert isinstance(failure.value, Refused)
    return failure.value.code.word


def test_work_is_done_in_another_thread_and_its_outcome_comes_home(
    threads: Threads, home: Home
) -> None:
    seen = outcome(threads(lambda: threading.current_thread().name))
    home.take()
    assert seen != [threading.current_thread().name]
    assert len(seen) == 1


def test_what_the_work_raises_comes_home_too(threads: Threads, home: Home) -> None:
    seen = outcome(threads(lambda: str(1 // 0)))
    home.take()
    assert isinstance(seen[0], Failure)
    assert isinstance(seen[0].value, ZeroDivisionError)


def test_what_runs_and_waits_is_measured(home: Home) -> None:
    meter = Meter()
    threads = Threads(home.calls.put, size=1, queue=2, meter=meter)
    threads.start()
    for work in (str, lambda: str(1 // 0)):
        outcome(threads(work))
    home.take(2)
    threads.stop()
    assert meter.counts == [1, 2, 1, 0]
    assert len(meter.times) == 1
    assert meter.times[0] >= 0


def test_when_too_much_waits_more_is_refused_with_a_time_to_come_back(
    threads: Threads, home: Home
) -> None:
    gate = threading.Event()
    for _ in range(3):
        threads(lambda: str(gate.wait(DEADLINE)))
    with pytest.raises(Refused) as no:
        threads(str)
    assert no.value.code.word == "rate_limited"
    assert no.value.retry_after_ms is not None
    assert no.value.retry_after_ms >= 100
    gate.set()
    home.take(3)
    seen = outcome(threads(lambda: "in again"))
    home.take()
    assert seen == ["in again"]


def test_who_stops_waiting_does_not_make_room_in_a_full_queue(threads: Threads, home: Home) -> None:
    gate = threading.Event()
    waiting = [threads(lambda: str(gate.wait(DEADLINE))) for _ in range(3)]
    seen = outcome(waiting[2])
    waiting[2].cancel()
    assert isinstance(seen[0], Failure)
    with pytest.raises(Refused):
        threads(str)
    gate.set()
    home.take(3)
    assert len(seen) == 1


def test_stopping_lets_what_runs_finish_and_refuses_what_waits(
    threads: Threads, home: Home
) -> None:
    begun = threading.Event()

    def until_stopped() -> str:
        begun.set()
        deadline = time.monotonic() + DEADLINE
        while threads._running and time.monotonic() < deadline:
            pass
        return "never stopped" if threads._running else "done"

    runs, waits = outcome(threads(until_stopped)), outcome(threads(lambda: "too late"))
    begun.wait(DEADLINE)
    threads.stop()
    home.take(2)
    assert runs == ["done"]
    assert refused(waits) == "draining"


def test_before_the_start_and_after_the_stop_nothing_is_taken(home: Home) -> None:
    threads = Threads(home.calls.put, size=1, queue=2)
    with pytest.raises(Refused, match="stopping"):
        threads(str)
    threads.start()
    threads.stop()
    threads.stop()
    with pytest.raises(Refused, match="stopping"):
        threads(str)
