"""What chatd says to clients, as values: events that sessions hear, and answers to commands.
Every dialect encodes these; none of them is made anywhere but in node and commands."""

from __future__ import annotations

from msgspec import Struct

from chatd.core.command import RequestId


class Event(Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True):
    """Something a session hears without having asked."""


class LimitsTold(Struct, frozen=True, kw_only=True):
    """Limits to keep to: bytes of UTF-8 in a text and a frame, commands a second, and at once."""

    message_bytes: int
    frame_bytes: int
    rate: float
    burst: int


class Welcome(Event, frozen=True, tag="welcome"):
    """The first event of every session."""

    server: str
    version: str
    protocol: str
    epoch: str
    motd: str
    guests: bool
    lobby: str
    login_timeout_ms: int
    limits: LimitsTold


class Message(Event, frozen=True, tag="message"):
    """A message, live or from history. `ts`: milliseconds since 1970 UTC. Only history and search
    have `edited_ts`, `deleted`, `reactions` (emoji to names) and `reaction_counts` (emoji to how
    many reacted, where not all are named)."""

    room: str
    seq: int
    ts: int
    user: str
    text: str = ""
    guest: bool = False
    key: str | None = None
    reply_to: int | None = None
    edited_ts: int | None = None
    deleted: bool = False
    reactions: dict[str, list[str]] | None = None
    reaction_counts: dict[str, int] | None = None


class Edited(Event, frozen=True, tag="edited"):
    """The message at `target` has a new text. `seq` is the change's own place in the room's log."""

    room: str
    seq: int
    ts: int
    user: str
    target: int
    text: str


class Deleted(Event, frozen=True, tag="deleted"):
    """The message at `target` was taken back by `user`."""

    room: str
    seq: int
    ts: int
    user: str
    target: int


class Reaction(Event, frozen=True, tag="reaction", omit_defaults=False):
    """`user` put `emoji` on the message at `target` (`on`), or took it off."""

    room: str
    seq: int
    ts: int
    user: str
    target: int
    emoji: str
    on: bool


class Topic(Event, frozen=True, tag="topic"):
    """The room has a new topic."""

    room: str
    seq: int
    ts: int
    user: str
    topic: str


class Joined(Event, frozen=True, tag="joined"):
    """`user` came into the room."""

    room: str
    user: str
    guest: bool = False


class Left(Event, frozen=True, tag="left"):
    """`user` left the room; `reason`: `left`, `quit`, `gone` (line lost), `kicked` or `banned`."""

    room: str
    user: str
    reason: str


class Renamed(Event, frozen=True, tag="renamed"):
    """A guest has a new name."""

    room: str
    user: str
    nick: str


class Presence(Event, frozen=True, tag="presence"):
    """Who of the room came online or went offline since the last such event; `present` counts who
    is here now, `guests` are those of `online` who have no account. Over the announce limit the
    lists are empty and only the count is told."""

    room: str
    present: int
    online: list[str]
    offline: list[str]
    guests: list[str] = []


class Typing(Event, frozen=True, tag="typing", omit_defaults=False):
    """`user` is typing in the room, or stopped."""

    room: str
    user: str
    on: bool


class Read(Event, frozen=True, tag="read"):
    """Another session of one's own has read the room up to `seq`."""

    room: str
    seq: int


class Entered(Event, frozen=True, tag="entered"):
    """Another session of one's own entered the room, which this session now hears from `seq` on,
    too. The other fields are as in the answer to `join`."""

    room: str
    epoch: str
    seq: int
    topic: str = ""
    kind: str = "public"
    role: str = "member"
    read: int = 0
    title: str | None = None
    slow: int = 0
    read_only: bool = False
    history: bool = True


class Invited(Event, frozen=True, tag="invited"):
    """`by` made one a member of the room, which this session now hears from `seq` on."""

    room: str
    by: str
    epoch: str
    seq: int
    direct: bool = False
    history: bool = True


class Notice(Event, frozen=True, tag="notice"):
    """An operator says something to everybody (`all`), or what a moderator did is told to a room or
    to whom it hit."""

    text: str
    user: str
    room: str | None = None
    all: bool = False


