"""The Autobahn TestSuite against /echo: what RFC 6455 asks of a server, asked by someone else."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.conformance import wstest
from tests.conformance.wstest import CACHE, CASE_COUNT, NotHere, Verdict, Wstest
from tests.process.harness import PATIENCE, Daemon

SECTIONS: dict[str, dict[str, object]] = {
    "limits": {"frame_bytes": "1 MiB", "outbox_bytes": "4 MiB"},
    "diagnostics": {"echo": True},
}


@pytest.fixture(scope="module")
def suite() -> Wstest:
    try:
        return wstest.installed()
    except NotHere as missing:
        pytest.skip(str(missing))


@contextmanager
def echoing(folder: Path, **sections: dict[str, object]) -> Iterator[str]:
    """A real chatd; the address of its /echo. What it logged is shown on failure."""
    with closing(Daemon(folder, SECTIONS | sections)) as daemon:
        try:
            daemon.start()
            yield daemon.url("/echo")
            assert daemon.stop() == 0
        finally:
            sys.stdout.write(daemon.tail())
        assert daemon.faults() == []


@pytest.mark.conformance
@pytest.mark.timeout(wstest.INSTALL_SECONDS + wstest.RUN_SECONDS + 2 * PATIENCE)
def test_no_case_of_the_autobahn_testsuite_fails(
    suite: Wstest, tmp_path: Path, record_counts: Callable[[str], None]
) -> None:
    with echoing(tmp_path) as url:
        verdicts = suite.fuzz(url, CACHE / "report")
    record_counts(wstest.counts(verdicts))
    bad = {case: verdict for case, verdict in verdicts.items() if not verdict.is_good}
    assert bad == {}, f"see {CACHE / 'report' / 'index.html'}"
    assert len(verdicts) == CASE_COUNT


@pytest.mark.conformance
@pytest.mark.timeout(wstest.INSTALL_SECONDS + wstest.RUN_SECONDS + 2 * PATIENCE)
def test_no_case_about_compression_fails_or_goes_without_it(
    suite: Wstest, tmp_path: Path, record_counts: Callable[[str], None]
) -> None:
    report = CACHE / "report-compression"
    with echoing(tmp_path, delivery={"compression": True}) as url:
        verdicts = suite.fuzz(url, report, wstest.COMPRESSION)
    record_counts(wstest.counts(verdicts))
    assert verdicts.keys() == set(wstest.COMPRESSION)
    bad = {case: verdict for case, verdict in verdicts.items() if verdict != Verdict("OK", "OK")}
    assert bad == {}, f"see {report / 'index.html'}"


@pytest.mark.parametrize(
    ("behavior", "closing", "good"),
    [
        ("OK", "OK", True),
        ("NON-STRICT", "OK", True),
        ("INFORMATIONAL", "INFORMATIONAL", True),
        ("FAILED", "OK", False),
        ("UNIMPLEMENTED", "OK", False),
        ("OK", "FAILED", False),
        ("OK", "UNCLEAN", False),
        ("OK", "WRONG CODE", False),
    ],
)
def test_a_verdict_is_good_when_both_halves_are(behavior: str, closing: str, good: bool) -> None:
    index = {"chatd": {"1.1.1": {"behavior": behavior, "behaviorClose": closing}}}
    assert wstest.read_index(index) == {"1.1.1": Verdict(behavior, closing)}
    assert wstest.read_index(index)["1.1.1"].is_good == good
