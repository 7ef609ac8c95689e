"""chatctl against a real daemon: every verb, who may connect, and what it says when it cannot."""

from __future__ import annotations

import grp
import json
import os
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import pytest

from chatd.core.control import KINDS, LEVELS
from chatd.core.sanctions import EMERGENCY_STEPS
from chatd.ctl import arguments, wire
from chatd.ctl.verbs import RUN
from tests.process.client import Client
from tests.process.conftest import MakeClient, MakeDaemon, MakeRaw
from tests.process.harness import PATIENCE, PROJECT, Daemon, clean_environ, eventually
from tests.process.wire import upgrade_request

NOBODY = 65534


def chatctl(daemon: Daemon, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    return _run([sys.executable, "-m", "chatd.ctl", "--config", str(daemon.config), *arguments])


def as_somebody(daemon: Daemon, *groups: int) -> subprocess.CompletedProcess[str]:
    """`chatctl status` by a user who is in these groups only. Nobody else may read this checkout,
    so all is imported before the user changes."""
    change = f"os.setgroups({list(groups)}); os.setgid({NOBODY}); os.setuid({NOBODY})"
    warm = "import os, sys; from chatd.ctl import arguments, main; arguments.parser().parse_args()"
    program = f"{warm}; {change}; sys.exit(main.main())"
    place = str(daemon.folder / "control.sock")
    return _run([sys.executable, "-c", program, "--socket", place, "status"])


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=PROJECT, env=clean_environ(), capture_output=True, text=True,
        timeout=3 * PATIENCE, check=False,
    )  # fmt: skip


def open_to_all(daemon: Daemon) -> None:
    """Let others reach its folder."""
    temporary = Path(tempfile.gettempdir())
    for folder in (daemon.folder, *daemon.folder.parents):
        if folder == temporary:
            return
        folder.chmod(folder.stat().st_mode | 0o055)


def done(daemon: Daemon, *arguments: str) -> str:
    """What it prints, when it must succeed."""
    ran = chatctl(daemon, *arguments)
    assert (ran.returncode, ran.stderr) == (0, ""), ran
    return ran.stdout


def answer(daemon: Daemon, *arguments: str) -> dict[str, Any]:
    """The same as JSON."""
    parsed: dict[str, Any] = json.loads(done(daemon, *arguments, "--json"))
    return parsed


def refused(daemon: Daemon, code: int, *arguments: str) -> str:
    """One line that says why not."""
    ran = chatctl(daemon, *arguments)
    assert ran.returncode == code, ran
    assert ran.stdout == ""
    assert ran.stderr.startswith("chatctl: ")
    assert ran.stderr.count("\n") == 1
    return ran.stderr


# --- looking ---


def test_status_tells_how_the_server_is(daemon: Daemon, guest: MakeClient) -> None:
    guest(daemon, "ann")
    told = answer(daemon, "status")
    assert (told["sessions"], told["users"], told["rooms"]) == (1, 1, 1)
    assert told["config"] == str(daemon.config)
    assert f"tcp:127.0.0.1:{daemon.port}" in told["listening"]
    assert told["draining"] is False
    assert "1 session, 1 user, 1 room in use" in done(daemon, "status")


def test_who_lists_all_or_those_of_a_room_and_never_oneself(
    daemon: Daemon, guest: MakeClient
) -> None:
    guest(daemon, "ann").must("create", room="garden")
    guest(daemon, "bob")
    everybody = answer(daemon, "who")["people"]
    assert [(p["user"], p["rooms"], p["addresses"]) for p in everybody] == [
        ("ann", 2, ["127.0.0.1"]),
        ("bob", 1, ["127.0.0.1"]),
    ]
    assert [p["user"] for p in answer(daemon, "who", "garden")["people"]] == ["ann"]
    assert "bob" in done(daemon, "who")
    refused(daemon, os.EX_NOUSER, "who", "nowhere")
    assert {r["room"] for r in answer(daemon, "rooms")["rooms"]} == {"lobby", "garden"}
    assert "garden" in done(daemon, "rooms")


# --- moderating ---


