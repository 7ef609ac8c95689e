"""SIGHUP: all of the new configuration or nothing of it, with those who are connected there."""

from __future__ import annotations

import signal
import time
from typing import Any

from tests.process.client import Client
from tests.process.conftest import MakeClient
from tests.process.harness import Daemon, eventually


def refused(client: Client, text: str) -> str:
    """The code that a send of this text is refused with; empty when it is not."""
    return str(client.ask("send", room="lobby", text=text).get("code", ""))


def test_a_changed_limit_holds_for_sessions_that_are_open(
    daemon: Daemon, guest: MakeClient
) -> None:
    ann = guest(daemon, "ann")
    assert refused(ann, "x" * 100) == ""
    daemon.configure(limits={"message_bytes": 64})
    daemon.reload()
    assert refused(ann, "x" * 100) == "too_long"
    daemon.configure(limits={"message_bytes": "1 KiB"}, guests={"allowed": False})
    daemon.reload()
    assert refused(ann, "x" * 100) == ""
    late = Client(daemon.url())
    assert late.welcome["limits"]["message_bytes"] == 1024
    assert late.ask("login", guest="bob")["code"] == "guests_off"
    late.close()


def test_the_service_manager_hears_when_it_began_and_that_it_is_over(daemon: Daemon) -> None:
    daemon.notified.all()
    before = time.monotonic_ns() // 1000
    daemon.signal(signal.SIGHUP)
    [reloading, *_, ready] = daemon.notified.until("READY")
    assert reloading["RELOADING"] == "1"
    assert before <= int(reloading["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000
    assert ready["READY"] == "1"
    assert daemon.metric("chatd_config_reloads_total", result="ok") == 1


def test_of_a_configuration_with_errors_nothing_is_taken(daemon: Daemon, guest: MakeClient) -> None:
    daemon.may_fault = True
    ann = guest(daemon, "ann")
    good = {section: dict(keys) for section, keys in daemon.sections.items()}
    daemon.configure(
        limits={"message_bytes": 64, "burst": "plenty", "inbox": 0}, server={"nme": "typing error"}
    )
    said = daemon.reload()
    assert "failed" in said["STATUS"]
    assert refused(ann, "x" * 100) == ""
    assert daemon.metric("chatd_config_last_reload_successful") == 0
    assert daemon.metric("chatd_config_reloads_total", result="refused") == 1
    problems = " ".join(each["problem"] for each in daemon.logged("config_invalid"))
    assert [key for key in ("limits.burst", "limits.inbox", "nme") if key not in problems] == []
    check_recovery(daemon, good)


def check_recovery(daemon: Daemon, good: dict[str, dict[str, Any]]) -> None:
    daemon.sections = good
    daemon.configure(server={"motd": "All is well."})
    daemon.reload()
    assert daemon.metric("chatd_config_last_reload_successful") == 1
    late = Client(daemon.url())
    assert late.welcome["motd"] == "All is well."
    late.close()


def test_a_file_that_is_gone_or_no_toml_changes_nothing(daemon: Daemon, guest: MakeClient) -> None:
    daemon.may_fault = True
    ann = guest(daemon, "ann")
    daemon.config.write_text("[limits\n")
    daemon.reload()
    daemon.config.unlink()
    daemon.reload()
    assert daemon.metric("chatd_config_reloads_total", result="refused") == 2
    assert refused(ann, "still here") == ""


def test_what_needs_a_restart_keeps_its_value_and_is_named(
    daemon: Daemon, guest: MakeClient
) -> None:
    ann = guest(daemon, "ann")
    daemon.configure(
        listen={"public": ["tcp:127.0.0.1:1"]},
        store={"path": str(daemon.folder / "other.sqlite3")},
        server={"name": "renamed"},
    )
    daemon.reload()
    [entry] = daemon.logged("restart_needed")
    assert set(entry["settings"]) == {"listen.public", "store.path"}
    assert daemon.logged("reloaded")[0]["settings"] == ["server.name"]
    late = Client(daemon.url())
    assert late.welcome["server"] == "renamed"
    late.close()
    assert refused(ann, "still here") == ""
    assert not (daemon.folder / "other.sqlite3").exists()


def test_the_log_changes_its_form_and_its_level(daemon: Daemon, guest: MakeClient) -> None:
    daemon.may_fault = True  # lines that are no JSON
    daemon.configure(log={"format": "text", "level": "info"})
    daemon.reload()
    guest(daemon, "ann")
    assert daemon.tail().count("session_opened") == 1
    assert '"event":"session_opened"' not in daemon.tail()
    daemon.configure(log={"level": "error"})
    daemon.reload()
    guest(daemon, "bob")
    assert daemon.tail().count("session_opened") == 1


def test_many_reloads_at_once_end_in_the_last_configuration(
    daemon: Daemon, guest: MakeClient
) -> None:
    ann = guest(daemon, "ann")
    for number in range(30):
        daemon.configure(server={"motd": f"Number {number}."})
        daemon.signal(signal.SIGHUP)

    def newest() -> bool:
        late = Client(daemon.url())
        late.close()
        return bool(late.welcome["motd"] == "Number 29.")

    eventually(newest)
    assert refused(ann, "still here") == ""
