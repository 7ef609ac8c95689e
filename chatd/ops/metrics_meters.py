"""Who may report what: one meter for each room that measures itself, all over one board.
What the numbers mean is metrics_catalogue. All calls belong to the reactor's thread."""

from __future__ import annotations

from chatd.ops.metrics_board import Board


class NodeMeter:
    """ports.Meter."""

    def __init__(self, board: Board) -> None:
        self._sessions = board.levels("chatd_sessions")
        self._opened = board.counts("chatd_sessions_opened_total")
        self._closed = board.counts("chatd_sessions_closed_total")
        self._logins = board.counts("chatd_logins_total")
        self._commands = board.counts("chatd_commands_total")
        self._refused = board.counts("chatd_refused_total")
        self._in = board.count("chatd_messages_in_total")
        self._ack = board.spread("chatd_ack_seconds")
        self._out = board.count("chatd_messages_out_total")
        self._hearers = board.spread("chatd_fanout_hearers")
        self._fanout = board.spread("chatd_fanout_seconds")
        self._delivery = board.spread("chatd_delivery_seconds")
        self._undelivered = board.counts("chatd_undelivered_total")
        self._resumes = board.counts("chatd_resumes_total")
        self._returning = board.level("chatd_resumes_waiting")
        self._replayed = board.count("chatd_replayed_entries_total")
        self._gaps = board.count("chatd_gap_reads_total")
        self._rooms = board.level("chatd_rooms_loaded")
        self._people = board.level("chatd_users_online")
        self._sanctions = board.levels("chatd_sanctions")
        self._emergency = board.level("chatd_emergency_step")
        self._reports = board.level("chatd_reports_open")
        self._records = board.level("chatd_audit_records")
        self._head = board.level("chatd_audit_head")
        self._owed = board.level("chatd_audit_owed")
        self._limits = board.counts("chatd_limit_hits_total")

    def opened(self, dialect: str) -> None:
        """A session began."""
        self._opened[dialect,].add()
        self._sessions[dialect,].add(1)

    def closed(self, reason: str, dialect: str) -> None:
        """A session ended."""
        self._closed[reason,].add()
        self._sessions[dialect,].add(-1)

    def login(self, kind: str, result: str) -> None:
        """A log-in was decided."""
        self._logins[kind, result].add()

    def heard(self, command: str) -> None:
        """A command reached the gate."""
        self._commands[command,].value += 1

    def refused(self, code: str) -> None:
        """A command or frame was answered with an error."""
        self._refused[code,].add()

    def acked(self, seconds: float) -> None:
        """A message was acknowledged."""
        self._in.value += 1
        self._ack.observe(seconds)

    def fanned_out(self, hearers: int, seconds: float, entries: int) -> None:
        """So many entries were put into the outboxes of so many hearers each; ``seconds``: the mean
        for one."""
        self._out.value += hearers * entries
        self._hearers.observe(hearers, entries)
        self._fanout.observe(seconds, entries)

    def delivered(self, seconds: float, messages: int) -> None:
        """So many messages are in all hearers' outboxes, each so long after it came."""
        self._delivery.observe(seconds, messages)

    def undelivered(self, code: str) -> None:
        """A message could not be taken, by our fault."""
        self._undelivered[code,].add()

    def resumed(self, result: str, replayed: int) -> None:
        """A client came back to a room."""
        self._resumes[result,].add()
        self._replayed.add(replayed)

    def resumes_waiting(self, clients: int) -> None:
        """So many stand in the queue of those who come back."""
        self._returning.set(clients)

    def gap_read(self) -> None:
        """Notices were missing; the store is asked."""
        self._gaps.add()

    def rooms(self, loaded: int) -> None:
        """So many rooms have somebody in them."""
        self._rooms.set(loaded)

    def people(self, online: int) -> None:
        """So many are here."""
        self._people.set(online)

    def sanctions(self, kind: str, in_force: int) -> None:
        """So many bans or mutes hold."""
        self._sanctions[kind,].set(in_force)

    def emergency(self, step: int) -> None:
        """This step is in force."""
        self._emergency.set(step)

    def reports_open(self, waiting: int) -> None:
        """So many reports wait to be settled."""
        self._reports.set(waiting)

    def audit(self, records: int, head: int) -> None:
        """The audit log stands here."""
        self._records.set(records)
        self._head.set(head)

    def audit_owed(self, records: int) -> None:
        """So many records wait for a store that fails."""
        self._owed.set(records)

    def limit_hit(self, limit: str, mode: str) -> None:
        """A limit was met."""
        self._limits[limit, mode].add()


class StoreMeter:
    """chatd.store.StoreMeter."""

    def __init__(self, board: Board) -> None:
        self._operations = board.spreads("chatd_store_operation_seconds")
        self._size = board.spread("chatd_store_group_size")
        self._commit = board.spread("chatd_store_commit_seconds")
        self._failures = board.counts("chatd_store_failures_total")
        self._queue = board.level("chatd_store_queue")

    def operation(self, name: str, seconds: float) -> None:
        """One call, from asking to its result."""
        self._operations[name,].observe(seconds)

    def group(self, size: int, seconds: float) -> None:
        """One durable commit."""
        self._size.observe(size)
        self._commit.observe(seconds)

    def failure(self, kind: str) -> None:
        """One call that could not be carried out."""
        self._failures[kind,].add()

    def waiting(self, calls: int) -> None:
        """So many calls wait for the writer."""
        self._queue.set(calls)


