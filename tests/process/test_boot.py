"""Starting: what the service manager hears and when, and that the whole of chatd is there."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.process.client import TextClient
from tests.process.conftest import MakeClient, MakeDaemon, MakeRaw
from tests.process.harness import Daemon, eventually
from tests.process.settings import toml
from tests.process.wire import Raw

WATCHDOG = 0.4  # seconds


def test_people_chat_in_text_and_in_json_in_the_same_room(
    daemon: Daemon, guest: MakeClient
) -> None:
    ann = guest(daemon, "ann")
    bob = TextClient(daemon.url())
    name = ann.event("joined")["user"]
    bob.say("hello from a terminal")
    assert ann.event("message")["text"] == "hello from a terminal"
    ann.must("send", room="lobby", text="and from a program")
    assert "<ann> and from a program" in bob.line("<ann>")
    bob.say("/quit")
    assert ann.event("left")["user"] == name
    assert bob.closed().code == 1000


def test_ready_is_said_when_listeners_accept_and_the_store_can_write(
    make_daemon: MakeDaemon, wire: MakeRaw
) -> None:
    daemon = make_daemon().start(ready=False)
    heard = daemon.notified.until("READY", alive=daemon.runs)
    wire(daemon)  # would raise ConnectionRefusedError
    assert daemon.get("/readyz") == (200, "ready\n")
    assert heard[-1]["STATUS"] == "0 sessions, 0 users"
    order = [each["event"] for each in daemon.logged()]
    wanted = ["store_open", *["listening"] * 3, "ready"]  # operations, control, public
    assert [event for event in order if event in wanted] == wanted


def test_nothing_accepts_before_the_store_is_open(make_daemon: MakeDaemon) -> None:
    daemon = make_daemon().start()
    services = [(each["event"], each.get("service")) for each in daemon.logged()]
    opened = services.index(("store_open", None))
    assert opened < services.index(("listening", "public"))
    assert opened < services.index(("listening", "operations"))


def test_the_status_says_how_many_are_here(daemon: Daemon, guest: MakeClient) -> None:
    guest(daemon, "ann")
    guest(daemon, "bob")
    assert daemon.reload()["STATUS"] == "2 sessions, 2 users"


def test_the_watchdog_is_fed_before_it_is_hungry(make_daemon: MakeDaemon) -> None:
    daemon = make_daemon().start(WATCHDOG_USEC=str(round(WATCHDOG * 1e6)))
    daemon.notified.until("WATCHDOG")
    meals = [time.monotonic()]

    def fed_in_time() -> bool:
        daemon.notified.until("WATCHDOG")
        meals.append(time.monotonic())
        return len(meals) > 4 and (meals[-1] - meals[-5]) / 4 < WATCHDOG * 0.75

    # Half of it, as sd_watchdog_enabled(3) advises, on average: others may disturb some waits.
    eventually(fed_in_time)


def test_a_watchdog_of_another_process_is_not_fed(make_daemon: MakeDaemon) -> None:
    daemon = make_daemon().start(WATCHDOG_USEC="20000", WATCHDOG_PID="1")
    daemon.reload()
    daemon.stop()
    assert all("WATCHDOG" not in heard for heard in daemon.notified.all())


def test_port_0_is_a_free_port_and_the_log_says_which(make_daemon: MakeDaemon) -> None:
    daemon = make_daemon(listen={"public": ["tcp:127.0.0.1:0", "tcp:[::1]:0"]}).start()
    public = [e["address"] for e in daemon.logged("listening") if e["service"] == "public"]
    ports = [int(address.rpartition(":")[2]) for address in public]
    assert len(ports) == 2
    assert 0 not in ports
    assert public[1].startswith("tcp:[::1]:")
    raw = Raw(ports[0])
    raw.upgrade()
    raw.close()


def test_health_and_readiness_are_told_apart_and_nothing_else_is_served(daemon: Daemon) -> None:
    assert daemon.get("/healthz") == (200, "alive\n")
    assert daemon.get("/readyz") == (200, "ready\n")
    status, text = daemon.get("/")
    assert status == 404
    assert "/metrics" in text


def test_the_public_listener_tells_nothing_of_operations(daemon: Daemon, wire: MakeRaw) -> None:
    for path in (b"/metrics", b"/healthz", b"/readyz"):
        raw = wire(daemon)
        raw.send(b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % path)
        assert raw.rest().startswith(b"HTTP/1.1 404 ")


def test_metrics_are_clean_for_promtool(daemon: Daemon, guest: MakeClient) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed: it is in Debian's package prometheus")
    ann = guest(daemon, "ann")
    ann.must("send", room="lobby", text="hello")
    ann.must("ping")
    _, text = daemon.get("/metrics")
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_metrics_say_what_happened(daemon: Daemon, guest: MakeClient) -> None:
    ann, bob = guest(daemon, "ann"), guest(daemon, "bob")
    assert ann.ask("login", user="nobody", password="wrong")["code"] == "login_failed"
    for word in ("one", "two", "three"):
        ann.must("send", room="lobby", text=word)
    assert len(bob.heard("message")) == 3
    assert daemon.metric("chatd_sessions", dialect="json") == 2
    assert daemon.metric("chatd_users_online") == 2
    assert daemon.metric("chatd_logins_total", kind="guest", result="ok") == 2
    assert daemon.metric("chatd_logins_total", kind="password", result="refused") == 1
    assert daemon.metric("chatd_messages_in_total") == 3
    assert daemon.metric("chatd_messages_out_total") == 6
    assert daemon.metric("chatd_ack_seconds_count") == 3
    assert daemon.metric("chatd_schema_version") >= 1
    assert daemon.metric("chatd_config_last_reload_successful") == 1
    bob.close()
    eventually(lambda: daemon.metric("chatd_sessions", dialect="json") == 1)
    assert daemon.metric("chatd_sessions_closed_total", reason="client") == 1


def test_a_signal_to_stop_is_obeyed_at_any_moment_of_the_boot(make_daemon: MakeDaemon) -> None:
    """Before the handlers are there the signal itself ends the process; after that, chatd does."""
    daemon = make_daemon()
    codes = set()
    for part in range(8):
        daemon.start(ready=False)
        daemon.notified.heard(0.07 * part)  # READY comes within this time, or the boot is under way
        codes.add(daemon.stop())
    assert codes <= {0, -signal.SIGTERM}


def test_a_signal_to_reload_waits_for_the_end_of_the_boot(make_daemon: MakeDaemon) -> None:
    daemon = make_daemon()
    for part in range(4):
        daemon.start(ready=False)
        eventually(lambda: blocks(daemon.pid, signal.SIGHUP))
        daemon.notified.heard(0.08 * part)
        daemon.signal(signal.SIGHUP)
        daemon.notified.until("READY", alive=daemon.runs)
        eventually(lambda: daemon.logged("reloaded"))
        assert daemon.stop() == 0


def blocks(pid: int, number: signal.Signals) -> bool:
    """Whether the process holds this signal back, or had done with that."""
    status = Path(f"/proc/{pid}/status").read_text()
    masks = dict(line.split(":\t", 1) for line in status.splitlines())
    return bool((int(masks["SigBlk"], 16) | int(masks["SigCgt"], 16)) >> (number - 1) & 1)


def test_serve_dev_says_what_to_open_and_what_to_type(
    make_daemon: MakeDaemon, tmp_path: Path
) -> None:
    daemon = make_daemon()
    daemon.may_fault = True  # its log is for people: no JSON
    home = tmp_path / "new" / "state"
    serve = [sys.executable, "-m", "chatd", "serve", "--dev", str(home)]
    daemon.run(serve, ready=False)
    config = home / "chatd.toml"
    made = eventually(config.read_text)
    config.write_text(made + toml({"listen": daemon.sections["listen"]}))
    daemon.run(serve, ready=True)
    says = eventually(daemon.output_file.read_text)
    assert f"http://127.0.0.1:{daemon.port}/" in says
    assert f"chatd connect ws://127.0.0.1:{daemon.port}/" in says
    assert "Ctrl-C" in says
    daemon.signal(signal.SIGINT)
    assert daemon.exit_code() == 0
    assert "level" not in daemon.tail()
    assert (home / "chatd.sqlite3").stat().st_mode & 0o077 == 0
