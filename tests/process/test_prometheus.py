"""A real Prometheus scrapes real chatds, canaries and a node_exporter, all with the files that are
shipped: every rule loads, every picture has its data, and alerts fire for what really happens."""

from __future__ import annotations

import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from tests.process.client import Client
from tests.process.conftest import MakeDaemon
from tests.process.harness import PROJECT, Daemon, eventually
from tests.process.liar import Liar
from tests.process.prometheus import PATIENCE, Prometheus
from tests.process.test_disk import Disk
from tests.process.test_library import tls_before
from tests.process.test_store_full_disk import MOUNT, UNSHARE, can_mount
from tests.process.watched import Programs, Talk, age, back_up
from tests.unit.client.certificates import Authority
from tests.unit.monitoring.bundle import ALERTS, RECORDS, targets

MOUNT_48 = MOUNT.replace("6m", "48m")
LATER = "import sys, chatd; chatd.__version__ = '9.9'; from chatd import cli; sys.exit(cli.main())"
"""Stands for a chatd of another version."""
CHOSEN = {"$job": ".+", "$instance": ".+", "$__rate_interval": "10s", "$__range": "60s"}


class Scene:
    """Two chatds and who watches them: the first one, busy, on a small disk of its own; the other
    one of a later version, where three may come in, and at first not watched at all."""

    def __init__(self, small: Daemon, other: Daemon, folder: Path, stack: ExitStack) -> None:
        self.small, self.other, self.folder, self._stack = small, other, folder, stack
        self._programs = stack.enter_context(closing(Programs(folder)))
        self._authority = Authority(folder)
        self._canaries: list[str] = []
        self.daemons = [f"127.0.0.1:{each.operations_port}" for each in (small, other)]
        asked = {"daemon": self.daemons[:1], "node": [self._programs.node_exporter(folder)]}
        self.prometheus = Prometheus(folder / "prometheus", asked, hurry=True)
        stack.enter_context(closing(self.prometheus))

    def start_small(self, on: Path) -> None:
        """Its disk goes with it."""
        serve = [sys.executable, "-m", "chatd", "serve", "--config", str(self.small.config)]
        mounted = [*UNSHARE, "sh", "-c", MOUNT_48, "sh", str(on)]
        self.small.run([*mounted, *serve], ready=True)

    def start_other(self) -> None:
        """Once more, with a good configuration."""
        self.other.configure()
        serve = ["serve", "--config", str(self.other.config)]
        self.other.run([sys.executable, "-c", LATER, *serve], ready=True)

    def watch_by_canary(self, url: str) -> None:
        """One more canary."""
        trust = ["--ca", str(self._authority.file)] if url.startswith("wss") else []
        self._canaries.append(self._programs.canary(url, *trust))
        self.prometheus.targets("canary", *self._canaries)
        self.prometheus.until_scraped("chatd-canary", len(self._canaries))

    def proxy(self, days: int) -> str:
        """TLS before the small chatd, by a certificate that is good for so long."""
        shown = self._authority.server("localhost", life=timedelta(days=days))
        return self._stack.enter_context(tls_before(self.small, shown))

    def liar(self) -> str:
        """A server that tells two messages of three."""
        liar = Liar(lambda number, event: [event] if number % 3 else [])
        return self._stack.enter_context(closing(liar)).url


