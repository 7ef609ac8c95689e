"""The built packages, and a host that has them. Where no host can boot, its tests are skipped."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.system.build import Built as Built
from tests.system.host import CannotBoot, Host, boot
from tests.system.serving import behind_nginx, on_a_direct_port
from tests.system.tree import tree


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """One for all workers of a test run."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "packages"
    folder.mkdir(exist_ok=True)
    made = Built(folder)
    try:
        assert made.first.exists()
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


@pytest.fixture(scope="module")
def serving(host: Host) -> Host:
    """The same host, on which chatd serves in each way, whose configuration somebody changed and
    whose backup is there: as the tests of the package leave it, or, where they did not run, so."""
    if host.attempt("systemctl is-active nginx").returncode:
        behind_nginx(host)
        on_a_direct_port(host)
        host.run("printf '[limits]\\nmessage_bytes = 256\\n' >> /etc/chatd/chatd.toml")
        host.run("systemctl reload chatd && systemctl start chatd-backup && firewall-cmd --reload")
    host.run("systemctl start chatd")
    return host
