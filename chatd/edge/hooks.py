"""One post to a hook, from its head to its answer: who, how long, what, and what became of it.
What the body means is chatd/dialects/webhook; whether it may be said is the node's gate."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from twisted.internet.defer import Deferred

from chatd.core.errors import Refused
from chatd.core.events import Error, Ok, Stored
from chatd.dialects import webhook
from chatd.edge.body import Body
from chatd.edge.head import BadHead, Head
from chatd.edge.ports import House
from chatd.edge.request import Answer, sentence

PATH = "/hooks/"
MOST_BYTES = 1024 * 1024
"""Of a body: a large group of alerts has room. Only who has a hook's token is read so far."""
PATIENCE = 10.0
"""Seconds for a body to come."""
LONGEST_KEY = 64
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

NO_HOOK = "there is no hook with this token; `chatd hook list` shows those that there are"
STATUS = {
    "bad_frame": 400, "bad_field": 400, "empty": 400, "too_long": 413, "key_reused": 409,
    "rate_limited": 429, "slow_mode": 429, "storage_full": 503, "storage_failed": 503,
    "draining": 503, "internal": 500,
}  # fmt: skip
FORBIDDEN = 403
"""For every other refusal: no repetition would help."""


def check(head: Head) -> Body:
    """The body that is to come. Raises BadHead for what need not be looked at any further."""
    kind = (head.one("content-type") or "").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        text = f"the body is {kind or 'of no stated kind'}; send Content-Type: application/json"
        raise BadHead(415, text)
    key_of(head)
    return Body(head, MOST_BYTES)


def key_of(head: Head) -> str | None:
    """What names the message, so that a repetition is harmless. Raises BadHead."""
    key = head.one("idempotency-key")
    if key is None:
        return None
    key = key.strip('"')
    if not key or len(key) > LONGEST_KEY or not key.isprintable():
        raise BadHead(400, f"an Idempotency-Key has 1 to {LONGEST_KEY} printable characters")
    return key


def expects(head: Head) -> bool:
    """Whether the client waits for a word before it sends the body (RFC 9110 section 10.1.1)."""
    return bool(head.minor) and head.has("expect", "100-continue")


async def post(
    house: House, head: Head, address: str, body: Callable[[], Deferred[bytes]]
) -> Answer:
    """The answer; ``body`` is asked for only when the token is one."""
    token = head.path.removeprefix(PATH)
    hook = await house.hooks.find(token)
    if isinstance(hook, Error):
        return refused(hook)
    if hook is None:
        return sentence(404, NO_HOOK)
    try:
        text = webhook.said(await body(), house.settings.message_bytes)
    except Refused as no:
        return sentence(STATUS[no.code.word], no.message)
    answer = await house.hooks.post(hook, text, key_of(head), address)
    return refused(answer) if isinstance(answer, Error) else stored(answer)


def stored(answer: Ok) -> Answer:
    """It was said, durably."""
    told: dict[str, bool | str | int] = {"ok": True}
    if isinstance(answer, Stored):
        told |= {"room": answer.room, "seq": answer.seq, "ts": answer.ts, "again": answer.again}
    return Answer(200, msgspec.json.encode(told) + b"\n", "application/json")


def refused(error: Error) -> Answer:
    """It was not."""
    after = () if error.retry_after_ms is None else (_retry_after(error.retry_after_ms),)
    return sentence(STATUS.get(error.code, FORBIDDEN), f"{error.code}: {error.message}", *after)


def _retry_after(milliseconds: int) -> tuple[str, str]:
    return "Retry-After", str(max(1, -(-milliseconds // 1000)))