@pytest.fixture
def scene(make_daemon: MakeDaemon, tmp_path: Path) -> Iterator[Scene]:
    for program in ("prometheus", "prometheus-node-exporter"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    disk = tmp_path / "small"
    disk.mkdir()
    if not can_mount(disk):
        pytest.skip("a small file system needs unshare and user namespaces")
    small = make_daemon(store={"path": str(disk / "chatd.sqlite3")}, retention={"age": "1d"})
    other = make_daemon(limits={"sessions": 3})
    other.may_fault = True  # its configuration will be bad
    with ExitStack() as stack:
        made = Scene(small, other, tmp_path, stack)
        made.start_small(disk)
        made.start_other()
        yield made
        print(made.prometheus.log())  # noqa: T201  # for whoever reads the run


@pytest.mark.timeout(600)
def test_each_alert_that_can_fire_for_real_does_and_is_quiet_before(scene: Scene) -> None:
    prometheus = scene.prometheus.start()
    check_rules(prometheus)
    prometheus.until_firing("ChatdBackupUnknown", "ChatdCanaryGone")
    with closing(Talk(scene.small, people=4, pause=0.05)):
        check_that_all_is_well(scene)
        check_pictures(prometheus)
        tell_ill_news(scene)
        drain_and_forget(scene.other, prometheus)
        stall(scene)
        fill_the_disk(scene)
        lose_lines(scene)
    restart_again_and_again(scene)
    scene.small.kill()
    prometheus.until_firing("ChatdDown", "ChatdCanarySilent")
    prometheus.targets("daemon")
    prometheus.until_firing("ChatdNotScraped")


def check_rules(prometheus: Prometheus) -> None:
    """All are loaded and can be evaluated; the words of alerts come out whole."""
    eventually(lambda: {rule["health"] for rule in prometheus.rules()} == {"ok"}, PATIENCE)
    assert {rule["name"] for rule in prometheus.rules()} == {*ALERTS, *RECORDS, "Words"}
    words = eventually(lambda: [each for each in prometheus.alerts() if "was" in each["labels"]])
    assert {each["labels"]["was"] for each in words} == set(ALERTS)
    for each in words:
        text = " ".join(each["annotations"].values())
        assert not [bad for bad in ("error", "<no value>", "{{") if bad in text], text


def check_that_all_is_well(scene: Scene) -> None:
    """With a backup and a canary, and people who talk, nothing fires."""
    back_up(scene.other, scene.folder)
    scene.watch_by_canary(scene.proxy(days=90))
    eventually(lambda: scene.prometheus.firing() == set(), PATIENCE)


def check_pictures(prometheus: Prometheus) -> None:
    """Every query of every dashboard has an answer."""

    def chosen(expr: str) -> str:
        for variable, value in CHOSEN.items():
            expr = expr.replace(variable, value)
        return expr

    def empty() -> list[str]:
        return [where for where, expr in targets() if not prometheus.ask(chosen(expr))]

    eventually(lambda: empty() == [], PATIENCE)


def tell_ill_news(scene: Scene) -> None:
    """What is wrong and stays wrong, all at once."""
    age(scene.folder / "chatd_backup.prom", 27 * 3600)
    scene.watch_by_canary(scene.proxy(days=1))
    scene.watch_by_canary(scene.liar())
    scene.prometheus.targets("daemon", *scene.daemons)
    with closing(close_down(scene.other)):
        scene.other.config.write_text("[limits]\nsessions = 'many'\n")
        assert "failed" in scene.other.reload()["STATUS"]
        limit_files(scene.other)
        wanted = {
            *("ChatdBackupStale", "ChatdCertificateEnds", "ChatdCertificateAboutToEnd"),
            *("ChatdCanaryLoss", "ChatdVersionSkew", "ChatdEmergencyLeftOn", "ChatdReloadFailed"),
            *("ChatdFileDescriptors", "ChatdFull"),
        }

        def all_fire_while_more_come() -> bool:
            with suppress(InvalidStatus):
                Client(scene.other.url()).close()
            return scene.prometheus.firing() >= wanted

        eventually(all_fire_while_more_come, PATIENCE)


def close_down(daemon: Daemon) -> ExitStack:
    """An operator enters the emergency mode, and all places are taken."""
    password = "a long password"
    daemon.verb(
        *("user", "add", "carl", "--operator", "--config", str(daemon.config)),
        stdin=f"{password}\n",
    )
    stack = ExitStack()
    carl, *_ = [stack.enter_context(closing(Client(daemon.url()))) for _ in range(3)]
    carl.login(user="carl", password=password)
    carl.must("emergency", step="no_new")
    return stack


def limit_files(daemon: Daemon) -> None:
    """It may open two files more, and then none: one for Prometheus, one for who comes."""
    there = len(list(Path(f"/proc/{daemon.pid}/fd").iterdir()))
    resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (there + 2, there + 2))


def drain_and_forget(daemon: Daemon, prometheus: Prometheus) -> None:
    """An operator sends all home, and never takes it back."""
    socket = str(daemon.folder / "control.sock")
    chatctl = [sys.executable, "-m", "chatd.ctl", "--socket", socket]
    subprocess.run([*chatctl, "drain"], cwd=PROJECT, check=True, timeout=PATIENCE)
    prometheus.until_firing("ChatdDrainStuck")


def stall(scene: Scene) -> None:
    """The process is stopped again and again in the middle of a turn: much is asked of it whenever
    it goes on. Now and then it may go on for longer, or Prometheus, which asks it too, would hardly
    ever have an answer in time."""
    rounds = count(1)
    with closing(Client(scene.small.url())) as client:
        client.login("lobby", guest="asker")

        def stopped_once_more() -> bool:
            for _ in range(50):
                client.say("history", room="lobby", limit=100)
            eventually(lambda: stopped_in_a_turn(scene.small))
            time.sleep(0.6)
            scene.small.signal(signal.SIGCONT)
            if next(rounds) % 2 == 0:
                time.sleep(0.5)
            return "ChatdReactorStalled" in scene.prometheus.firing()

        eventually(stopped_once_more, PATIENCE)


POLLS = {22, 232, 281, 441}
"""The numbers under which x86-64 and arm64 know epoll_wait, epoll_pwait and epoll_pwait2."""


def stopped_in_a_turn(daemon: Daemon) -> bool:
    """Stop it, and let it go on again if it only waited for something to do."""
    process = Path(f"/proc/{daemon.pid}")
    daemon.signal(signal.SIGSTOP)
    eventually(lambda: (process / "stat").read_text().rpartition(") ")[2].startswith("T"))
    doing = (process / "syscall").read_text().split()[0]  # proc(5): -1 where it is in no call
    if int(doing) not in POLLS:
        return True
    daemon.signal(signal.SIGCONT)
    return False


def fill_the_disk(scene: Scene) -> None:
    """Of the small chatd, while people want to talk."""
    disk = Disk(scene.small)
    wanted = {
        *("ChatdDiskNearlyFull", "ChatdDiskFilling", "ChatdStoreFailing"),
        "ChatdDeliveryBudgetBurnsFast",
    }

    def all_fire_while_it_is_full() -> bool:
        disk.fill()
        return scene.prometheus.firing() >= wanted

    eventually(all_fire_while_it_is_full, PATIENCE)
    disk.empty()


def lose_lines(scene: Scene) -> None:
    """Of many, at the same time."""
    clients = [Client(scene.small.url()) for _ in range(40)]
    for client in clients:
        client.drop()
    scene.prometheus.until_firing("ChatdMassDisconnect")


def restart_again_and_again(scene: Scene) -> None:
    """As something does that dies as soon as it is up."""
    other = f'instance="{scene.daemons[1]}"'

    def seen_after_one_more() -> bool:
        began = time.time()
        scene.other.kill()
        scene.start_other()
        again = f"chatd_start_time_seconds{{{other}}} > {began}"
        eventually(lambda: scene.prometheus.ask(again), PATIENCE)
        return "ChatdRestartLoop" in scene.prometheus.firing()

    eventually(seen_after_one_more, PATIENCE)
