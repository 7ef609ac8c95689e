"""Every metric that chatd has of its own, once, with all that is said about it.
The values are metrics_values; docs/metrics.md is made of this by metrics_reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Literal

from chatd.core.commands import EVERY
from chatd.core.errors import CLOSES, ERRORS, OURS
from chatd.core.limits import LIMITS
from chatd.store import FAILURES, KEEPING, OPERATIONS

OTHER = "other"
"""Stands for a label's value that is on no list. Never seen, unless chatd has a bug."""


@dataclass(frozen=True, slots=True)
class Label:
    """A label and all its values, or (none) those that only the running program knows.

    ``says`` is for the reference. ``whole``: no other value can come, so none is made room for.
    Never a user, a room or an address: of those there is no end.
    """

    name: str
    says: str
    values: tuple[str, ...] = ()
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One metric. ``buckets`` are a histogram's upper bounds, in the metric's unit."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    about: str
    labels: tuple[Label, ...] = ()
    buckets: tuple[float, ...] = ()

    def children(self, given: Mapping[str, tuple[str, ...]]) -> list[tuple[str, ...]]:
        """The label values of all its time series; the last is for what is on no list."""
        listed = list(product(*(label.values or given[label.name] for label in self.labels)))
        if all(label.whole for label in self.labels):
            return listed
        return [*listed, (OTHER,) * len(self.labels)]


def _counter(name: str, about: str, *labels: Label) -> Row:
    return Row(name=name, kind="counter", about=about, labels=labels)


def _gauge(name: str, about: str, *labels: Label) -> Row:
    return Row(name=name, kind="gauge", about=about, labels=labels)


def _histogram(name: str, about: str, buckets: tuple[float, ...], *labels: Label) -> Row:
    return Row(name=name, kind="histogram", about=about, labels=labels, buckets=buckets)


def _words(name: str, says: str, *values: str) -> Label:
    return Label(name, says, values)


def _fact(name: str, says: str) -> Label:
    return Label(name, says, whole=True)


# Upper bounds. A fan-out is microseconds of one core, a commit is a disk's business, a handshake
# and a log-in go over the network: each scale is fine where its quantity usually lies, and reaches
# to where somebody must be woken.
_MOMENT = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
_TURN = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
_DISK = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
_CALL = (0.0005, 0.001, 0.0025, 0.01, 0.05, 0.25, 1.0, 5.0)
_ANSWER = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_SIZES = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)

_DIALECT = Label("dialect", "the client's dialect, as in `?format=`")
_COMMAND = _words("command", "a command of the protocol", *(c.__name__.lower() for c in EVERY))
_CODE = _words("code", "an error code of the protocol", *ERRORS)
# The edge's words, as in chatd/edge/ports; ops must not import it, so a test keeps them equal.
_REASON = _words(
    "reason",
    "why: closed by the client, line lost, or as the close code of that name",
    *("client", "lost", "ping_timeout", *CLOSES),
)
_HANDSHAKE = _words(
    "result",
    "how it ended",
    *("ok", "echo", "bad_request", "bad_version", "bad_dialect", "wrong_origin", "not_found"),
    *("draining", "banned", "full", "address_full", "too_fast", "bad_proxy"),
    *("timeout", "lost", "failed"),
)
_DROPPED = _words(
    "kind",
    "typing and presence when half of an outbox is full, or all in one that was full",
    *("ephemeral", "too_slow"),
)
_PACE = _words(
    "pace",
    "at the end of a turn, or `delivery.flush_delay` later",
    "now",
    "delayed",
)
_SHORTCUT = _words(
    "shortcut",
    "straight to the socket; to many sockets in one call of the kernel; whole text frames without "
    "Autobahn's parser; at the end of a turn; open without Autobahn's handshake; read before the "
    "reactor asks",
    *("direct_send", "batched_send", "short_frames", "turn_end", "born_open", "direct_read"),
)
_KIND = _words("kind", "how somebody logged in", "guest", "password", "token")

