"""The chat's connection, against an independent client without I/O."""

from __future__ import annotations

import struct

import pytest
from autobahn.twisted.websocket import WebSocketServerProtocol
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Opcode

from chatd.core.errors import ABUSE, BYE, DRAINING, INTERNAL, CloseCode
from chatd.core.limits import Mode
from chatd.core.ports import Frame
from chatd.core.settings import Settings
from chatd.edge.paced import HELD_MOST, SLICE, STEPS, Paced
from chatd.edge.ports import CLOSE_REASONS, EdgeSettings
from chatd.edge.websocket import GIANT, ChatLine
from tests.unit.edge.memory import UPGRADE, Client, Guest, World, request

MASK = b"\0\0\0\0"


def frame(first: int, payload: bytes, *, masked: bool = True, size: int | None = None) -> bytes:
    """A client's frame, as wrong as a test wants it."""
    length = len(payload) if size is None else size
    bit = 0x80 if masked else 0
    mask = MASK if masked else b""
    if length < 126:
        return struct.pack("!BB", first, bit | length) + mask + payload
    if length < 1 << 16:
        return struct.pack("!BBH", first, bit | 126, length) + mask + payload
    return struct.pack("!BBQ", first, bit | 127, length) + mask + payload


@pytest.fixture(params=[True, False], ids=["shortcuts", "no shortcuts"])
def world(request: pytest.FixtureRequest) -> World:
    return World(EdgeSettings(shortcuts=request.param))


# --- there and back ---


def test_a_client_is_greeted(world: World) -> None:
    client = world.client()
    assert client.texts() == ["welcome"]
    assert client.guest.address == "192.0.2.1"
    assert client.guest.dialect.name == "text"
    assert world.meter.handshakes == ["ok"]
    assert client.pipe.no_delay
    assert not world.journal.events


def test_autobahn_waits_by_the_exact_timers(world: World) -> None:
    assert world.front.chat.exact
    assert world.front.echo.exact


def test_no_name_of_ours_is_one_of_autobahns(world: World) -> None:
    line = world.client().pipe.protocol
    own = {
        "_session",
        "_outbox",
        "_fate",
        "_dialect",
        "_admitted",
        "_held",
        "_turn_ends",
        "_yielding",
    }
    paced = {"_late", "_steps", "_held_since", "_read_since"}
    assert own <= vars(line).keys()
    assert paced <= vars(Paced).keys()
    autobahns = world.front.echo.__dict__.keys() | set(dir(WebSocketServerProtocol))
    assert not (own | paced) & set(autobahns)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65535, 65536, 200_000])
def test_a_frame_of_any_length_arrives(world: World, size: int) -> None:
    client = world.client()
    client.guest.say("x" * size)
    assert client.texts() == ["welcome", "x" * size]


def test_what_is_said_is_heard(world: World) -> None:
    client = world.client()
    client.say("hello")
    client.say("grüß")
    assert client.guest.heard == [b"hello", "grüß".encode()]
    assert world.meter.received_frames.value == 2


def test_frames_may_come_byte_by_byte(world: World) -> None:
    client = world.client()
    for byte in frame(0x81, b"hello") + frame(0x01, b"he") + frame(0x80, b"y"):
        client.pipe.deliver(bytes((byte,)))
    assert client.guest.heard == [b"hello", b"hey"]


def test_frames_may_come_with_the_request(world: World) -> None:
    pipe = world.connect()
    pipe.deliver(request("/", *UPGRADE).encode() + frame(0x81, b"one") + frame(0x81, b"two"))
    assert world.house.guests[0].heard == [b"one", b"two"]


def test_frames_of_one_turn_are_written_at_once_and_encoded_once(world: World) -> None:
    clients = [world.client() for _ in range(3)]
    for client in clients:
        client.texts()
        client.pipe.writes.clear()
    first, second = Frame(b"first"), Frame(b"second")
    for guest in world.house.guests:
        guest.outbox.put(first)
        guest.outbox.put(second)
    assert not any(client.pipe.writes for client in clients)
    world.turn()
    assert [client.pipe.writes for client in clients] == [[first.wire + second.wire]] * 3
    assert all(client.texts() == ["first", "second"] for client in clients)


