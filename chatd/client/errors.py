"""What can go wrong for a client, as exceptions whose texts say what to do.
Also which close codes end a conversation; trying again is requests.py and returns.py."""

from __future__ import annotations

from chatd.core.errors import ERRORS

RECONNECT = (range(3000, 3500), range(4000, 4500))
STOP = (range(3500, 4000), range(4500, 5000))
OUR_FAULT = frozenset({1002, 1003, 1007, 1008, 1009, 1010})
"""RFC 6455 section 7.4.1: what one did would only happen again."""


class ChatError(Exception):
    """Any of these."""


class Refused(ChatError):
    """The server said no, and nothing was changed by it.

    ``code`` is one of the protocol's error codes; ``retry_after_ms`` is given when waiting helps.
    """

    def __init__(self, code: str, message: str, retry_after_ms: int | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.retry_after_ms = retry_after_ms

    @property
    def retry(self) -> bool:
        """Whether the same command may succeed later. A code that is newer than this client may
        when the server says when."""
        known = ERRORS.get(self.code)
        return known.retry if known else self.retry_after_ms is not None


class Interrupted(ChatError):
    """The line was lost before the answer came: it may have been carried out, or not."""


class TimedOut(ChatError):
    """No answer within the patience of this client: it may have been carried out, or not."""


class Unreachable(ChatError):
    """No conversation came about."""


class Stopped(ChatError):
    """The server ended the conversation and wants no return. ``code`` and ``reason`` are those of
    the close frame."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(
            f"the server ended the conversation for good: {reason or 'no reason'} ({code})"
        )
        self.code = code
        self.reason = reason


class Ended(ChatError):
    """The conversation is over on this side: it was closed, or never opened."""


def may_return(code: int) -> bool:
    """Whether a client comes back by itself after its connection was closed with this code."""
    if any(code in stop for stop in STOP):
        return False
    return any(code in some for some in RECONNECT) or code not in OUR_FAULT