def test_people_are_kicked_muted_banned_and_let_in_again(daemon: Daemon, guest: MakeClient) -> None:
    ann = guest(daemon, "ann")
    done(daemon, "mute", "ann", "--room", "lobby", "--for", "15m", "--reason", "loud")
    assert "root muted you in #lobby for 15 minutes yet: loud" in ann.event("notice")["text"]
    assert ann.ask("send", room="lobby", text="hi")["code"] == "muted"
    assert "loud" in done(daemon, "bans")
    done(daemon, "unmute", "ann", "--room", "lobby")
    ann.must("send", room="lobby", text="hi")
    done(daemon, "slow", "lobby", "600")
    assert ann.ask("send", room="lobby", text="hi")["type"] == "ok"
    assert ann.ask("send", room="lobby", text="hi")["code"] == "slow_mode"
    done(daemon, "slow", "lobby", "0")
    done(daemon, "read-only", "lobby")
    assert ann.ask("send", room="lobby", text="hi")["code"] == "read_only"
    done(daemon, "read-only", "lobby", "off")
    assert answer(daemon, "ban", "ann", "--for", "7d")["who"] == "ann"
    assert ann.closed().code == 3504
    assert [s["who"] for s in answer(daemon, "bans")["sanctions"]] == ["ann"]
    done(daemon, "unban", "ann")
    done(daemon, "ban", "192.0.2.0/24")
    done(daemon, "unban", "192.0.2.0/24")
    bob = guest(daemon, "bob")
    done(daemon, "kick", "bob", "--reason", "calm down")
    assert "calm down" in bob.closed().reason
    refused(daemon, os.EX_NOUSER, "kick", "nobody")
    refused(daemon, os.EX_DATAERR, "ban", "192.0.2.0/99")


def test_the_server_is_told_and_closed_and_reports_are_settled(
    daemon: Daemon, guest: MakeClient
) -> None:
    ann = guest(daemon, "ann")
    done(daemon, "announce", "Back at ten.")
    assert ann.event("notice")["text"] == "Back at ten."
    ann.must("send", room="lobby", text="nonsense")
    ann.must("report", room="lobby", user="ann", reason="see for yourself")
    assert "<ann> nonsense" in done(daemon, "reports")
    done(daemon, "settle", "1", "talked to ann")
    assert "talked to ann" in done(daemon, "reports", "--settled")
    refused(daemon, os.EX_NOUSER, "settle", "1", "again")
    assert done(daemon, "emergency") == "emergency: off\n"
    done(daemon, "emergency", "no_guests")
    assert ann.closed().code == 3505
    assert answer(daemon, "emergency", "off")["step"] == "off"


# --- running ---


def test_drain_sends_home_and_stays_and_undrain_lets_in(
    daemon: Daemon, guest: MakeClient, wire: MakeRaw
) -> None:
    ann = guest(daemon, "ann")
    assert answer(daemon, "drain", "--wait")["sessions"] == 0
    assert ann.event("draining")["reconnect_after_ms"] >= 200
    assert ann.closed().code == 3000
    assert daemon.get("/readyz") == (503, daemon.get("/readyz")[1])
    assert "chatctl undrain" in daemon.get("/readyz")[1]
    assert daemon.get("/healthz")[0] == 200
    assert daemon.metric("chatd_draining") == 1
    raw = wire(daemon)
    raw.send(upgrade_request())
    assert raw.rest().startswith(b"HTTP/1.1 503 ")
    assert answer(daemon, "status")["draining"] is True
    assert daemon.reload()["STATUS"].startswith("draining, ")
    done(daemon, "undrain")
    assert daemon.get("/readyz")[0] == 200
    assert daemon.metric("chatd_draining") == 0
    guest(daemon, "ann").must("send", room="lobby", text="here again")
    assert daemon.stop() == 0


def test_an_undrain_in_the_middle_lets_in_while_others_still_go(
    daemon: Daemon, guest: MakeClient, wire: MakeRaw
) -> None:
    silent = wire(daemon, receive_buffer=4096)
    silent.upgrade()
    silent.command(type="login", id=1, guest="silent")
    silent.answer(1)
    done(daemon, "drain")
    done(daemon, "undrain")
    guest(daemon, "bob").must("send", room="lobby", text="let in")
    assert silent.close_code() == 3000


