"""What is in the built packages, seen from outside."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import pytest

from tests.system.build import Built, build, clone, command, environment, unpacked
from tests.system.host import CannotBoot
from tests.system.tree import CHECKOUT

pytestmark = pytest.mark.timeout(600)
MOST = 20 << 20


def query(package: Path, *what: str) -> list[str]:
    done = subprocess.run(
        ["rpm", "-qp", *what, str(package)], capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def locked() -> dict[str, str]:
    text = (CHECKOUT / "requirements" / "run.txt").read_text("utf-8")
    return dict(re.findall(r"^([a-z][\w.-]*)==(\S+)", text, re.MULTILINE))


def test_two_builds_are_the_same_bytes(built: Built, tmp_path: Path) -> None:
    elsewhere = {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "HOME": str(tmp_path)}
    build(tmp_path / "out", clone(tmp_path / "clone"), umask=0o077, **elsewhere)
    sums = [
        {each.name: sha256(each.read_bytes()).hexdigest() for each in folder.glob("*.rpm")}
        for folder in (built.first, tmp_path / "out")
    ]
    assert len(sums[0]) == 4
    assert sums[0] == sums[1]


def test_a_source_package_is_enough_to_build_from_without_a_network(built: Built) -> None:
    contents = [
        {query(each, "--qf", "%{NAME}")[0]: query(each, "-l") for each in folder.glob("*[4h].rpm")}
        for folder in (built.first, built.second)
    ]
    assert set(contents[0]) == {"chatd", "chatd-selinux", "chatd-monitoring"}
    assert contents[0] == contents[1]


def test_a_build_that_is_stopped_leaves_nothing_running_and_nothing_behind(
    tmp_path: Path,
) -> None:
    top = tmp_path / "top"
    try:
        told = environment(CHATD_RPMBUILD=str(top))
    except CannotBoot as reason:
        pytest.skip(f"no packages: {reason}")
    process = subprocess.Popen(
        command(tmp_path / "out"), cwd=CHECKOUT, env=told, stderr=subprocess.DEVNULL
    )
    until(lambda: any(top.glob("BUILDROOT/*/usr")))
    assert working_in(top)
    process.terminate()
    assert process.wait(60) == 143
    assert list(top.iterdir()) == []
    assert working_in(top) == []


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def working_in(folder: Path) -> list[str]:
    """The processes whose folder is below this one, also when it has been removed."""
    places = {}
    for link in Path("/proc").glob("[0-9]*/cwd"):
        with suppress(OSError):
            places[link.parent.name] = os.readlink(link)
    return [pid for pid, place in places.items() if place.startswith(f"{folder}/")]


def test_it_holds_no_tests_and_nothing_that_chatd_never_calls(built: Built) -> None:
    files = query(built.main, "-l")
    bad = r"/_?tests?/|/test_[^/]*\.py$|flatc$|\.pyi$|/lib64/chatd/bin/"
    assert [file for file in files if re.search(bad, file)] == []
    assert built.main.stat().st_size < MOST


def test_every_module_is_compiled(built: Built) -> None:
    files = set(query(built.main, "-l"))
    sources = [Path(file) for file in files if file.endswith(".py") and "/lib64/" in file]
    assert len(sources) > 500
    without = [
        str(each)
        for each in sources
        if str(each.parent / "__pycache__" / f"{each.stem}.cpython-312.pyc") not in files
    ]
    assert without == []


def test_it_says_what_travels_inside(built: Built) -> None:
    told = query(built.main, "--provides")
    found = dict(re.findall(r"bundled\(python3dist\((.*?)\)\) = (\S+)", "\n".join(told)))
    assert found == locked()


def test_the_bill_of_materials_has_every_package_with_its_licence(
    built: Built, tmp_path: Path
) -> None:
    files = unpacked(built.main, tmp_path)
    bill = (files / "usr/share/chatd/sbom.cdx.json").read_bytes()
    components = json.loads(bill)["components"]
    assert {each["name"]: each["version"] for each in components} == locked()
    assert all(each["licenses"] and each["hashes"] for each in components)


def test_it_asks_for_the_interpreter_that_can_do_fips(built: Built) -> None:
    told = query(built.main, "--requires")
    assert "python3.12 >= 3.12.3-2" in told
    assert [line for line in told if "libc" in line or "python3dist" in line] == []


def test_rpmlint_finds_no_errors(built: Built) -> None:
    done = subprocess.run(
        [
            *("rpmlint", "--rpmlintrc", str(CHECKOUT / "packaging" / "chatd.rpmlintrc")),
            *map(str, sorted(built.first.glob("*.rpm"))),
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    assert re.findall(r"^.*: E: .*$", done.stdout, re.MULTILINE) == []
    assert re.search(r" 0 errors", done.stdout), done.stdout[-2000:] + done.stderr


def test_each_filter_of_rpmlint_has_its_reason() -> None:
    lines = (CHECKOUT / "packaging" / "chatd.rpmlintrc").read_text("utf-8").splitlines()
    filters = [at for at, line in enumerate(lines) if line.startswith("addFilter")]
    assert filters
    assert [lines[at] for at in filters if not lines[at - 1].startswith("#")] == []
