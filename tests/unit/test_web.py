"""The web client's source, as far as it can be judged without a browser: small files, imports that
are there, no markup made of text, nothing that its policy forbids."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chatd.core.names import BadName, nick

WEB = Path(__file__).parents[2] / "chatd" / "web"
SCRIPTS = sorted(WEB.glob("*.js"))
MOST_LINES = 350
RE = re.MULTILINE
FORBIDDEN = (
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\(|\bFunction\("
)
EVERY_SCRIPT = pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)


@EVERY_SCRIPT
def test_a_script_is_short_and_says_what_it_is(script: Path) -> None:
    lines = script.read_text().splitlines()
    assert len(lines) <= MOST_LINES
    assert lines[0].startswith("// ")


@EVERY_SCRIPT
def test_a_script_imports_only_what_is_there(script: Path) -> None:
    for names, file in re.findall(r'^import (.+?) from "\./(.+?)";$', script.read_text(), RE):
        there = (WEB / file).read_text()
        for name in re.findall(r"[\w$]+", re.sub(r" as \w+", "", names).partition("{")[2]):
            assert re.search(rf"^export .*(?<![\w$]){re.escape(name)}(?![\w$])", there, RE), name


@EVERY_SCRIPT
def test_no_script_makes_markup_of_text(script: Path) -> None:
    assert re.findall(FORBIDDEN, script.read_text()) == []


@EVERY_SCRIPT
def test_every_element_that_a_script_asks_for_is_on_the_page(script: Path) -> None:
    page = (WEB / "index.html").read_text()
    for name in re.findall(r"(?:\$|clone)\(\"([\w-]+)\"\)", script.read_text()):
        assert f'id="{name}"' in page, name


def test_every_drawing_is_there() -> None:
    page = (WEB / "index.html").read_text()
    used = set(re.findall(r'href="#i-(\w+)"', page))
    for script in SCRIPTS:
        used |= set(re.findall(r'icon(?:: |\()"(\w+)"', script.read_text()))
    assert {name for name in used if f'id="i-{name}"' not in page} == set()


def test_the_page_has_no_script_or_style_inside() -> None:
    page = (WEB / "index.html").read_text()
    assert re.findall(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", page) == []


def test_the_page_turns_no_name_away_that_the_server_would_take() -> None:
    odd = re.search(r"^const ODD = /(.*)/;", (WEB / "entry.js").read_text(), RE)
    assert odd is not None
    for char in map(chr, range(0x80)):
        if re.search(odd[1], char):
            with pytest.raises(BadName):
                nick(f"a{char}b")
        else:
            assert char.isalnum() or char in "-_.'" or not char.isprintable()
