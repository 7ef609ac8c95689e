"""The verbs: what they print where, and their exit codes."""

from __future__ import annotations

import json
import os
from argparse import Namespace
from io import StringIO
from pathlib import Path

import pytest

from chatd import cli
from chatd.ops.config import verbs
from chatd.ops.config.reference import describe, example


class Run:
    """One verb and what came of it."""

    def __init__(self, verb: str, **args: object) -> None:
        out, err = StringIO(), StringIO()
        self.code = getattr(verbs, verb)(Namespace(**args), out, err)
        self.out, self.err = out.getvalue(), err.getvalue()


@pytest.fixture
def good(tmp_path: Path) -> str:
    file = tmp_path / "good.toml"
    file.write_text("[limits]\nrate = 7\n")
    return str(file)


@pytest.fixture
def bad(tmp_path: Path) -> str:
    file = tmp_path / "bad.toml"
    file.write_text("[limits]\nrate = 0\nburts = 1\n")
    return str(file)


def test_a_good_file_is_ok(good: str) -> None:
    run = Run("check", file=good)
    assert (run.code, run.out, run.err) == (0, f"{good}: ok\n", "")


def test_a_bad_file_exits_78_with_every_problem_on_stderr(bad: str) -> None:
    run = Run("check", file=bad)
    assert (run.code, run.out) == (78, "")
    assert [line.split(": ")[0] for line in run.err.splitlines()] == [f"{bad}:2", f"{bad}:3"]


def test_a_missing_file_exits_78() -> None:
    run = Run("check", file="/nowhere/chatd.toml")
    assert run.code == 78
    assert run.err == "/nowhere/chatd.toml: cannot be read: No such file or directory\n"


def test_an_empty_name_is_not_the_folder_that_one_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for verb in (["serve"], ["user", "list"], ["config", "show"]):
        for option in ("--dev", "--config"):
            with pytest.raises(SystemExit) as ended:
                cli.main([*verb, option, ""])
            assert ended.value.code == 2
            assert f"argument {option}: this is empty; name one" in capsys.readouterr().err
    verbs = (["backup", ""], ["verify", ""], ["restore", ""], ["backup", "x", "--metrics", ""])
    others = (
        ["connect", "--token-file", ""],
        ["canary", "--token-file", ""],
        ["bench", "--ca", ""],
    )
    for verb in (*verbs, *others):
        with pytest.raises(SystemExit) as ended:
            cli.main(verb)
        assert ended.value.code == (os.EX_USAGE if verb[0] == "connect" else 2)
        assert "this is empty; name one" in capsys.readouterr().err, verb
    assert list(tmp_path.iterdir()) == []


def test_the_generated_texts_go_to_stdout() -> None:
    assert Run("describe").out == describe()
    assert Run("example").out == example()
    assert Run("example").code == 0


def test_show_prints_what_the_file_sets(good: str) -> None:
    run = Run("show", config=good, effective=False, origin=False)
    assert (run.code, run.out) == (0, "[limits]\nrate = 7\n")


def test_show_reads_a_dev_folder_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "chatd.toml").write_text("[limits]\nrate = 7\n")
    assert cli.main(["config", "show", "--dev", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "[limits]\nrate = 7\n"


def test_show_with_origin_names_file_and_line(good: str) -> None:
    run = Run("show", config=good, effective=False, origin=True)
    assert run.out == f"[limits]\nrate = 7  # {good}:2\n"


def test_show_effective_prints_every_key(good: str) -> None:
    run = Run("show", config=good, effective=True, origin=False)
    assert "\nburst = 100\n" in run.out


def test_show_without_a_file_has_only_defaults() -> None:
    assert Run("show", config=None, effective=False, origin=True).out == (
        "# Every key has its default.\n"
    )
    assert "rate = 20  # default\n" in Run("show", config=None, effective=True, origin=True).out


def test_show_of_a_bad_file_exits_78(bad: str) -> None:
    run = Run("show", config=bad, effective=True, origin=True)
    assert (run.code, run.out) == (78, "")
    assert "limits.rate = 0" in run.err


def test_changes_names_each_key_with_what_it_needs(good: str, tmp_path: Path) -> None:
    new = tmp_path / "new.toml"
    new.write_text("[limits]\nrate = 8\n[listen]\nbacklog = 9\n")
    run = Run("changed", old=good, new=str(new), json=False)
    assert run.code == 0
    assert run.out == "limits.rate: 7 -> 8 (a reload)\nlisten.backlog: 1024 -> 9 (a restart)\n"
    run = Run("changed", old=good, new=str(new), json=True)
    assert json.loads(run.out) == {"reload": ["limits.rate"], "restart": ["listen.backlog"]}


def test_changes_to_a_bad_file_are_not_told(good: str, bad: str) -> None:
    run = Run("changed", old=good, new=bad, json=False)
    assert (run.code, run.out) == (78, "")
    assert f"{bad}:2" in run.err