def test_a_reload_is_over_when_it_returns_or_says_every_error(
    daemon: Daemon, guest: MakeClient
) -> None:
    daemon.configure(server={"motd": "Tea is ready."}, limits={"message_bytes": "1 KiB"})
    assert "server.motd" in answer(daemon, "reload")["settings"]
    assert guest(daemon, "ann").welcome["motd"] == "Tea is ready."
    daemon.configure(store={"read_threads": 3})
    assert answer(daemon, "reload")["restart"] == ["store.read_threads"]
    assert answer(daemon, "status")["restart"] == ["store.read_threads"]
    daemon.may_fault = True
    daemon.configure(limits={"message_bytes": "1 B", "outbox_bytes": "1 B"})
    ran = chatctl(daemon, "reload")
    assert ran.returncode == os.EX_CONFIG
    assert "limits.message_bytes" in ran.stderr
    assert "limits.outbox_bytes" in ran.stderr
    assert answer(daemon, "status")["reloaded"] is False
    assert guest(daemon, "bob").welcome["motd"] == "Tea is ready."


def test_the_log_says_more_until_the_next_reload(daemon: Daemon) -> None:
    assert answer(daemon, "loglevel")["level"] == "info"
    assert done(daemon, "loglevel", "warning") == "warning\n"
    done(daemon, "reload")
    assert answer(daemon, "loglevel")["level"] == "info"


# --- asking ---


def test_explain_says_which_rule_and_how_to_change_it(daemon: Daemon, guest: MakeClient) -> None:
    guest(daemon, "ann")
    assert answer(daemon, "explain", "ann", "send", "lobby")["rule"] == "member"
    done(daemon, "mute", "ann")
    ran = chatctl(daemon, "explain", "ann", "send", "lobby")
    assert ran.returncode == 1
    assert "->  mutes" in ran.stdout
    change = ran.stdout.splitlines()[-1].removeprefix("to change it: chatctl ")
    done(daemon, *change.split())
    assert chatctl(daemon, "explain", "ann", "send", "lobby").returncode == 0
    refused(daemon, os.EX_DATAERR, "explain", "ann", "dance", "lobby")


def test_watch_tells_what_happens_and_not_what_is_said(daemon: Daemon, guest: MakeClient) -> None:
    """Into head, as one would: its end is no error, and is noticed before anything happens."""
    ann = guest(daemon, "ann")
    program = f"{sys.executable} -m chatd.ctl --config {daemon.config} watch --json --kind message"
    with subprocess.Popen(
        ["/bin/bash", "-c", f"{program} | head -n 2; exit ${{PIPESTATUS[0]}}"],
        cwd=PROJECT, env=clean_environ(), stdout=subprocess.PIPE, text=True,
    ) as watching:  # fmt: skip
        eventually(lambda: answer(daemon, "status")["watchers"] == 1)
        for _ in range(2):
            ann.must("send", room="lobby", text="a secret word")
        out = "".join(watching.stdout.readline() for _ in range(2)) if watching.stdout else ""
        assert watching.wait(PATIENCE) == 0
    lines = [json.loads(line) for line in out.splitlines()]
    assert [(e["kind"], e["user"], e["room"]) for e in lines] == [("message", "ann", "lobby")] * 2
    assert "secret word" not in out
    eventually(lambda: answer(daemon, "status")["watchers"] == 0)


