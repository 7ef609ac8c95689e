"""docs/metrics.md, made of the catalogue; a test keeps the file equal to what is made here.
Write it anew with `python -m chatd.ops.metrics_reference > docs/metrics.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from chatd.ops.metrics_catalogue import OTHER, SECTIONS, Label, Row

_OPENING = f"""\
# Metrics

The operations listener serves them at `/metrics`, in Prometheus' text format. This page is made of
the table in the code (`chatd/ops/metrics_catalogue.py`); a test keeps the two equal.

Units are seconds and bytes. Every time series is there from the start, at zero. No label ever names
a user, a room or an address. The label value `{OTHER}` stands for what is on no list: it stays at
zero unless chatd has a bug, which is worth a report.
"""

_LIBRARY = """\
## Python and the process

From prometheus_client, as in any Python program:

- `process_cpu_seconds_total`, `process_resident_memory_bytes`, `process_virtual_memory_bytes`,
  `process_open_fds`, `process_max_fds`, `process_start_time_seconds`
- `python_gc_collections_total`, `python_gc_objects_collected_total`,
  `python_gc_objects_uncollectable_total`, each by `generation`
- `python_info`
"""


def reference() -> str:
    """The whole page, in Markdown."""
    sections = (_section(title, rows) for title, rows in SECTIONS.items())
    return "\n".join([_OPENING, *sections, _LIBRARY])


def _section(title: str, rows: Iterable[Row]) -> str:
    return "\n".join([f"## {title}", *map(_entry, rows), ""])


def _entry(row: Row) -> str:
    lines = [f"\n### {row.name}\n", f"{row.kind.capitalize()}. {row.about}"]
    if row.labels or row.buckets:
        lines.append("")
    lines += map(_label, row.labels)
    if row.buckets:
        lines.append(f"- buckets: {', '.join(map(_bound, row.buckets))}")
    return "\n".join(lines)


def _label(label: Label) -> str:
    values = ", ".join(f"`{value}`" for value in label.values)
    return f"- `{label.name}`, {label.says}" + (f": {values}" if values else "")


def _bound(bound: float) -> str:
    return str(bound).removesuffix(".0")


if __name__ == "__main__":
    sys.stdout.write(reference())
