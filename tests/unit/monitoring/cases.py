"""For each alert what makes it fire, and what looks like it and does not, in promtool's notation.
Who fires them is test_alerts.py. `0+60x90` is a counter that rises by 60 a minute, ninety times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

JOB = 'job="chatd", instance="@"'
"""Each case has an instance of its own in the place of @, so that many are tried at once."""
OTHER = 'job="chatd", instance="another"'
NODE = 'job="chatd-node", instance="@"'
CANARY = 'job="chatd-canary", instance="@"'
FLEET = {"ChatdNotScraped", "ChatdVersionSkew", "ChatdBackupUnknown", "ChatdCanaryGone"}
"""Alerts about all chatds together: their cases are tried one by one."""
SLOW = 4
"""Minutes between two values where hours matter; a value is good for five."""


@dataclass(frozen=True, slots=True)
class Case:
    """``series`` are name, labels and values; at the minute ``at`` the alert ``fires`` or not.
    ``step``: minutes between two values."""

    alert: str
    fires: bool
    at: int
    series: tuple[tuple[str, str, str], ...]
    step: int = 1


def _burn(alert: str, at: int, step: int, *, bad: int, of: int) -> list[Case]:
    """``bad`` of ``of`` at each step are late, then so many fail, then all is well."""
    made = []
    for fires, came, good, failed in (
        (True, of, of - bad, 0),
        (True, of - bad, of - bad, bad),
        (False, of, of, 0),
    ):
        bucket = [("le", "0.5", good)]
        if "Delivery" in alert:
            series = [
                *_rising("chatd_delivery_seconds_count", ("", "", came)),
                *_rising("chatd_delivery_seconds_bucket", *bucket),
                *_rising("chatd_undelivered_total", ("code", "internal", failed)),
            ]
        else:
            results = (("result", "ok", came), ("result", "full", failed))
            series = [
                *_rising("chatd_handshake_seconds_bucket", *bucket),
                *_rising("chatd_handshakes_total", *results),
            ]
        made.append(Case(alert, fires, at, tuple(series), step))
    return made


def _rising(name: str, *each: tuple[str, str, int]) -> Iterator[tuple[str, str, str]]:
    """A counter, by a label and its value (or none), and what it gains at each step."""
    for label, value, gain in each:
        yield name, f'{JOB}, {label}="{value}"' if label else JOB, f"0+{gain}x100"


def _few(alert: str) -> Case:
    """One message in ten is late, but there are only fifteen an hour."""
    return Case(
        alert,
        False,
        120,
        (
            ("chatd_delivery_seconds_count", JOB, "0+1x100"),
            ("chatd_delivery_seconds_bucket", f'{JOB}, le="0.5"', "0+0.9x100"),
            ("chatd_undelivered_total", f'{JOB}, code="internal"', "0x100"),
        ),
        SLOW,
    )


def _both(
    alert: str,
    at: int,
    fires: tuple[tuple[str, str, str], ...],
    *quiet: tuple[tuple[str, str, str], ...],
    step: int = 1,
) -> list[Case]:
    """One that fires, and any number that do not."""
    return [
        Case(alert, True, at, fires, step),
        *(Case(alert, False, at, each, step) for each in quiet),
    ]


def _level(name: str, value: str, labels: str = JOB) -> tuple[str, str, str]:
    return (name, labels, value)


SESSIONS = _level("chatd_sessions", "100x90", f'{JOB}, dialect="json"')
MANY = _level("chatd_sessions", "1000x90", f'{JOB}, dialect="json"')
INFO = _level("chatd_build_info", "1x200", f'{JOB}, version="1.0"')
TOTAL = _level("chatd_store_disk_size_bytes", "1000x90")
END = "chatd_canary_certificate_expiry_timestamp_seconds"
SWEPT = "chatd_retention_last_sweep_timestamp_seconds"
BACKUP = "chatd_backup_last_success_timestamp_seconds"
HEARD = "chatd_canary_last_success_timestamp_seconds"


def _torn(reason: str, values: str) -> tuple[str, str, str]:
    return _level("chatd_sessions_closed_total", values, f'{JOB}, reason="{reason}"')


def _turns(long: str) -> tuple[tuple[str, str, str], ...]:
    """A thousand turns a minute, so many of them short."""
    return (
        _level("chatd_reactor_tick_seconds_count", "0+1000x40"),
        _level("chatd_reactor_tick_seconds_bucket", long, f'{JOB}, le="0.5"'),
    )


def _commits(fast: str) -> tuple[tuple[str, str, str], ...]:
    return (
        _level("chatd_store_commit_seconds_bucket", fast, f'{JOB}, le="0.01"'),
        _level("chatd_store_commit_seconds_bucket", fast, f'{JOB}, le="0.25"'),
        _level("chatd_store_commit_seconds_bucket", "0+100x40", f'{JOB}, le="0.5"'),
        _level("chatd_store_commit_seconds_bucket", "0+100x40", f'{JOB}, le="+Inf"'),
    )


def _canary(lost: str, doubled: str, misordered: str) -> tuple[tuple[str, str, str], ...]:
    named = {"lost": lost, "doubled": doubled, "misordered": misordered}
    return tuple(_level(f"chatd_canary_{w}_total", v, CANARY) for w, v in named.items())


OBJECTIVES = [
    *_burn("ChatdDeliveryBudgetBurnsFast", 30, 1, bad=60, of=600),
    _few("ChatdDeliveryBudgetBurnsFast"),
    *_burn("ChatdDeliveryBudgetBurnsSlowly", 180, SLOW, bad=30, of=6000),
    _few("ChatdDeliveryBudgetBurnsSlowly"),
    *_burn("ChatdHandshakeBudgetBurnsFast", 30, 1, bad=60, of=600),
    *_burn("ChatdHandshakeBudgetBurnsSlowly", 180, SLOW, bad=120, of=6000),
]  # fmt: skip

PROCESS = [
    *_both("ChatdDown", 5, (_level("up", "1 0x20"),), (_level("up", "1x2 0 1x20"),)),
    *_both(
        "ChatdNotScraped",
        16,
        (_level("up", "1x20", 'job="x"'),),
        (_level("up", "0x20"),),
        step=SLOW,

    ),
    *_both(
        "ChatdRestartLoop",
        9,
        (_level("chatd_start_time_seconds", "1 1 50 50 99 99 150 150 150 150"),),
        (_level("chatd_start_time_seconds", "1 1 50 50 99 99 99 99 99 99"),),
    ),
    *_both("ChatdReactorStalled", 15, _turns("0+999x40"), _turns("0+1000x5 5999+1000x40")),
    *_both(
        "ChatdReactorBusy",
        30,
        (_level("chatd_reactor_tick_seconds_sum", "0+54x40"),),
        (_level("chatd_reactor_tick_seconds_sum", "0+42x40"),),
    ),
    *_both(
        "ChatdFaults",
        5,
        (_level("chatd_faults_total", "0 0 0 1 1 1"),),
        (_level("chatd_faults_total", "5x20"),),
    ),
    *_both(
        "ChatdReloadFailed",
        10,
        (_level("chatd_config_last_reload_successful", "1 0x20"),),
        (_level("chatd_config_last_reload_successful", "0x3 1x20"),),
    ),
    *_both(
        "ChatdDrainStuck",
        15,
        (_level("chatd_draining", "1x20"),),
        (_level("chatd_draining", "1x8 0x20"),),
    ),
    *_both(
        "ChatdVersionSkew",
        80,
        (INFO, _level("chatd_build_info", "1x90", f'{OTHER}, version="1.1"')),
        (INFO, _level("chatd_build_info", "1x90", f'{OTHER}, version="1.0"')),
        (INFO, _level("chatd_build_info", "1x10", f'{OTHER}, version="1.1"')),
        step=SLOW,
    ),
    *_both(
        "ChatdMemory",
        15,
        (_level("process_resident_memory_bytes", "900x20"),
         _level("chatd_memory_limit_bytes", "1000x20")),
        (_level("process_resident_memory_bytes", "700x20"),
         _level("chatd_memory_limit_bytes", "1000x20")),
    ),
    *_both(
        "ChatdFileDescriptors",
        10,
        (_level("process_open_fds", "95x20"), _level("process_max_fds", "100x20"), INFO),
        (_level("process_open_fds", "85x20"), _level("process_max_fds", "100x20"), INFO),
        (_level("process_open_fds", "95x20", 'job="x"'),
         _level("process_max_fds", "100x20", 'job="x"'), INFO),
    ),
    *_both(
        "ChatdEmergencyLeftOn",
        280,
        (_level("chatd_emergency_step", "2x90"),),
        (_level("chatd_emergency_step", "4x50 0x40"),),
        step=SLOW,
    ),
]  # fmt: skip

CONNECTIONS = [
    *_both(
        "ChatdMassDisconnect",
        13,
        (SESSIONS, _torn("lost", "0x10 40x9")),
        (MANY, _torn("lost", "0x10 40x9")),
        (SESSIONS, _torn("client", "0x10 90x9")),
        (_level("chatd_sessions", "9x90", f'{JOB}, dialect="json"'), _torn("lost", "0x10 8x9")),
    ),
    *_both(
        "ChatdReconnectStorm",
        20,
        (SESSIONS, _level("chatd_handshakes_total", "0+100x30", f'{JOB}, result="ok"')),
        (SESSIONS, _level("chatd_handshakes_total", "0+50x30", f'{JOB}, result="ok"')),
        (MANY, _level("chatd_handshakes_total", "0 1000x30", f'{JOB}, result="ok"')),
    ),
    *_both(
        "ChatdFull",
        8,
        (_level("chatd_handshakes_total", "0+1x30", f'{JOB}, result="full"'),),
        (_level("chatd_handshakes_total", "7x30", f'{JOB}, result="full"'),
         _level("chatd_handshakes_total", "0+9x30", f'{JOB}, result="address_full"')),
    ),
    *_both(
        "ChatdSlowConsumers",
        25,
        (SESSIONS, _level("chatd_slow_sessions_closed_total", "0+1x40")),
        (MANY, _level("chatd_slow_sessions_closed_total", "0+1x40")),
    ),
    *_both(
        "ChatdOutboxesGrow",
        10,
        (_level("chatd_outbox_bytes", "200x20"), _level("chatd_memory_limit_bytes", "1000x20")),
        (_level("chatd_outbox_bytes", "50x20"), _level("chatd_memory_limit_bytes", "1000x20")),
    ),
    *_both(
        "ChatdManyLoginsRefused",
        15,
        (_level("chatd_logins_total", "0+30x20", f'{JOB}, kind="password", result="refused"'),),
        (_level("chatd_logins_total", "0+9x20", f'{JOB}, kind="password", result="refused"'),
         _level("chatd_logins_total", "0+99x20", f'{JOB}, kind="password", result="ok"')),
    ),
]  # fmt: skip

STORE = [
    *_both(
        "ChatdStoreFailing",
        8,
        (_level("chatd_store_failures_total", "0+1x20", f'{JOB}, kind="full"'),),
        (_level("chatd_store_failures_total", "9x20", f'{JOB}, kind="full"'),),
    ),
    *_both("ChatdStoreSlow", 20, _commits("0+90x40"), _commits("0+100x40")),
    *_both(
        "ChatdDiskFilling",
        40,
        (TOTAL, _level("chatd_store_disk_free_bytes", "80x90")),
        (TOTAL, _level("chatd_store_disk_free_bytes", "200x90")),
        (TOTAL, _level("chatd_store_disk_free_bytes", "900-9x90")),
    ),
    Case("ChatdDiskFilling", True, 40,
         (TOTAL, _level("chatd_store_disk_free_bytes", "350-0.5x90"))),
    *_both(
        "ChatdDiskNearlyFull",
        40,
        (TOTAL, _level("chatd_store_disk_free_bytes", "20x90")),
        (TOTAL, _level("chatd_store_disk_free_bytes", "80x90")),
        (TOTAL, _level("chatd_store_disk_free_bytes", "350-1x90")),
    ),
    Case("ChatdDiskNearlyFull", True, 40,
         (TOTAL, _level("chatd_store_disk_free_bytes", "140-1x90"))),
    *_both(
        "ChatdRetentionStalled",
        7 * 60,
        (_level(SWEPT, "60x120"),),
        (_level(SWEPT, "0x120"),),
        (_level(SWEPT, "1+240x120"),),
        step=SLOW,
    ),
]  # fmt: skip

AUDIT = [
    *_both(
        "ChatdAuditChanged",
        10,
        (_level("chatd_audit_records", "9x4 7x20"), _level("chatd_audit_head", "55x4 44x20")),
        (_level("chatd_audit_records", "9x4 12x20"), _level("chatd_audit_head", "55x4 66x20")),
    ),
    Case("ChatdAuditChanged", True, 10,
         (_level("chatd_audit_records", "9x20"), _level("chatd_audit_head", "55x4 44x20"))),
    *_both(
        "ChatdAuditOwed",
        20,
        (_level("chatd_audit_owed", "2x30"),),
        (_level("chatd_audit_owed", "2x8 0x30"),),
    ),
]  # fmt: skip

BAD_DAY = [
    *_both(
        "ChatdBackupStale",
        30,
        (_level(BACKUP, f"{-26 * 3600}x40", NODE),),
        (_level(BACKUP, f"{-25 * 3600}x40", NODE),),
    ),
    *_both("ChatdBackupUnknown", 80, (INFO,), (INFO, _level(BACKUP, "1x200", NODE)), (), step=SLOW),
    *_both(
        "ChatdCertificateEnds",
        90,
        (_level(END, f"{20 * 86400}x200", CANARY),),
        (_level(END, f"{60 * 86400}x200", CANARY),),
        (_level(END, "0x200", CANARY),),
        step=SLOW,
    ),
    *_both(
        "ChatdCertificateAboutToEnd",
        90,
        (_level(END, f"{2 * 86400}x200", CANARY),),
        (_level(END, f"{20 * 86400}x200", CANARY),),
        (_level(END, "0x200", CANARY),),
        step=SLOW,
    ),
]

WATCHED = [
    *_both(
        "ChatdCanarySilent",
        10,
        (_level(HEARD, "60x20", CANARY),),
        (_level(HEARD, "0+60x20", CANARY),),
    ),
    *_both(
        "ChatdCanaryLoss",
        10,
        _canary("0x5 1x20", "0x20", "0x20"),
        _canary("0x20", "0x20", "0x20"),
        _canary("3x20", "1x20", "2x20"),
    ),
    Case("ChatdCanaryLoss", True, 10, _canary("0x20", "0x20", "0x5 1x20")),
    *_both("ChatdCanaryGone", 24, (INFO,), (INFO, _level(HEARD, "1x90", CANARY)), (), step=SLOW),
]

CASES = (*OBJECTIVES, *PROCESS, *CONNECTIONS, *STORE, *AUDIT, *BAD_DAY, *WATCHED)