def test_bytes_and_frames_are_counted(world: World) -> None:
    client = world.client()
    client.texts()
    client.guest.say("hello")
    client.texts()
    assert world.meter.count["frames_out"] == 2
    assert world.meter.count["bytes_out"] == len("welcome") + len("hello") + 4


def test_a_ping_is_answered(world: World) -> None:
    client = world.client()
    client.protocol.send_ping(b"there?")
    client.send()
    assert client.frames(Opcode.PONG) == [b"there?"]


def test_pongs_for_one_who_does_not_read_do_not_pile_up(world: World) -> None:
    world.house.settings = Settings(outbox_bytes=16 * 1024)
    client = world.client()
    client.pipe.write(b"\0" * 70_000)  # its transport is full
    for _ in range(1000):
        client.pipe.deliver(frame(0x89, b"x" * 100))
    assert world.front.outboxes.waiting <= 8 * 1024
    assert world.meter.count["ephemeral"] > 900


def test_pings_and_pongs_are_told_to_the_session_which_pays(world: World) -> None:
    client = world.client()
    client.pipe.deliver(frame(0x89, b"there?") + frame(0x8A, b"here") * 2)
    assert client.guest.pings == 3


# --- what a client may not send ---


@pytest.mark.parametrize(("mode", "code"), [("on", 1009), ("dry-run", None), ("off", None)])
def test_a_message_in_more_frames_than_it_may_have(
    world: World, mode: Mode, code: int | None
) -> None:
    world.house.settings = Settings(frame_parts=3)
    world.house.limits.modes["frame_parts"] = mode
    client = world.client()
    for parts in (3, 4):
        client.pipe.deliver(frame(0x01, b"a") + frame(0x00, b"b") * (parts - 2) + frame(0x80, b"c"))
    heard, told = client.guest.heard, client.closed_with
    assert heard[0] == b"abc"
    assert len(heard) == (1 if code else 2)
    assert told == ((code, "over 3 frames in one message") if code else None)
    assert world.house.limits.met == ([] if mode == "off" else ["frame_parts"])


@pytest.mark.parametrize(("mode", "met"), [("on", 1), ("dry-run", 1), ("off", 0)])
def test_a_message_over_the_size_is_refused_only_where_that_is_held(
    world: World, mode: Mode, met: int
) -> None:
    world.house.settings = Settings(frame_bytes=1000)
    world.house.limits.modes["frame_bytes"] = mode
    client = world.client()
    client.pipe.deliver(frame(0x81, b"x" * 1001))
    assert (client.guest.heard == [b"x" * 1001]) is (mode != "on")
    assert (client.closed_with is not None) is (mode == "on")
    assert len([each for each in world.house.limits.met if each == "frame_bytes"]) == met


def test_who_floods_on_after_a_refusal_is_read_no_more_and_let_go_in_time(world: World) -> None:
    client = world.client()
    client.pipe.deliver(frame(0x01, b"a") + frame(0x00, b"") * 5000)
    assert client.closed_with is not None
    line = client.pipe.protocol
    read = line._steps
    client.pipe.deliver(frame(0x00, b"") * 5000)
    assert line._steps == 0 < read
    assert line.data == b""
    world.turn(3.1)
    assert not client.pipe.connected


def test_a_compressed_frame_is_refused_in_words(world: World) -> None:
    client = world.client()
    client.pipe.deliver(frame(0xC1, b"\xaa\x56\x4a\xad\x04\x00"))
    code, reason = client.closed_with or (0, "")
    assert (code, "compressed" in reason) == (1002, True)
    assert client.guest.heard == []


WRONG = {
    "not_text": (1003, frame(0x82, b"\0")),
    "too_big": (1009, frame(0x81, b"", size=65537)),
    "bad_utf8": (1007, frame(0x81, b"\xff")),
    "protocol_error": (1002, frame(0x81, b"hello", masked=False)),
}
RULES_BROKEN = [
    frame(0xC1, b"a reserved bit"),
    frame(0x83, b"a reserved opcode"),
    frame(0x8B, b"a reserved control opcode"),
    frame(0x80, b"a continuation of nothing"),
    frame(0x01, b"begun") + frame(0x81, b"another"),
    frame(0x09, b"a fragmented ping"),
    frame(0x89, b"a long ping" * 12),
    frame(0x88, b"\x03"),
    frame(0x88, struct.pack("!H", 1005)),
    b"\x81\xfe\0\x05" + MASK + b"hello",  # a length that is longer than it need be
    b"\x81\xff" + b"\xff" * 8 + MASK,
]


