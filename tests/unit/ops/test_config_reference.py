"""The generated texts: equal to the files of the tree, and true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chatd.ops.config import KEYS, Config, parse
from chatd.ops.config.load import DEFAULT
from chatd.ops.config.reference import describe, example, listing

ROOT = Path(__file__).parents[3]

FILES = {
    "docs/configuration.md": (describe, "chatd config describe"),
    "packaging/chatd.toml": (example, "chatd config example"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_generated_file_is_what_the_code_says(name: str) -> None:
    generate, verb = FILES[name]
    written = (ROOT / name).read_text(encoding="utf-8")
    assert written == generate(), f"{name} is out of date; run: {verb} > {name}"


def uncommented() -> str:
    return re.sub(r"^#(?! )", "", example(), flags=re.MULTILINE)


def test_the_example_loads_to_exactly_the_defaults() -> None:
    assert parse(example(), "example", Path("/")).config == Config()


def test_the_example_with_every_key_set_loads_to_exactly_the_defaults() -> None:
    loaded = parse(uncommented(), "example", Path("/"))
    assert loaded.config == Config()
    assert DEFAULT not in loaded.origins.values()


def test_the_reference_has_every_key_with_default_and_meaning() -> None:
    text = describe()
    for key in KEYS.values():
        part = text.split(f"\n### {key.name}\n", 1)[1].split("\n##", 1)[0]
        assert f"default: `{key.kind.write(key.default)}`" in " ".join(part.split())
        assert " ".join(key.doc.split()) in " ".join(part.split())
        assert f"needs: {'reload' if key.reload else 'restart'}" in part


def test_generated_lines_fit_a_screen() -> None:
    assert max(map(len, (describe() + example()).splitlines())) <= 100


OWN = """\
[server]
motd = "a\\nb"
[http]
trusted_proxies = ["10.0.0.0/8", "unix"]
[limits]
rate = 0.5
"""


@pytest.mark.parametrize("origin", [False, True])
@pytest.mark.parametrize("effective", [False, True])
def test_a_listing_loads_to_the_same_configuration(effective: bool, origin: bool) -> None:
    loaded = parse(OWN, "own.toml", Path("/"))
    text = listing(loaded, effective=effective, origin=origin)
    again = parse(text, "again", Path("/elsewhere"))
    assert again.config == loaded.config
    assert (set(again.origins.values()) & {DEFAULT} == set()) is effective


def test_a_listing_says_where_a_value_comes_from() -> None:
    loaded = parse(OWN, "own.toml", Path("/"))
    text = listing(loaded, effective=True, origin=True)
    assert "rate = 0.5  # own.toml:6\n" in text
    assert "burst = 100  # default\n" in text
