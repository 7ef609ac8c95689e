"""Whether a backup is whole: its manifest, its sums, and what the database itself says.
Nothing is changed, and nothing is left behind in the backup."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from msgspec import Struct

from chatd.store.sqlite import schema
from chatd.store.sqlite.backup_manifest import (
    DATABASE,
    MANIFEST,
    BadBackup,
    Manifest,
    at_rest,
    describe,
    read,
    summed,
)

_SHOWN = 10


class Verdict(Struct, frozen=True):
    """What was found out about the backup in ``folder``. No ``problems``: it is good; then there
    is a manifest."""

    folder: Path
    manifest: Manifest | None
    problems: tuple[str, ...]


def verify(folder: Path) -> Verdict:
    """Look at all of it: its sums, then the database from end to end."""
    try:
        manifest = read(folder)
    except BadBackup as bad:
        return Verdict(folder, None, (str(bad),))
    for stage in (_files, _database, _counts):
        try:
            problems = tuple(stage(folder, manifest))
        except (OSError, sqlite3.Error) as error:
            problems = (f"{DATABASE} cannot be read: {error}",)
        if problems:
            return Verdict(folder, manifest, problems)
    return Verdict(folder, manifest, ())


def good(folder: Path) -> Manifest:
    """The manifest of a backup that is whole. Raises BadBackup, which says what is not."""
    verdict = verify(folder)
    if verdict.problems or verdict.manifest is None:
        raise BadBackup(f"{folder} is not good: {'; '.join(verdict.problems)}")
    return verdict.manifest


def _files(folder: Path, manifest: Manifest) -> Iterator[str]:
    there = {entry.name for entry in folder.iterdir()} - {MANIFEST}
    if DATABASE not in manifest.files:
        yield f"its manifest names no {DATABASE}"
    for name in sorted(there - set(manifest.files)):
        yield f"{name} does not belong to it: the manifest does not name it"
    for name, expected in manifest.files.items():
        if name not in there:
            yield f"{name} is missing"
            continue
        found = summed(folder / name)
        if found.size != expected.size:
            yield f"{name} has {found.size} bytes, and had {expected.size}"
        elif found != expected:
            yield f"{name} was changed: its SHA-256 is {found.sha256}, and was {expected.sha256}"


def _database(folder: Path, manifest: Manifest) -> Iterator[str]:
    newest = schema.newest()
    if manifest.schema > newest:
        yield (
            f"it has schema {manifest.schema}, and this chatd knows schemas up to {newest}: use "
            f"chatd {manifest.chatd} or a later one"
        )
        return
    with closing(at_rest(folder / DATABASE)) as connection:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        if application != schema.APPLICATION_ID:
            yield f"{DATABASE} is another program's database"
            return
        for (found,) in connection.execute(f"PRAGMA integrity_check({_SHOWN})"):
            if found != "ok":
                yield f"{DATABASE} is damaged: {found}"
        for table, *_ in connection.execute("PRAGMA foreign_key_check").fetchmany(_SHOWN):
            yield f"{DATABASE} is damaged: a row of {table} points to one that is missing"


def _counts(folder: Path, manifest: Manifest) -> Iterator[str]:
    found = describe(
        folder / DATABASE, chatd=manifest.chatd, created=manifest.created, files=manifest.files
    )
    for what in ("schema", "epoch", "rows", "last_seqs"):
        if getattr(found, what) != getattr(manifest, what):
            yield f"{what} in {DATABASE} and in the manifest differ"
