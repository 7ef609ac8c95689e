"""Whole files: every problem at once and in its place, origins, and what a reload may change."""

from __future__ import annotations

import os
import socket
import tomllib
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.ops.config import KEYS, Config, Invalid, Loaded, Tcp, Unix, beside, changes, load, parse
from chatd.ops.config.load import value
from chatd.ops.config.rules import RULES


def read(text: str) -> Loaded:
    return parse(text, "c.toml", Path("/etc/chatd"))


def problems(text: str) -> list[str]:
    with pytest.raises(Invalid) as caught:
        read(text)
    return [str(problem) for problem in caught.value.problems]


def test_an_empty_file_is_all_defaults() -> None:
    assert read("").config == Config()
    assert set(read("").origins.values()) == {"default"}


def test_where_chatd_is_only_tried_out_the_control_socket_is_beside_the_file() -> None:
    file = Path("/home/ann/state/chatd.toml")
    assert beside(read(""), file).config.control.socket == file.with_name("control.sock")
    named = read('[control]\nsocket = "/run/c.sock"\n')
    assert beside(named, file) == named


def test_values_have_their_types_and_units() -> None:
    config = read(
        '[listen]\npublic = ["unix:/run/a", "tcp:[::1]:80"]\n'
        '[limits]\nmessage_bytes = "1 KiB"\nping_interval = "2m"\nrate = 3\n'
    ).config
    assert config.listen.public == (Unix("/run/a"), Tcp("::1", 80))
    assert config.limits.message_bytes == 1024
    assert config.limits.ping_interval == 120.0
    assert config.limits.rate == 3.0


def test_every_problem_is_reported_at_once_and_in_the_order_of_lines() -> None:
    found = problems(
        "[limits]\nrate = 0\nbust = 5\n[limit]\n[listen]\npublic = [\n"
        '  "tcp:127.0.0.1:8765",\n  "unix:x",\n]\n[log]\nlevel = "loud"\n'
    )
    assert "\n".join(found) == (
        "c.toml:2: limits.rate = 0: this is too small; allowed: a number from 0.01 to 1000000\n"
        "c.toml:3: limits.bust: unknown key; did you mean limits.burst?\n"
        "c.toml:4: limit: unknown table; did you mean [limits]?\n"
        'c.toml:8: listen.public[1] = "unix:x": the path is not absolute; allowed: '
        '"tcp:ADDRESS:PORT" (an IPv6 address in brackets), "unix:/PATH" or "systemd:NAME"\n'
        'c.toml:11: log.level = "loud": this is none of them; allowed: one of '
        '"debug", "info", "warning", "error"'
    )


MEANT = {
    "[limits]\nmessage-bytes = 1": "limits.message_bytes",
    "[limits]\nMESSAGE_BYTES = 1": "limits.message_bytes",
    "message_bytes = 1": "limits.message_bytes",
    "[server]\nlobby = 'a'": "rooms.lobby",
    "[guest]": "[guests]",
    "limts.rate = 1": "[limits]",
}


@pytest.mark.parametrize("text", MEANT)
def test_a_misspelt_key_is_told_what_it_may_mean(text: str) -> None:
    (problem,) = problems(text)
    assert problem.endswith(f"did you mean {MEANT[text]}?")


def test_a_strange_key_is_told_what_there_is() -> None:
    (problem,) = problems("[guests]\nxyzzy = 1")
    assert (
        problem == "c.toml:2: guests.xyzzy: unknown key; the keys of [guests] are allowed, linger"
    )


def test_the_value_of_an_unknown_key_is_not_repeated() -> None:
    (problem,) = problems('[auth]\npassword = "hunter2"')
    assert "hunter2" not in problem


def test_an_unknown_key_cannot_forge_a_line_of_output() -> None:
    (problem,) = problems('[auth]\n"x\\n\\u001b[31m" = 1')
    assert problem.startswith(r'c.toml:2: auth."x\n\u001b[31m": unknown key')


NO_TABLE = {
    "limits = 5": "an integer",
    "[[limits]]": "an array",
    "limits = 'x'": "a string",
}


