"""Saying and changing: echoes, keys, and what is said while one goes."""

from __future__ import annotations

import pytest

from tests.house.house import House


def test_a_person_is_not_told_their_own_words_but_all_their_other_deeds() -> None:
    house = House()
    tom, ann = house.connects("text"), house.guest("ann", "lobby")
    tom.says("/nick tom")
    tom.lines()
    tom.says("hello")
    tom.says("/edit bye")
    assert tom.lines() == ["03:04 #lobby * tom changed a message: bye"]
    assert [f["type"] for f in ann.heard()] == ["renamed", "message", "edited"]
    assert tom.session.own == set()


def test_what_a_person_says_in_a_room_they_leave_at_once_is_not_kept_in_mind() -> None:
    house = House()
    tom = house.connects("text")
    house.guest("ann", "lobby")
    for _ in range(3):
        tom.session.hear(b"hello")
        tom.session.hear(b"/leave")
        tom.session.hear(b"/join lobby")
        house.settle()
    assert tom.session.own == set()
    house.ends()


def test_what_was_told_before_its_answer_came_is_not_kept_in_mind() -> None:
    house = House()
    tom, ann = house.connects("text"), house.guest("ann", "lobby")
    house.weather.hold("append")
    tom.session.hear(b"hello")
    [room] = house.rooms
    house.tasks.spawn(house.node.fanout.verify(room))  # a gap was read, with the message in it
    house.weather.release()
    house.settle()
    assert tom.session.own == set()
    assert [f["text"] for f in ann.events("message")] == ["hello"]


def test_an_echo_is_for_each_of_one_s_sessions() -> None:
    house = House()
    house.account("carl", "correct horse battery")
    carl = house.user("carl", "correct horse battery", "lobby")
    text = house.connects("text")
    text.says("/login carl correct horse battery")
    text.lines()
    text.says("hello")
    carl.asks(type="send", room="lobby", text="from here")
    assert [f["text"] for f in carl.events("message")] == ["hello", "from here"]
    assert text.lines() == ["03:04 #lobby <carl> from here"]


def test_a_send_that_was_cut_off_is_stored_once_and_answered_again() -> None:
    house = House()
    ann, bob = house.guest("ann", "lobby"), house.connects()
    token = bob.asks(type="login", guest="bob")["guest_token"]
    bob.asks(type="join", room="lobby")
    house.weather.hold("append")
    bob.begins(type="send", room="lobby", text="hi", key="k")
    bob.drops()
    house.weather.release()
    back = house.connects()
    back.asks(type="login", guest_token=token)
    again = back.asks(type="send", room="lobby", text="hi", key="k")
    assert (again["seq"], again["again"]) == (1, True)
    assert [f["seq"] for f in ann.events("message")] == [1]


def test_the_limit_of_a_text_counts_bytes_after_cleaning() -> None:
    house = House(message_bytes=6)
    ann = house.guest("ann", "lobby")
    assert ann.asks(type="send", room="lobby", text="ééé")["seq"] == 1
    assert ann.asks(type="send", room="lobby", text="éééa")["code"] == "too_long"
    assert ann.asks(type="send", room="lobby", text="a\x00\x00")["code"] == "too_long"
    assert ann.asks(type="send", room="lobby", text="123456\u202e")["seq"] == 2


@pytest.mark.parametrize("text", ["", " ", "\n\t", "\u200b", "\u2066\u2069", "\u00ad", "\u3000"])
def test_what_nobody_would_see_is_nothing(text: str) -> None:
    house = House()
    ann = house.guest("ann", "lobby")
    assert ann.asks(type="send", room="lobby", text=text)["code"] == "empty"


@pytest.mark.parametrize("emoji", ["two words", " ", "\u202e"])
def test_a_reaction_is_one_word(emoji: str) -> None:
    house = House()
    ann = house.guest("ann", "lobby")
    ann.asks(type="send", room="lobby", text="hi")
    assert ann.asks(type="react", room="lobby", seq=1, emoji=emoji)["code"] == "bad_field"


def test_a_message_that_is_deleted_while_somebody_edits_it_stays_deleted() -> None:
    house = House()
    ann = house.guest("ann", "lobby")
    ann.asks(type="send", room="lobby", text="hi")
    too = house.connects()
    house.weather.hold("message")
    ann.begins(type="edit", room="lobby", seq=1, text="ho", id="asked")
    house.weather.hold("nothing")
    person = house.node.named("ann")
    assert person is not None
    token = house.node.auth.guest_token(person.user_id, "ann")
    too.asks(type="login", guest_token=token)
    too.asks(type="delete", room="lobby", seq=1)
    house.weather.release()
    assert [f["code"] for f in ann.events("error")] == ["no_such_message"]
    [message] = ann.asks(type="history", room="lobby")["messages"]
    assert message["deleted"]


def test_whoever_leaves_while_they_look_for_a_message_to_change_is_heard_all_the_same() -> None:
    """What was allowed when it was asked for is carried out; it is one's own."""
    house = House()
    ann = house.guest("ann", "lobby")
    bob = house.guest("bob", "lobby")
    ann.asks(type="send", room="lobby", text="hi")
    house.weather.hold("message")
    ann.begins(type="edit", room="lobby", seq=1, text="ho")
    ann.drops()
    house.weather.release()
    house.settle()
    assert [f["text"] for f in bob.events("message", "edited")] == ["hi", "ho"]
    house.ends()
