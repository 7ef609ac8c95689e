"""The database and its disk, retention, backups, and the certificate: what must last.
What is asked of the store, and how long that waits, is delivery.py, too."""

from __future__ import annotations

from dashboards.panels import (
    Board,
    Query,
    Section,
    level,
    lines,
    mean,
    number,
    quantile,
    quantiles,
    rate,
)

SAFE = Section(
    "Is it safe?",
    (
        (
            number(
                "Last good backup",
                "How old the newest backup is that was made and found good.",
                "s",
                Query("time() - max(chatd_backup_last_success_timestamp_seconds{@})", "age"),
                bad=26 * 3600.0,
            ),
            number(
                "Its size",
                "Of the newest good backup.",
                "bytes",
                Query("max(chatd_backup_size_bytes{@})", "size"),
            ),
            number(
                "It took",
                "To make and to verify the newest good backup.",
                "s",
                Query("max(chatd_backup_duration_seconds{@})", "took"),
            ),
            number(
                "Disk free",
                "The share of the store's disk that is free, where it is least.",
                "percentunit",
                Query(
                    "min(chatd_store_disk_free_bytes{@} / chatd_store_disk_size_bytes{@})", "free"
                ),
                bad=0.1,
                low=True,
            ),
            number(
                "Certificate ends",
                "In how long the first certificate ends that clients are shown. The canary sees "
                "it, if it comes by wss://.",
                "s",
                Query(
                    "min(chatd_canary_certificate_expiry_timestamp_seconds{@} > 0) - time()",
                    "left",
                ),
                bad=21 * 86400.0,
                low=True,
            ),
        ),
    ),
)

WORK = Section(
    "The store at work",
    (
        (
            lines(
                "Time of a commit",
                "How long one durable commit took the disk.",
                "s",
                *quantiles("chatd_store_commit_seconds"),
            ),
            lines(
                "Calls in a commit",
                "The mean, and what one in a hundred exceeds: under load they grow, and the disk "
                "is asked less often for each.",
                "short",
                mean("chatd_store_group_size", "mean"),
                quantiles("chatd_store_group_size")[1],
            ),
        ),
        (
            lines(
                "Time of a call",
                "What one call in a hundred exceeds, from asking to its result, of those that "
                "people wait for.",
                "s",
                quantile(
                    0.99,
                    "chatd_store_operation_seconds",
                    by="operation",
                    where='operation=~"append|read|history|search|memberships"',
                ),
            ),
            lines(
                "Calls",
                "What the store is asked for.",
                "short",
                rate("chatd_store_operation_seconds_count", by="operation"),
                stacked=True,
            ),
            lines(
                "Failures",
                "Calls that could not be carried out: no room on the disk, or anything else.",
                "short",
                rate("chatd_store_failures_total", by="kind"),
            ),
        ),
    ),
)

SPACE = Section(
    "Room on the disk",
    (
        (
            lines(
                "Database",
                "Its files together.",
                "bytes",
                level("chatd_store_size_bytes"),
            ),
            lines(
                "Disk",
                "What is free on the disk that it is on, and the whole.",
                "bytes",
                level("chatd_store_disk_free_bytes", legend="free {{instance}}"),
                level("chatd_store_disk_size_bytes", legend="size {{instance}}"),
            ),
        ),
        (
            lines(
                "Retention removes",
                "Entries that went because of retention.age or retention.messages.",
                "short",
                rate("chatd_retention_removed_total"),
            ),
            lines(
                "Since retention came by",
                "How long ago it had last been through all rooms; nothing while it is off.",
                "s",
                Query(
                    "time() - (max by (instance) (chatd_retention_last_sweep_timestamp_seconds{@})"
                    " > 0)"
                ),
            ),
        ),
    ),
)

AUDIT = Section(
    "Audit",
    (
        (
            lines(
                "Records of the audit log",
                "It only grows; but a restore brings an older one back.",
                "short",
                level("chatd_audit_records"),
            ),
            lines(
                "Records that wait",
                "For a store that fails. They are in the journal, and not yet in the audit log.",
                "short",
                level("chatd_audit_owed"),
            ),
        ),
    ),
)

BOARD = Board(
    "store",
    "Store and backup",
    "The database, its disk, and what is needed on a bad day.",
    (SAFE, WORK, SPACE, AUDIT),
)