def test_a_support_bundle_names_nobody(
    make_daemon: MakeDaemon, guest: MakeClient, tmp_path: Path
) -> None:
    whose = {
        "server": {"name": "Geheim", "motd": "Geheim"},
        "http": {"hosts": ["chat.Geheim.example"], "proxy_protocol": ["192.0.2.9"]},
        "retention": {"rooms": {"geheimraum": {"age": "30d"}}},
    }
    daemon = make_daemon(**whose).start()
    secret = "a very long pass phrase"
    daemon.verb("user", "add", "alice", "--config", str(daemon.config), stdin=f"{secret}\n")
    alice = Client(daemon.url())
    alice.login("lobby", user="alice", password=secret)
    alice.must("send", room="lobby", text="Geheim")
    alice.must("create", room="geheimraum")
    done(daemon, "ban", "192.0.2.7", "--reason", "Geheim")
    daemon.may_fault = True
    daemon.configure(rooms={"lobby": "Geheim, and no name"})
    daemon.reload()
    file = tmp_path / "bundle.tar.gz"
    assert len(answer(daemon, "support-bundle", str(file))["files"]) == 9
    assert file.stat().st_mode & 0o777 == 0o600
    with tarfile.open(file) as tar:
        found = {m.name: tar.extractfile(m) for m in tar.getmembers()}
        texts = {name: each.read().decode() for name, each in found.items() if each}
    everything = "\n".join(texts.values())
    for word in (secret, "geheim", "alice", "192.0.2"):
        assert word not in everything.lower(), word
    problem = f"{daemon.config}:{daemon.logged('config_invalid')[0]['problem'].split(':')[1]}: "
    assert everything.count(f"{problem}rooms.lobby [withheld]") == 2  # in the log, and the doctor's
    assert json.loads(texts["chatd-support/counts.json"])["accounts"] == 1
    assert json.loads(texts["chatd-support/doctor.json"])
    assert "chatd_build_info" in texts["chatd-support/metrics.txt"]
    assert "session_opened" in texts["chatd-support/log.jsonl"]
    refused(daemon, os.EX_CANTCREAT, "support-bundle", str(file))
    alice.close()


# --- who may, and what is said when it cannot be ---


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_who_is_neither_root_nor_in_the_group_is_told_so(make_daemon: MakeDaemon) -> None:
    daemon = make_daemon(control={"mode": "0666"}).start()
    open_to_all(daemon)
    ran = as_somebody(daemon, NOBODY)
    assert ran.returncode == os.EX_NOPERM
    assert "neither root nor in the operators' group" in ran.stderr
    assert daemon.logged("control_refused")[0]["uid"] == NOBODY
    done(daemon, "status")  # and root still may


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_a_member_of_the_group_may(make_daemon: MakeDaemon) -> None:
    group = grp.getgrnam("daemon")
    daemon = make_daemon(control={"group": group.gr_name}).start()
    open_to_all(daemon)
    place = (daemon.folder / "control.sock").stat()
    assert (place.st_gid, place.st_mode & 0o777) == (group.gr_gid, 0o660)
    assert as_somebody(daemon, group.gr_gid).returncode == 0
    ran = as_somebody(daemon)
    assert ran.returncode == os.EX_NOPERM
    assert "operators' group" in ran.stderr


def test_without_a_daemon_it_says_so(make_daemon: MakeDaemon) -> None:
    daemon = make_daemon()
    said = refused(daemon, os.EX_UNAVAILABLE, "status")
    assert str(daemon.folder / "control.sock") in said
    assert "systemctl status chatd" in said
    daemon.start()
    daemon.kill()
    refused(daemon, os.EX_UNAVAILABLE, "status")
    daemon.start()
    done(daemon, "status")  # the socket that the dead one left is taken over


def test_a_full_server_and_an_emergency_do_not_shut_it_out(
    make_daemon: MakeDaemon, guest: MakeClient
) -> None:
    daemon = make_daemon(limits={"sessions": 1}).start()
    guest(daemon, "ann")
    done(daemon, "emergency", "operators")
    assert answer(daemon, "status")["emergency"] == "operators"


def test_without_the_folder_of_its_socket_the_chat_goes_on(
    make_daemon: MakeDaemon, guest: MakeClient
) -> None:
    daemon = make_daemon(control={"socket": "/nonexistent/control.sock"}).start()
    guest(daemon, "ann")
    assert "chatctl cannot be used" in daemon.logged("control_missing")[0]["reason"]


def test_what_is_no_command_is_answered_and_too_long_a_line_ends_it(daemon: Daemon) -> None:
    with socket.socket(socket.AF_UNIX) as raw:
        raw.settimeout(PATIENCE)
        raw.connect(str(daemon.folder / "control.sock"))
        lines = raw.makefile("rb")
        assert json.loads(lines.readline())["type"] == "welcome"
        raw.sendall(b'no json\n\n{"type": "send", "id": 1, "room": "lobby", "text": "hi"}\n')
        assert json.loads(lines.readline())["code"] == "bad_frame"
        assert json.loads(lines.readline())["code"] == "forbidden"
        raw.sendall(b'{"type": "quit", "id": 2}\n')
        assert json.loads(lines.readline()) == {"type": "ok", "id": 2}
        assert lines.readline() == b""
    with socket.socket(socket.AF_UNIX) as raw:
        raw.settimeout(PATIENCE)
        raw.connect(str(daemon.folder / "control.sock"))
        raw.sendall(b"x" * 100_000)
        last = b"".join(iter(lambda: _part(raw), b""))
        assert b"longer than" in last


