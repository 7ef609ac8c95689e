"""The public door: what is served, what is upgraded, what is refused, and in which words."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Opcode

from chatd.edge.admission import KEY_BYTES
from chatd.edge.forwarded import UNIX
from chatd.edge.head import MOST_BYTES
from chatd.edge.ports import HANDSHAKE_RESULTS, EdgeSettings
from chatd.edge.request import LEAVE_TIMEOUT
from tests.unit.edge.memory import ANN, UPGRADE, Client, World, request, six, unix
from tests.unit.edge.test_forwarded import Trusted


@pytest.fixture
def world() -> World:
    return World()


def upgrade(path: str = "/", *fields: str, without: str = "") -> str:
    kept = [field for field in UPGRADE if not without or not field.startswith(without)]
    return request(path, *kept, *fields)


# --- the deadline and the bounds of a request ---


def test_a_request_that_does_not_come_is_waited_for_in_vain(world: World) -> None:
    pipe = world.connect()
    world.turn(9.9)
    assert pipe.connected
    world.turn(0.2)
    assert pipe.aborted
    assert pipe.take() == b""
    assert world.meter.handshakes == ["timeout"]


def test_a_request_that_comes_too_slowly_is_told_so(world: World) -> None:
    pipe = world.connect()
    for byte in b"GET / HTTP":
        pipe.deliver(bytes((byte,)))
        world.turn(0.99)
    world.turn(0.2)
    assert pipe.take().startswith(b"HTTP/1.1 408 ")
    assert pipe.half_closed
    assert world.meter.handshakes == ["timeout"]


def test_one_who_leaves_before_asking_is_counted(world: World) -> None:
    world.connect().lose()
    assert world.meter.handshakes == ["lost"]
    assert world.front.census.connections == 0
    world.clock.advance(3600)  # cancelled calls may lie in a queue until then
    assert world.clock.getDelayedCalls() == []
    assert world.meter.handshakes == ["lost"]


def test_one_who_does_not_take_an_answer_is_dropped(world: World) -> None:
    reply = world.ask("hello\r\n\r\n")
    assert reply.status == 400
    world.turn(LEAVE_TIMEOUT - 1)
    assert reply.pipe.connected
    world.turn(2)
    assert reply.pipe.aborted
    assert world.front.census.connections == 0


def test_what_comes_behind_an_answer_is_nobodys(world: World) -> None:
    reply = world.ask(request("/nothing") + request("/healthz"))
    assert reply.status == 404
    assert reply.data.count(b"HTTP/1.1") == 1
    reply.pipe.deliver(request("/").encode())
    world.turn()
    assert reply.pipe.take() == b""


def test_a_head_that_is_too_long_is_refused(world: World) -> None:
    assert world.ask(b"GET / HTTP/1.1\r\nX: " + b"x" * MOST_BYTES).status == 431


@given(data=st.binary(min_size=1, max_size=100))
def test_any_bytes_get_an_answer_or_the_deadline(data: bytes) -> None:
    world = World()
    pipe = world.connect()
    pipe.deliver(data)
    world.turn(11)
    answer = pipe.take()
    assert answer[:10] in {b"", b"HTTP/1.1 4", b"HTTP/1.1 5"}
    world.turn(60)
    assert world.front.census.connections == 0
    assert not world.journal.events
    assert set(world.meter.handshakes) <= set(HANDSHAKE_RESULTS)


# --- plain HTTP ---


@pytest.mark.parametrize("method", ["POST", "PUT", "OPTIONS", "CONNECT", "BREW"])
def test_other_methods_are_refused(world: World, method: str) -> None:
    reply = world.ask(request("/", "Content-Length: 5", method=method) + "hello")
    assert (reply.status, reply.fields["allow"]) == (405, "GET, HEAD")
    assert method in reply.body.decode()


@pytest.mark.parametrize("field", ["Content-Length: 5", "Transfer-Encoding: chunked"])
def test_a_body_is_refused(world: World, field: str) -> None:
    assert world.ask(request("/", field)).status == 413


def test_an_answer_names_no_program_and_ends_the_connection(world: World) -> None:
    reply = world.ask(request("/nothing"))
    assert reply.status == 404
    assert reply.fields["connection"] == "close"
    assert reply.fields["content-type"] == "text/plain; charset=utf-8"
    assert reply.fields["x-content-type-options"] == "nosniff"
    assert int(reply.fields["content-length"]) == len(reply.body)
    assert "server" not in reply.fields
    assert reply.pipe.half_closed


def test_a_refusal_of_head_has_no_body(world: World) -> None:
    reply = world.ask(request("/nothing", method="HEAD"))
    assert (reply.status, reply.body) == (404, b"")
    assert int(reply.fields["content-length"]) > 0


def test_the_place_of_websockets_says_what_it_is_for(world: World) -> None:
    reply = world.ask(request("/ws"))
    assert (reply.status, reply.fields["upgrade"]) == (426, "websocket")


def test_a_websocket_whose_upgrade_was_lost_on_the_way_is_told(world: World) -> None:
    reply = world.ask(request("/", "Sec-WebSocket-Key: x", "Connection: close"))
    assert reply.status == 426
    assert b"proxy" in reply.body


def test_a_fault_of_ours_is_answered_with_its_number(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("pages on fire")

    monkeypatch.setattr(world.front.pages, "answer", broken)
    reply = world.ask(request("/"))
    assert reply.status == 500
    assert b"number f1" in reply.body
    assert [str(fault) for fault in world.journal.faults] == ["pages on fire"]
    assert world.meter.handshakes == ["failed"]


# --- the upgrade ---


def test_an_upgrade_is_answered_as_the_rfc_says(world: World) -> None:
    """RFC 6455 section 1.3 has this key and its answer."""
    reply = world.ask(
        upgrade("/", without="Sec-WebSocket-Key")[:-2]
        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    assert reply.status == 101
    assert reply.fields["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    assert reply.fields["upgrade"].lower() == "websocket"
    assert "server" not in reply.fields
    assert "sec-websocket-protocol" not in reply.fields
    assert "sec-websocket-extensions" not in reply.fields


@pytest.mark.parametrize("path", ["/", "/ws", "/?", "/ws?format=text", "http://localhost/ws"])
def test_the_chat_is_at_both_its_places(world: World, path: str) -> None:
    assert world.ask(upgrade(path)).status == 101


def test_a_request_for_another_upgrade_is_a_plain_one(world: World) -> None:
    assert world.ask(request("/", "Upgrade: h2c", "Connection: Upgrade")).status == 404


REFUSED = {
    "elsewhere": (404, "not_found", upgrade("/chat")),
    "echo that is off": (404, "not_found", upgrade("/echo")),
    "HTTP/1.0": (400, "bad_request", request("/", *UPGRADE, version="1.0")),
    "HEAD": (405, "bad_request", request("/", *UPGRADE, method="HEAD")),
    "no Connection": (400, "bad_request", upgrade(without="Connection")),
    "no version": (426, "bad_version", upgrade(without="Sec-WebSocket-Version")),
    "no key": (400, "bad_request", upgrade(without="Sec-WebSocket-Key")),
    "two keys": (400, "bad_request", upgrade("/", UPGRADE[-1])),
    "two versions": (400, "bad_request", upgrade("/", "Sec-WebSocket-Version: 13")),
    "two origins": (400, "bad_request", upgrade("/", "Origin: a", "Origin: b")),
    "a foreign page": (403, "wrong_origin", upgrade("/", "Origin: http://evil.example")),
    "a page of nobody": (403, "wrong_origin", upgrade("/", "Origin: null")),
    "unknown words": (400, "bad_dialect", upgrade("/", "Sec-WebSocket-Protocol: mqtt, wamp")),
    "a word twice": (
        400,
        "bad_request",
        upgrade("/", "Sec-WebSocket-Protocol: chatd.v1, chatd.v1"),
    ),
    "an unknown format": (400, "bad_dialect", upgrade("/?format=xml")),
    "two formats": (400, "bad_dialect", upgrade("/?format=json&format=text")),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_bad_handshake_is_refused_with_a_reason(world: World, what: str) -> None:
    status, result, data = REFUSED[what]
    reply = world.ask(data)
    assert reply.status == status
    assert reply.body.endswith(b"\n") or what == "HEAD"
    assert world.meter.handshakes == [result]
    assert world.house.guests == []
    assert not world.journal.events


def test_a_version_that_we_do_not_speak_is_told_ours(world: World) -> None:
    reply = world.ask(upgrade("/", "Sec-WebSocket-Version: 8", without="Sec-WebSocket-Version"))
    assert (reply.status, reply.fields["sec-websocket-version"]) == (426, "13")
    assert world.meter.handshakes == ["bad_version"]


@pytest.mark.parametrize("key", ["", "x", "A" * 24, "AAAAAAAAAAAAAAAAAAAAA===", "é" * 24])
def test_a_key_that_is_none_is_refused(world: World, key: str) -> None:
    fields = [*UPGRADE[:-1], f"Sec-WebSocket-Key: {key}"]
    assert world.ask(request("/", *fields)).status == 400


def test_any_key_of_the_right_length_is_taken_by_autobahn_as_well(world: World) -> None:
    for byte in range(256):
        key = base64.b64encode(bytes((byte,)) * KEY_BYTES).decode()
        fields = [*UPGRADE[:-1], f"Sec-WebSocket-Key: {key}"]
        assert world.ask(request("/", *fields)).status == 101


@pytest.mark.parametrize(
    ("path", "offers", "dialect", "agreed"),
    [
        ("/", (), "text", None),
        ("/?format=json", (), "json", None),
        ("/?format=text&x=y", (), "text", None),
        ("/", ("chatd.v1",), "json", "chatd.v1"),
        ("/", ("chatd.text",), "text", "chatd.text"),
        ("/", ("mqtt", "chatd.v1", "chatd.text"), "json", "chatd.v1"),
        ("/?format=text", ("chatd.v1",), "json", "chatd.v1"),
    ],
)
def test_client_and_server_agree_on_a_dialect(
    world: World, path: str, offers: tuple[str, ...], dialect: str, agreed: str | None
) -> None:
    client = world.client(path, offers=offers)
    assert client.guest.dialect.name == dialect
    assert client.protocol.subprotocol == agreed


def test_a_refusal_lists_what_is_spoken(world: World) -> None:
    assert b"json, text" in world.ask(upgrade("/?format=xml")).body
    offer = upgrade("/", "Sec-WebSocket-Protocol: mqtt")
    assert b"chatd.text, chatd.v1" in world.ask(offer).body


def test_pages_of_the_same_host_and_clients_without_pages_may_come(world: World) -> None:
    assert world.ask(upgrade("/", "Origin: http://localhost:8765")).status == 101
    assert world.ask(upgrade("/")).status == 101


def test_a_reload_changes_who_may_come(world: World) -> None:
    foreign = upgrade("/", "Origin: https://pages.example")
    assert world.ask(foreign).status == 403
    world.front.use(EdgeSettings(origins=("https://pages.example",)))
    assert world.ask(foreign).status == 101


def test_a_reload_changes_the_pings_of_new_sessions(world: World) -> None:
    old = world.client()
    world.front.use(EdgeSettings(ping_interval=5.0))
    new = world.client()
    world.turn(6)
    assert (old.frames(Opcode.PING), len(new.frames(Opcode.PING))) == ([], 1)


# --- room for more ---


def test_a_draining_house_lets_nobody_in(world: World) -> None:
    world.house.draining = True
    reply = world.ask(upgrade())
    assert (reply.status, reply.fields["retry-after"]) == (503, "5")
    assert world.meter.handshakes == ["draining"]


def test_a_banned_address_hears_why_and_nobody_else_is_hit(world: World) -> None:
    world.house.banned["2001:db8::1"] = "banned for 3 days yet: spam"
    reply = world.ask(upgrade(), six("2001:db8::1"))
    assert reply.status == 403
    assert b"2001:db8::1 is banned for 3 days yet: spam" in reply.body
    assert world.ask(upgrade(), six("2001:db8::2")).status == 101
    assert world.meter.handshakes == ["banned", "ok"]


def test_a_full_house_lets_nobody_in_until_somebody_leaves() -> None:
    world = World(EdgeSettings(sessions=2))
    first, _ = world.client(), world.client()
    reply = world.ask(upgrade())
    assert (reply.status, reply.fields["retry-after"]) == (503, "5")
    first.pipe.lose()
    assert world.ask(upgrade()).status == 101
    assert world.meter.handshakes == ["ok", "ok", "full", "ok"]


def test_one_address_has_only_so_many_sessions() -> None:
    world = World(EdgeSettings(sessions_per_address=1))
    first = world.client(peer=six("2001:db8::1"))
    reply = world.ask(upgrade(), six("2001:db8::2"))
    assert (reply.status, reply.fields["retry-after"]) == (429, "5")
    assert b"1 sessions from 2001:db8::2" in reply.body
    assert world.ask(upgrade(), six("2001:db8:0:1::1")).status == 101
    first.pipe.lose()
    assert world.ask(upgrade(), six("2001:db8::2")).status == 101
    assert world.meter.handshakes == ["ok", "address_full", "ok", "ok"]


def test_behind_a_proxy_each_client_counts_for_itself() -> None:
    settings = EdgeSettings(sessions_per_address=1, proxies=Trusted("unix"))
    world = World(settings)
    for number in range(3):
        reply = world.ask(upgrade("/", f"X-Forwarded-For: 198.51.100.{number}"), unix())
        assert reply.status == 101
    again = upgrade("/", "X-Forwarded-For: 8.8.8.8, 198.51.100.1")
    assert world.ask(again, unix()).status == 429
    assert [guest.address for guest in world.house.guests] == [
        f"198.51.100.{number}" for number in range(3)
    ]


def test_a_proxy_that_names_nobody_is_not_counted_as_one_client() -> None:
    world = World(EdgeSettings(sessions_per_address=1, proxies=Trusted("unix", "192.0.2.1/32")))
    assert [world.ask(upgrade()).status for _ in range(3)] == [101] * 3
    assert [world.ask(upgrade(), unix()).status for _ in range(3)] == [101] * 3
    assert {guest.address for guest in world.house.guests} == {"192.0.2.1", UNIX}


def test_headers_that_contradict_each_other_are_refused() -> None:
    world = World(EdgeSettings(proxies=Trusted("unix")))
    fields = ("X-Forwarded-For: 198.51.100.1", "Forwarded: for=8.8.8.8")
    assert world.ask(upgrade("/", *fields), unix()).status == 400
    assert world.meter.handshakes == ["bad_request"]


def test_connections_that_say_nothing_are_bounded_too() -> None:
    world = World(EdgeSettings(sessions=2))
    pipes = [world.connect() for _ in range(4)]
    assert world.front.buildProtocol(None) is None
    assert world.meter.handshakes == ["full"]
    pipes[0].lose()
    assert world.front.buildProtocol(None) is not None


def test_connections_and_handshakes_are_measured(world: World) -> None:
    client = Client(world)
    assert world.meter.now["connections"] == 1
    world.turn(2)
    client.open()
    assert world.meter.seconds == [2.0]
    client.pipe.lose()
    assert world.meter.now["connections"] == 0
    assert world.front.census.sessions == 0


# --- echo ---


@pytest.fixture
def echoing() -> World:
    return World(EdgeSettings(echo=True))


def test_echo_returns_text_and_bytes_as_they_came(echoing: World) -> None:
    client = echoing.client("/echo")
    client.say("grüß")
    client.protocol.send_binary(bytes(range(256)) * 1000)
    client.send()
    assert client.texts() == ["grüß"]
    assert client.frames(Opcode.BINARY) == [bytes(range(256)) * 1000]
    assert echoing.house.guests == []
    assert echoing.meter.handshakes == ["echo"]


def test_echo_takes_messages_of_sixteen_mebibytes(echoing: World) -> None:
    client = echoing.client("/echo")
    client.say("x" * (16 << 20))
    assert len(client.texts()[0]) == 16 << 20


def test_one_who_does_not_read_its_echo_is_not_read(echoing: World) -> None:
    client = echoing.client("/echo")
    for _ in range(100):
        client.protocol.send_binary(b"x" * 10_000)
        client.send()
    assert len(client.pipe.written) < 80_000
    for _ in range(100):
        client.texts()
    assert len(client.frames(Opcode.BINARY)) == 100


def test_echo_is_counted_as_a_connection_and_no_session(echoing: World) -> None:
    client = echoing.client("/echo")
    assert (echoing.front.census.connections, echoing.front.census.sessions) == (1, 0)
    client.pipe.lose()
    assert echoing.front.census.connections == 0


def test_a_page_may_be_read_where_a_session_may_be_opened(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<!doctype html>")
    world = World(folder=tmp_path)
    assert world.ask(request("/")).body == b"<!doctype html>"
    assert world.ask(upgrade("/")).status == 101
    assert world.meter.handshakes == ["ok"], "a page is no handshake"


# --- how many, how fast ---


def test_one_address_has_so_many_connections_that_are_no_session() -> None:
    world = World(EdgeSettings(connections_per_address=2))
    client = world.client()
    idle = [world.connect() for _ in range(2)]
    assert world.front.buildProtocol(ANN) is None
    assert world.meter.handshakes == ["ok", "address_full"]  # the house is not
    assert world.front.buildProtocol(six("2001:db8::1")) is not None
    idle[0].lose()
    assert world.front.buildProtocol(ANN) is not None
    assert world.house.limits.met == ["connections_per_address"]
    client.say("a session is none of them")


def test_sessions_asked_for_too_fast_are_refused_until_a_while_later() -> None:
    world = World(EdgeSettings(handshakes_per_address=1.0))
    assert [world.ask(upgrade()).status for _ in range(6)] == [101] * 5 + [429]
    assert world.ask(upgrade(), peer=six("2001:db8::1")).status == 101
    world.turn(1.0)
    assert world.ask(upgrade()).status == 101
    assert world.meter.handshakes.count("too_fast") == 1
    assert world.house.limits.met == ["handshakes_per_address"]


@pytest.mark.parametrize(("request_", "answered"), [(upgrade(), 10), (b"GET bad\r\n\r\n", 5)])
def test_who_goes_on_asking_after_refusals_gets_no_answer_for_a_while(
    request_: bytes, answered: int
) -> None:
    world = World(EdgeSettings(handshakes_per_address=1.0))
    for _ in range(answered):
        world.ask(request_)
    assert world.front.buildProtocol(ANN) is None
    assert world.meter.handshakes[-1] == "too_fast"
    assert world.front.buildProtocol(six("2001:db8::1")) is not None
    world.turn(1.0)
    assert world.front.buildProtocol(ANN) is not None


def test_nobody_is_blamed_for_what_all_ask() -> None:
    world = World(EdgeSettings(handshakes=1.0, handshakes_per_address=1.0))
    for number in range(5):
        assert world.ask(upgrade(), peer=six(f"2001:db8:0:{number}::1")).status == 101
    for _ in range(4):
        assert world.ask(upgrade()).status == 429
    world.turn(5.0)
    assert world.ask(upgrade()).status == 101
    assert world.front.buildProtocol(ANN) is not None


def test_who_is_refused_is_answered_all_the_same_while_that_is_only_tried_out() -> None:
    world = World(EdgeSettings(handshakes_per_address=1.0))
    world.house.limits.modes["handshakes_per_address"] = "dry-run"
    assert {world.ask(upgrade()).status for _ in range(30)} == {101}


def test_the_whole_server_takes_so_many_a_second_whoever_asks() -> None:
    world = World(EdgeSettings(handshakes=1.0))
    asked = [world.ask(upgrade(), peer=six(f"2001:db8:0:{n}::1")).status for n in range(6)]
    assert asked == [101] * 5 + [429]
    assert world.house.limits.met == ["handshakes"]


def test_limits_for_addresses_do_not_concern_who_is_exempt() -> None:
    settings = EdgeSettings(
        exempt=Trusted("192.0.2.1"),
        connections_per_address=1,
        sessions_per_address=1,
        handshakes_per_address=0.1,
    )
    world = World(settings)
    assert [world.ask(upgrade()).status for _ in range(5)] == [101] * 5
    assert world.house.limits.met == []


def test_a_limit_that_is_only_tried_out_refuses_nobody() -> None:
    world = World(EdgeSettings(sessions_per_address=1))
    world.house.limits.modes["sessions_per_address"] = "dry-run"
    assert [world.ask(upgrade()).status for _ in range(3)] == [101] * 3
    assert world.house.limits.met == ["sessions_per_address"] * 2


# --- names ---


def test_a_page_whose_name_was_made_to_lead_here_is_not_of_the_same_host() -> None:
    world = World(EdgeSettings(hosts=frozenset({"localhost", "chat.example"})))
    told = {}
    for host in ("chat.example", "localhost:8765", "127.0.0.1:8765", "[::1]:8765", "evil.example"):
        asked = upgrade("/", f"Origin: http://{host}").replace("localhost:8765", host, 1)
        told[host] = world.ask(asked).status
    assert told.pop("evil.example") == 403
    assert set(told.values()) == {101}
