"""What a dashboard is made of, as values: panels with their queries, in rows under headings.
How Grafana wants it is drawing.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

CHOSEN = 'job=~"$job", instance=~"$instance"'
"""Stands in every query, in the place of @: what was chosen at the top of the board."""


@dataclass(frozen=True, slots=True)
class Query:
    """``expr`` is PromQL, ``legend`` Grafana's template of a line's name."""

    expr: str
    legend: str = "{{instance}}"

    @property
    def text(self) -> str:
        """PromQL with the choice put in."""
        return self.expr.replace("@", CHOSEN)


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture. ``says`` is what a reader should know of it; ``unit`` one of Grafana's.

    ``kind``: lines over time, or one number. ``bad``: from here on (or, if ``low``, below it) a
    number is red. ``most``: the end of the scale.
    """

    title: str
    says: str
    unit: str
    queries: tuple[Query, ...]
    kind: Literal["lines", "number"] = "lines"
    stacked: bool = False
    most: float | None = None
    bad: float | None = None
    low: bool = False
    names: bool = False
    """For a number: its name is what matters, such as a version."""


@dataclass(frozen=True, slots=True)
class Section:
    """Panels under a heading, row by row."""

    title: str
    rows: tuple[tuple[Panel, ...], ...]


@dataclass(frozen=True, slots=True)
class Board:
    """One dashboard. ``name`` is the file's and the end of its uid."""

    name: str
    title: str
    says: str
    sections: tuple[Section, ...] = field(default=())


def lines(title: str, says: str, unit: str, *queries: Query, **more: bool | float) -> Panel:
    """Lines over time."""
    return Panel(title, says, unit, queries, **more)  # type: ignore[arg-type]  # by their names


def number(title: str, says: str, unit: str, query: Query, **more: bool | float) -> Panel:
    """One number: how it is now."""
    return Panel(title, says, unit, (query,), kind="number", **more)  # type: ignore[arg-type]


def rate(metric: str, *, by: str = "instance", where: str = "", legend: str = "") -> Query:
    """How often a second."""
    inside = f"@, {where}" if where else "@"
    name = legend or " ".join(f"{{{{{label}}}}}" for label in by.split(", "))
    return Query(f"sum by ({by}) (rate({metric}{{{inside}}}[$__rate_interval]))", name)


def level(metric: str, *, by: str = "instance", legend: str = "") -> Query:
    """How much it is."""
    name = legend or " ".join(f"{{{{{label}}}}}" for label in by.split(", "))
    return Query(f"sum by ({by}) ({metric}{{@}})", name)


def quantiles(metric: str, *, by: str = "", where: str = "") -> tuple[Query, ...]:
    """The median and what one in a hundred exceeds."""
    return (quantile(0.5, metric, by=by, where=where), quantile(0.99, metric, by=by, where=where))


def quantile(share: float, metric: str, *, by: str = "", where: str = "") -> Query:
    """What this share of a histogram is below of."""
    inside = f"@, {where}" if where else "@"
    labels = f"{by}, le" if by else "le"
    seen = f"sum by ({labels}) (rate({metric}_bucket{{{inside}}}[$__rate_interval]))"
    legend = f"p{share * 100:g}" + (f" {{{{{by}}}}}" if by else "")
    return Query(f"histogram_quantile({share}, {seen})", legend)


def mean(metric: str, legend: str) -> Query:
    """The mean of a histogram."""
    total, count = (f"sum(rate({metric}_{end}{{@}}[$__rate_interval]))" for end in ("sum", "count"))
    return Query(f"{total} / {count}", legend)
