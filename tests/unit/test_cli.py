"""The command line as a whole: what is said of a wrong call, and with which code it ends."""

from __future__ import annotations

import os

import pytest

from chatd.cli import main


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (
            ("connect", "--bogus"),
            os.EX_USAGE,
            "chatd connect: error: unrecognized arguments: --bogus",
        ),
        (("connect", "--timeout", "soon"), os.EX_USAGE, "chatd connect: error: argument --timeout"),
        (("user", "list", "--bogus"), 2, "chatd user list: error: unrecognized arguments: --bogus"),
        (("nothing",), 2, "chatd: error: argument VERB: invalid choice: 'nothing'"),
    ],
)
def test_a_wrong_call_is_told_by_its_verb_and_ends_with_the_code_that_its_help_tells(
    words: tuple[str, ...], code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == code
    assert says in capsys.readouterr().err
