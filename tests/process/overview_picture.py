"""Makes docs/overview.png: `python -m tests.process.overview_picture`, in six minutes. A real chatd
with people who talk, seen by a real Prometheus with the shipped rules; board_drawing.py draws."""

from __future__ import annotations

import json
import re
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Page

from tests.browser.visitor import chromium, screenshot
from tests.process.board_drawing import Line, page
from tests.process.client import Client, TextClient
from tests.process.harness import PROJECT, Daemon
from tests.process.prometheus import BUNDLE, Prometheus
from tests.process.watched import Programs, Talk

WHERE = PROJECT / "docs" / "overview.png"
BOARD = json.loads((BUNDLE / "dashboards" / "chatd-overview.json").read_text())
STEP = 1.0
"""Seconds between two points."""
CHOSEN = {"$job": ".+", "$instance": ".+", "$__rate_interval": "15s", "$__range": "5m"}


def main() -> int:
    """Live through some minutes, then draw them."""
    with TemporaryDirectory(prefix="chatd-overview-") as folder, watched(Path(folder)) as seen:
        daemon, prometheus = seen
        begin = time.time() + 5
        live(daemon)
        end = time.time()
        answers = {
            panel["title"]: list(asked(prometheus, panel, begin, end, daemon))
            for panel in BOARD["panels"]
            if panel["type"] != "row"
        }
    drawn = page(BOARD, answers, begin, end)
    with chromium() as browser:
        sheet: Page = browser.new_page(viewport={"width": 1208, "height": 100})
        sheet.set_content(drawn)
        box = sheet.locator("svg").bounding_box()
        if box is None:
            raise LookupError("nothing was drawn")
        sheet.set_viewport_size({"width": round(box["width"]), "height": round(box["height"])})
        screenshot(sheet, WHERE)
    print(f"{WHERE}: {WHERE.stat().st_size / 1000:.0f} kB")  # noqa: T201  # for whoever reads the run
    return 0


@contextmanager
def watched(folder: Path) -> Iterator[tuple[Daemon, Prometheus]]:
    """A chatd, its canary and its Prometheus."""
    with ExitStack() as stack:
        daemon = stack.enter_context(closing(Daemon(folder))).start()
        programs = stack.enter_context(closing(Programs(folder)))
        asked = {
            "daemon": [f"127.0.0.1:{daemon.operations_port}"],
            "canary": [programs.canary(daemon.url())],
        }
        prometheus = Prometheus(folder / "prometheus", asked, hurry=False)
        stack.enter_context(closing(prometheus))
        prometheus.start()
        prometheus.until_scraped("chatd")
        prometheus.until_scraped("chatd-canary")
        yield daemon, prometheus


def live(daemon: Daemon) -> None:
    """People come, more and more is said; the host is paused for a moment; then chatd restarts."""
    with ExitStack() as stack:
        talks = [stack.enter_context(closing(Talk(daemon, 4, 0.3)))]
        lurkers: list[Any] = []
        for number in range(20):
            lurkers.append(TextClient(daemon.url()) if number % 3 else Client(daemon.url()))
            if number % 3 == 0:
                lurkers[-1].login("lobby", guest=f"lurker{number}")
            time.sleep(4)
        for pause in (0.1, 0.05):
            talks[0].pause = pause
            time.sleep(35)
        daemon.signal(signal.SIGSTOP)
        time.sleep(1.5)
        daemon.signal(signal.SIGCONT)
        time.sleep(45)
        daemon.stop()
        daemon.start()
        time.sleep(60)
        talks[0].pause = 0.3
        time.sleep(30)


def asked(
    prometheus: Prometheus, panel: dict[str, Any], begin: float, end: float, daemon: Daemon
) -> Iterator[Line]:
    """The answers to a panel's queries, by the names of its legend."""
    for target in panel["targets"]:
        expr = target["expr"]
        for variable, value in CHOSEN.items():
            expr = expr.replace(variable, value)
        for series in prometheus.ask_range(expr, begin, end, STEP):
            labels = series["metric"]
            if labels.get("instance", "").startswith("127."):
                labels["instance"] = "chat1" if labels.get("job") != "chatd-canary" else "canary"
            yield Line(_name(target["legendFormat"], labels), _points(series["values"], begin, end))


def _name(legend: str, labels: dict[str, str]) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda label: labels.get(label[1], ""), legend).strip()


def _points(
    values: list[tuple[float, str]], begin: float, end: float
) -> tuple[tuple[float, float | None], ...]:
    """One for each step; None where there is no number."""
    found = {
        round((moment - begin) / STEP): float(value) for moment, value in values if value != "NaN"
    }
    count = round((end - begin) / STEP) + 1
    return tuple((begin + number * STEP, found.get(number)) for number in range(count))


if __name__ == "__main__":
    sys.exit(main())
