"""Putting somebody out of a room while somebody lets them in: whatever answer of the store comes
late, who is out at the end is out of the house and of the store."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.house.house import Client, House

WRITES = {"sanction", "set_member", "drop_member", "record"}
SECRET = "a long password"
BAN = {"type": "ban", "who": "carl", "room": "club"}
KICK = {"type": "kick", "user": "carl", "room": "club"}

ORDERS = st.tuples(st.booleans(), st.integers(0, 12), st.lists(st.integers(0, 5), max_size=30))
"""Which of the two begins; after how many answers the other does; which answer is next."""


class Club:
    """A room of olga's, another of its owners, carl, and what becomes of him there."""

    def __init__(self, *, private: bool, member: bool, guest: bool = False) -> None:
        self.house = house = House()
        for name in ("olga", "otto") if guest else ("olga", "otto", "carl"):
            house.account(name, SECRET)
        self.olga, self.otto = (house.user(name, SECRET) for name in ("olga", "otto"))
        self.carl = house.connects()
        whose = {"guest": "carl"} if guest else {"user": "carl", "password": SECRET}
        self.token = self._must(self.carl, type="login", **whose).get("guest_token")
        self._must(self.olga, type="create", room="club", private=private)
        for name in ("otto", "carl") if member else ("otto",):
            self._must(self.olga, type="invite", room="club", user=name)
        self._must(self.olga, type="role", room="club", user="otto", role="owner")
        self._room = house.do(house.store.room("club")).room_id

    def _must(self, who: Client, **command: Any) -> dict[str, Any]:
        answer = who.asks(**command)
        assert answer["type"] == "ok", answer
        return answer

    def both(
        self,
        one: tuple[Client, dict[str, Any]],
        other: tuple[Client, dict[str, Any]],
        order: tuple[bool, int, list[int]],
    ) -> list[dict[str, Any]]:
        """Their answers, when the store's come late and in this order."""
        swapped, first, places = order
        begun = [other, one] if swapped else [one, other]
        self.house.weather.hold()
        begun[0][0].begins(**begun[0][1])
        self._arrive(places[:first])
        begun[1][0].begins(**begun[1][1])
        self._arrive(places[first:])
        while self.house.weather.late:
            self._arrive([0])
        self.house.weather.release()
        self.house.settle()
        return [self._answer(one[0]), self._answer(other[0])]

    def _answer(self, who: Client) -> dict[str, Any]:
        return next(each for each in who.heard() if each["type"] in {"ok", "error"})

    def _arrive(self, places: list[int]) -> None:
        """A writer keeps its order; readers overtake each other."""
        late = self.house.weather.late
        for place in places:
            self.house.settle()
            names = [name for name, _ in late]
            at = place % len(names) if names else 0
            if names and names[at] in WRITES:
                at = next(n for n, name in enumerate(names) if name in WRITES)
            if names:
                self.house.weather.arrive(at)
            self.house.settle()

    @property
    def is_in(self) -> tuple[bool, bool]:
        """Whether carl hears the room, and whether the store has him in it."""
        carl = self.house.node.people.named("carl")
        hears = carl is not None and self._room in carl.rooms
        kept = self.house.do(self.house.store.members(self._room, 10))
        return hears, any(member.name == "carl" for member in kept)


@pytest.mark.parametrize("guest", [False, True])
@settings(max_examples=150)
@given(order=ORDERS)
def test_who_is_banned_while_he_joins_is_out(
    guest: bool, order: tuple[bool, int, list[int]]
) -> None:
    club = Club(private=False, member=False, guest=guest)
    banned, _ = club.both((club.olga, BAN), (club.carl, {"type": "join", "room": "club"}), order)
    assert banned["type"] == "ok"
    assert club.is_in == (False, False)
    club.house.ends()


@settings(max_examples=150)
@given(order=ORDERS)
def test_who_is_banned_while_somebody_invites_him_is_out(
    order: tuple[bool, int, list[int]],
) -> None:
    club = Club(private=True, member=False)
    invite = {"type": "invite", "room": "club", "user": "carl"}
    banned, _ = club.both((club.olga, BAN), (club.otto, invite), order)
    assert banned["type"] == "ok"
    assert club.is_in == (False, False)
    club.house.ends()


@settings(max_examples=150)
@given(order=ORDERS)
def test_who_is_kicked_while_he_gets_a_role_is_out(order: tuple[bool, int, list[int]]) -> None:
    club = Club(private=True, member=True)
    role = {"type": "role", "room": "club", "user": "carl", "role": "moderator"}
    kicked, _ = club.both((club.olga, KICK), (club.otto, role), order)
    if kicked["type"] == "ok":
        assert club.is_in == (False, False)
    club.house.ends()


@pytest.mark.parametrize("command", [KICK, BAN])
def test_a_guest_who_is_away_is_put_out_and_not_another_of_that_name(
    command: dict[str, Any],
) -> None:
    club = Club(private=True, member=True, guest=True)
    club.carl.drops()
    club.house.pass_(club.house.node.settings.linger + 1.0)
    other = club.house.guest("carl")
    assert club.is_in == (False, True)
    assert club.olga.asks(**command)["type"] == "ok"
    assert club.is_in == (False, False)
    back = club.house.connects()
    assert "rooms" not in back.asks(type="login", guest="carol", guest_token=club.token)
    assert other.asks(type="ping")["type"] == "ok"
    club.house.ends()


@pytest.mark.parametrize("command", [KICK, BAN])
def test_an_account_that_is_a_member_goes_before_a_guest_who_was_called_so(
    command: dict[str, Any],
) -> None:
    club = Club(private=True, member=True, guest=True)
    club.carl.drops()
    club.house.pass_(club.house.node.settings.linger + 1.0)
    user_id = club.house.account("carl", SECRET)
    account = club.house.user("carl", SECRET)
    assert club.olga.asks(type="invite", room="club", user="carl")["type"] == "ok"
    account.drops()
    club.house.pass_(club.house.node.settings.linger + 1.0)
    assert club.olga.asks(**command)["type"] == "ok"
    assert club.house.do(club.house.store.membership(club._room, user_id)) is None
    assert club.is_in == (False, True)  # the guest is the next of that name
    assert club.olga.asks(**KICK)["type"] == "ok"
    assert club.is_in == (False, False)
    club.house.ends()
