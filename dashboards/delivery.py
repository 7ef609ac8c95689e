"""The way of a message: in at the gate, into the store, out to all who hear it.
The store itself is store.py."""

from __future__ import annotations

from dashboards.panels import Board, Query, Section, level, lines, mean, quantiles, rate

IN = Section(
    "In",
    (
        (
            lines(
                "Messages acknowledged",
                "Each is durably stored; those sent again are counted again.",
                "short",
                rate("chatd_messages_in_total"),
            ),
            lines(
                "Time to the acknowledgement",
                "From a message's arrival at the gate to its being durably stored.",
                "s",
                *quantiles("chatd_ack_seconds"),
            ),
        ),
        (
            lines(
                "Commands",
                "What clients ask for.",
                "short",
                rate("chatd_commands_total", by="command"),
                stacked=True,
            ),
            lines(
                "Commands refused",
                "By the error code that was answered; docs/protocol.md says what each means.",
                "short",
                rate("chatd_refused_total", by="code"),
                stacked=True,
            ),
            lines(
                "Messages not taken",
                "By chatd's own fault. Their senders were told so, and nothing was acknowledged.",
                "short",
                rate("chatd_undelivered_total", by="code"),
            ),
        ),
    ),
)

OUT = Section(
    "Out",
    (
        (
            lines(
                "Time to all hearers",
                "From a message's arrival to its being in all hearers' outboxes. The objective is "
                "half a second for 99.9 %.",
                "s",
                *quantiles("chatd_delivery_seconds"),
            ),
            lines(
                "Time of a fan-out",
                "How long one entry took into all its hearers' outboxes, once it was stored.",
                "s",
                *quantiles("chatd_fanout_seconds"),
            ),
        ),
        (
            lines(
                "Entries told",
                "Entries of rooms' logs put into outboxes: one for each session that hears it.",
                "short",
                rate("chatd_messages_out_total"),
            ),
            lines(
                "Hearers of an entry",
                "The mean, and what one entry in a hundred exceeds.",
                "short",
                mean("chatd_fanout_hearers", "mean"),
                quantiles("chatd_fanout_hearers")[1],
            ),
            lines(
                "Rooms in use",
                "Rooms that somebody is in right now.",
                "short",
                level("chatd_rooms_loaded"),
            ),
        ),
        (
            lines(
                "Saved by compression",
                "Bytes that did not go to clients; zero while delivery.compression is off.",
                "Bps",
                rate("chatd_deflate_saved_bytes_total"),
            ),
            lines(
                "Time for compression",
                "Of one core: 0.01 is a hundredth of it.",
                "short",
                rate("chatd_deflate_seconds_sum"),
            ),
        ),
    ),
)

QUEUES = Section(
    "Queues",
    (
        (
            lines(
                "Waiting in outboxes",
                "Bytes that wait for clients to read them. It should be near zero but for moments.",
                "bytes",
                level("chatd_outbox_bytes"),
            ),
            lines(
                "Frames dropped",
                "Because a client reads too slowly: typing and presence at half of an outbox, all "
                "of it when it is full.",
                "short",
                rate("chatd_outbox_dropped_total", by="kind"),
            ),
            lines(
                "Sessions too slow",
                "Closed because more waited for them than an outbox holds. They come back, and "
                "resume.",
                "short",
                rate("chatd_slow_sessions_closed_total"),
            ),
        ),
        (
            lines(
                "Waiting for the store",
                "Calls that waited for the writer when its last group was done.",
                "short",
                level("chatd_store_queue"),
            ),
            lines(
                "Frames in one write",
                "How many frames share one write to a client's connection: under load they grow, "
                "and cost less each.",
                "short",
                Query(
                    "sum by (instance) (rate(chatd_sent_frames_total{@}[$__rate_interval])) / "
                    "sum by (instance) (rate(chatd_sent_writes_total{@}[$__rate_interval]))"
                ),
            ),
            lines(
                "Limits met",
                "By the key in [limits]; in dry-run nothing came of it.",
                "short",
                rate("chatd_limit_hits_total", by="limit, mode"),
            ),
            lines(
                "Gaps read",
                "Notices that did not come, made good by reading the store. On one host: zero.",
                "short",
                rate("chatd_gap_reads_total"),
            ),
        ),
    ),
)

BOARD = Board(
    "delivery",
    "Delivery and queues",
    "The way of a message from its sender to all who hear it, and where it has to wait.",
    (IN, OUT, QUEUES),
)
