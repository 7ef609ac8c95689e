"""The gate: the one way in. States and rates are asked here, then the handler, and whatever it
raises becomes an answer: a refusal is the client's fault, anything else ours."""

from __future__ import annotations

from collections.abc import Awaitable
from types import CoroutineType
from typing import TYPE_CHECKING, Any, TypeAlias

from chatd.commands import COMMANDS, Row
from chatd.commands.act import Act
from chatd.commands.places import asked, case_of
from chatd.core.commands import Command, Login, Send
from chatd.core.errors import ERRORS, OURS, Refused
from chatd.core.events import Error, Ok
from chatd.core.names import BadName
from chatd.core.ports import AccountGone, StoreFailed, StoreFull

if TYPE_CHECKING:
    from chatd.node.hooks import HookCaller
    from chatd.node.node import Node
    from chatd.node.session import Session

STORE_RETRY_MS = 2000
"""How long a client should wait before it tries a failed store again."""
COMPLAINT = 60.0
"""Seconds between two lines of the log about a store that fails: every command meets it."""


Answer: TypeAlias = "Ok | Error | CoroutineType[Any, Any, Ok | Error]"
"""To a command: now, or what to await where it takes time."""


class Gate:
    """Carries out commands; never raises."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._monotonic = node.clock.monotonic
        self._complained = -COMPLAINT

    def carry_out(self, session: Session | HookCaller, command: Command) -> Answer:
        """The answer to one command, its request id written in."""
        node, row, monotonic = self._node, COMMANDS[type(command)], self._monotonic
        node.meter.heard(row.word)
        started = monotonic()
        try:
            if session.person is None or session.control or row.operators:
                self._admit(session, row)
            answer: Any
            if row.audited:
                answer = self._on_record(row, session, command)
            else:
                answer = row.handler(node, session, command)
        except Exception as error:  # noqa: BLE001  # the gate's very task: nothing gets past it
            return self._refused(error, session, row, command)
        if type(answer) is CoroutineType:  # quicker to ask than whether it is an Ok
            in_time: Any = self._in_time(answer, session, row, command, started)
            return in_time  # type: ignore[no-any-return]  # mypy knows of coroutines as a port only
        return self._done(answer, session, row, command, started)

    async def _in_time(
        self,
        answer: Awaitable[Ok],
        session: Session | HookCaller,
        row: Row,
        command: Command,
        started: float,
    ) -> Ok | Error:
        try:
            done = await answer
        except Exception as error:  # noqa: BLE001  # as above
            return self._refused(error, session, row, command)
        return self._done(done, session, row, command, started)

    def _done(
        self, answer: Ok, session: Session | HookCaller, row: Row, command: Command, started: float
    ) -> Ok:
        node, monotonic = self._node, self._monotonic
        if node.control.watching:
            self._saw(session, row, command)
        if type(command) is Send:
            node.meter.acked(monotonic() - started)
        answer.id = command.id
        return answer

    def _refused(
        self, error: Exception, session: Session | HookCaller, row: Row, command: Command
    ) -> Error:
        refusal, meter = self._refusal(error, session, command), self._node.meter
        meter.refused(refusal.code)
        if isinstance(command, Login):
            self._node.audit.failures.count(session.address, command, refusal.code)
        self._saw(session, row, command, refusal.code)
        if isinstance(command, Send) and refusal.code in OURS:
            meter.undelivered(refusal.code)
        if refusal.code == "login_failed":  # for who watches the log for those who guess
            facts = {"session": session.number, "address": session.address}
            self._node.log.warning("login_refused", **facts)
        return refusal

    async def _on_record(self, row: Row, session: Session | HookCaller, command: Command) -> Ok:
        """Carry out, and answer when it is in the audit log."""
        node = self._node
        act = Act(row.word, session.me, session.address, node.clock.now())
        answer = row.handler(node, session, command, act)
        done = answer if isinstance(answer, Ok) else await answer
        await node.audit.told(act)
        return done

    def _admit(self, session: Session | HookCaller, row: Row) -> None:
        if session.person is None and not row.anyone:
            raise Refused("not_logged_in", "log in first; see the protocol's section on login")
        if session.control and not row.control:
            raise Refused("forbidden", f"{row.word} is for those in the chat, not for its control")
        if row.operators:
            asked(case_of(self._node, session.me.actor, session.me.user_id, "operate"))

    def _saw(
        self, session: Session | HookCaller, row: Row, command: Command, refused: str = ""
    ) -> None:
        """Tell those who watch: what was refused to whom, and what an operator or moderator did."""
        if not self._node.control.watching:
            return
        word = row.word
        user = session.person.name if session.person else ""
        room, target = str(getattr(command, "room", None) or ""), _target(command)
        if room.startswith("@"):  # what goes on between two people is theirs
            return
        tell = self._node.control.saw
        if refused and isinstance(command, Login):
            tell("login_refused", user=target, word=refused, session=session)
        elif refused:
            tell("refused", user=user, room=room, word=f"{word} {refused}", target=target)
        elif row.audited:
            tell("done", user=user, room=room, word=word, target=target)

    def _refusal(self, error: Exception, session: Session | HookCaller, command: Command) -> Error:
        match error:
            case Refused():
                word, message, after = error.code.word, error.message, error.retry_after_ms
            case BadName():
                word, message, after = "bad_name", str(error), None
            case AccountGone():
                word, message, after = *_gone(error, session), None
            case StoreFull() | StoreFailed():
                word = "storage_full" if isinstance(error, StoreFull) else "storage_failed"
                message, after = ERRORS[word].meaning, STORE_RETRY_MS
                self._complain(word, str(error))
            case _:
                number = self._node.log.fault(
                    "command_failed",
                    error,
                    command=COMMANDS[type(command)].word,
                    session=session.number,
                )
                word, after = "internal", STORE_RETRY_MS
                message = f"a fault of the server; tell its operator the number {number}"
        return Error(id=command.id, code=word, message=message, retry_after_ms=after)

    def _complain(self, event: str, reason: str) -> None:
        now = self._node.clock.monotonic()
        if now - self._complained >= COMPLAINT:
            self._complained = now
            self._node.log.warning(event, reason=reason)


def _gone(error: AccountGone, session: Session | HookCaller) -> tuple[str, str]:
    """An account was erased or disabled, and this node has not heard of it: the store has."""
    person = session.person
    if person is None or person.user_id in error.args:
        return "not_logged_in", "this account was disabled or erased just now"
    return "no_such_user", "that account was erased just now"


def _target(command: Command) -> str:
    """Whom it is about. A name that somebody tried to log in with may be a password."""
    if isinstance(command, Login):
        return ""
    who = getattr(command, "who", None) or getattr(command, "user", None)
    return str(who or "")