@pytest.mark.parametrize("word", WRONG)
def test_a_wrong_frame_gets_its_close_code(world: World, word: str) -> None:
    code, data = WRONG[word]
    client = world.client()
    client.pipe.deliver(data)
    closed = client.closed_with
    assert closed
    assert closed[0] == code
    client.send()  # the client's answer
    assert client.guest.ends == [(word, False)]
    assert client.guest.heard == []
    assert not world.journal.events


@pytest.mark.parametrize(("size", "looked_at"), [(GIANT, True), (GIANT + 1, False)])
def test_the_rest_of_a_giant_frame_is_not_looked_through(
    world: World, monkeypatch: pytest.MonkeyPatch, *, size: int, looked_at: bool
) -> None:
    client = world.client()
    seen: list[bytes] = []
    line = client.pipe.protocol

    def validate(data: bytes) -> tuple[bool, bool, int, int]:
        seen.append(data)
        return True, True, 0, 0

    monkeypatch.setattr(line.utf8validator, "validate", validate)
    client.pipe.deliver(frame(0x81, b"", size=size))
    assert client.closed_with
    client.pipe.deliver(b"x" * 1000)
    assert bool(b"".join(seen)) is looked_at
    assert client.guest.heard == []


@pytest.mark.parametrize("data", RULES_BROKEN)
def test_breaking_a_rule_closes_the_session(world: World, data: bytes) -> None:
    client = world.client()
    client.pipe.deliver(data)
    closed = client.closed_with
    assert closed
    assert closed[0] == 1002
    client.send()
    assert client.guest.ends == [("protocol_error", False)]
    assert not world.journal.events


def test_a_close_reason_that_is_no_utf8_is_refused(world: World) -> None:
    client = world.client()
    client.pipe.deliver(frame(0x88, b"\x03\xe8\xff"))
    closed = client.closed_with
    assert closed
    assert closed[0] == 1007


def test_the_answer_before_a_wrong_frame_still_goes_out(world: World) -> None:
    class Polite(Guest):
        def hear(self, payload: bytes) -> None:
            self.say("yes")

    world.house.guest_class = Polite
    client = world.client()
    client.pipe.deliver(frame(0x81, b"may I") + frame(0x82, b"\0"))
    assert client.texts() == ["welcome", "yes"]
    assert client.closed_with == (1003, "text frames only")


def test_a_message_in_many_fragments_is_bounded_like_one_frame(world: World) -> None:
    world.house.settings = Settings(frame_bytes=1000)
    client = world.client()
    client.pipe.deliver(frame(0x01, b"x" * 600))
    client.pipe.deliver(frame(0x00, b"x" * 600))
    closed = client.closed_with
    assert closed
    assert closed[0] == 1009
    assert client.guest.heard == []


def test_a_new_frame_limit_is_for_new_sessions(world: World) -> None:
    old = world.client()
    world.house.settings = Settings(frame_bytes=1000)
    new = world.client()
    for client in (old, new):
        client.pipe.deliver(frame(0x81, b"x" * 2000))
    first, second = world.house.guests
    assert len(first.heard[0]) == 2000
    assert second.heard == []
    assert new.closed_with


@given(data=st.lists(st.binary(max_size=300), max_size=5))
def test_no_bytes_make_a_fault(data: list[bytes]) -> None:
    world = World()
    client = world.client()
    for piece in data:
        client.pipe.deliver(piece)
        world.turn()
    world.turn(60)
    world.turn(60)
    assert not world.journal.events
    assert not client.pipe.connected
    assert [reason in CLOSE_REASONS for reason, _ in client.guest.ends] == [True]
    assert (world.front.census.connections, world.front.census.sessions) == (0, 0)


headers = st.builds(
    frame,
    st.integers(0, 255),
    st.binary(max_size=150),
    masked=st.booleans(),
    size=st.one_of(st.none(), st.integers(0, 1 << 17)),
)


TALK = st.builds(frame, st.just(0x81), st.text(max_size=200).map(str.encode))


