"""What a backup says of itself: the manifest, written so that no byte of it can change unnoticed.
Making a backup is backup's; comparing it with its manifest is backup_verify's."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import msgspec
from msgspec import Struct

from chatd.store.sqlite import accounts
from chatd.store.sqlite.transaction import LAST

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "chatd.sqlite3"

_CHUNK = 1 << 20
# What an index for search keeps for itself follows from the messages; no row of it is anybody's.
_TABLES = """SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'
AND name <> 'found' AND name NOT LIKE 'found!_%' ESCAPE '!'"""
_ROOMS = f"SELECT room_id, {LAST} FROM rooms ORDER BY room_id"  # noqa: S608  no foreign text


class BadBackup(Exception):
    """It cannot be used; the text says which and why."""


class File(Struct, frozen=True):
    """One file of a backup. ``size`` in bytes, ``sha256`` in hexadecimal."""

    size: int
    sha256: str


class Manifest(Struct, frozen=True, kw_only=True):
    """A whole backup. ``created`` is UTC in ISO 8601; ``rows`` counts each table; ``last_seqs`` is
    the highest seq given in each room, by room_id."""

    format: int = FORMAT
    chatd: str
    schema: int
    epoch: str
    created: str
    files: dict[str, File]
    rows: dict[str, int]
    last_seqs: dict[str, int]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files.values())


class _Sealed(Struct, frozen=True):
    manifest: Manifest
    sha256: str
    """Of the manifest alone, as compact JSON."""


class _Loose(Struct):
    format: int


class _LooselySealed(Struct):
    manifest: _Loose


def encode(manifest: Manifest) -> bytes:
    """The text of the file."""
    digest = sha256(msgspec.json.encode(manifest)).hexdigest()
    text = msgspec.json.format(msgspec.json.encode(_Sealed(manifest, digest)), indent=2)
    return text + b"\n"


def decode(text: bytes) -> Manifest:
    """The manifest in such a text. Raises BadBackup, also when a single byte was changed."""
    try:
        found = msgspec.json.decode(text, type=_LooselySealed).manifest.format
        if found != FORMAT:
            raise BadBackup(
                f"its manifest has format {found}, and this chatd knows {FORMAT}: use the chatd "
                "that made it"
            )
        manifest = msgspec.json.decode(text, type=_Sealed).manifest
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadBackup(f"its manifest cannot be read: {error}") from None
    if encode(manifest) != text:
        raise BadBackup("its manifest was changed after it was written")
    return manifest


def read(folder: Path) -> Manifest:
    """The manifest of the backup in this folder. Raises BadBackup."""
    try:
        return decode((folder / MANIFEST).read_bytes())
    except OSError as error:
        raise BadBackup(f"its {MANIFEST} cannot be read: {error.strerror}") from None


def summed(path: Path) -> File:
    """A file's size and sum. Raises OSError."""
    digest, size = sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return File(size, digest.hexdigest())


def at_rest(path: Path) -> sqlite3.Connection:
    """A connection that only reads a database that nobody writes, and leaves no trace beside it.
    Raises sqlite3.Error."""
    uri = f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1"
    return sqlite3.connect(uri, uri=True, isolation_level=None)


def describe(path: Path, *, chatd: str, created: str, files: dict[str, File]) -> Manifest:
    """The manifest of this database at rest. Raises sqlite3.Error."""
    with closing(at_rest(path)) as connection:
        tables = sorted(name for (name,) in connection.execute(_TABLES))
        return Manifest(
            chatd=chatd,
            schema=connection.execute("PRAGMA user_version").fetchone()[0],
            epoch=accounts.epoch(connection),
            created=created,
            files=files,
            rows={name: _count(connection, name) for name in tables},
            last_seqs={str(room_id): last for room_id, last in connection.execute(_ROOMS)},
        )


def _count(connection: sqlite3.Connection, table: str) -> int:
    counted: int = connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]  # noqa: S608  own constants
    return counted
