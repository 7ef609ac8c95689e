"""Every metric that chatd has of its own, once, with all that is said about it.
The values are metrics_values; docs/metrics.md is made of this by metrics_reference."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Literal

from chatd.core.commands import EVERY
from chatd.core.errors import CLOSES, ERRORS

OTHER = "other"
"""What is counted under a label when its value is on no list: never seen, unless chatd has a bug."""


@dataclass(frozen=True, slots=True)
class Label:
    """A label and all its values; no values: they are given when the program starts.

    ``says`` is for the reference. Never a user, a room or an address: those have no end.
    """

    name: str
    says: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One metric. ``shared``: several threads change it, so that it has to lock."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[Label, ...] = ()
    buckets: tuple[float, ...] = ()
    shared: bool = False

    def children(self, given: dict[str, tuple[str, ...]]) -> list[tuple[str, ...]]:
        """The label values of all its time series."""
        values = [label.values or given[label.name] for label in self.labels]
        listed = list(product(*values))
        return [*listed, (OTHER,) * len(values)] if values else listed


def _counter(name: str, text: str, *labels: Label, shared: bool = False) -> Row:
    return Row(name=name, kind="counter", help=text, labels=labels, shared=shared)


def _gauge(name: str, text: str, *labels: Label) -> Row:
    return Row(name=name, kind="gauge", help=text, labels=labels)


def _histogram(
    name: str, text: str, buckets: tuple[float, ...], *labels: Label, shared: bool = False
) -> Row:
    return Row(
        name=name, kind="histogram", help=text, labels=labels, buckets=buckets, shared=shared
    )