class RetentionMeter:
    """chatd.ops.data_retention.Meter."""

    def __init__(self, board: Board) -> None:
        self._removed = board.count("chatd_retention_removed_total")
        self._swept = board.level("chatd_retention_last_sweep_timestamp_seconds")

    def removed(self, entries: int) -> None:
        """Entries were removed."""
        self._removed.add(entries)

    def swept(self, at: float) -> None:
        """All rooms have been looked at. ``at``: seconds since 1970 UTC."""
        self._swept.set(at)


class EdgeMeter:
    """chatd.edge.ports.EdgeMeter."""

    def __init__(self, board: Board) -> None:
        self._handshakes = board.counts("chatd_handshakes_total")
        self._seconds = board.spread("chatd_handshake_seconds")
        self._connections = board.level("chatd_connections")
        self.received_frames = board.count("chatd_received_frames_total")
        self.received_bytes = board.count("chatd_received_bytes_total")
        self._frames_out = board.count("chatd_sent_frames_total")
        self._bytes_out = board.count("chatd_sent_bytes_total")
        self._outbox = board.level("chatd_outbox_bytes")
        self._dropped = board.counts("chatd_outbox_dropped_total")
        self._slow = board.count("chatd_slow_sessions_closed_total")
        self._writes = board.count("chatd_sent_writes_total")
        self._flushes = board.counts("chatd_flushes_total")
        self._shortcuts = board.levels("chatd_shortcut_active")
        self._agreed = board.count("chatd_deflate_sessions_opened_total")
        self._inflated = board.count("chatd_deflate_received_frames_total")
        self._deflating = board.spread("chatd_deflate_seconds")
        self._packed = board.count("chatd_deflate_sent_frames_total")
        self._saved = board.count("chatd_deflate_saved_bytes_total")

    def handshake(self, result: str, seconds: float) -> None:
        """An attempt to open a session is over."""
        self._handshakes[result,].add()
        if result == "ok":
            self._seconds.observe(seconds)

    def connections(self, now: int) -> None:
        """So many are open."""
        self._connections.set(now)

    def frames_out(self, count: int) -> None:
        """Frames were handed to a connection."""
        self._frames_out.add(count)

    def bytes_out(self, size: int) -> None:
        """Bytes were handed to a connection."""
        self._bytes_out.add(size)

    def writes(self, count: int) -> None:
        """So many writes to connections."""
        self._writes.add(count)

    def flushed(self, pace: str) -> None:
        """Outboxes were emptied, or that was put off."""
        self._flushes[pace,].add()

    def shortcut(self, name: str, taken: bool) -> None:
        """Whether a shortcut is taken."""
        self._shortcuts[name,].set(taken)

    def outbox_bytes(self, now: int) -> None:
        """So much waits in all outboxes."""
        self._outbox.set(now)

    def dropped(self, kind: str, frames: int) -> None:
        """Frames were not sent."""
        self._dropped[kind,].add(frames)

    def slow_closed(self) -> None:
        """A session was closed because its client reads too slowly."""
        self._slow.add()

    def agreed(self) -> None:
        """A session began with compression."""
        self._agreed.add()

    def inflated(self) -> None:
        """A compressed message came."""
        self._inflated.add()

    def deflated(self, seconds: float) -> None:
        """A frame was compressed."""
        self._deflating.observe(seconds)

    def packed(self, frames: int, saved: int) -> None:
        """Compressed frames are on their way; so many bytes less are."""
        self._packed.add(frames)
        self._saved.add(saved)


class AuthMeter:
    """chatd.auth.threads.AuthMeter."""

    def __init__(self, board: Board) -> None:
        self._seconds = board.spread("chatd_password_seconds")
        self._queue = board.level("chatd_password_queue")

    def hashed(self, seconds: float) -> None:
        """One password was hashed."""
        self._seconds.observe(seconds)

    def inside(self, passwords: int) -> None:
        """So many are being hashed, or wait for it."""
        self._queue.set(passwords)


class DaemonMeter:
    """For daemon.py: what concerns the whole process."""

    def __init__(self, board: Board) -> None:
        self._faults = board.count("chatd_faults_total")
        self._draining = board.level("chatd_draining")
        self._schema = board.level("chatd_schema_version")
        self._tick = board.spread("chatd_reactor_tick_seconds")
        self._good = board.level("chatd_config_last_reload_successful")
        self._since = board.level("chatd_config_last_reload_timestamp_seconds")
        self._reloads = board.counts("chatd_config_reloads_total")

    def fault(self) -> None:
        """chatd did something wrong, and logged it."""
        self._faults.add()

    def draining(self, on: bool) -> None:
        """Sessions are being let go, or no longer."""
        self._draining.set(on)

    def schema(self, version: int) -> None:
        """The store is open."""
        self._schema.set(version)

    def ticked(self, seconds: float) -> None:
        """One turn of the reactor, without its waiting."""
        self._tick.observe(seconds)

    def configured(self, at: float) -> None:
        """The first configuration came into force. ``at``: seconds since 1970 UTC."""
        self._good.set(1)
        self._since.set(at)

    def reloaded(self, ok: bool, at: float) -> None:
        """A further configuration came into force, or was refused."""
        self._reloads["ok" if ok else "refused",].add()
        self._good.set(ok)
        if ok:
            self._since.set(at)
