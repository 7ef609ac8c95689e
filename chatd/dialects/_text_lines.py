"""How events and messages look as lines: `12:03 #lobby <ann> hello`.
Answers to one's own commands are in _text_answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, tzinfo
from typing import Any

from chatd.core import events as e
from chatd.core.text import for_terminal, one_line

_REASONS = {
    "quit": " (said goodbye)",
    "gone": " (line lost)",
    "revoked": " (no longer allowed in)",
    "kicked": " (put out)",
    "banned": " (banned)",
}


def clock(ts: int, zone: tzinfo) -> str:
    """HH:MM of ``ts``, milliseconds since 1970 UTC."""
    return datetime.fromtimestamp(ts / 1000, zone).strftime("%H:%M")


def day(ts: int, zone: tzinfo) -> str:
    """The date of ``ts``, as ISO 8601 has it."""
    return datetime.fromtimestamp(ts / 1000, zone).date().isoformat()


def counted(number: int, thing: str) -> str:
    """`1 room`, `2 rooms`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def below(text: str) -> str:
    """A text whose further lines are indented, so that none of them passes for a line of ours."""
    return for_terminal(text).rstrip().replace("\n", "\n    ")


def message(m: e.Message) -> str:
    """Somebody's words, or that they are gone."""
    who = one_line(m.user)
    if m.deleted:
        return f"* a message of {who} was deleted"
    return f"<{who}> {below(m.text)}{' (edited)' if m.edited_ts else ''}"


def reactions(m: e.Message) -> str:
    """A line of its own, or nothing."""
    counts = m.reaction_counts or {}
    return "; ".join(
        f"{one_line(emoji)} {names(people)}{_and_more(counts.get(emoji, 0) - len(people))}"
        for emoji, people in (m.reactions or {}).items()
    )


def _and_more(people: int) -> str:
    return f" and {people} more" if people > 0 else ""


def names(people: Iterable[str]) -> str:
    """Several people in one line."""
    return ", ".join(one_line(p) for p in people)


def welcome(w: e.Welcome) -> str:
    """The first lines that anybody sees."""
    lines = [f"Welcome to {one_line(w.server)}."]
    if w.motd:
        lines.append(for_terminal(w.motd))
    lines.append("Type a line to say it to the room, or /help to see what else there is.")
    return "\n".join(lines)


def _presence(p: e.Presence) -> str:
    both = (("online", p.online), ("offline", p.offline))
    told = "; ".join(f"{state}: {names(people)}" for state, people in both if people)
    return f"* {told}" if told else ""


def _reaction(r: e.Reaction) -> str:
    did = "put {} on" if r.on else "took {} off"
    return f"* {one_line(r.user)} {did.format(one_line(r.emoji))} a message"


def _topic(t: e.Topic) -> str:
    topic = one_line(t.topic)
    who = one_line(t.user)
    return f"* {who} set the topic: {topic}" if topic else f"* {who} cleared the topic"


def _invited(i: e.Invited) -> str:
    by = one_line(i.by)
    if i.direct:
        return f"* {by} opened this room for you two; /msg {by} TEXT answers, /join @{by} stays"
    return f"* {by} invited you; /room {one_line(i.room)} to talk there"


def _draining(d: e.Draining) -> str:
    seconds = max(1, -(-d.reconnect_after_ms // 1000))
    return f"* the server restarts; come back in {seconds} s"


def _notice(n: e.Notice) -> str:
    """In a room, or to one alone: what was done. To everybody: who says it."""
    return f"* {one_line(n.user)} to all: {below(n.text)}" if n.all else f"* {below(n.text)}"


NEWS: dict[type[e.Event], Callable[[Any], str]] = {
    e.Message: message,
    e.Edited: lambda x: f"* {one_line(x.user)} changed a message: {below(x.text)}",
    e.Deleted: lambda x: f"* {one_line(x.user)} deleted a message",
    e.Reaction: _reaction,
    e.Topic: _topic,
    e.Joined: lambda x: f"* {one_line(x.user)} joined",
    e.Left: lambda x: f"* {one_line(x.user)} left{_REASONS.get(x.reason, '')}",
    e.Renamed: lambda x: f"* {one_line(x.user)} is now {one_line(x.nick)}",
    e.Presence: _presence,
    e.Invited: _invited,
    e.Draining: _draining,
    e.Notice: _notice,
}
"""What follows the time and the room. Nothing for an empty string, nor for what is not here: who
is typing, how far one has read, and the end of a replay are a screen's business, not a line's."""
