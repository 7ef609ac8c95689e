"""Draws a dashboard as an SVG page, from its JSON and the answers of a Prometheus: for docs.
What is in it is packaging/monitoring's; who asks and takes the picture is overview_picture.py."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

COLUMN, LINE, GAP, TOP = 50, 30, 8, 56
"""Pixels of the grid of 24 columns, between panels, and of the heading."""
PALETTE = ("#73bf69", "#f2cc0c", "#5794f2", "#ff9830", "#f2495c", "#b877d9", "#8ab8ff", "#96d98d")
GROUND, SHEET, EDGE, TEXT, FAINT = "#111217", "#181b1f", "#2c3235", "#d8d9da", "#8e8e8e"
LEFT, BOTTOM, HEAD = 58, 44, 30
"""Pixels of a panel for the values' scale, for times and legend, and for its title."""


@dataclass(frozen=True, slots=True)
class Line:
    """One series: its name in the legend, and times with values; None where there was none."""

    name: str
    points: tuple[tuple[float, float | None], ...]


def page(board: dict[str, Any], answers: dict[str, list[Line]], begin: float, end: float) -> str:
    """The whole picture. ``answers`` are by panel's title."""
    width = 24 * COLUMN + GAP
    height = TOP + LINE * max(p["gridPos"]["y"] + p["gridPos"]["h"] for p in board["panels"]) + GAP
    parts = [
        _text(GAP + 4, 36, board["title"], size=20),
        _text(width - GAP - 4, 36, _clock(begin) + " to " + _clock(end), fill=FAINT, anchor="end"),
    ]
    for panel in board["panels"]:
        place = panel["gridPos"]
        x, y = GAP + place["x"] * COLUMN, TOP + place["y"] * LINE
        w, h = place["w"] * COLUMN - GAP, place["h"] * LINE - GAP
        if panel["type"] == "row":
            parts.append(_text(x + 4, y + 20, "⌄  " + panel["title"], size=14))
            continue
        lines = answers[panel["title"]]
        inner = _number if panel["type"] == "stat" else _chart
        frame = f'<rect width="{w}" height="{h}" rx="3" fill="{SHEET}" stroke="{EDGE}"/>'
        body = "".join(inner(panel, lines, w, h, begin, end))
        parts.append(f'<g transform="translate({x},{y})">{frame}{body}</g>')
    style = f"margin:0;background:{GROUND};font-family:Inter,'DejaVu Sans',sans-serif"
    svg = f'<svg width="{width}" height="{height}">{"".join(parts)}</svg>'
    return f'<body style="{style}">{svg}</body>'


def _text(
    x: float, y: float, text: str, *, size: int = 12, fill: str = TEXT, anchor: str = "start"
) -> str:
    looks = f'font-size="{size}" fill="{fill}" text-anchor="{anchor}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {looks}>{escape(text)}</text>'


def _clock(moment: float) -> str:
    return time.strftime("%H:%M:%S", time.gmtime(moment))


# --- one number ---


def _number(
    panel: dict[str, Any], lines: list[Line], w: int, h: int, _begin: float, _end: float
) -> Iterator[str]:
    yield _text(w / 2, 20, panel["title"], anchor="middle")
    if not lines:
        yield _text(w / 2, h / 2 + 16, "No data", size=16, fill=FAINT, anchor="middle")
        return
    value = next(v for _, v in reversed(lines[0].points) if v is not None)
    names = panel["options"]["textMode"] == "name"
    defaults = panel["fieldConfig"]["defaults"]
    shown = lines[0].name if names else written(defaults["unit"])(value)
    color = _threshold(defaults["thresholds"]["steps"], value)
    yield _text(w / 2, h / 2 + 22, shown, size=30, fill=color, anchor="middle")


def _threshold(steps: list[dict[str, Any]], value: float) -> str:
    reached = [step["color"] for step in steps if step["value"] is None or value >= step["value"]]
    return {"green": PALETTE[0], "red": PALETTE[4]}[reached[-1]]


# --- lines over time ---


