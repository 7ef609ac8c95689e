"""The commands a client can give, as values: one frozen struct each, the same for every dialect.
What they do is in chatd/commands; which of them exist is decided by the table there."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

from chatd.core.command import (
    Command as Command,
)
from chatd.core.command import (
    Emoji,
    Hash,
    Key,
    Page,
    Pause,
    Query,
    Seconds,
    Secret,
    Seq,
    Short,
    Why,
)
from chatd.core.command import (
    RequestId as RequestId,
)
from chatd.core.control import (
    Drain as Drain,
)
from chatd.core.control import (
    Everybody as Everybody,
)
from chatd.core.control import (
    Explain as Explain,
)
from chatd.core.control import (
    Loglevel as Loglevel,
)
from chatd.core.control import (
    Reload as Reload,
)
from chatd.core.control import (
    Status as Status,
)
from chatd.core.control import (
    Support as Support,
)
from chatd.core.control import (
    Undrain as Undrain,
)
from chatd.core.control import (
    Watch as Watch,
)


class Position(Struct, frozen=True, forbid_unknown_fields=True):
    """How far a client has seen one room: the store's epoch and the last seq it has."""

    epoch: Short
    seq: Seq


class Login(Command, frozen=True):
    """Say who you are: a guest's name, a user and password, or a token."""

    guest: Short | None = None
    guest_token: Secret | None = None
    return_token: Secret | None = None
    user: Short | None = None
    password: Secret | None = None
    token: Secret | None = None
    resume: dict[Short, Position] = field(default_factory=dict)


class Nick(Command, frozen=True):
    """Change a guest's name."""

    nick: Short


class Join(Command, frozen=True):
    """Enter a room and hear it."""

    room: Short


class Leave(Command, frozen=True):
    """Leave a room."""

    room: Short


class Send(Command, frozen=True):
    """Say something in a room, or to one person (`to`). The same `key` again is harmless."""

    text: str
    room: Short | None = None
    to: Short | None = None
    key: Key | None = None
    reply_to: Seq | None = None


class Edit(Command, frozen=True):
    """Change the text of a message."""

    room: Short
    seq: Seq
    text: str


class Delete(Command, frozen=True):
    """Take a message back; its place in the room stays."""

    room: Short
    seq: Seq


class React(Command, frozen=True):
    """Put an emoji on a message."""

    room: Short
    seq: Seq
    emoji: Emoji


class Unreact(Command, frozen=True):
    """Take one's emoji off a message."""

    room: Short
    seq: Seq
    emoji: Emoji


class History(Command, frozen=True):
    """Read a page of messages: the newest, those before a seq, or those after one."""

    room: Short
    before: Seq | None = None
    after: Seq | None = None
    limit: Page = 50


class Search(Command, frozen=True):
    """Find messages by their words, newest first, in the rooms that one may read."""

    query: Query
    room: Short | None = None
    cursor: Seq | None = None
    limit: Page = 20


class Read(Command, frozen=True):
    """Say how far one has read a room; the marker only moves forward."""

    room: Short
    seq: Seq


class Unread(Command, frozen=True):
    """Count what one has not read, in all rooms that one is in."""


class Typing(Command, frozen=True):
    """Tell the room that one is typing, or has stopped."""

    room: Short
    on: bool = True


class Who(Command, frozen=True):
    """List who is in a room."""

    room: Short


class Rooms(Command, frozen=True):
    """List the rooms one may join, by name, in pages, and those one is in."""

    after: str = ""
    limit: Page = 100


class Create(Command, frozen=True):
    """Make a room and own it. `history`: whether it keeps any; else the server decides."""

    room: Short
    private: bool = False
    topic: str = ""
    history: bool | None = None


class Topic(Command, frozen=True):
    """Set a room's topic."""

    room: Short
    topic: str


class Invite(Command, frozen=True):
    """Make somebody a member of a room."""

    room: Short
    user: Short


class Role(Command, frozen=True):
    """Make a member of a room its owner, a moderator or a plain member."""

    room: Short
    user: Short
    role: Short


class Direct(Command, frozen=True):
    """Open the room that two people share, making it the first time."""

    user: Short


class Kick(Command, frozen=True):
    """Put somebody out of a room, or (no room) off the server. They may come back."""

    user: Short
    room: Short | None = None
    reason: Why = ""


class Ban(Command, frozen=True):
    """Keep somebody out of a room, or (no room) off the server: `who` is a user, an IP address or a
    network (the latter two for the server only). `seconds`: for how long; none: until unbanned."""

    who: Short
    room: Short | None = None
    reason: Why = ""
    seconds: Seconds | None = None


class Unban(Command, frozen=True):
    """Lift a ban."""

    who: Short
    room: Short | None = None


class Bans(Command, frozen=True):
    """List the bans and mutes of a room, or (no room) all there are."""

    room: Short | None = None


class Mute(Command, frozen=True):
    """Let somebody listen but not speak, in a room or (no room) anywhere."""

    user: Short
    room: Short | None = None
    reason: Why = ""
    seconds: Seconds | None = None


class Unmute(Command, frozen=True):
    """Lift a mute."""

    user: Short
    room: Short | None = None


class Slow(Command, frozen=True):
    """Let each plain member say one message in so many seconds; 0 ends it."""

    room: Short
    seconds: Pause


class ReadOnly(Command, frozen=True):
    """Let only moderators and owners speak in a room, or all its members again."""

    room: Short
    on: bool = True


class Report(Command, frozen=True):
    """Tell the operators of a message: the one at `seq`, or the last that `user` said there."""

    room: Short
    seq: Seq | None = None
    user: Short | None = None
    reason: Why = ""


class Reports(Command, frozen=True):
    """List open reports, oldest first, or settled ones, newest first."""

    settled: bool = False
    limit: Page = 50


class Settle(Command, frozen=True):
    """Close a report and say what came of it."""

    number: Seq
    outcome: Annotated[str, Meta(min_length=1, max_length=300)]


class Emergency(Command, frozen=True):
    """Enter a step of the emergency mode (off, no_guests, no_new, members, operators), or see the
    one in force."""

    step: Short | None = None


class Announce(Command, frozen=True):
    """Tell everybody on the server something."""

    text: Annotated[str, Meta(min_length=1, max_length=2000)]


class Audit(Command, frozen=True):
    """Read the audit log, newest first: what was done `by` somebody, to a `user`, by a `verb`, from
    `since` on and `until` then (milliseconds since 1970 UTC), below the number `before`."""

    by: Short | None = None
    user: Short | None = None
    verb: Short | None = None
    since: Seq | None = None
    until: Seq | None = None
    before: Seq | None = None
    limit: Page = 50


class AuditVerify(Command, frozen=True):
    """Find out whether the audit log is whole. `head`: a hash of it that was seen before, or its
    first digits, which must be in it still."""

    head: Hash | None = None


class Ping(Command, frozen=True):
    """Ask for an answer: everything sent before it has been carried out by then."""


class Quit(Command, frozen=True):
    """Say goodbye: leave at once, without the time that is kept for those who lose their line."""


EVERY: tuple[type[Command], ...] = tuple(
    sorted(Command.__subclasses__(), key=lambda command: command.__module__)
)
"""All of the above, then those of control, for dialects that must recognise them."""
