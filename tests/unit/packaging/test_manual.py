"""The manual pages and the completion say what the command lines say."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

PACKAGING = Path(__file__).parents[3] / "packaging"


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"chatd_{name}", PACKAGING / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TEXTS: dict[Path, str] = script("manual").texts()


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_what_is_made_from_the_code_is_as_make_docs_writes_it(path: Path) -> None:
    assert path.read_text("utf-8") == TEXTS[path], "run `make docs`"


@pytest.mark.parametrize("page", ["chatd.8", "chatctl.8"])
def test_a_word_that_stands_by_itself_is_told_as_it_is_typed(page: str) -> None:
    text = TEXTS[PACKAGING / "man" / page]
    assert ".B verify\nwalk along the whole chain" in text


def complete(*words: str) -> list[str]:
    """What bash would offer for the last word."""
    line = " ".join(f"'{word}'" for word in words)
    asks = (
        f"source {PACKAGING}/completion/chatd; COMP_WORDS=({line}); "
        f'COMP_CWORD={len(words) - 1}; _chatd; printf "%s\\n" "${{COMPREPLY[@]}}"'
    )
    done = subprocess.run(
        ["bash", "-c", asks], capture_output=True, text=True, check=True, cwd=PACKAGING
    )
    return done.stdout.split()


def test_completion_offers_verbs() -> None:
    assert {"backup", "bot"} & set(complete("chatd", "ba")) == {"backup"}


def test_completion_offers_verbs_of_verbs() -> None:
    assert complete("chatd", "user", "era") == ["erase"]


def test_completion_offers_options_after_others() -> None:
    assert complete("chatd", "doctor", "--json", "--cert") == ["--certificate"]


def test_completion_offers_files_where_files_are_meant() -> None:
    assert complete("chatd", "serve", "--config", "chatd.to") == ["chatd.toml"]