def _chart(
    panel: dict[str, Any], lines: list[Line], w: int, h: int, begin: float, end: float
) -> Iterator[str]:
    yield _text(10, 20, panel["title"], size=13)
    defaults = panel["fieldConfig"]["defaults"]
    stacked = "stacking" in defaults.get("custom", {})
    drawn = _stacked(lines) if stacked else lines
    values = [v for line in drawn for _, v in line.points if v is not None]
    top, step = _scale(max(values, default=0.0), defaults["unit"])
    right, low = w - 12, h - BOTTOM

    def across(moment: float) -> float:
        return LEFT + (moment - begin) / (end - begin) * (right - LEFT)

    def up(value: float) -> float:
        return low - min(value, top) / top * (low - HEAD)

    for number in range(round(top / step) + 1):
        y = up(number * step)
        yield f'<path d="M{LEFT} {y:.1f}H{right}" stroke="{EDGE}"/>'
        yield _text(LEFT - 6, y + 4, written(defaults["unit"])(number * step), size=10,
                    fill=FAINT, anchor="end")  # fmt: skip
    for minute in range(math.ceil(begin / 60), math.floor(end / 60) + 1):
        x = across(minute * 60)
        yield f'<path d="M{x:.1f} {HEAD}V{low}" stroke="{EDGE}"/>'
        yield _text(x, low + 14, _clock(minute * 60)[:5], size=10, fill=FAINT, anchor="middle")
    for line, color in reversed(list(zip(drawn, PALETTE * 4, strict=False))):
        yield from _curve(line, color, across, up, low, filled=0.35 if stacked else 0.08)
    yield from _legend(lines, w, h)


def _curve(
    line: Line,
    color: str,
    across: Callable[[float], float],
    up: Callable[[float], float],
    low: float,
    *,
    filled: float,
) -> Iterator[str]:
    """Runs of points; between them there was nothing."""
    run: list[tuple[float, float]] = []
    for moment, value in (*line.points, (math.inf, None)):
        if value is not None:
            run.append((across(moment), up(value)))
        elif run:
            path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in run)
            area = f"{path}L{run[-1][0]:.1f} {low}L{run[0][0]:.1f} {low}Z"
            yield f'<path d="{area}" fill="{color}" opacity="{filled}"/>'
            yield f'<path d="{path}" fill="none" stroke="{color}" stroke-width="1.4"/>'
            run = []


def _stacked(lines: list[Line]) -> list[Line]:
    """Each on top of those before it."""
    below: dict[float, float] = {}
    made = []
    for line in lines:
        for moment, value in line.points:
            below[moment] = below.get(moment, 0.0) + (value or 0.0)
        top = tuple((at, None if v is None else below[at]) for at, v in line.points)
        made.append(Line(line.name, top))
    return made


def _legend(lines: list[Line], w: int, h: int) -> Iterator[str]:
    x = 12.0
    for line, color in zip(lines, PALETTE * 4, strict=False):
        wide = 22 + 6.6 * len(line.name)
        if x + wide > w:
            yield _text(x, h - 8, "…", size=11, fill=FAINT)
            return
        yield f'<path d="M{x:.1f} {h - 12}h12" stroke="{color}" stroke-width="3"/>'
        yield _text(x + 16, h - 8, line.name, size=11, fill=FAINT)
        x += wide + 8


def _scale(most: float, unit: str) -> tuple[float, float]:
    """The end of the scale, and its step: 1, 2 or 5 times a power of ten."""
    if most <= 0:
        return (1.0, 0.5) if unit != "s" else (0.01, 0.005)
    rough = most / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * n for n in (1, 2, 5, 10) if power * n >= rough)
    return step * math.ceil(most / step - 1e-9), step


# --- values as people read them ---


def written(unit: str) -> Callable[[float], str]:
    """How a value is written, as Grafana does."""
    return {"s": _seconds, "percentunit": _percent, "bytes": _bytes}.get(unit, _short)


def _seconds(value: float) -> str:
    for size, name in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"), (1e-3, "ms")):
        if abs(value) >= size:
            return f"{_figures(value / size)} {name}"
    return f"{_figures(value * 1e6)} µs" if value else "0 s"


def _percent(value: float) -> str:
    return f"{value * 100:.4g}%"


def _bytes(value: float) -> str:
    for size, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if value >= size:
            return f"{_figures(value / size)} {name}"
    return f"{value:g} B"


def _short(value: float) -> str:
    for size, name in ((1e9, "G"), (1e6, "M"), (1e3, "K")):
        if abs(value) >= size:
            return f"{_figures(value / size)} {name}"
    return _figures(value)


def _figures(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
