"""A real Prometheus with the bundle's own files, and what it says: series, alerts, pictures' data.
Whom it watches is watched.py; only times are made shorter here, and how is said below."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.process.harness import PROJECT, eventually
from tests.process.ports import free_port

BUNDLE = PROJECT / "packaging" / "monitoring"
FASTER = 30
"""So much shorter are the rules' windows and waits for a test."""
PATIENCE = 120.0
"""Seconds for an alert to fire on a busy machine."""
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
SCRAPE = "1s"
Labels = dict[str, str]


def hurried(rule: dict[str, Any]) -> dict[str, Any]:
    """A shipped rule, as it is, but for time: each window [5m] is 30 times shorter (ten seconds at
    least, or it holds too few scrapes), each `for` too (three seconds at most), and what passes
    since a moment (`time() - x`) passes 30 times as fast."""
    expr = re.sub(r"\[(\d+)([mhd])\]", lambda w: f"[{max(10, _shorter(w))}s]", rule["expr"])
    expr = re.sub(r"time\(\) - (\w+)", rf"{FASTER} * (time() - \1)", expr)
    waits = re.fullmatch(r"(\d+)([mhd])", rule.get("for", ""))
    return rule | {"expr": expr} | ({"for": f"{min(3, _shorter(waits))}s"} if waits else {})


def _shorter(duration: re.Match[str]) -> int:
    return round(int(duration[1]) * SECONDS[duration[2]] / FASTER)


def explained(rule: dict[str, Any]) -> dict[str, Any]:
    """An alert with the same words that fires at once: to see what its words become."""
    labels = rule["labels"] | {"was": rule["alert"]}
    expr = 'label_replace(vector(0.5), "instance", "somewhere:1", "", "")'
    return {"alert": "Words", "expr": expr, "labels": labels, "annotations": rule["annotations"]}


class Prometheus:
    """One process in ``folder``. ``targets`` are addresses by the bundle's name of their file:
    daemon, canary, node. With ``hurry`` the rules are shortened."""

    def __init__(self, folder: Path, targets: Mapping[str, Iterable[str]], *, hurry: bool) -> None:
        self._folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        for name in ("rules", "chatd", "data"):
            (folder / name).mkdir(parents=True)
        for name, addresses in targets.items():
            self.targets(name, *addresses)
        for file in (BUNDLE / "rules").iterdir():
            self._rules(file, hurry=hurry)
        self._configure()

    def _rules(self, file: Path, *, hurry: bool) -> None:
        groups = yaml.safe_load(file.read_text())["groups"]
        for group in groups:
            alerts = [rule for rule in group["rules"] if "alert" in rule]
            if hurry:
                group["rules"] = [*map(hurried, group["rules"]), *map(explained, alerts)]
        (self._folder / "rules" / file.name).write_text(yaml.safe_dump({"groups": groups}))

    def _configure(self) -> None:
        """The shipped file, in this folder and not in /etc/prometheus; each interval a second."""
        text = (BUNDLE / "prometheus.yml").read_text().replace("/etc/prometheus", str(self._folder))
        text = re.sub(r"(scrape_interval|evaluation_interval): \w+", rf"\1: {SCRAPE}", text)
        self._config.write_text(text)

    @property
    def _config(self) -> Path:
        return self._folder / "prometheus.yml"

    def targets(self, name: str, *addresses: str) -> None:
        """Ask these from now on; none: there is no such file."""
        file = self._folder / "chatd" / f"{name}.yml"
        file.unlink(missing_ok=True)
        if addresses:
            fresh = file.with_suffix(".new")
            fresh.write_text(yaml.safe_dump([{"targets": list(addresses)}]))
            fresh.rename(file)

    # --- life ---
    def start(self) -> Prometheus:
        """Begin, and wait until it answers."""
        program = shutil.which("prometheus")
        if program is None:
            raise FileNotFoundError("prometheus is not installed")
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    program,
                    f"--config.file={self._config}",
                    f"--storage.tsdb.path={self._folder / 'data'}",
                    f"--web.listen-address=127.0.0.1:{self._port}",
                ],
                stdout=log,
                stderr=log,
            )
        eventually(lambda: self._get("/api/v1/rules"))
        return self

    def close(self) -> None:
        """End it."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def log(self) -> str:
        """What it had to say."""
        return (self._folder / "log").read_text()[-4000:]

    # --- what it says ---
    def _get(self, path: str, **fields: str | float) -> Any:
        url = f"http://127.0.0.1:{self._port}{path}?{urllib.parse.urlencode(fields)}"
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            return json.load(answer)["data"]

    def rules(self) -> list[dict[str, Any]]:
        """All that it has loaded, with their health."""
        return [rule for group in self._get("/api/v1/rules")["groups"] for rule in group["rules"]]

    def ask(self, expr: str) -> list[dict[str, Any]]:
        """The series of an expression as they are now."""
        found: list[dict[str, Any]] = self._get("/api/v1/query", query=expr)["result"]
        return found

    def ask_range(self, expr: str, begin: float, end: float, step: float) -> list[dict[str, Any]]:
        """The series of an expression over time."""
        fields = {"start": begin, "end": end, "step": step}
        found: list[dict[str, Any]] = self._get("/api/v1/query_range", query=expr, **fields)[
            "result"
        ]
        return found

    def alerts(self) -> list[dict[str, Any]]:
        """Those that are pending or firing."""
        found: list[dict[str, Any]] = self._get("/api/v1/alerts")["alerts"]
        return found

    def firing(self) -> set[str]:
        """The names of alerts that fire now."""
        active = [each for each in self.alerts() if each["state"] == "firing"]
        return {each["labels"]["alertname"] for each in active} - {"Words"}

    def until_firing(self, *names: str) -> None:
        """Wait until all of these fire."""
        eventually(lambda: self.firing() >= set(names), PATIENCE)

    def until_scraped(self, job: str, targets: int = 1) -> None:
        """Wait until so many targets of a job have answered."""
        eventually(lambda: len(self.ask(f'up{{job="{job}"}} == 1')) == targets, PATIENCE)
