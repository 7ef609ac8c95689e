"""Makes what rpmbuild starts from: spec file, source archive, hash-locked wheelhouse, SBOM.
The same checkout gives the same bytes. What the build then does is chatd.spec's."""

from __future__ import annotations

import argparse
import gzip
import io
import json
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.parser import Parser
from hashlib import sha256
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[1]
CONTENT = (
    "chatd",
    "packaging",
    "requirements",
    "docs",
    "pyproject.toml",
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
)
LOCKS = ("run.txt", "build.txt")
# What pip is asked for, whatever runs it: wheels for the package's interpreter and for glibc 2.28.
FIT = (
    *("--only-binary=:all:", "--no-deps", "--require-hashes"),
    *("--python-version", "3.12", "--implementation", "cp"),
    *("--abi", "cp312", "--abi", "abi3", "--abi", "none"),
    *("--platform", "manylinux_2_28_x86_64", "--platform", "manylinux_2_17_x86_64"),
    *("--platform", "manylinux2014_x86_64", "--platform", "manylinux1_x86_64"),
)


@dataclass(frozen=True, slots=True)
class Wheel:
    """A package of the lock, as its wheel."""

    name: str
    version: str
    licence: str
    path: Path

    @property
    def sum(self) -> str:
        """SHA-256, in hexadecimal."""
        return sha256(self.path.read_bytes()).hexdigest()


def version() -> str:
    """chatd's."""
    text = (CHECKOUT / "chatd" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'__version__ = "([\w.]+)"', text)
    if found is None:
        raise SystemExit("chatd/__init__.py names no version")
    return found[1]


# --- the wheelhouse ---


def fetch(wheelhouse: Path) -> None:
    """Fill it with what the locks name, unless it is there. The only step that asks the network."""
    locks = [str(CHECKOUT / "requirements" / name) for name in LOCKS]
    stamp = wheelhouse / ".locks"
    wanted = sha256(b"".join(Path(lock).read_bytes() for lock in locks)).hexdigest()
    if stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
        return
    wheelhouse.mkdir(parents=True, exist_ok=True)
    for old in wheelhouse.glob("*.whl"):
        old.unlink()
    asked = [word for lock in locks for word in ("-r", lock)]
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet"]
    subprocess.run([*pip, *FIT, *asked, "-d", str(wheelhouse)], check=True)
    stamp.write_text(wanted, encoding="ascii")


def wheels(wheelhouse: Path, lock: str) -> list[Wheel]:
    """The wheels of one lock, by name."""
    text = (CHECKOUT / "requirements" / lock).read_text(encoding="utf-8")
    names = {plain(name) for name in re.findall(r"^([a-z][\w.-]*)==", text, re.MULTILINE)}
    found = [look(path) for path in wheelhouse.glob("*.whl")]
    return sorted((each for each in found if each.name in names), key=lambda each: each.name)


def look(path: Path) -> Wheel:
    """What a wheel says of itself."""
    name, number = path.name.split("-")[:2]
    with zipfile.ZipFile(path) as archive:
        told = Parser().parsestr(archive.read(f"{name}-{number}.dist-info/METADATA").decode())
    return Wheel(plain(name), number, licence(told), path)


def licence(told: Message) -> str:
    """What its makers say, in the newest of the three ways in which metadata say it."""
    if told["License-Expression"]:
        return str(told["License-Expression"])
    begins = "License :: OSI Approved :: "
    classified = [
        each.removeprefix(begins)
        for each in told.get_all("Classifier", [])
        if each.startswith(begins)
    ]
    return " AND ".join(classified) or str(told["License"] or "").strip().partition("\n")[0]


def plain(name: str) -> str:
    """A package's name as PEP 503 writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


# --- archives ---


def checkout_files() -> list[str]:
    """What belongs into the source archive: tracked or new, and not ignored; as it is now."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *CONTENT],
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
    ).stdout.decode()
    return sorted(name for name in set(listed.split("\0")) if name and (CHECKOUT / name).is_file())


def archive(out: Path, members: Iterator[tuple[str, bytes, int]], epoch: int) -> None:
    """A tar of (name, content, mode), with nothing in it of who made it or when."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, content, mode in members:
            member = tarfile.TarInfo(name)
            member.size, member.mode, member.mtime = len(content), mode, epoch
            tar.addfile(member, io.BytesIO(content))
    data = raw.getvalue()
    out.write_bytes(gzip.compress(data, mtime=0) if out.suffix == ".gz" else data)


def source_members(top: str, sbom: bytes) -> Iterator[tuple[str, bytes, int]]:
    """The checkout and the SBOM below ``top``."""
    for name in checkout_files():
        path = CHECKOUT / name
        yield f"{top}/{name}", path.read_bytes(), 0o755 if path.stat().st_mode & 0o100 else 0o644
    yield f"{top}/sbom.cdx.json", sbom, 0o644


# --- what is generated from the lock ---


def provides(bundled: list[Wheel]) -> str:
    """One line of the spec file for each package that travels inside."""
    return "\n".join(f"Provides: bundled(python3dist({w.name})) = {w.version}" for w in bundled)


def bill(bundled: list[Wheel], epoch: int) -> bytes:
    """The bill of materials: CycloneDX 1.5."""
    root = component("chatd", version(), "Apache-2.0")
    shown = {
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {**root, "type": "application"},
        },
        "components": [
            {
                **component(each.name, each.version, each.licence),
                "hashes": [{"alg": "SHA-256", "content": each.sum}],
            }
            for each in bundled
        ],
        "dependencies": [
            {
                "ref": root["bom-ref"],
                "dependsOn": [f"pkg:pypi/{w.name}@{w.version}" for w in bundled],
            }
        ],
    }
    return (json.dumps(shown, indent=2) + "\n").encode()


def component(name: str, number: str, licence: str) -> dict[str, Any]:
    """A package, as CycloneDX writes it."""
    purl = f"pkg:pypi/{name}@{number}"
    licences = [{"license": {"name": licence}}] if licence else []
    return {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": number,
        "purl": purl,
        "licenses": licences,
    }


def main() -> int:
    """Write all of it into a folder."""
    parser = argparse.ArgumentParser(prog="sources.py", description=__doc__)
    parser.add_argument(
        "--wheelhouse", type=Path, required=True, help="kept from one time to the next"
    )
    parser.add_argument(
        "--epoch", type=int, required=True, help="the time of all files, since 1970"
    )
    parser.add_argument("out", type=Path, help="the folder")
    args = parser.parse_args()
    fetch(args.wheelhouse)
    bundled, number = wheels(args.wheelhouse, "run.txt"), version()
    everything = [*bundled, *wheels(args.wheelhouse, "build.txt")]
    top = f"chatd-{number}"
    args.out.mkdir(parents=True, exist_ok=True)
    members = source_members(top, bill(bundled, args.epoch))
    archive(args.out / f"{top}.tar.gz", members, args.epoch)
    houses = ((f"wheels/{w.path.name}", w.path.read_bytes(), 0o644) for w in everything)
    archive(args.out / f"{top}-wheels.tar", houses, args.epoch)
    packaging = CHECKOUT / "packaging"
    (args.out / "chatd-sysusers.conf").write_bytes(
        (packaging / "sysusers" / "chatd.conf").read_bytes()
    )
    spec = (packaging / "chatd.spec").read_text(encoding="utf-8")
    spec = spec.replace("@VERSION@", number).replace("@PROVIDES@", provides(bundled))
    (args.out / "chatd.spec").write_text(spec, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
