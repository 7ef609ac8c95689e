"""Who is there, how they come, and why they go.
What they say to each other is delivery.py."""

from __future__ import annotations

from dashboards.panels import Board, Section, level, lines, quantiles, rate

NOW = Section(
    "Who is there",
    (
        (
            lines(
                "Sessions by dialect",
                "Connections whose handshake succeeded, by what the client speaks.",
                "short",
                level("chatd_sessions", by="dialect"),
                stacked=True,
            ),
            lines(
                "Connections and people",
                "Open connections, in handshake or after it, and people and bots, each once.",
                "short",
                level("chatd_connections", legend="connections {{instance}}"),
                level("chatd_users_online", legend="online {{instance}}"),
            ),
        ),
    ),
)

COMING = Section(
    "Coming",
    (
        (
            lines(
                "Handshakes",
                "Attempts to open a session, by how they ended. `ok` is good; `lost` are clients "
                "that went away in the middle.",
                "short",
                rate("chatd_handshakes_total", by="result"),
                stacked=True,
            ),
            lines(
                "Time of a handshake",
                "From the connection to the end of its handshake, if it succeeded. The objective "
                "is half a second for 99.5 %.",
                "s",
                *quantiles("chatd_handshake_seconds"),
            ),
        ),
        (
            lines(
                "Log-ins",
                "By how somebody logged in, and how that was decided.",
                "short",
                rate("chatd_logins_total", by="kind, result"),
                stacked=True,
            ),
            lines(
                "Time of a password",
                "How long one password was hashed, without its wait for a thread.",
                "s",
                *quantiles("chatd_password_seconds"),
            ),
            lines(
                "Passwords that wait",
                "That are being hashed, or wait for it. Above the number of threads they queue.",
                "short",
                level("chatd_password_queue"),
            ),
        ),
        (
            lines(
                "Rooms resumed",
                "Rooms that a client came back to with a position: all was replayed, or that could "
                "not be.",
                "short",
                rate("chatd_resumes_total", by="result"),
            ),
            lines(
                "Entries replayed",
                "To clients that came back: what they had missed.",
                "short",
                rate("chatd_replayed_entries_total"),
            ),
            lines(
                "Clients that wait to resume",
                "So many at the same time are let in as leave the others their answers; after a "
                "restart the rest wait here, in their order.",
                "short",
                level("chatd_resumes_waiting"),
            ),
        ),
    ),
)

GOING = Section(
    "Going",
    (
        (
            lines(
                "Sessions ended",
                "By reason: by the client, by a lost line, or as the close code of that name.",
                "short",
                rate("chatd_sessions_closed_total", by="reason"),
                stacked=True,
            ),
            lines(
                "Sessions begun and ended",
                "Both together show whether people stay.",
                "short",
                rate("chatd_sessions_opened_total", legend="begun {{instance}}"),
                rate("chatd_sessions_closed_total", legend="ended {{instance}}"),
            ),
        ),
    ),
)

WIRE = Section(
    "On the wire",
    (
        (
            lines(
                "Bytes",
                "What came from clients, and what was handed to their connections.",
                "Bps",
                rate("chatd_received_bytes_total", legend="received {{instance}}"),
                rate("chatd_sent_bytes_total", legend="sent {{instance}}"),
            ),
            lines(
                "Frames",
                "Messages of WebSocket that came, and frames that were handed out.",
                "short",
                rate("chatd_received_frames_total", legend="received {{instance}}"),
                rate("chatd_sent_frames_total", legend="sent {{instance}}"),
            ),
        ),
    ),
)

BOARD = Board(
    "connections",
    "Connections",
    "Who is there, how they come, and why they go.",
    (NOW, COMING, GOING, WIRE),
)
