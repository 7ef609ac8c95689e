"""The log: events as they happen go to standard error, one line each, for journald or people.
What may be in a line is log_entry.py, how it looks is log_line.py; counting things is metrics."""

from __future__ import annotations

import logging
import os
import select
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from twisted.logger import (
    ILogObserver,
    LogEvent,
    Logger,
    LogLevel,
    globalLogBeginner,
    globalLogPublisher,
)
from twisted.python.failure import Failure
from zope.interface import implementer

from chatd.ops.log_entry import EVENT, FACTS, LEVELS, Entry, entry, level_of, new_fault
from chatd.ops.log_line import line

STDERR = 2
OWN = "chatd"
RECENT = 500
"""Lines kept at hand for a support bundle."""
PATIENCE = 200
"""Milliseconds for which a line may wait for those who read the log. When they have stopped (a
terminal after Ctrl-S, a pager, a journald that hangs), the chat must not."""
LIBRARIES = {"debug": "info", "info": "warning", "warning": "warning", "error": "error"}
"""By the level, the least important lines of libraries: their news is for debugging only."""
RANKS = {level: rank for rank, level in enumerate(LEVELS)}
ANNOUNCED = "Unhandled error in Deferred:"  # Twisted says this, and then the failure by itself


FORMAT = f"{{{EVENT}}}"
"""How Twisted words an event of ours, for other observers than our writer."""


class Log:
    """Logs events by name, with facts: ``log.info("session_opened", session=3)``.

    A fact is a plain value, or a list of them; of anything else only the type is logged. Names
    that mean secrets or people's words are redacted, see log_entry.py. No method raises.
    """

    def __init__(self, namespace: str, observer: ILogObserver = globalLogPublisher) -> None:
        self._logger = Logger(namespace, observer=observer)
        self._observer = observer

    def debug(self, event: str, **facts: object) -> None:
        """Of interest to a developer."""
        self._emit(LogLevel.debug, event, facts)

    def info(self, event: str, **facts: object) -> None:
        """What normally happens."""
        self._emit(LogLevel.info, event, facts)

    def warning(self, event: str, **facts: object) -> None:
        """Somebody should look at it some day."""
        self._emit(LogLevel.warn, event, facts)

    def error(self, event: str, **facts: object) -> None:
        """Something did not work."""
        self._emit(LogLevel.error, event, facts)

    def fault(self, event: str, error: BaseException, **facts: object) -> str:
        """Something is wrong in chatd: with the traceback. Gives the number to tell the client."""
        number = new_fault()
        self._emit(LogLevel.error, event, facts, log_failure=_failure(error), chatd_fault=number)
        return number

    def _emit(self, level: Any, event: str, facts: Mapping[str, object], **more: object) -> None:
        """As Logger.emit does, but for its search through all levels for the one given."""
        told: dict[str, Any] = {
            "log_logger": self._logger,
            "log_level": level,
            "log_namespace": self._logger.namespace,
            "log_source": None,
            "log_format": FORMAT,
            "log_time": time.time(),
            EVENT: event,
            FACTS: facts,
            **more,
        }
        self._observer(told)


def _failure(error: BaseException) -> Failure:
    return Failure(error, type(error), error.__traceback__)  # type: ignore[no-untyped-call]  # half typed library


