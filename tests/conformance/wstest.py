"""The Autobahn TestSuite's fuzzing client: its Python 2.7, its installation, its verdict.
What it is let loose on is started elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

PROJECT = Path(__file__).parents[2]
LOCK = PROJECT / "requirements" / "wstest.txt"
CACHE = PROJECT / ".cache" / "wstest"

# Groups 1 to 7 and 10. Group 9 measures speed.
CASES = ("1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*")
CASE_COUNT = 247
# Groups 12 and 13 are about compression: 12 kinds of text, or of what is offered. Of 18 cases each,
# these are a thousand messages of 16, 64, 256 and 1024 bytes; all of them take over an hour.
COMPRESSION = tuple(
    f"{group}.{part}.{case}"
    for group, parts in ((12, 5), (13, 7))
    for part in range(1, parts + 1)
    for case in range(1, 5)
)
GOOD = {"OK", "NON-STRICT", "INFORMATIONAL"}

INSTALL_SECONDS = 300
RUN_SECONDS = 900

# addsitedir, and not PYTHONPATH, because zope is a namespace made by .pth files.
LAUNCH = (
    "import site, sys; site.addsitedir(sys.argv.pop(1)); "
    "from autobahntestsuite.wstest import run; run()"
)


@dataclass(frozen=True)
class Wstest:
    """An installed suite."""

    python: str
    library: Path

    def fuzz(self, url: str, outdir: Path, cases: Sequence[str] = CASES) -> dict[str, Verdict]:
        """Run these cases against a server that echoes, and read the verdicts, by case.

        Raises subprocess.TimeoutExpired after RUN_SECONDS. The HTML report is left in outdir.
        """
        shutil.rmtree(outdir, ignore_errors=True)
        outdir.mkdir(parents=True)
        spec = {
            "outdir": str(outdir),
            "servers": [{"url": url}],
            "cases": list(cases),
            "exclude-cases": [],
            "exclude-agent-cases": {},
        }
        spec_file = outdir / "spec.json"
        spec_file.write_text(json.dumps(spec))
        self._run("-m", "fuzzingclient", "-s", str(spec_file))
        return read_index(json.loads((outdir / "index.json").read_text()))

    def _run(self, *arguments: str) -> None:
        command = [self.python, "-E", "-s", "-c", LAUNCH, str(self.library), *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=RUN_SECONDS, check=False
        )
        if done.returncode != 0:
            raise RuntimeError(f"wstest ended with {done.returncode}:\n{done.stdout}{done.stderr}")


@dataclass(frozen=True)
class Verdict:
    """How the server behaved in a case, and how it closed."""

    behavior: str
    closing: str

    @property
    def is_good(self) -> bool:
        return self.behavior in GOOD and self.closing in GOOD


def read_index(index: Mapping[str, Mapping[str, Mapping[str, str]]]) -> dict[str, Verdict]:
    """The verdicts by case, from the suite's index.json; it must be about one server."""
    [cases] = index.values()
    return {name: Verdict(v["behavior"], v["behaviorClose"]) for name, v in cases.items()}


def counts(verdicts: Mapping[str, Verdict]) -> str:
    """One line for people, as in "240 OK, 4 NON-STRICT, 3 INFORMATIONAL"."""
    counted = Counter(verdict.behavior for verdict in verdicts.values())
    return ", ".join(f"{count} {behavior}" for behavior, count in counted.most_common())


class NotHere(Exception):
    """The suite cannot run on this machine; the text says what is missing."""


def installed() -> Wstest:
    """The suite, installed under .cache on its first use. Raises NotHere without a Python 2.7."""
    python = find_python()
    library = CACHE / sha256(LOCK.read_bytes()).hexdigest()[:12]
    if not library.exists():
        _install(python, library)
    return Wstest(python, library)


def find_python() -> str:
    for candidate in _candidates():
        if _says(candidate, "import sys; print('%d.%d' % sys.version_info[:2])") == "2.7":
            if not _says(candidate, "import pip; print('pip')"):
                raise NotHere(
                    f"{candidate} has no pip, so the Autobahn TestSuite cannot be installed"
                )
            return candidate
    raise NotHere(
        "no Python 2.7 for the Autobahn TestSuite: "
        "put python2.7 on the PATH, or name it in the variable PYTHON27"
    )


def _candidates() -> Iterator[str]:
    if named := os.environ.get("PYTHON27"):
        yield named
        return
    yield "python2.7"
    versions = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser() / "versions"
    yield from (str(path) for path in sorted(versions.glob("2.7*/bin/python2.7")))


def _says(python: str, code: str) -> str:
    try:
        done = subprocess.run(
            [python, "-E", "-s", "-c", code], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def _install(python: str, library: Path) -> None:
    """Fill a folder beside the wanted one and rename it: half an installation is never used."""
    fresh = library.with_suffix(f".{os.getpid()}")
    command = [
        *(python, "-E", "-s", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        *("--require-hashes", "--no-deps", "--no-build-isolation", "--no-compile"),
        *("--target", str(fresh), "-r", str(LOCK)),
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
    )
    if done.returncode != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        raise RuntimeError(f"pip could not install {LOCK.name}:\n{done.stdout}{done.stderr}")
    fresh.rename(library)
