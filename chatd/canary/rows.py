"""Every metric of the canary, once, with all that is said about it; docs/canary.md has the same.
What changes the values is tally.py and watch.py."""

from __future__ import annotations

from chatd.core.errors import ERRORS
from chatd.ops.metrics_catalogue import Label, Row

_ANSWER = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)

SESSIONS = ("says", "hears")
_SESSION = Label(
    "session", "the one that says the probes, or that hears them", SESSIONS, whole=True
)

OUTCOMES = ("refused", "unreachable", "stopped", "interrupted")

ROWS = (
    Row(
        name="chatd_canary_last_success_timestamp_seconds",
        kind="gauge",
        about="When a probe was last acknowledged and heard, in seconds since 1970 UTC; 0: never.",
    ),
    Row(
        name="chatd_canary_round_trip_seconds",
        kind="histogram",
        about="From saying a probe to hearing it in the other session, the time offline included.",
        buckets=_ANSWER,
    ),
    Row(
        name="chatd_canary_ack_seconds",
        kind="histogram",
        about="From saying a probe to its acknowledgement, the time offline included.",
        buckets=_ANSWER,
    ),
    Row(name="chatd_canary_probes_total", kind="counter", about="Probes that were said."),
    Row(
        name="chatd_canary_lost_total",
        kind="counter",
        about="Probes that were acknowledged and then not heard, though what came after them was.",
    ),
    Row(
        name="chatd_canary_doubled_total",
        kind="counter",
        about="Probes that were stored twice, and entries of the room that were told twice.",
    ),
    Row(
        name="chatd_canary_misordered_total",
        kind="counter",
        about="Probes heard after later ones, and entries told before those in front of them.",
    ),
    Row(
        name="chatd_canary_unrecovered_total",
        kind="counter",
        about="Returns whose position the server could not honour, as after a restore.",
    ),
    Row(
        name="chatd_canary_reconnects_total",
        kind="counter",
        about="Lines that were lost or closed by the server.",
        labels=(_SESSION,),
    ),
    Row(
        name="chatd_canary_online",
        kind="gauge",
        about="1 while the session is logged in, else 0.",
        labels=(_SESSION,),
    ),
    Row(
        name="chatd_canary_refused_total",
        kind="counter",
        about="Log-ins, rooms and probes that the server refused.",
        labels=(Label("code", "an error code of the protocol", tuple(ERRORS)),),
    ),
    Row(
        name="chatd_canary_failures_total",
        kind="counter",
        about="Times that both sessions had to be begun anew, half a minute later.",
        labels=(Label("reason", "why", OUTCOMES),),
    ),
    Row(
        name="chatd_canary_certificate_expiry_timestamp_seconds",
        kind="gauge",
        about="Until when the certificate is valid that clients are shown, in seconds since 1970 "
        "UTC; 0: none was seen.",
    ),
    Row(
        name="chatd_canary_start_time_seconds",
        kind="gauge",
        about="When the canary began, in seconds since 1970 UTC.",
    ),
)
