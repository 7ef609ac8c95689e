"""The embedded store, the default: one SQLite file (3.26 or later), a thread that writes, a few
that read. `SqliteStore` is for daemons; `opened` is for commands, which have no reactor."""

from chatd.store.sqlite.blocking import Run, opened
from chatd.store.sqlite.opening import InUse
from chatd.store.sqlite.schema import ForeignFile, Plan, SchemaTooNew, plan
from chatd.store.sqlite.store import SqliteStore

__all__ = [
    "ForeignFile",
    "InUse",
    "Plan",
    "Run",
    "SchemaTooNew",
    "SqliteStore",
    "opened",
    "plan",
]
