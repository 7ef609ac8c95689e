"""A measurement that the hypervisor disturbed is taken again: of how it is told, and how often."""

from __future__ import annotations

from itertools import accumulate, count
from typing import Any

import pytest

from tests.bench import driving
from tests.bench.driving import CALM, TRIES, calmly
from tests.bench.processes import stolen

TICKS = 1000
DISTURBED = 0.2


@pytest.mark.parametrize(
    ("shares", "taken", "kept"),
    [
        ([0.0], 1, 0),
        ([CALM], 1, 0),
        ([DISTURBED, 0.0], 2, 1),
        ([DISTURBED, DISTURBED / 2, DISTURBED], TRIES, 1),
    ],
)
def test_the_calmest_counts(
    monkeypatch: pytest.MonkeyPatch, shares: list[float], taken: int, kept: int
) -> None:
    steps = [(0.0, 0.0), *((share * TICKS, float(TICKS)) for share in shares)]
    sums = list(accumulate(steps, lambda a, b: (a[0] + b[0], a[1] + b[1])))
    asked = iter([sums[0], *(each for each in sums[1:] for _ in range(2))])
    numbers = count()
    monkeypatch.setattr(driving, "stolen", lambda: next(asked))
    monkeypatch.setattr(driving, "measured", lambda *_: {"number": next(numbers)})
    nobody: Any = None
    assert calmly(nobody, nobody) == {"number": kept, "stolen": shares[kept]}
    assert next(numbers) == taken


def test_what_linux_tells_is_understood() -> None:
    taken, whole = stolen()
    assert 0 <= taken <= whole
    assert whole > 0
