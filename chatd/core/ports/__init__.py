"""The ports: what the core asks of the world, and nobody's implementation of it.
Each has one contract suite in tests/unit that runs for every implementation."""

from chatd.core.ports.audit import Audit
from chatd.core.ports.auth import Authenticator, Identity, Revoked
from chatd.core.ports.bus import Bus, Notice
from chatd.core.ports.hooks import Hooks
from chatd.core.ports.line import (
    Audience,
    Broadcast,
    Bundle,
    Dialect,
    Frame,
    Outbox,
    Speaker,
    put_each,
)
from chatd.core.ports.process import BadConfig, Facts, NewConfig, Process
from chatd.core.ports.sanctions import Sanctions
from chatd.core.ports.store import (
    AccountGone,
    KeyReused,
    LastOwner,
    NameTaken,
    NoSuchMember,
    NoSuchTarget,
    SearchesFull,
    SearchTooLong,
    Store,
    StoreFailed,
    StoreFull,
    TooManyReactions,
)
from chatd.core.ports.world import Clock, Ids, Log, Meter, Spawn, Timer

__all__ = [
    "AccountGone",
    "Audience",
    "Audit",
    "Authenticator",
    "BadConfig",
    "Broadcast",
    "Bundle",
    "Bus",
    "Clock",
    "Dialect",
    "Facts",
    "Frame",
    "Hooks",
    "Identity",
    "Ids",
    "KeyReused",
    "LastOwner",
    "Log",
    "Meter",
    "NameTaken",
    "NewConfig",
    "NoSuchMember",
    "NoSuchTarget",
    "Notice",
    "Outbox",
    "Process",
    "Revoked",
    "Sanctions",
    "SearchTooLong",
    "SearchesFull",
    "Spawn",
    "Speaker",
    "Store",
    "StoreFailed",
    "StoreFull",
    "Timer",
    "TooManyReactions",
    "put_each",
]