def _part(raw: socket.socket) -> bytes:
    try:
        return raw.recv(65536)
    except ConnectionResetError:  # what it had not read yet was thrown away
        return b""


def test_a_stop_ends_those_who_watch(daemon: Daemon) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "chatd.ctl", "--config", str(daemon.config), "watch"],
        cwd=PROJECT, env=clean_environ(), stderr=subprocess.PIPE, text=True,
    ) as watching:  # fmt: skip
        eventually(lambda: answer(daemon, "status")["watchers"] == 1)
        daemon.signal(signal.SIGTERM)
        assert daemon.exit_code() == 0
        assert watching.wait(PATIENCE) == os.EX_UNAVAILABLE


# --- the arguments ---


def test_every_verb_has_help_with_an_example_and_something_to_do() -> None:
    [verbs] = [a.choices for a in arguments.parser()._actions if isinstance(a.choices, dict)]
    assert set(verbs) == set(RUN)
    for name, verb in verbs.items():
        assert f"example:\n  chatctl {name}" in verb.format_help()


def test_it_knows_the_same_words_as_the_daemon() -> None:
    assert arguments.KINDS == KINDS
    assert arguments.LEVELS == LEVELS
    assert tuple(EMERGENCY_STEPS) == arguments.STEPS


EVERYWHERE = (
    (["--socket", "/s"], {"socket": "/s"}),
    (["--config", "/c"], {"config": "/c"}),
    (["--dev", "d", "--json"], {"dev": "d", "json": True}),
    (["--timeout", "5"], {"timeout": 5.0}),
)


@pytest.mark.parametrize(("words", "told"), EVERYWHERE)
@pytest.mark.parametrize("after", [False, True])
def test_which_chatd_and_how_is_said_before_the_verb_or_after_it(
    words: list[str], told: dict[str, object], after: bool
) -> None:
    line = ["status", *words] if after else [*words, "status"]
    usual = {"socket": None, "config": None, "dev": None, "timeout": 30.0, "json": False}
    assert vars(arguments.read(line)) == usual | told | {"verb": "status"}


@pytest.mark.parametrize(
    "line", [["--dev", "d", "status", "--config", "c"], ["status", "--dev", "d", "--socket", "s"]]
)
def test_two_chatds_at_once_are_a_usage_error(
    line: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        arguments.read(line)
    assert ended.value.code == os.EX_USAGE
    said = capsys.readouterr().err
    assert "--dev" in said.splitlines()[-1]


@pytest.mark.parametrize("time", ["-1", "0", "nan", "inf", "1e9", "soon"])
def test_a_time_that_nobody_can_wait_is_a_usage_error(
    time: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        arguments.parser().parse_args(["--timeout", time, "status"])
    assert ended.value.code == os.EX_USAGE
    assert f"{time!r} is no time in seconds, over 0 and up to 86400" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--config", "--dev", "--socket"])
def test_an_empty_name_is_a_usage_error(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        arguments.read([option, "", "status"])
    assert ended.value.code == os.EX_USAGE
    assert f"argument {option}: this is empty; name one" in capsys.readouterr().err


def test_a_named_pipe_is_no_configuration(tmp_path: Path) -> None:
    pipe = tmp_path / "chatd.toml"
    os.mkfifo(pipe)
    with pytest.raises(wire.Trouble, match="there is no file"):
        wire.place(None, str(pipe), None)
    assert wire.place(None, None, str(tmp_path)) == str(tmp_path / "control.sock")


@pytest.mark.parametrize("wrong", [["dance"], [], ["ban", "ann", "--for", "soon"], ["slow", "x"]])
def test_wrong_arguments_are_a_usage_error(daemon: Daemon, wrong: list[str]) -> None:
    ran = chatctl(daemon, *wrong)
    assert ran.returncode == os.EX_USAGE
    assert "usage: chatctl" in ran.stderr