@pytest.mark.parametrize("text", NO_TABLE)
def test_a_section_must_be_one_table(text: str) -> None:
    (problem,) = problems(text)
    assert problem == (
        f"c.toml:1: limits: this is {NO_TABLE[text]}; "
        "allowed: one table, which begins with [limits]"
    )


def test_a_table_where_a_value_belongs_is_said_so() -> None:
    (problem,) = problems("[limits.rate]\nx = 1")
    assert problem.startswith(
        "c.toml:1: limits.rate = { x = 1 }: this is a table; allowed: a number"
    )


def test_a_table_within_a_section_is_unknown() -> None:
    (problem,) = problems("[guests.extra]\nx = 1")
    assert problem.startswith("c.toml:1: guests.extra: unknown table; the keys of [guests] are")


SYNTAX = {
    "a = 1\nb = fast\n": 'c.toml:2:5: not valid TOML: Invalid value: "b = fast"; text stands in',
    "[a]\nx = 1\nx = 2\n": "c.toml:3:6: not valid TOML: Cannot overwrite a value",
    "a = [1,\n2": "c.toml:2: not valid TOML: Unclosed array",
    "a = '": "c.toml:1: not valid TOML: ",
    "a = " + "9" * 5000: "c.toml: not valid TOML: ",
    "a = " + "[" * 5000 + "]" * 5000: "c.toml: not a configuration: nested too deep",
}


@pytest.mark.parametrize("text", SYNTAX, ids=range(len(SYNTAX)))
def test_a_syntax_error_has_its_line_and_column(text: str) -> None:
    (problem,) = problems(text)
    assert problem.startswith(SYNTAX[text])
    assert "\n" not in problem


def test_a_huge_hexadecimal_number_is_only_a_wrong_value() -> None:
    (problem,) = problems("[limits]\nburst = 0x" + "f" * 9000)
    assert problem.startswith("c.toml:2: limits.burst = a huge integer: this is too large")


def test_a_long_value_is_cut_in_the_error() -> None:
    (problem,) = problems("[server]\nname = '" + "x" * 5000 + "'")
    assert len(problem) < 250


BROKEN_RULES = {
    '[limits]\nmessage_bytes = "32 KiB"': ("2", "limits.frame_bytes must be at least 4 times"),
    '[limits]\nframe_bytes = "512 KiB"\n\noutbox_bytes = "512 KiB"': ("2", "at least twice"),
    '[limits]\nframe_bytes = "512 KiB"\ninbox_bytes = "256 KiB"': (
        "3",
        "must be at least limits.f",
    ),
    "[limits]\nhandshakes = 100": ("2", "limits.handshakes must be at least drain.rate"),
    '[limits]\nping_timeout = "30s"': ("2", "limits.ping_timeout must be shorter"),
    '[limits]\n\nping_interval = "8s"': ("3", "limits.ping_timeout must be shorter"),
    '[listen]\noperations = ["tcp:127.0.0.1:8765"]': ("2", "must not share a listener"),
}


@pytest.mark.parametrize("text", BROKEN_RULES)
def test_keys_that_do_not_fit_together_are_reported_where_one_is_set(text: str) -> None:
    (problem,) = problems(text)
    line, says = BROKEN_RULES[text]
    assert problem.startswith(f"c.toml:{line}: ")
    assert says in problem


def test_every_rule_has_a_text_that_breaks_it() -> None:
    says = "\n".join(problem for text in BROKEN_RULES for problem in problems(text))
    assert all(rule.says in says for rule in RULES)


def test_two_listeners_on_any_free_port_are_two() -> None:
    read('[listen]\npublic = ["tcp:127.0.0.1:0"]\noperations = ["tcp:127.0.0.1:0"]')


def test_a_rule_about_a_value_that_is_wrong_anyway_is_not_reported() -> None:
    (problem,) = problems("[limits]\nping_timeout = '30s'\nping_interval = 5")
    assert "unit is missing" in problem


def test_an_origin_is_the_line_that_sets_the_value() -> None:
    origins = read("[limits]\n\nrate = 20\n").origins
    assert origins["limits.rate"] == "c.toml:3"
    assert origins["limits.burst"] == "default"