@given(frames=st.lists(TALK | headers, max_size=8), cut=st.integers(1, 400))
def test_the_short_parser_and_autobahns_hear_the_same(frames: list[bytes], cut: int) -> None:
    data = b"".join(frames)
    seen = []
    for taken in (True, False):
        world = World(EdgeSettings(shortcuts=taken))
        client = world.client()
        for start in range(0, len(data), cut):
            client.pipe.deliver(data[start : start + cut])
        world.turn(60)
        world.turn(60)
        count = world.meter.received_frames.value
        seen.append((client.guest.heard, client.guest.ends, client.closed_with, count))
    assert seen[0] == seen[1]


@given(frames=st.lists(headers, max_size=6), cut=st.integers(1, 400))
def test_no_frames_make_a_fault(frames: list[bytes], cut: int) -> None:
    world = World()
    client = world.client()
    data = b"".join(frames)
    for start in range(0, len(data), cut):
        client.pipe.deliver(data[start : start + cut])
    world.turn(60)
    world.turn(60)
    assert not world.journal.events
    assert len(client.guest.ends) == 1


# --- endings ---


@pytest.mark.parametrize(
    ("code", "clean"), [(1000, True), (1001, False), (1011, False), (4000, False)]
)
def test_a_client_may_close(world: World, code: int, clean: bool) -> None:
    client = world.client()
    client.protocol.send_close(code)
    client.send()
    assert client.closed_with == (1000, "")
    world.turn()
    assert client.guest.ends == [("client", clean)]
    assert not client.pipe.aborted


def test_a_client_may_close_without_a_code(world: World) -> None:
    client = world.client()
    client.pipe.deliver(frame(0x88, b""))
    client.texts()
    assert client.guest.ends == [("client", True)]


def test_a_line_that_breaks_is_lost(world: World) -> None:
    client = world.client()
    client.pipe.lose()
    assert client.guest.ends == [("lost", False)]
    client.guest.say("to nobody")
    client.guest.close(BYE)
    world.turn(60)
    assert client.guest.ends == [("lost", False)]
    assert world.front.outboxes.waiting == 0


@pytest.mark.parametrize(("code", "clean"), [(DRAINING, False), (ABUSE, False), (BYE, True)])
def test_the_house_may_close(world: World, code: CloseCode, clean: bool) -> None:
    client = world.client()
    client.guest.say("last words")
    client.guest.close(code, "because")
    assert client.texts() == ["welcome", "last words"]
    assert client.closed_with == (code.code, "because")
    client.send()
    assert client.guest.ends == [(code.word, clean)]
    assert not client.pipe.aborted, "a reset could destroy what the peer has not read"


def test_a_client_that_does_not_answer_a_close_is_dropped(world: World) -> None:
    client = world.client()
    client.guest.close(DRAINING, "")
    world.turn(2.9)
    assert client.pipe.connected
    world.turn(0.2)
    assert client.pipe.aborted
    assert client.guest.ends == [("draining", False)]


def test_one_who_closes_but_never_reads_our_answer_is_dropped(world: World) -> None:
    client = world.client()
    client.pipe.write(b"\0" * 200_000)
    client.pipe.deliver(frame(0x88, b""))
    world.turn(2.9)
    assert client.pipe.connected
    world.turn(0.2)
    assert client.pipe.aborted
    assert client.guest.ends == [("client", True)]


def test_who_was_told_to_go_is_not_heard_any_more(world: World) -> None:
    client = world.client()
    client.guest.close(ABUSE, "")
    client.pipe.deliver(frame(0x81, b"but"))
    assert client.guest.heard == []


def test_two_closes_are_one(world: World) -> None:
    client = world.client()
    client.guest.close(ABUSE, "first")
    client.guest.close(DRAINING, "second")
    assert client.closed_with == (ABUSE.code, "first")


def test_a_long_reason_is_cut_to_what_a_close_frame_holds(world: World) -> None:
    client = world.client()
    client.guest.close(ABUSE, "ü" * 100)
    assert client.closed_with == (ABUSE.code, "ü" * 61)


