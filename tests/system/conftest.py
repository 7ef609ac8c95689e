"""The built packages, and a host that has them. Where no host can boot, its tests are skipped."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.system.build import Built as Built
from tests.system.build import build, rebuild
from tests.system.host import CannotBoot, Host, boot
from tests.system.tree import CHECKOUT, tree

SITE = CHECKOUT / "packaging" / "nginx" / "chatd.conf"
NAME = "chat.example.org"


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    made = Built(tmp_path_factory.mktemp("rpm1"), tmp_path_factory.mktemp("rpm2"))
    try:
        build(made.first)
        rebuild(made.source, made.second, 2, tmp_path_factory.mktemp("work"))
    except CannotBoot as reason:
        pytest.skip(f"no packages: {reason}")
    return made


@pytest.fixture(scope="session")
def bare() -> Iterator[Host]:
    """A host without chatd."""
    try:
        made = boot(tree())
        host = made.__enter__()
    except CannotBoot as reason:
        pytest.skip(f"no RHEL-like host: {reason}")
    try:
        yield host
    finally:
        made.__exit__(None, None, None)


@pytest.fixture(scope="session")
def host(bare: Host, built: Built) -> Host:
    """The host with chatd installed by dnf and not started, nginx before it, and a direct port."""
    bare.copy(built.first, "/srv/chatd/first")
    bare.copy(built.second, "/srv/chatd/second")
    bare.run("dnf -y install /srv/chatd/first/chatd-{0,selinux,monitoring}*[!c].rpm", timeout=300)
    return bare
