"""What programs post to a hook, as a text for people: `{"text": ...}`, and what Prometheus's
Alertmanager sends. It is no dialect of a session; how a post travels is chatd/edge/hooks."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from chatd.core.errors import Refused
from chatd.core.text import one_line
from chatd.dialects._words import reason

FIRING, RESOLVED = "🔥", "✅"
LONGEST_LINE = 400
"""Characters of what one alert says of itself."""


class Alert(Struct, frozen=True, rename="camel"):
    """One alert (https://prometheus.io/docs/alerting/latest/configuration/#webhook_config)."""

    status: str
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    generator_url: str = msgspec.field(name="generatorURL", default="")


class Posted(Struct, frozen=True, rename="camel"):
    """Either of the two shapes; fields that are not read are not looked at."""

    text: str | None = None
    username: str = ""
    alerts: list[Alert] | None = None
    version: str = ""
    status: str = ""
    receiver: str = ""
    truncated_alerts: int = 0
    external_url: str = msgspec.field(name="externalURL", default="")


def said(payload: bytes, most: int) -> str:
    """The text, of at most ``most`` bytes where it is made here; one that was given is not cut.
    Raises Refused with what is wrong."""
    posted = _read(payload)
    if posted.alerts is not None:
        return _group(posted, most)
    if posted.text is None:
        raise Refused("bad_field", 'there is neither a "text" nor "alerts" in it')
    who = one_line(posted.username)
    return f"{who}: {posted.text}" if who else posted.text


def _read(payload: bytes) -> Posted:
    try:
        found: Any = msgspec.json.decode(payload)
    except (ValueError, RecursionError) as error:
        raise Refused("bad_frame", f"the body is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise Refused("bad_frame", 'the body is not a JSON object such as {"text": "hello"}')
    try:
        return msgspec.convert(found, Posted)
    except msgspec.ValidationError as error:
        field, what = reason(error)
        raise Refused("bad_field", f"{field or 'the body'}: {what}") from None


def _group(posted: Posted, most: int) -> str:
    """One message for a group: what it is, each alert on a line, where to look."""
    alerts = posted.alerts or []
    if posted.version not in {"", "4"}:
        raise Refused("bad_field", f"version: {posted.version!r} is not 4, which is read here")
    if not alerts:
        raise Refused("empty", '"alerts" is empty: there is nothing to say')
    head, tail = _head(alerts, posted.truncated_alerts), _link(posted, alerts)
    room = most - len(head.encode()) - len(tail.encode()) - 40
    lines: list[str] = []
    for number, line in enumerate(map(_line, alerts)):
        room -= len(line.encode()) + 1
        if room < 0:
            lines.append(f"… and {len(alerts) - number} more")
            break
        lines.append(line)
    return "\n".join(part for part in (head, *lines, tail) if part)


def _head(alerts: list[Alert], truncated: int) -> str:
    firing = sum(alert.status == "firing" for alert in alerts)
    resolved = len(alerts) - firing
    names = dict.fromkeys(_label(alert, "alertname") or "alert" for alert in alerts)
    counts = [f"{firing} firing"] if firing else []
    counts += [f"{resolved} resolved"] if resolved else []
    counts += [f"{truncated} not told"] if truncated else []
    sign = FIRING if firing else RESOLVED
    return f"{sign} {', '.join(list(names)[:3])}: {', '.join(counts)}"


def _line(alert: Alert) -> str:
    sign = FIRING if alert.status == "firing" else RESOLVED
    severity, where = _label(alert, "severity"), _label(alert, "instance") or _label(alert, "job")
    told = alert.annotations.get("summary") or alert.annotations.get("description") or ""
    marks = " ".join(part for part in (f"[{severity}]" if severity else "", where) if part)
    name = _label(alert, "alertname") or "alert"
    line = f"{sign} {marks or name}"
    what = one_line(told) or (name if marks else "")
    return (f"{line}: {what}" if what else line)[:LONGEST_LINE]


def _label(alert: Alert, name: str) -> str:
    return one_line(alert.labels.get(name, ""))[:100]


def _link(posted: Posted, alerts: list[Alert]) -> str:
    """Where to look: at the one alert's own graph, or at Alertmanager."""
    found = alerts[0].generator_url if len(alerts) == 1 else ""
    link = one_line(found or posted.external_url)
    return link if link.startswith(("http://", "https://")) and len(link) < 2000 else ""
