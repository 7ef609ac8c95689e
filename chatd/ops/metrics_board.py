"""All values of a catalogue in one place, and how prometheus_client gets to see them.
Who changes them is metrics_meters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from chatd.ops.metrics_catalogue import Row
from chatd.ops.metrics_values import Count, Level, Spread

V = TypeVar("V")


class Children(dict[tuple[str, ...], V]):
    """One metric's values, by its label values. What is on no list is counted as OTHER: a surprise
    must neither break what is measured nor make a time series of its own."""

    def __init__(self, values: Mapping[tuple[str, ...], V]) -> None:
        super().__init__(values)
        self._other = next(reversed(self.values()))

    def __missing__(self, _labels: tuple[str, ...]) -> V:
        return self._other


class Board(Collector):
    """Values for every row, zero from the start. ``given`` has the label values that the catalogue
    does not know.

    Rendering reads them from another thread while they change; nothing is added or removed then.
    """

    def __init__(self, rows: Iterable[Row], given: Mapping[str, tuple[str, ...]]) -> None:
        self._rows = tuple(rows)
        self._counts: dict[str, Children[Count]] = {}
        self._levels: dict[str, Children[Level]] = {}
        self._spreads: dict[str, Children[Spread]] = {}
        for row in self._rows:
            labels = row.children(given)
            match row.kind:
                case "counter":
                    self._counts[row.name] = Children({each: Count() for each in labels})
                case "gauge":
                    self._levels[row.name] = Children({each: Level() for each in labels})
                case "histogram":
                    self._spreads[row.name] = Children({e: Spread(row.buckets) for e in labels})

    def counts(self, name: str) -> Children[Count]:
        """A counter's values by its labels."""
        return self._counts[name]

    def levels(self, name: str) -> Children[Level]:
        """A gauge's values by its labels."""
        return self._levels[name]

    def spreads(self, name: str) -> Children[Spread]:
        """A histogram's values by its labels."""
        return self._spreads[name]

    def count(self, name: str) -> Count:
        """The one value of a counter without labels."""
        return self._counts[name][()]

    def level(self, name: str) -> Level:
        """The one value of a gauge without labels."""
        return self._levels[name][()]

    def spread(self, name: str) -> Spread:
        """The one value of a histogram without labels."""
        return self._spreads[name][()]

    def collect(self) -> Iterator[Metric]:
        """Everything as it stands, in the order of the catalogue; for any thread."""
        for row in self._rows:
            match row.kind:
                case "counter":
                    yield self._counter(row)
                case "gauge":
                    yield self._gauge(row)
                case "histogram":
                    yield self._histogram(row)

    def _counter(self, row: Row) -> Metric:
        family = CounterMetricFamily(row.name, row.about, labels=_names(row))
        for labels, value in self._counts[row.name].items():
            family.add_metric(labels, value.value)
        return family

    def _gauge(self, row: Row) -> Metric:
        family = GaugeMetricFamily(row.name, row.about, labels=_names(row))
        for labels, value in self._levels[row.name].items():
            family.add_metric(labels, value.value)
        return family

    def _histogram(self, row: Row) -> Metric:
        family = HistogramMetricFamily(row.name, row.about, labels=_names(row))
        bounds = [*map(str, row.buckets), "+Inf"]
        for labels, value in self._spreads[row.name].items():
            counts, total = value.read()
            family.add_metric(labels, list(zip(bounds, counts, strict=True)), total)
        return family


def _names(row: Row) -> list[str]:
    return [label.name for label in row.labels]
