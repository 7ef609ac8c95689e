"""A daemon on a small file system that fills up, and what the doctor says of it; fails by an
assertion. `python -m tests.process.doctor_in_little_room FOLDER`, where FOLDER is that of one."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path

from tests.process.client import Client
from tests.process.harness import Daemon

MIB = bytes(1 << 20)


def fill(ballast: Path) -> None:
    """To the last byte."""
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(MIB)


def talk_until_refused(daemon: Daemon) -> None:
    """The store has some room of its own, in files that are there already."""
    client = Client(daemon.url())
    client.login("lobby", guest="ann")
    for _ in range(10_000):
        answer = client.ask("send", room="lobby", text="x" * 10_000)
        if answer["type"] == "error":
            assert answer["code"] == "storage_full"
            client.close()
            return
    raise AssertionError("the disk is not full")


def statuses(daemon: Daemon) -> dict[str, set[str]]:
    """What the doctor says, by check. Its exit code must be that of the worst."""
    done = daemon.verb("doctor", "--config", str(daemon.config), "--json")
    assert done.stderr == ""
    report = json.loads(done.stdout)
    assert done.returncode == {"ok": 0, "warn": 1, "fail": 2}[report["status"]]
    assert "could not be" not in done.stdout, done.stdout
    found: dict[str, set[str]] = {}
    for each in report["findings"]:
        found.setdefault(each["check"], set()).add(each["status"])
    sys.stdout.write(f"{found}\n")
    return found


def main(folder: Path) -> None:
    """With room, without, with room again, and without beside no daemon."""
    daemon = Daemon(folder)
    ballast = folder / "ballast"
    try:
        daemon.start()
        roomy = statuses(daemon)
        assert (roomy["disk"], roomy["listeners"]) == ({"warn"}, {"ok"})
        fill(ballast)
        talk_until_refused(daemon)
        full = statuses(daemon)
        assert (full["disk"], full["store"], full["integrity"]) == ({"fail"}, {"ok"}, {"ok"})
        ballast.unlink()
        assert statuses(daemon)["disk"] == {"warn"}
        assert daemon.stop() == 0
        fill(ballast)
        alone = statuses(daemon)
        assert (alone["disk"], alone["daemon"], alone["store"]) == ({"fail"}, {"warn"}, {"warn"})
    finally:
        daemon.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
