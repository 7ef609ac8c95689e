"""The figures as a picture: how many times chatd's cost each peer's is, on a logarithmic scale."""

from __future__ import annotations

from math import log
from typing import Any
from xml.etree import ElementTree as ET

from tests.bench.table import OURS, ratio

SHOWN = ("room100", "room1000", "one", "small", "echo", "idle", "durable")
LEFT, WIDE, BAR, GAP = 180, 520, 14, 22
LOWEST, HIGHEST = 0.0625, 64.0


def picture(results: dict[str, Any]) -> str:
    """An SVG: a block for each case, a bar for each peer; the line is chatd."""
    there = [(name, results["cases"][name]) for name in SHOWN if name in results["cases"]]
    cases = [(name, case) for name, case in there if _bars(case["rounds"])]
    rows = sum(len(_bars(case["rounds"])) + 1 for _, case in cases)
    high = rows * (BAR + 4) + GAP * len(cases) + 40
    size = {"width": str(LEFT + WIDE + 70), "height": str(high)}
    svg = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg"} | size)
    ET.SubElement(svg, "rect", width="100%", height="100%", fill="white")
    y = 24
    _text(
        svg,
        8,
        y,
        "Server CPU as a multiple of chatd's (the line), to a logarithmic scale",
        bold=True,
    )
    for _, case in cases:
        y = _block(svg, y + GAP, case)
    return ET.tostring(svg, encoding="unicode") + "\n"


def _bars(rounds: Any) -> list[tuple[str, float]]:
    found = [(who, ratio(rounds, who)) for who in rounds if who not in OURS]
    return [(who, times[0]) for who, times in found if times is not None]


def _block(svg: ET.Element, y: int, case: dict[str, Any]) -> int:
    _text(svg, 8, y + 4, str(case["title"]), bold=True)
    top = y + 10
    for who, times in _bars(case["rounds"]):
        y += BAR + 4
        begin, end = sorted((_place(1.0), _place(times)))
        colour = "#c0504d" if times < 1 else "#4f81bd"
        place = {"x": f"{begin:.1f}", "y": str(y - 4), "width": f"{max(1.0, end - begin):.1f}"}
        ET.SubElement(svg, "rect", place | {"height": str(BAR), "fill": colour})
        _text(svg, LEFT - 8, y + 7, who, anchor="end")
        _text(svg, LEFT + WIDE + 8, y + 7, f"{times:.2f}")
    line = {"x1": f"{_place(1.0):.1f}", "x2": f"{_place(1.0):.1f}", "y1": str(top)}
    ET.SubElement(svg, "line", line | {"y2": str(y + BAR), "stroke": "black"})
    return y + BAR + 4


def _place(times: float) -> float:
    inside = min(max(times, LOWEST), HIGHEST)
    return LEFT + WIDE * log(inside / LOWEST) / log(HIGHEST / LOWEST)


def _text(
    svg: ET.Element, x: int, y: int, text: str, *, anchor: str = "start", bold: bool = False
) -> None:
    style = {"font-family": "sans-serif", "font-size": "12", "text-anchor": anchor}
    if bold:
        style["font-weight"] = "bold"
    ET.SubElement(svg, "text", style | {"x": str(x), "y": str(y)}).text = text