@implementer(ILogObserver)
class LogWriter:
    """Writes each event of Twisted's log as one line to a file descriptor. Never raises.

    ``form`` and ``level`` may be set at any time. ``lost`` counts the lines that could not be
    written: the disk is full, or nobody reads. A line says so as soon as one can be written.
    """

    def __init__(self, form: str, level: str, fd: int, journal: bool) -> None:
        self.form = form
        self.level = level
        self.lost = 0
        self.recent: deque[Entry] = deque(maxlen=RECENT)
        self._fd = fd
        self._journal = journal
        self._unsaid = 0
        self._torn = False
        self._poll = select.poll()
        self._poll.register(fd, select.POLLOUT)
        # Reentrant: an exception in a destructor may be logged in the middle of a line.
        self._lock = threading.RLock()

    def __call__(self, event: LogEvent) -> None:
        """Log one event, if it is important enough."""
        try:
            if self._wanted(event):
                self._write(entry(event))
        except Exception as error:  # noqa: BLE001 - logging must not break what is logged
            self._write(_unreadable(type(error).__name__))

    def _wanted(self, event: LogEvent) -> bool:
        # The debug lines of libraries hold the bytes of frames: what people say.
        ours = EVENT in event
        if event.get("log_format") == ANNOUNCED and "log_failure" not in event:
            return False
        least = self.level if ours else LIBRARIES[self.level]
        return RANKS[level_of(event)] >= RANKS[least]

    def _write(self, made: Entry) -> None:
        data = line(made, self.form, self._journal)
        with self._lock:
            self.recent.append(made)
            if self._unsaid:
                data = line(_lost(made.time, self._unsaid), self.form, self._journal) + data
            if self._put(b"\n" + data if self._torn else data):
                self._unsaid = 0
            else:
                self._unsaid += 1
                self.lost += 1

    def _put(self, data: bytes) -> bool:
        """Write all of it, or remember that a part of a line stands there."""
        done = 0
        try:
            while done < len(data) and self._poll.poll(0 if self._unsaid else PATIENCE):
                # So much never waits where there is room at all, poll(2) and pipe(7).
                done += os.write(self._fd, data[done : done + select.PIPE_BUF])
        except OSError:
            pass
        whole = done == len(data)
        self._torn = not whole and (self._torn or done > 0)
        return whole


def _unreadable(kind: str) -> Entry:
    return Entry(time.time(), "error", "log_event_unreadable", OWN, True, {"error": kind})


def _lost(at: float, count: int) -> Entry:
    return Entry(at, "warning", "log_lines_lost", OWN, True, {"count": count})


class _Forward(logging.Handler):
    """Brings the records of Python's own logging into Twisted's log."""

    def emit(self, record: logging.LogRecord) -> None:
        """Called by ``logging`` for each record."""
        try:
            text = record.getMessage()
        except Exception:  # noqa: BLE001 - a wrong format is the library's fault, and no reason to fail
            text = str(record.msg)
        at_least = [logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR]
        levels = [LogLevel.debug, LogLevel.info, LogLevel.warn, LogLevel.error]
        level = levels[max(0, sum(record.levelno >= each for each in at_least) - 1)]
        more: dict[str, object] = {}
        if record.exc_info and record.exc_info[1] is not None:
            more["log_failure"] = _failure(record.exc_info[1])
        Logger(record.name, observer=globalLogPublisher).emit(level, "{text}", text=text, **more)


def start(form: str, level: str, *, fd: int = STDERR, journal: bool | None = None) -> LogWriter:
    """Begin to log, once in a process; gives the writer whose ``form`` and ``level`` may change.

    ``form`` is "text" or "json"; ``level`` the least important one to log. ``journal``: whether
    lines carry priorities; None asks systemd. Warnings, Python's logging and exceptions that
    nobody caught go the same way.
    """
    on_journal = is_journal(fd, os.environ) if journal is None else journal
    writer = LogWriter(form, level, fd, on_journal)
    globalLogBeginner.beginLoggingTo([writer], redirectStandardIO=False)
    logging.getLogger().addHandler(_Forward())
    _hook(Log(OWN))
    return writer


def _hook(log: Log) -> None:
    """Exceptions that nobody caught become events, where Python would print many lines."""

    def crashed(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
        else:
            log.fault("crashed", error)

    def thread_crashed(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            log.fault("thread_crashed", args.exc_value, thread=args.thread and args.thread.name)

    def unraisable(args: sys.UnraisableHookArgs) -> None:
        if args.exc_value is not None:
            log.fault("exception_ignored", args.exc_value)

    sys.excepthook = crashed
    threading.excepthook = thread_crashed
    sys.unraisablehook = unraisable


def is_journal(fd: int, environ: Mapping[str, str]) -> bool:
    """Whether ``fd`` is the stream to journald that systemd made: systemd.exec(5), JOURNAL_STREAM.

    The variable alone is not enough: it is inherited by those whose output goes elsewhere.
    """
    try:
        status = os.fstat(fd)
    except OSError:
        return False
    return environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"
