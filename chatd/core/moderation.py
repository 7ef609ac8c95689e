"""What chatd answers to commands of moderation. All events and the other answers are in events; the
commands themselves in commands."""

from __future__ import annotations

from msgspec import Struct

from chatd.core.events import Ok
from chatd.core.sanctions import SanctionKind, SubjectKind


class SanctionLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One ban or mute in force (`kind`: `ban`, `mute`), laid on a `user`, an `address` or a
    `network` (`what`). `who`: a user's name at that time, the address or the network. Without
    `room` it holds on the whole server, without `until` until it is lifted."""

    number: int
    kind: SanctionKind
    what: SubjectKind
    who: str
    by: str
    ts: int
    reason: str = ""
    room: str | None = None
    until: int | None = None


class Sanctioned(Ok, tag="ok"):
    """A ban or mute that was laid on; without `until` it holds until it is lifted."""

    who: str
    until: int | None = None


class SanctionList(Ok, tag="ok", omit_defaults=False):
    """Bans and mutes in force, oldest first."""

    sanctions: list[SanctionLine]


class Reported(Ok, tag="ok"):
    """The report's number; the same for the same report again."""

    number: int


class ReportLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One report: of the message at `seq`, which is its `author`'s. `text` is what was said, until
    the report is settled; from then on `outcome` says what came of it."""

    number: int
    room: str
    seq: int
    author: str
    by: str
    ts: int
    text: str = ""
    reason: str = ""
    outcome: str = ""
    settled_by: str = ""
    settled_ts: int | None = None


class ReportList(Ok, tag="ok", omit_defaults=False):
    """Open reports oldest first, or settled ones newest first; `open` counts those that wait."""

    reports: list[ReportLine]
    open: int


class EmergencyStep(Ok, tag="ok"):
    """The step in force."""

    step: str


class AuditLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One record of the audit log. `by` is the name at that time, `address` where they came from;
    `facts` says the rest: `user` is who was hit."""

    number: int
    ts: int
    verb: str
    by: str = ""
    address: str = ""
    facts: dict[str, str] = {}
    hash: str


class AuditList(Ok, tag="ok", omit_defaults=False):
    """Records, newest first; `more` when there are older ones: ask for those `before` the last."""

    records: list[AuditLine]
    more: bool


class AuditFlaw(Struct, frozen=True, kw_only=True):
    """What is wrong with the record of this number."""

    number: int
    says: str


class AuditVerdict(Ok, tag="ok", omit_defaults=False):
    """Whether the audit log is whole, how many records it has, and the newest hash. `found`: the
    record that has the hash which was asked for. `more`: flaws that are not listed."""

    whole: bool
    records: int
    head: str
    found: int | None
    flaws: list[AuditFlaw]
    more: int