def test_a_fault_of_a_session_ends_it_and_no_other(world: World) -> None:
    class Broken(Guest):
        def hear(self, payload: bytes) -> None:
            if payload == b"boom":
                raise RuntimeError("boom")
            super().hear(payload)

    world.house.guest_class = Broken
    one, other = world.client(), world.client()
    one.say("boom")
    assert one.closed_with == (INTERNAL.code, "a fault of the server, number f1")
    one.send()
    assert world.house.guests[0].ends == [("internal", False)]
    other.say("hello")
    assert world.house.guests[1].heard == [b"hello"]
    assert [str(fault) for fault in world.journal.faults] == ["boom"]


def test_a_house_that_cannot_open_says_so(world: World) -> None:
    class Unable(Guest):
        def __init__(self, *_: object) -> None:
            raise RuntimeError("no room")

    world.house.guest_class = Unable
    client = world.client()
    assert client.closed_with == (INTERNAL.code, "a fault of the server, number f1")
    client.send()
    assert not client.pipe.connected
    assert world.front.census.sessions == 0


def test_a_fault_of_the_line_itself_drops_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client = world.client()

    def broken(_: ChatLine) -> bool:
        raise RuntimeError("in the parser")

    monkeypatch.setattr(ChatLine, "processData", broken)
    client.pipe.deliver(frame(0x89, b"hello"))
    outbox, written = client.guest.outbox, client.pipe.written
    assert (client.pipe.aborted, outbox.closed, outbox.detour) == (True, True, True)
    client.guest.say("too late")  # it could overtake what its transport has not written yet
    world.turn()
    assert client.pipe.written == written
    assert client.guest.ends == [("internal", False)]
    assert world.journal.events == ["connection_failed"]
    assert world.front.census.connections == 0


def test_a_fault_when_told_of_the_end_is_logged_and_counted(world: World) -> None:
    class Broken(Guest):
        def gone(self, reason: str, clean: bool) -> None:
            raise RuntimeError(reason)

    world.house.guest_class = Broken
    world.client().pipe.lose()
    assert world.journal.events == ["connection_failed"]
    assert world.front.census.sessions == 0


# --- pings ---


def pinged(client: Client) -> int:
    return len(client.frames(Opcode.PING))


def test_a_silent_client_is_pinged_and_kept_while_it_answers(world: World) -> None:
    client = world.client()
    for number in range(1, 5):
        world.turn(24.9)
        assert pinged(client) == number - 1
        world.turn(0.2)
        assert pinged(client) == number
        client.send()  # the pong
    assert client.guest.ends == []


def test_a_client_that_answers_no_ping_is_dropped(world: World) -> None:
    client = world.client()
    world.turn(25)
    world.turn(7.9)
    assert client.pipe.connected
    world.turn(0.2)
    assert client.pipe.aborted
    assert client.guest.ends == [("ping_timeout", False)]


def test_a_held_client_is_not_blamed_for_its_unread_pong(world: World) -> None:
    client = world.client()
    client.guest.outbox.hold()
    world.turn(25)
    assert pinged(client) == 1
    client.send()  # lies in the kernel
    world.turn(20)
    assert client.pipe.connected
    client.guest.outbox.release()
    world.turn()
    world.turn(20)
    assert client.guest.ends == []


def test_a_client_released_just_now_has_its_time_to_answer(world: World) -> None:
    client = world.client()
    client.guest.outbox.hold()
    world.turn(25)
    world.turn(7.9)
    client.guest.outbox.release()
    world.turn(0.2)
    assert client.pipe.connected
    world.turn(8)
    world.turn(8)
    assert client.guest.ends == [("ping_timeout", False)]


def test_a_client_held_for_long_times_out_all_the_same(world: World) -> None:
    client = world.client()
    client.guest.outbox.hold()
    for _ in range(int(HELD_MOST)):
        world.turn(1)
        assert client.pipe.connected
    world.turn(9)
    assert client.guest.ends == [("ping_timeout", False)]


def test_one_who_takes_a_long_backlog_is_alive(world: World) -> None:
    client = world.client()
    for _ in range(900):
        client.guest.say("x" * 1000)
    for _ in range(18):
        world.turn(2)
        client.hear(50_000)
    assert client.frames(Opcode.PING)
    assert client.guest.ends == []


# --- hold ---


