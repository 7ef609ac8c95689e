"""What explain says is what happens when it is tried: in a whole node, by the real handlers."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chatd.core.sanctions import EMERGENCY_STEPS
from tests.house.house import House

SECRET = "correct horse battery"
ROOM = "den"
# How each verb is tried, by somebody whose own message, if they ever spoke, is the second.
TRIED: dict[str, dict[str, Any]] = {
    "join": {"type": "join", "room": ROOM},
    "leave": {"type": "leave", "room": ROOM},
    "read": {"type": "history", "room": ROOM},
    "send": {"type": "send", "room": ROOM, "text": "hi"},
    "react": {"type": "react", "room": ROOM, "seq": 1, "emoji": "+"},
    "edit": {"type": "edit", "room": ROOM, "seq": 2, "text": "ho"},
    "delete": {"type": "delete", "room": ROOM, "seq": 1},
    "topic": {"type": "topic", "room": ROOM, "topic": "tea"},
    "invite": {"type": "invite", "room": ROOM, "user": "eve"},
    "role": {"type": "role", "room": ROOM, "user": "dora", "role": "member"},
    "report": {"type": "report", "room": ROOM, "seq": 1},
    "kick": {"type": "kick", "room": ROOM, "user": "dora"},
    "ban": {"type": "ban", "room": ROOM, "who": "dora"},
    "mute": {"type": "mute", "room": ROOM, "user": "dora"},
    "rule": {"type": "slow", "room": ROOM, "seconds": 5},
    "create": {"type": "create", "room": "fresh"},
    "create_private": {"type": "create", "room": "fresh", "private": True},
    "direct": {"type": "direct", "user": "dora"},
    "nick": {"type": "nick", "nick": "charly"},
    "operate": {"type": "announce", "text": "tea"},
}
TARGETS = {"kick": "dora", "ban": "dora", "mute": "dora", "delete": "olga"}
LAID = ("ban", "mute", "ban here", "mute here", "read-only", "slow")


class Scene:
    """Olga, who operates, has a room with dora in it; and carl, or a guest, is about to try."""

    def __init__(self, draw: st.DataObject) -> None:
        def one(of: Any) -> Any:
            return draw.draw(st.sampled_from(of))

        self.house = House(
            rate=1e6,
            burst=10**6,
            rooms_per_user=one([200, 200, 1]),
            may_create=one(["anyone", "members", "operators"]),
        )
        for name in ("carl", "dora", "eve"):
            self.house.account(name, SECRET, operator=name == "carl" and one([True, False, False]))
        self.house.account("olga", SECRET, operator=True)
        self.olga = self.house.user("olga", SECRET)
        private = one([False, True])
        history = one([True, True, True, False])
        self.must(type="create", room=ROOM, private=private, history=history)
        self.must(type="send", room=ROOM, text="welcome")
        self.house.user("dora", SECRET)
        self.must(type="invite", room=ROOM, user="dora")
        self.must(type="role", room=ROOM, user="dora", role=one(["member", "moderator", "owner"]))
        self.guest = one([False, False, True])
        self.who = "gus" if self.guest else "carl"
        self.client = self.house.guest("gus") if self.guest else self.house.user("carl", SECRET)
        standing = one(["outside", "was in", "member", "moderator", "owner"])
        if standing != "outside":
            self.must(type="invite", room=ROOM, user=self.who)
            self.client.asks(type="send", room=ROOM, text="my own")
        if standing == "was in":
            self.client.asks(type="leave", room=ROOM)
        elif standing != "outside":
            self.must(type="role", room=ROOM, user=self.who, role=standing)
        for each in draw.draw(st.lists(st.sampled_from(LAID), max_size=2, unique=True)):
            self.lay(each)
        self.must(type="emergency", step=one([*["off"] * 4, *EMERGENCY_STEPS]))

    def must(self, **command: Any) -> dict[str, Any]:
        answer = self.olga.asks(**command)
        assert answer["type"] == "ok", (command, answer)
        return answer

    def lay(self, what: str) -> None:
        """Operators are not hit, and refuse to be."""
        here = {"room": ROOM} if what.endswith("here") else {}
        if what.startswith("ban"):
            self.olga.asks(type="ban", who=self.who, reason="spam", **here)
        elif what.startswith("mute"):
            self.olga.asks(type="mute", user=self.who, seconds=600, **here)
        elif what == "slow":
            self.must(type="slow", room=ROOM, seconds=600)
            if self.client.session.person is not None:
                self.client.asks(type="send", room=ROOM, text="first")
        else:
            self.must(type="readonly", room=ROOM)

    def tried(self, verb: str) -> str:
        """The code of the refusal, or nothing."""
        if self.client.outbox.closed is None:
            return code(self.client.asks(**TRIED[verb]))
        again = self.house.connects()
        refused = code(again.asks(type="login", user="carl", password=SECRET))
        return refused or code(again.asks(**TRIED[verb]))


def code(answer: dict[str, Any]) -> str:
    return str(answer.get("code", "")) if answer["type"] == "error" else ""


@settings(max_examples=200, deadline=None)
@given(st.data(), st.sampled_from(sorted(TRIED)))
def test_what_is_explained_is_what_happens(draw: st.DataObject, verb: str) -> None:
    scene = Scene(draw)
    if scene.client.outbox.closed is not None and scene.guest:
        return  # a guest who is gone is nobody that could be asked about
    question: dict[str, Any] = {"type": "explain", "user": scene.who, "verb": verb}
    if TRIED[verb].get("room") == ROOM:
        question["room"] = ROOM
    if verb in TARGETS:
        question["target"] = TARGETS[verb]
    told = scene.must(**question)
    happened = scene.tried(verb)
    assert told["refusal"] == happened, (told, happened)
    assert told["allowed"] is (happened == "")
