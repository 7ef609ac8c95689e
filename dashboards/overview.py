"""The first board to look at: the two objectives, the golden signals, and who chats all the time.
What else there is to see has boards of its own."""

from __future__ import annotations

from dashboards.panels import Board, Query, Section, level, lines, number, quantiles, rate

DELIVERY, HANDSHAKE = 0.001, 0.005
"""What the objectives allow to be late or to fail; the rules say the same."""


def _in_time(good: str, *parts: str) -> Query:
    """The share of all that came in time, over what the board shows."""
    total = " + ".join(f"sum(increase({part}[$__range]))" for part in parts)
    return Query(f'sum(increase({good}_bucket{{@, le="0.5"}}[$__range])) / ({total})', "in time")


def _burn(what: str, allowed: float) -> tuple[Query, ...]:
    return tuple(
        Query(f"chatd:{what}_bad:ratio_rate{window}{{@}} / {allowed}", f"{{{{instance}}}} {window}")
        for window in ("1h", "6h")
    )


OBJECTIVES = Section(
    "Objectives",
    (
        (
            number(
                "Delivered in time",
                "Messages that were in all hearers' outboxes within half a second, of all that "
                "chatd should take. The objective is 99.9 % of 30 days.",
                "percentunit",
                _in_time(
                    "chatd_delivery_seconds",
                    "chatd_delivery_seconds_count{@}",
                    "chatd_undelivered_total{@}",
                ),
                bad=1 - DELIVERY,
                low=True,
            ),
            number(
                "Handshakes in time",
                "Clients that were in within half a second, of all that chatd should let in. The "
                "objective is 99.5 % of 30 days.",
                "percentunit",
                _in_time(
                    "chatd_handshake_seconds",
                    'chatd_handshakes_total{@, result=~"ok|full|failed"}',
                ),
                bad=1 - HANDSHAKE,
                low=True,
            ),
            number(
                "People online",
                "People and bots who are here, each counted once.",
                "short",
                Query("sum(chatd_users_online{@})", "online"),
            ),
            number(
                "Alerts",
                "Alerts of chatd that are firing now; Prometheus' own page says which.",
                "short",
                Query('count(ALERTS{@, alertstate="firing"}) or vector(0)', "firing"),
                bad=1,
            ),
            number(
                "Up for",
                "Since the last start, of the chatd that was started last.",
                "s",
                Query("time() - max(chatd_start_time_seconds{@})", "up"),
            ),
            number(
                "Version",
                "What runs. More than one means that an upgrade is half done.",
                "short",
                Query("count by (version) (chatd_build_info{@})", "{{version}}"),
                names=True,
            ),
        ),
        (
            lines(
                "Delivery budget burnt",
                "How fast the budget of late and failed messages goes: at 1 it lasts just 30 days, "
                "at 14.4 over an hour somebody is woken.",
                "short",
                *_burn("delivery", DELIVERY),
            ),
            lines(
                "Handshake budget burnt",
                "How fast the budget of slow and failed handshakes goes: at 1 it lasts just 30 "
                "days, at 14.4 over an hour somebody is woken.",
                "short",
                *_burn("handshake", HANDSHAKE),
            ),
        ),
    ),
)

SIGNALS = Section(
    "Golden signals",
    (
        (
            lines(
                "Traffic",
                "Messages that were acknowledged, and entries put into outboxes: one for each who "
                "hears it.",
                "short",
                rate("chatd_messages_in_total", legend="in {{instance}}"),
                rate("chatd_messages_out_total", legend="out {{instance}}"),
            ),
            lines(
                "Latency",
                "From a message's arrival to its being in all hearers' outboxes: the median, and "
                "what one in a hundred exceeds.",
                "s",
                *quantiles("chatd_delivery_seconds"),
            ),
        ),
        (
            lines(
                "Errors",
                "Messages that chatd could not take by its own fault, faults (bugs), and log-ins "
                "that were refused; each per second.",
                "short",
                rate("chatd_undelivered_total", by="code", legend="undelivered {{code}}"),
                rate("chatd_faults_total", legend="fault {{instance}}"),
                rate("chatd_logins_total", by="kind", where='result="refused"',
                     legend="refused {{kind}}"),
            ),
            lines(
                "Saturation",
                "How much is used of what there is: of the reactor's time, memory, file "
                "descriptors, and the store's disk.",
                "percentunit",
                Query("chatd:reactor_busy:ratio_rate5m{@}", "reactor {{instance}}"),
                Query(
                    "process_resident_memory_bytes{@} / chatd_memory_limit_bytes{@}",
                    "memory {{instance}}",
                ),
                Query("process_open_fds{@} / process_max_fds{@}", "descriptors {{instance}}"),
                Query(
                    "1 - chatd_store_disk_free_bytes{@} / chatd_store_disk_size_bytes{@}",
                    "disk {{instance}}",
                ),
                most=1,
            ),
        ),
    ),
)  # fmt: skip

USERS = Section(
    "As users have it",
    (
        (
            lines(
                "Sessions",
                "Connections of people and bots, by what they speak.",
                "short",
                level("chatd_sessions", by="dialect"),
                stacked=True,
            ),
            lines(
                "The canary's round trip",
                "From saying a word to hearing it in another session, over the network, the proxy "
                "and the store: the median, and what one in a hundred exceeds.",
                "s",
                *quantiles("chatd_canary_round_trip_seconds"),
            ),
        ),
        (
            lines(
                "Since the canary's last word came through",
                "A few seconds while chat works for those who come as people do; after three "
                "minutes somebody is woken.",
                "s",
                Query("time() - chatd_canary_last_success_timestamp_seconds{@}"),
            ),
            lines(
                "Broken promises",
                "Acknowledged words of the canary that were lost, doubled or told out of order. "
                "Ever above zero is a bug.",
                "short",
                Query("sum(chatd_canary_lost_total{@})", "lost"),
                Query("sum(chatd_canary_doubled_total{@})", "doubled"),
                Query("sum(chatd_canary_misordered_total{@})", "misordered"),
            ),
        ),
    ),
)

BOARD = Board(
    "overview",
    "Overview",
    "How chatd is: its objectives, the golden signals, and what its users feel.",
    (OBJECTIVES, SIGNALS, USERS),
)