def test_a_held_client_is_not_read_and_loses_nothing(world: World) -> None:
    client = world.client()
    client.guest.outbox.hold()
    client.say("one")
    client.say("two")
    assert client.guest.heard == []
    client.guest.outbox.release()
    world.turn()
    assert client.guest.heard == [b"one", b"two"]


class Busy(Guest):
    """Who has to do with each message."""

    def hear(self, payload: bytes) -> None:
        super().hear(payload)
        self.outbox.hold()


def test_a_hold_holds_within_what_was_read_already(world: World) -> None:
    world.house.guest_class = Busy
    client = world.client()
    client.pipe.deliver(frame(0x81, b"1") + frame(0x81, b"2") + frame(0x81, b"3"))
    assert client.guest.heard == [b"1"]
    client.guest.outbox.release()
    assert client.guest.heard == [b"1"]
    world.turn()
    assert client.guest.heard == [b"1", b"2"]
    client.guest.outbox.release()
    world.turn()
    assert client.guest.heard == [b"1", b"2", b"3"]


@pytest.mark.parametrize(("shortcuts", "by_autobahn"), [(True, 0), (False, 3)])
def test_what_waited_for_a_release_is_read_the_short_way_too(
    monkeypatch: pytest.MonkeyPatch, *, shortcuts: bool, by_autobahn: int
) -> None:
    begun = []
    autobahns = ChatLine.onMessageBegin

    def begin(line: ChatLine, binary: bool) -> None:
        begun.append(binary)
        autobahns(line, binary)

    monkeypatch.setattr(ChatLine, "onMessageBegin", begin)
    world = World(EdgeSettings(shortcuts=shortcuts))
    world.house.guest_class = Busy
    client = world.client()
    client.pipe.deliver(frame(0x81, b"1") + frame(0x81, b"2") + frame(0x81, b"3"))
    for _ in range(2):
        client.guest.outbox.release()
        world.turn()
    assert client.guest.heard == [b"1", b"2", b"3"]
    assert len(begun) == by_autobahn


def test_hold_and_release_within_one_frame_lose_nothing(world: World) -> None:
    class Fickle(Guest):
        def hear(self, payload: bytes) -> None:
            super().hear(payload)
            self.outbox.hold()
            self.outbox.release()

    world.house.guest_class = Fickle
    client = world.client()
    client.pipe.deliver(frame(0x81, b"1") + frame(0x81, b"2"))
    world.turn()
    assert client.guest.heard == [b"1", b"2"]


def test_a_held_client_that_is_closed_can_answer(world: World) -> None:
    client = world.client()
    client.guest.outbox.hold()
    client.guest.close(DRAINING, "soon back")
    assert client.closed_with == (DRAINING.code, "soon back")
    client.send()
    assert client.guest.ends == [("draining", False)]
    assert not client.pipe.aborted


def test_a_release_after_the_end_does_nothing(world: World) -> None:
    client = world.client()
    client.guest.outbox.hold()
    client.pipe.lose()
    client.guest.outbox.release()
    world.turn()
    assert client.guest.ends == [("lost", False)]


@pytest.mark.parametrize("shortcuts", [True, False])
def test_frames_that_take_long_are_read_over_several_turns(*, shortcuts: bool) -> None:
    world = World(EdgeSettings(shortcuts=shortcuts))

    class Slow(Guest):
        def hear(self, payload: bytes) -> None:
            super().hear(payload)
            world.clock.rightNow += 0.6 * SLICE

    world.house.guest_class = Slow
    client = world.client()
    client.pipe.deliver(b"".join(frame(0x81, b"%d" % number) for number in range(5)))
    assert client.guest.heard == [b"0", b"1"]
    assert not client.pipe.reading
    world.turn()
    assert client.guest.heard == [b"0", b"1", b"2", b"3", b"4"]


def test_thousands_of_frames_at_once_are_read_over_several_turns(world: World) -> None:
    client = world.client()
    for number in range(2 * STEPS):
        client.protocol.send_text(str(number).encode())
    client.pipe.deliver(b"".join(client.protocol.data_to_send()))
    heard = client.guest.heard
    assert 0 < len(heard) < STEPS
    while len(heard) < 2 * STEPS:
        before = len(heard)
        world.turn()
        assert len(heard) > before
    assert heard == [str(number).encode() for number in range(2 * STEPS)]
