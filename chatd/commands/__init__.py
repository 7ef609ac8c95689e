"""The COMMANDS table: every command there is, its handler and what the gate asks before it.
One file per feature holds the handlers; policy is asked there, limits and states at the gate."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

from chatd.commands import (
    audit,
    control,
    direct,
    explain,
    history,
    login,
    membership,
    messages,
    moderation,
    operator,
    presence,
    search,
    unread,
)
from chatd.core import commands as c
from chatd.core.events import Ok


def _in_turn(_: c.Command) -> bool:
    return False


def _to_a_room(command: c.Send) -> bool:
    """In a room one is in, nothing is waited for before the message gets its place, so that the
    order is kept. The room of two must be found first, or made."""
    return command.room is not None


@dataclass(frozen=True, slots=True)
class Row:
    """One command: who carries it out, and on what terms.

    ``handler``: gives the answer, or a coroutine where it takes time. It raises Refused.
    ``anyone``: also before the log-in. ``pipelined``: whether a session's next pipelined command
    may start before this one is answered; all others wait their turn. ``cost``: tokens of the rate
    limit. ``paced``: whether limits.command counts it as it comes in; if not, the handler does.
    ``audited``: what is done by it goes to the audit log; such a handler gets an Act as its fourth
    argument.
    ``operators``: for operators of the server only. ``control``: also given on the control socket,
    by an operator who is in no room. ``word``: how the command is called.
    """

    handler: Callable[..., Ok | Coroutine[Any, Any, Ok]]
    anyone: bool = False
    pipelined: Callable[[Any], bool] = _in_turn
    cost: float = 1.0
    audited: bool = False
    operators: bool = False
    control: bool = False
    paced: bool = True
    word: str = ""


_ROWS: dict[type[c.Command], Row] = {
    c.Login: Row(login.login, anyone=True, cost=5.0),
    c.Nick: Row(login.nick, cost=5.0),
    c.Quit: Row(login.quit_, anyone=True, cost=0.0, control=True),
    c.Ping: Row(presence.ping, anyone=True, cost=0.2, control=True),
    c.Join: Row(membership.join),
    c.Leave: Row(membership.leave),
    c.Create: Row(membership.create, cost=5.0),
    c.Topic: Row(messages.topic),
    c.Invite: Row(membership.invite),
    c.Role: Row(membership.role, audited=True),
    c.Direct: Row(direct.direct, cost=2.0, paced=False),
    c.Send: Row(messages.send, pipelined=_to_a_room),
    c.Edit: Row(messages.edit),
    c.Delete: Row(messages.delete, audited=True),
    c.React: Row(messages.react),
    c.Unreact: Row(messages.unreact),
    c.History: Row(history.history),
    c.Search: Row(search.search, cost=5.0),
    c.Read: Row(presence.read, cost=0.5),
    c.Unread: Row(unread.unread, cost=10.0),
    c.Typing: Row(presence.typing, cost=0.5),
    c.Who: Row(presence.who, control=True),
    c.Rooms: Row(membership.rooms, control=True),
    c.Kick: Row(moderation.kick, audited=True, control=True),
    c.Ban: Row(moderation.ban, audited=True, control=True),
    c.Unban: Row(moderation.unban, audited=True, control=True),
    c.Bans: Row(moderation.bans, control=True),
    c.Mute: Row(moderation.mute, audited=True, control=True),
    c.Unmute: Row(moderation.unmute, audited=True, control=True),
    c.Slow: Row(moderation.slow, audited=True, control=True),
    c.ReadOnly: Row(moderation.read_only, audited=True, control=True),
    c.Report: Row(operator.report, cost=5.0),
    c.Reports: Row(operator.reports, operators=True, control=True),
    c.Settle: Row(operator.settle, audited=True, operators=True, control=True),
    c.Emergency: Row(operator.emergency, audited=True, operators=True, control=True),
    c.Announce: Row(operator.announce, audited=True, operators=True, control=True),
    c.Status: Row(control.status, operators=True, control=True),
    c.Everybody: Row(control.everybody, cost=5.0, operators=True, control=True),
    c.Drain: Row(control.drain, audited=True, operators=True, control=True),
    c.Undrain: Row(control.undrain, audited=True, operators=True, control=True),
    c.Reload: Row(control.reload, audited=True, cost=5.0, operators=True, control=True),
    c.Loglevel: Row(control.loglevel, audited=True, operators=True, control=True),
    c.Watch: Row(control.watch, operators=True, control=True),
    c.Explain: Row(explain.explain, operators=True, control=True),
    c.Support: Row(control.support, cost=20.0, operators=True, control=True),
    c.Audit: Row(audit.audit, cost=5.0, operators=True, control=True),
    c.AuditVerify: Row(audit.verify, cost=20.0, operators=True, control=True),
}
COMMANDS = {command: replace(row, word=command.__name__.lower()) for command, row in _ROWS.items()}