SECTIONS: dict[str, tuple[Row, ...]] = {
    "The process": (
        _gauge(
            "chatd_build_info",
            "Always 1; the labels say what runs.",
            _fact("version", "of chatd"),
            _fact("python", "of the interpreter"),
            _fact("autobahn", "of the library"),
            _fact("twisted", "of the library"),
            _fact("sqlite", "of the library"),
        ),
        _gauge("chatd_start_time_seconds", "When chatd began to start, in seconds since 1970 UTC."),
        _gauge(
            "chatd_draining",
            "1 while chatd lets nobody in: before it stops, or since `chatctl drain`.",
        ),
        _counter(
            "chatd_faults_total", "Faults of chatd itself; each is in the log, with its number."
        ),
        _gauge(
            "chatd_config_last_reload_successful",
            "1 if the configuration in force is the one last read, 0 if that was refused.",
        ),
        _gauge(
            "chatd_config_last_reload_timestamp_seconds",
            "When a configuration last came into force, in seconds since 1970 UTC.",
        ),
        _counter(
            "chatd_config_reloads_total",
            "Reloads of the configuration, without the first.",
            _words("result", "whether it came into force", "ok", "refused"),
        ),
        _histogram(
            "chatd_reactor_tick_seconds",
            "How long one turn of the reactor kept everything else waiting.",
            _TURN,
        ),
        _histogram(
            "chatd_gc_pause_seconds",
            "How long one garbage collection stopped the process.",
            _MOMENT,
            Label("generation", "of the objects that were looked at", ("0", "1", "2"), whole=True),
        ),
        _gauge(
            "chatd_memory_limit_bytes",
            "The memory that chatd can have: its control group's limit, else the host's.",
        ),
    ),
    "Connections": (
        _gauge(
            "chatd_connections", "Open connections for people and bots, in handshake or after it."
        ),
        _counter(
            "chatd_handshakes_total",
            "Attempts to open a session, when they are over.",
            _HANDSHAKE,
        ),
        _histogram(
            "chatd_handshake_seconds",
            "From the connection to the end of its handshake, for those whose result is `ok`.",
            _ANSWER,
        ),
        _counter("chatd_received_frames_total", "Messages of WebSocket that came from clients."),
        _counter("chatd_received_bytes_total", "Bytes that came from clients."),
        _counter("chatd_sent_frames_total", "Frames that were handed to clients' connections."),
        _counter("chatd_sent_bytes_total", "Bytes that were handed to clients' connections."),
        _counter(
            "chatd_sent_writes_total",
            "Writes to clients' connections; chatd_sent_frames_total by these is how many frames "
            "shared one.",
        ),
        _counter(
            "chatd_flushes_total",
            "Times that outboxes were emptied, and times that this was put off for more to join.",
            _PACE,
        ),
        _gauge(
            "chatd_shortcut_active",
            "1 where a shortcut through the libraries is taken, 0 where it is off or does not fit.",
            _SHORTCUT,
        ),
        _counter("chatd_deflate_sessions_opened_total", "Sessions that began with compression."),
        _counter("chatd_deflate_sent_frames_total", "Frames that went out compressed."),
        _counter("chatd_deflate_saved_bytes_total", "Bytes that compression spared."),
        _histogram("chatd_deflate_seconds", "How long one frame took to compress.", _MOMENT),
        _counter("chatd_deflate_received_frames_total", "Messages that came compressed."),
        _gauge("chatd_outbox_bytes", "Bytes that wait in all outboxes for clients to read them."),
        _counter(
            "chatd_outbox_dropped_total",
            "Frames that were not sent because a client reads too slowly.",
            _DROPPED,
        ),
        _counter(
            "chatd_slow_sessions_closed_total",
            "Sessions closed because more waited for them than an outbox holds.",
        ),
    ),
    "Sessions and people": (
        _gauge("chatd_sessions", "Sessions: connections whose handshake succeeded.", _DIALECT),
        _counter("chatd_sessions_opened_total", "Sessions that began.", _DIALECT),
        _counter("chatd_sessions_closed_total", "Sessions that ended.", _REASON),
        _gauge("chatd_users_online", "People and bots who are here, each counted once."),
        _counter(
            "chatd_logins_total",
            "Log-ins that were decided.",
            _KIND,
            _words("result", "how it was decided", "ok", "refused"),
        ),
        _histogram(
            "chatd_password_seconds",
            "How long one password was hashed, without the time it waited for a thread.",
            _ANSWER,
        ),
        _gauge("chatd_password_queue", "Passwords that are being hashed, or wait for it."),
    ),
    "Commands and messages": (
        _counter("chatd_commands_total", "Commands that reached the gate.", _COMMAND),
        _counter(
            "chatd_refused_total",
            "Commands and frames that were answered with an error, rate limits among them.",
            _CODE,
        ),
        _counter(
            "chatd_messages_in_total", "Messages that were acknowledged, those sent again included."
        ),
        _histogram(
            "chatd_ack_seconds",
            "From a message's arrival at the gate to its acknowledgement: durably stored.",
            _ANSWER,
        ),
        _counter(
            "chatd_messages_out_total",
            "Entries of rooms' logs put into outboxes: one for each session that hears it.",
        ),
        _histogram(
            "chatd_delivery_seconds",
            "From a message's arrival to its being in all hearers' outboxes.",
            _ANSWER,
        ),
        _counter(
            "chatd_undelivered_total",
            "Messages that chatd could not take, by its own fault and not by the sender's.",
            _words("code", "an error code of the protocol", *OURS),
        ),
        _histogram(
            "chatd_fanout_seconds",
            "How long one entry took into all its hearers' outboxes; of those told in the "
            "same turn, the mean for each.",
            _MOMENT,
        ),
        _histogram("chatd_fanout_hearers", "How many sessions heard one entry.", _SIZES),
        _counter("chatd_gap_reads_total", "Gaps in the notices, closed by reading the store."),
        _gauge("chatd_rooms_loaded", "Rooms that somebody is in right now."),
        _counter(
            "chatd_resumes_total",
            "Rooms that a client came back to with a position.",
            _words(
                "result", "all replayed, or the position could not be honoured", "recovered", "lost"
            ),
        ),
        _gauge(
            "chatd_resumes_waiting",
            "Clients that came back with positions and wait for their turn, as all do after a "
            "restart: so many at the same time are let in as leave the others their answers.",
        ),
        _counter("chatd_replayed_entries_total", "Entries replayed to clients that came back."),
    ),
    "Moderation": (
        _gauge(
            "chatd_emergency_step",
            "The step of the emergency mode: 0 off, 1 no guests, 2 no new rooms either, 3 no new "
            "members of rooms either, 4 operators only.",
        ),
        _gauge(
            "chatd_sanctions",
            "Bans and mutes in force.",
            Label("kind", "which", ("ban", "mute"), whole=True),
        ),
        _gauge("chatd_reports_open", "Reports of messages that no operator has settled."),
        _gauge("chatd_audit_records", "The number of the newest record of the audit log."),
        _gauge(
            "chatd_audit_head",
            "The first 12 hexadecimal digits of that record's hash, as a number: `printf %012x` "
            "makes them again, for `chatd audit verify --head`.",
        ),
        _gauge("chatd_audit_owed", "Records that wait for a store that fails."),
    ),
    "Limits": (
        _counter(
            "chatd_limit_hits_total",
            "How often a limit was met; in `dry-run` nothing came of it.",
            _words("limit", "its key in [limits]", *LIMITS),
            _words("mode", "how it was held", "dry-run", "on"),
        ),
    ),
    "The store": (
        _gauge("chatd_schema_version", "The number of the store's newest schema file."),
        _histogram(
            "chatd_store_operation_seconds",
            "One call of the store, from asking to its result.",
            _CALL,
            _words("operation", "the call", *OPERATIONS, *KEEPING),
        ),
        _histogram("chatd_store_group_size", "How many calls one durable commit held.", _SIZES),
        _histogram(
            "chatd_store_commit_seconds", "How long one durable commit took the disk.", _DISK
        ),
        _gauge(
            "chatd_store_queue", "Calls that waited for the writer when its last group was done."
        ),
        _counter(
            "chatd_store_failures_total",
            "Calls that the store could not carry out; nothing was acknowledged.",
            _words("kind", "`full`: no room on the disk; `failed`: anything else", *FAILURES),
        ),
        _gauge("chatd_store_size_bytes", "The database's files together."),
        _gauge(
            "chatd_store_disk_free_bytes", "Room for chatd on the disk that the database is on."
        ),
        _gauge("chatd_store_disk_size_bytes", "The whole of that disk."),
        _counter(
            "chatd_retention_removed_total",
            "Entries of rooms' logs that the rules of `[retention]` let go.",
        ),
        _gauge(
            "chatd_retention_last_sweep_timestamp_seconds",
            "When retention had last been through all rooms, in seconds since 1970 UTC; until "
            "then, when it was switched on; 0 while it is off.",
        ),
    ),
}

CATALOGUE: tuple[Row, ...] = tuple(row for rows in SECTIONS.values() for row in rows)
