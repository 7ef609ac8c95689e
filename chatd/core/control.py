"""Commands of those who operate the server, what they are answered, and what they may watch.
Bans and their like are commands and moderation: moderators give them, too."""

from __future__ import annotations

from typing import Literal, get_args

from msgspec import Struct, field

from chatd.core.command import Command, Short
from chatd.core.events import Event, Ok

Kind = Literal[
    "session_opened", "session_closed", "logged_in", "login_refused", "joined", "left", "renamed",
    "message", "edited", "deleted", "reacted", "unreacted", "topic", "done", "refused",
]  # fmt: skip
"""What can be watched. ``done``: a command that changes what others may; ``refused``: any that was
answered with an error."""
KINDS: tuple[Kind, ...] = get_args(Kind)
Level = Literal["debug", "info", "warning", "error"]
LEVELS: tuple[Level, ...] = get_args(Level)


class Status(Command, frozen=True):
    """Ask how the server is."""


class Everybody(Command, frozen=True):
    """List who is connected, wherever they are, and from where."""


class Drain(Command, frozen=True):
    """Let nobody in and send everybody home, but go on running."""


class Undrain(Command, frozen=True):
    """Let people in again."""


class Reload(Command, frozen=True):
    """Read the configuration anew; answered when it is in force, or with all that is wrong."""


class Loglevel(Command, frozen=True):
    """See or set the least important events to log, until the next reload or restart."""

    level: Level | None = None


class Watch(Command, frozen=True):
    """Hear what happens from now on (`happened`), never what is said: all of it, or only these
    kinds, in this room, of this user. Not `on`: no more."""

    kinds: list[Kind] = field(default_factory=list)
    room: Short | None = None
    user: Short | None = None
    on: bool = True


class Explain(Command, frozen=True):
    """Ask whether somebody may do something (`verb`) now, which rule says so, and how to change
    it. `target`: whom they would hit, or whose message it is (none: their own)."""

    user: Short
    verb: Short
    room: Short | None = None
    target: Short | None = None


class Support(Command, frozen=True):
    """Ask for what helps to help: versions, configuration, counts, metrics, recent log; without
    secrets, names, addresses, and what was said."""


class Happened(Event, frozen=True, tag="happened"):
    """Something that one watches. `word`: the command, reason or error code where there is one."""

    kind: Kind
    ts: int
    user: str = ""
    room: str = ""
    word: str = ""
    target: str = ""
    session: int = 0
    address: str = ""


# --- answers ---------------------------------------------------------------------------------


class State(Ok, tag="ok", omit_defaults=False):
    """How the server is, and how many of all there are: `sessions`, `users` who are here or have
    just lost their line, `rooms` that somebody is in, `reports` that are open, sessions that watch
    (`watchers`). It is up `since` then, in milliseconds since 1970 UTC, for `uptime` milliseconds.
    `config`: its file; `reloaded`: whether what was read of it last is in force; `restart`: the
    keys that wait for one. `schema` and `epoch` are the database's."""

    server: str
    version: str
    since: int
    uptime: int
    draining: bool
    sessions: int
    users: int
    rooms: int
    emergency: str
    bans: int
    mutes: int
    reports: int
    schema: int
    epoch: str
    listening: list[str]
    log_level: str
    config: str
    reloaded: bool
    restart: list[str]
    watchers: int


class Present(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody who is connected: by how many sessions (1, if not said), from which addresses, in
    how many rooms. `since`: of the oldest of these sessions."""

    user: str
    guest: bool = False
    operator: bool = False
    sessions: int = 1
    rooms: int = 0
    addresses: list[str] = []
    dialects: list[str] = []
    since: int = 0


class Gathering(Ok, tag="ok", omit_defaults=False):
    """All who are logged in, by name; `strangers` counts the sessions that are not."""

    people: list[Present]
    strangers: int


class Leaving(Ok, tag="ok", omit_defaults=False):
    """Whether everybody is being sent home (`draining`), and how many sessions there are yet."""

    draining: bool
    sessions: int


class Reloaded(Ok, tag="ok", omit_defaults=False):
    """The keys that changed: those in force now, and those that wait for a restart."""

    settings: list[str]
    restart: list[str]


class LogLevel(Ok, tag="ok"):
    """The level in force."""

    level: str


class Reason(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One step on the way to a decision: what was asked, and what was found. The last one
    `decides`."""

    asked: str
    found: str
    decides: bool = False


class Explained(Ok, tag="ok", omit_defaults=False):
    """Whether they may (`allowed`), by which `rule`, and what it `says`; the error code of the
    `refusal` if not. `change`: what would make it otherwise."""

    user: str
    verb: str
    room: str
    allowed: bool
    rule: str
    refusal: str
    says: str
    change: str
    steps: list[Reason]


class SupportFiles(Ok, tag="ok", omit_defaults=False):
    """The files of a bundle, by name."""

    files: dict[str, str]