def test_a_relative_path_starts_at_the_folder_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "chatd.toml"
    file.write_text('[store]\npath = "state/a.db"')
    assert load(file).config.store.path == tmp_path / "state/a.db"
    file.write_text('[store]\npath = "/srv/a.db"')
    assert load(file).config.store.path == Path("/srv/a.db")


def test_a_byte_order_mark_is_no_problem(tmp_path: Path) -> None:
    file = tmp_path / "chatd.toml"
    file.write_bytes(b"\xef\xbb\xbf[limits]\r\nrate = 7\r\n")
    assert load(file).origins["limits.rate"] == f"{file}:2"


def test_a_file_that_is_not_utf_8_names_the_line_and_the_byte(tmp_path: Path) -> None:
    file = tmp_path / "chatd.toml"
    file.write_bytes(b"[server]\nname = '\xfc'\n")
    with pytest.raises(Invalid, match=r"chatd.toml:2: not UTF-8: byte 0xfc"):
        load(file)


def test_a_file_that_cannot_be_read_is_a_problem_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"none.toml: cannot be read: No such file or directory"):
        load(tmp_path / "none.toml")
    with pytest.raises(Invalid, match=r"cannot be read: Is a directory"):
        load(tmp_path)
    with pytest.raises(Invalid, match=r"cannot be read: .*null"):
        load("a\0b")


def test_what_would_be_waited_for_is_no_file(tmp_path: Path) -> None:
    pipe, listener = tmp_path / "pipe", tmp_path / "socket"
    os.mkfifo(pipe)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(listener))
        for path, what in ((pipe, "a named pipe"), (listener, "a socket"), ("/dev/zero", "a dev")):
            with pytest.raises(Invalid, match=f"{path}: cannot be read: this is {what}"):
                load(path)
    link = tmp_path / "link"
    link.symlink_to(pipe)
    with pytest.raises(Invalid, match="a named pipe"):
        load(link)


def test_a_pipe_that_is_open_is_as_good_as_a_file() -> None:
    """As a shell's `<(command)` gives one; and /dev/null is an empty file."""
    reading, writing = os.pipe()
    os.write(writing, b"[limits]\nrate = 7\n")
    os.close(writing)
    assert load(f"/dev/fd/{reading}").config.limits.rate == 7
    os.close(reading)
    assert load("/dev/null").config == Config()


@given(st.text("abl[]=.\n\"'#1 {},", max_size=40))
def test_no_text_makes_anything_but_a_configuration_or_problems(text: str) -> None:
    with suppress(Invalid):
        assert read(text).origins


def test_a_reload_takes_what_it_can_and_names_what_needs_a_restart() -> None:
    old = read("[limits]\nrate = 5\n").config
    new = read(
        '[limits]\nrate = 6\n[store]\npath = "/b"\nread_threads = 3\n[server]\nname = "b"\n'
    ).config
    told = changes(old, new)
    assert told.reloaded == ("server.name", "limits.rate")
    assert told.restart == ("store.path", "store.read_threads")
    assert told.config.limits.rate == 6.0
    assert told.config.server.name == "b"
    assert told.config.store == old.store


def test_a_key_that_waits_for_a_restart_is_named_again_at_the_next_reload() -> None:
    new = read('[store]\npath = "/b"').config
    first = changes(Config(), new)
    assert changes(first.config, new).restart == ("store.path",)


def test_no_change_is_no_change() -> None:
    told = changes(Config(), read("[limits]\nrate = 20.0\n").config)
    assert (told.config, told.reloaded, told.restart) == (Config(), (), ())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.keys[0])
def test_a_reload_cannot_break_a_rule_by_changing_half_of_its_keys(rule: object) -> None:
    assert len({KEYS[name].reload for name in getattr(rule, "keys", ())}) == 1


@pytest.mark.parametrize("name", KEYS)
def test_every_default_is_a_value_that_its_key_takes(name: str) -> None:
    key = KEYS[name]
    assert value(Config(), name) == key.default
    assert key.kind.read(_raw(key.kind.write(key.default))) == key.default
    assert key.doc.endswith(".")


def _raw(written: str) -> object:
    return tomllib.loads(f"x = {written}")["x"]
