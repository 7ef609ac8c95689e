"""Every way chatd says no: the closed lists of error codes and of close codes.
A refusal is raised where its rule is known; how it looks on the wire is the dialects' business."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One word of the closed list, its meaning, and whether to send the same command again."""

    word: str
    retry: bool
    meaning: str


@dataclass(frozen=True, slots=True)
class CloseCode:
    """A WebSocket close code (RFC 6455 section 7.4.1 has those below 3000, 7.4.2 leaves us ours).

    3000-3499 tell the client to reconnect and resume, 3500-3999 to stop; the split is Centrifugo's.
    """

    code: int
    word: str
    meaning: str

    @property
    def reconnect(self) -> bool:
        """Whether a client should come back by itself."""
        return 3000 <= self.code < 3500


ERRORS = {
    e.word: e
    for e in (
        ErrorCode("bad_frame", False, "the frame is not a JSON object of the documented shape"),
        ErrorCode("unknown_command", False, "no command has this name; the message lists them"),
        ErrorCode(
            "bad_field", False, "a field is missing, unknown, of a wrong type or out of range"
        ),
        ErrorCode(
            "bad_name", False, "the name is not allowed; the message says which rule it breaks"
        ),
        ErrorCode(
            "name_taken", False, "the name, or one that looks like it, belongs to somebody else"
        ),
        ErrorCode("not_logged_in", False, "log in first"),
        ErrorCode("already_logged_in", False, "this session has a user already"),
        ErrorCode("login_failed", False, "the user, password or token is wrong, or disabled"),
        ErrorCode("guests_off", False, "this server lets no guests in; log in with an account"),
        ErrorCode("forbidden", False, "the rules do not let you; the message says which rule"),
        ErrorCode("no_such_room", False, "there is no such room, or none that you may know of"),
        ErrorCode("no_such_user", False, "nobody has this name"),
        ErrorCode("no_such_message", False, "the room holds no such message, or it was deleted"),
        ErrorCode(
            "no_history", False, "the room keeps no history: there is nothing to read or to change"
        ),
        ErrorCode("not_in_room", False, "join the room first"),
        ErrorCode("room_exists", False, "a room with this name, or one that looks like it, exists"),
        ErrorCode("too_long", False, "the text is over the server's limit; the message says which"),
        ErrorCode("empty", False, "there is nothing to say"),
        ErrorCode("too_many", False, "a count is at its limit; the message says which"),
        ErrorCode("key_reused", False, "this key was used for a send to another room or person"),
        ErrorCode("banned", False, "you are banned there; the message says why and for how long"),
        ErrorCode("muted", False, "you may not speak there; the message says why and how long"),
        ErrorCode("read_only", False, "only moderators and owners speak in this room"),
        ErrorCode("slow_mode", True, "one message at a time; wait retry_after_ms and send again"),
        ErrorCode("emergency", False, "the server is closed to this for now; an operator opens it"),
        ErrorCode(
            "bad_config", False, "the configuration cannot be used; the message says all of it"
        ),
        ErrorCode("no_such_report", False, "no open report has this number"),
        ErrorCode("rate_limited", True, "too fast; wait retry_after_ms and send the same again"),
        ErrorCode(
            "search_too_long",
            False,
            "the search was given up; look for longer or rarer words, or in one room",
        ),
        ErrorCode(
            "storage_full",
            True,
            "the server's disk is full; nothing was stored, send the same again",
        ),
        ErrorCode(
            "storage_failed",
            True,
            "the store failed; nothing was acknowledged, send the same again",
        ),
        ErrorCode("draining", True, "the server is stopping; reconnect and send the same again"),
        ErrorCode(
            "internal", True, "a fault of the server; the message carries the number to report"
        ),
    )
}
OURS = ("storage_full", "storage_failed", "internal")
"""Those that are no fault of whoever sent the command."""

DRAINING = CloseCode(
    3000, "draining", "the server is stopping: reconnect after the time it gave, and resume"
)
TOO_SLOW = CloseCode(
    3001, "too_slow", "more waited for this session than its outbox holds: reconnect and resume"
)
INTERNAL = CloseCode(
    3002, "internal", "a fault of the server ended this session: reconnect and resume"
)
LOGIN_TIMEOUT = CloseCode(
    3003, "login_timeout", "no log-in came within the allowed time: reconnect, and log in at once"
)
REVOKED = CloseCode(3501, "revoked", "the account was disabled or the token revoked")
ABUSE = CloseCode(3502, "abuse", "the session went on sending what was refused")
KICKED = CloseCode(3503, "kicked", "an operator ended this session; the reason says why")
BANNED = CloseCode(3504, "banned", "the user or address is banned; the reason says how long")
EMERGENCY = CloseCode(3505, "emergency", "the server is closed to guests, or to all, for now")
BYE = CloseCode(1000, "bye", "the client said quit")
PROTOCOL_ERROR = CloseCode(1002, "protocol_error", "a frame broke the rules of WebSocket")
NOT_TEXT = CloseCode(1003, "not_text", "a binary frame: chatd reads text frames only")
BAD_UTF8 = CloseCode(1007, "bad_utf8", "a text frame was not valid UTF-8")
TOO_BIG = CloseCode(1009, "too_big", "a frame was longer than the frame_bytes of `welcome`")
CLOSES = {
    c.word: c
    for c in (
        *(DRAINING, TOO_SLOW, INTERNAL, LOGIN_TIMEOUT, REVOKED, ABUSE),
        *(KICKED, BANNED, EMERGENCY, BYE),
        *(PROTOCOL_ERROR, NOT_TEXT, BAD_UTF8, TOO_BIG),
    )
}


class Refused(Exception):
    """The client's fault, or a state the client can wait out; never a fault in chatd.

    ``word`` is one of ERRORS; ``message`` says what, which value and what to do;
    ``retry_after_ms`` is given when waiting helps.
    """

    def __init__(self, word: str, message: str, retry_after_ms: int | None = None) -> None:
        super().__init__(message)
        self.code = ERRORS[word]
        self.message = message
        self.retry_after_ms = retry_after_ms
