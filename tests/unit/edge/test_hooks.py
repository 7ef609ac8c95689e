"""Posts to hooks at the public door: who is read, what is answered, and that nothing slips by."""

from __future__ import annotations

import json

import pytest

from chatd.core.events import Error
from chatd.edge.hooks import CONTINUE, PATIENCE
from tests.unit.edge.memory import Reply, World, request

JSON = "Content-Type: application/json"
TEXT = '{"text": "done"}'


@pytest.fixture
def world() -> World:
    return World()


def post(world: World, body: str = TEXT, *fields: str, path: str = "right") -> Reply:
    length = f"Content-Length: {len(body)}"
    head = request(f"/hooks/{path}", *(fields or (JSON,)), length, method="POST")
    return world.ask(head + body)


def test_a_post_is_said_and_answered_with_its_place(world: World) -> None:
    reply = post(world, TEXT, JSON, 'Idempotency-Key: "k1"')
    assert reply.status == 200
    assert json.loads(reply.body) == {
        "ok": True, "room": "ops", "seq": 7, "ts": 1000, "again": False,
    }  # fmt: skip
    assert world.house.hooks.said == [("done", "k1", "192.0.2.1")]


def test_a_body_in_chunks_and_in_pieces_is_said(world: World) -> None:
    pipe = world.connect()
    head = request("/hooks/right", JSON, "Transfer-Encoding: chunked", method="POST")
    for char in head + f"{len(TEXT):x}\r\n{TEXT}\r\n0\r\n\r\n":
        pipe.deliver(char.encode())
        world.turn()
    assert Reply(pipe, pipe.take()).status == 200
    assert [text for text, _, _ in world.house.hooks.said] == ["done"]


def test_an_unknown_token_is_answered_before_its_body_is_read(world: World) -> None:
    head = request("/hooks/wrong", JSON, "Content-Length: 1000", method="POST")
    reply = world.ask(head)
    assert reply.status == 404
    assert b"wrong" not in reply.body
    assert world.house.hooks.said == []


def test_who_waits_for_a_word_gets_it_once_the_token_is_known(world: World) -> None:
    pipe = world.connect()
    fields = (JSON, f"Content-Length: {len(TEXT)}", "Expect: 100-continue")
    pipe.deliver(request("/hooks/right", *fields, method="POST").encode())
    world.turn()
    assert pipe.take() == CONTINUE
    pipe.deliver(TEXT.encode())
    world.turn()
    assert Reply(pipe, pipe.take()).status == 200


@pytest.mark.parametrize(
    ("body", "fields", "status", "says"),
    [
        ("hello", (JSON,), 400, "not JSON"),
        ("{}", (JSON,), 400, "neither"),
        (TEXT, ("Content-Type: text/plain",), 415, "application/json"),
        (TEXT, (JSON, "Idempotency-Key: " + "k" * 65), 400, "Idempotency-Key"),
        ("x" * (1024 * 1024 + 1), (JSON,), 413, "over"),
    ],
)
def test_what_is_wrong_is_said(
    world: World, body: str, fields: tuple[str, ...], status: int, says: str
) -> None:
    reply = post(world, body, *fields)
    assert (reply.status, says in reply.body.decode()) == (status, True)
    assert world.house.hooks.said == []


@pytest.mark.parametrize(
    ("code", "after", "status"),
    [
        ("rate_limited", 1500, 429),
        ("slow_mode", 30_000, 429),
        ("storage_full", 2000, 503),
        ("draining", 2000, 503),
        ("internal", 2000, 500),
        ("read_only", None, 403),
        ("banned", None, 403),
        ("too_long", None, 413),
        ("key_reused", None, 409),
    ],
)
def test_a_refusal_has_its_status_and_says_when_to_come_again(
    world: World, code: str, after: int | None, status: int
) -> None:
    world.house.hooks.trouble = Error(code=code, message="no", retry_after_ms=after)
    reply = post(world)
    assert (reply.status, reply.body.decode()) == (status, f"{code}: no\n")
    wanted = None if after is None else str(-(-after // 1000))
    assert reply.fields.get("retry-after") == wanted


def test_a_hook_takes_posts_alone(world: World) -> None:
    reply = world.ask(request("/hooks/right"))
    assert (reply.status, reply.fields["allow"]) == (405, "POST")
    assert world.house.hooks.asked == []


def test_a_body_that_does_not_come_is_waited_for_in_vain(world: World) -> None:
    pipe = world.connect()
    head = request("/hooks/right", JSON, "Content-Length: 20", method="POST")
    pipe.deliver(head.encode() + b"{")
    world.turn(PATIENCE - 0.1)
    assert pipe.take() == b""
    world.turn(0.2)
    assert Reply(pipe, pipe.take()).status == 408
    pipe.deliver(b'"text": "late"     }')
    world.turn()
    assert world.house.hooks.said == []


def test_one_who_leaves_within_the_body_leaves_nothing_behind(world: World) -> None:
    pipe = world.connect()
    head = request("/hooks/right", JSON, "Content-Length: 20", method="POST")
    pipe.deliver(head.encode() + b"{")
    world.turn()
    pipe.lose()
    world.turn(60)
    assert world.front.census.connections == 0
    assert world.clock.getDelayedCalls() == []


def test_a_second_request_behind_a_post_is_nobodys(world: World) -> None:
    head = request("/hooks/right", JSON, f"Content-Length: {len(TEXT)}", method="POST")
    reply = world.ask((head + TEXT) * 2)
    assert reply.data.count(b"HTTP/1.1") == 1
    assert len(world.house.hooks.said) == 1


def test_chunks_that_are_none_are_refused(world: World) -> None:
    head = request("/hooks/right", JSON, "Transfer-Encoding: chunked", method="POST")
    reply = world.ask(head + "zz\r\n")
    assert reply.status == 400