class Draining(Event, frozen=True, tag="draining"):
    """The server stops soon: come back after `reconnect_after_ms`, each client at its own time."""

    reconnect_after_ms: int


class CaughtUp(Event, frozen=True, tag="caught_up", omit_defaults=False):
    """The end of a room's replay. When `recovered` is false the client's position could not be
    honoured: forget what was kept of the room and read its history up to `seq`."""

    room: str
    recovered: bool
    epoch: str
    seq: int
    replayed: int


# --- answers ---------------------------------------------------------------------------------


class Ok(Struct, kw_only=True, tag_field="type", tag="ok", omit_defaults=True):
    """The answer to a command that was carried out."""

    id: RequestId | None = None  # the gate writes it before the answer goes out


class LoggedIn(Ok, tag="ok"):
    """Who one is now. A guest keeps `guest_token` to come back under the same name, an account
    `return_token` to come back without its password; `rooms` are those one is already a member of,
    and this session hears."""

    user: str
    guest: bool = False
    guest_token: str | None = None
    return_token: str | None = None
    operator: bool = False
    rooms: list[RoomState] = []


class RoomState(Struct, kw_only=True, omit_defaults=True):
    """A room as its member sees it: the position that the session now hears it from, one's role
    and read marker; `slow` seconds between two messages of a plain member, or only moderators
    speak (`read_only`). Without `history` nothing said in it is stored."""

    room: str
    epoch: str
    seq: int
    topic: str = ""
    kind: str = "public"
    role: str = "member"
    read: int = 0
    title: str | None = None
    slow: int = 0
    read_only: bool = False
    history: bool = True


class Attending(Ok, tag="ok"):
    """A room one is now in (join, create, direct)."""

    room: str
    epoch: str
    seq: int
    topic: str = ""
    kind: str = "public"
    role: str = "member"
    read: int = 0
    title: str | None = None
    slow: int = 0
    read_only: bool = False
    history: bool = True


class Stored(Ok, tag="ok"):
    """The durable acknowledgement: the entry's place in the room's log and its time. `again` says
    that the same key had been stored before, and this is that first acknowledgement once more, or
    that it would change nothing, and this is what made it so. In a room without history nothing is
    stored: it was given to all who are there."""

    room: str
    seq: int
    ts: int
    again: bool = False


class Renewed(Ok, tag="ok"):
    """A guest's new name, with the token that goes with it."""

    user: str
    guest_token: str | None = None


class HistoryPage(Ok, tag="ok", omit_defaults=False):
    """Messages in rising order of seq; `more` says whether the asked direction goes on."""

    room: str
    messages: list[Message]
    more: bool


class Found(Ok, tag="ok", omit_defaults=False):
    """Messages found, newest first; give `cursor` back for the next page, null at the end."""

    messages: list[Message]
    cursor: int | None


class Marked(Ok, tag="ok"):
    """The read marker as it stands."""

    room: str
    seq: int


class Person(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of `who`."""

    user: str
    role: str = "member"
    online: bool = False
    guest: bool = False


class Roster(Ok, tag="ok"):
    """Who is in a room; `present` counts those online, `more` says that the list was cut. `slow`
    and `read_only` are the room's rules now."""

    room: str
    people: list[Person]
    present: int
    more: bool
    slow: int = 0
    read_only: bool = False


class RoomLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of `rooms`."""

    room: str
    topic: str = ""
    kind: str = "public"
    present: int = 0
    joined: bool = False
    title: str | None = None
    history: bool = True


class RoomList(Ok, tag="ok", omit_defaults=False):
    """Those one is in (on the first page), then public rooms by name; give `after` back for the
    next page, null at the end."""

    rooms: list[RoomLine]
    after: str | None


class Error(Struct, frozen=True, kw_only=True, tag_field="type", tag="error", omit_defaults=True):
    """The answer to a command that was not carried out: why, and from when on it may be."""

    id: RequestId | None = None
    code: str
    message: str
    retry_after_ms: int | None = None
