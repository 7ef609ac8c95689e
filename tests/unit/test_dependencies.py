"""Dependencies are locked, hashed and reasoned: pyproject.toml, requirements and the docs agree.
Whether a package can be installed is seen by making the virtual environment."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

import pytest

from tests.unit.test_laws import foreign, read_house

PROJECT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text())
RUN: list[str] = PYPROJECT["project"]["dependencies"]
BUILD: list[str] = PYPROJECT["dependency-groups"]["build"]
DEV: list[str] = PYPROJECT["dependency-groups"]["dev"]
ANSIBLE: list[str] = PYPROJECT["dependency-groups"]["ansible"]
ANSIBLE_LINT: list[str] = PYPROJECT["dependency-groups"]["ansible-lint"]
LOCKS = ["run.txt", "build.txt", "dev.txt", "ansible.txt", "ansible-2.17.txt", "wstest.txt"]


SPOKEN_BY = {"zope": "twisted", "txaio": "autobahn"}
"""What is imported only to speak with a dependency that is made of it."""


def name_of(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def locked(name: str) -> dict[str, str]:
    """The packages of a lock with their versions."""
    text = (PROJECT / "requirements" / name).read_text()
    return dict(re.findall(r"^([a-z][\w.-]*)==(\S+)", text, re.MULTILINE))


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("run.txt", RUN),
        ("build.txt", BUILD),
        ("dev.txt", [*RUN, *BUILD, *DEV]),
        ("ansible.txt", [*ANSIBLE, *ANSIBLE_LINT]),
        ("../ansible/requirements.txt", ANSIBLE),
    ],
)
def test_what_is_wanted_is_locked(lock: str, wanted: list[str]) -> None:
    assert {name_of(requirement) for requirement in wanted} <= set(locked(lock))


def test_the_tools_leave_the_daemons_versions_alone() -> None:
    assert locked("run.txt").items() <= locked("dev.txt").items()
    assert locked("build.txt").items() <= locked("dev.txt").items()
    assert locked("../ansible/requirements.txt").items() <= locked("ansible.txt").items()


def test_what_is_imported_is_wanted() -> None:
    used = {name for module in read_house() for _, name in foreign(module)}
    others = used - sys.stdlib_module_names - {"__future__", "chatd"}
    wanted = {name_of(requirement) for requirement in RUN}
    assert {SPOKEN_BY.get(name, name.replace("_", "-")) for name in others} <= wanted


@pytest.mark.parametrize("lock", [*LOCKS, "../ansible/requirements.txt"])
def test_every_locked_package_has_a_hash(lock: str) -> None:
    text = (PROJECT / "requirements" / lock).read_text()
    packages = re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)[1:]
    assert packages
    assert [package for package in packages if "--hash=sha256:" not in package] == []


@pytest.mark.parametrize("lock", [*LOCKS, "../ansible/requirements.txt"])
def test_a_lock_names_no_index_and_no_address(lock: str) -> None:
    text = (PROJECT / "requirements" / lock).read_text()
    assert re.findall(r"://|--(?:extra-)?index-url|--find-links|--trusted-host", text) == []


@pytest.mark.parametrize("requirement", [*RUN, *BUILD, *DEV, *ANSIBLE, *ANSIBLE_LINT])
def test_a_dependency_has_a_licence_and_a_reason(requirement: str) -> None:
    reasons = re.findall(
        r"^\| ([\w.-]+) \| [^|]+ \| [^|]+ \|$",
        (PROJECT / "docs" / "developing.md").read_text(),
        re.MULTILINE,
    )
    assert name_of(requirement) in {name_of(name) for name in reasons}
