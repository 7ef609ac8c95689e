"""The role's variables are the daemon's keys: each of them, no others, with the same bounds."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from chatd.ops.config.keys import Key
from chatd.ops.config.kinds import Unfit
from tests.ansible import generated
from tests.ansible.generated import bounds, every_key, option, variable

KEYS = list(every_key())
UNITS = {"size in bytes": "B", "duration": "ms"}


@pytest.mark.parametrize("file", generated.FILES, ids=lambda file: file.name)
def test_a_generated_file_is_what_the_table_says(file: Path) -> None:
    assert file.read_text() == generated.FILES[file](), f"{file} is out of date; run: make docs"


def test_every_key_is_a_variable_and_no_key_is_invented() -> None:
    options = yaml.safe_load(generated.SPECS.read_text())["argument_specs"]["main"]["options"]
    assert {variable(key) for key in KEYS} <= set(options)
    written = yaml.safe_load(generated.KEYS_FILE.read_text())["__chatd_keys"]
    assert [f"{each['table']}.{each['key']}" for each in written] == [key.name for key in KEYS]


def test_an_inventory_that_is_there_is_not_copied_again(tmp_path: Path) -> None:
    """Into itself, above all, or over what was written in it."""
    page = generated.README.read_text()
    (line,) = [each for each in page.splitlines() if "cp -r example inventory" in each]
    shutil.copytree(generated.ANSIBLE / "example", tmp_path / "example")
    hosts = tmp_path / "inventory" / "hosts.yml"
    subprocess.run(["/bin/bash", "-euc", line], cwd=tmp_path, check=True)
    hosts.write_text("mine")
    subprocess.run(["/bin/bash", "-euc", line], cwd=tmp_path, check=True)
    assert hosts.read_text() == "mine"
    assert not (hosts.parent / "example").exists()


def test_the_role_repeats_no_default_of_the_daemon() -> None:
    defaults = yaml.safe_load((generated.ROLE / "defaults" / "main.yml").read_text())
    set_by_the_role = {
        key.name: defaults[variable(key)] for key in KEYS if variable(key) in defaults
    }
    assert set_by_the_role == generated.PACKAGED


def test_what_a_spec_calls_default_is_the_roles_default() -> None:
    defaults = yaml.safe_load((generated.ROLE / "defaults" / "main.yml").read_text())
    options = yaml.safe_load(generated.SPECS.read_text())["argument_specs"]["main"]["options"]
    assert {
        name: said["default"] for name, said in options.items() if "default" in said
    } == defaults


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_a_keys_default_passes_the_roles_check(key: Key) -> None:
    raw = tomllib.loads(f"it = {key.kind.write(key.default)}")["it"]
    for each in raw if isinstance(raw, list) else [raw]:
        if "pattern" in bounds(key):
            assert re.fullmatch(bounds(key)["pattern"], str(each))
    assert option(key)["description"]


@pytest.mark.parametrize("key", [k for k in KEYS if "least" in bounds(k)], ids=lambda key: key.name)
def test_a_range_ends_where_the_daemons_ends(key: Key) -> None:
    said = bounds(key)
    for end, beyond in (("least", -0.001), ("most", 0.001)):
        assert takes(key, said[end])
        over = (
            said[end] * (1 + beyond)
            if isinstance(said[end], float)
            else said[end] + (1 if beyond > 0 else -1)
        )
        assert not takes(key, over), f"{key.name} takes {over}, beyond its {end}"


def takes(key: Key, amount: float) -> bool:
    unit = UNITS.get(key.kind.word)
    raw: Any = f"{amount} {unit}" if unit else amount
    try:
        key.kind.read(raw)
    except Unfit:
        return False
    return True
