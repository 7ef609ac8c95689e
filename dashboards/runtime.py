"""The process: its reactor, its memory, its files, and what operators did to it.
What it serves is on the other boards."""

from __future__ import annotations

from dashboards.panels import Board, Query, Section, level, lines, number, quantiles, rate

NOW = Section(
    "What runs",
    (
        (
            number(
                "Version",
                "What runs. More than one means that an upgrade is half done.",
                "short",
                Query("count by (version) (chatd_build_info{@})", "{{version}}"),
                names=True,
            ),
            number(
                "Up for",
                "Since the last start, of the chatd that was started last.",
                "s",
                Query("time() - max(chatd_start_time_seconds{@})", "up"),
            ),
            number(
                "Configuration refused",
                "How many chatds go on with an old configuration, since the new one has errors.",
                "short",
                Query("count(chatd_config_last_reload_successful{@} == 0) or vector(0)", "refused"),
                bad=1,
            ),
            number(
                "Draining",
                "How many chatds let nobody in and send all home.",
                "short",
                Query("sum(chatd_draining{@})", "draining"),
                bad=1,
            ),
            number(
                "Emergency step",
                "0 is off; docs/metrics.md says what each step closes.",
                "short",
                Query("max(chatd_emergency_step{@})", "step"),
                bad=1,
            ),
        ),
    ),
)

LOOP = Section(
    "The reactor",
    (
        (
            lines(
                "Busy",
                "How much of its time the reactor works. Above 80 % everybody begins to wait.",
                "percentunit",
                rate("chatd_reactor_tick_seconds_sum"),
                most=1,
            ),
            lines(
                "Time of a turn",
                "How long one turn kept everything else waiting: the median, and what one in a "
                "hundred exceeds.",
                "s",
                *quantiles("chatd_reactor_tick_seconds"),
            ),
            lines(
                "Long turns",
                "Turns of more than half a second, in five minutes. More than two are an alert.",
                "short",
                Query("chatd:reactor_long_turns:increase5m{@}"),
            ),
        ),
        (
            lines(
                "CPU",
                "Cores that the process used, its threads for store and passwords included.",
                "short",
                rate("process_cpu_seconds_total"),
            ),
            lines(
                "Shortcuts",
                "1 where chatd takes its own short way past a library, 0 where that is off or does "
                "not fit the library's version: then it works, and costs more.",
                "short",
                level("chatd_shortcut_active", by="shortcut"),
                most=1,
            ),
            lines(
                "Garbage collection",
                "Seconds of each second in which a collection stopped the process.",
                "percentunit",
                rate("chatd_gc_pause_seconds_sum", by="generation"),
            ),
        ),
    ),
)

ROOM = Section(
    "Memory and files",
    (
        (
            lines(
                "Memory",
                "What the process holds, and what it can get: its control group's limit, else the "
                "host's memory.",
                "bytes",
                level("process_resident_memory_bytes", legend="held {{instance}}"),
                level("chatd_memory_limit_bytes", legend="limit {{instance}}"),
            ),
            lines(
                "File descriptors",
                "Open files and connections, and how many there may be.",
                "short",
                level("process_open_fds", legend="open {{instance}}"),
                level("process_max_fds", legend="limit {{instance}}"),
            ),
        ),
    ),
)

EVENTS = Section(
    "What happened",
    (
        (
            lines(
                "Faults",
                "Faults of chatd itself; each is in the log, with its number.",
                "short",
                rate("chatd_faults_total"),
            ),
            lines(
                "Reloads",
                "Of the configuration, by whether it came into force.",
                "short",
                rate("chatd_config_reloads_total", by="result"),
            ),
            lines(
                "Starts",
                "When chatd began to start: each step is a restart.",
                "dateTimeFromNow",
                Query("chatd_start_time_seconds{@} * 1000"),
            ),
        ),
        (
            lines(
                "Moderation",
                "Bans and mutes in force, and reports that no operator has settled.",
                "short",
                level("chatd_sanctions", by="kind"),
                level("chatd_reports_open", legend="reports"),
            ),
        ),
    ),
)

BOARD = Board(
    "runtime",
    "Runtime",
    "The process: its reactor, its memory, its files, and what operators did to it.",
    (NOW, LOOP, ROOM, EVENTS),
)
