"""Single values: what is taken, what becomes of it, how it is written, what is refused and why."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import UTC
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.ops.config import kinds, measures, places, retention
from chatd.ops.config.kinds import Kind, Unfit
from chatd.ops.config.literal import literal
from chatd.ops.config.table import KEYS
from chatd.ops.config.values import Inherited, Keeping, Proxies, Tcp, Unix

SIZE = measures.size(1, 1 << 30)
TIME = measures.duration(0, 86400)
LISTENER = places.listener()
ORIGIN = places.origin()
KEEPING = retention.keeping()

TAKEN: list[tuple[Kind[Any], object, object]] = [
    (SIZE, 1000, 1000),
    (SIZE, "64 KiB", 65536),
    (SIZE, "1MiB", 1 << 20),
    (SIZE, "7 B", 7),
    (TIME, "25s", 25.0),
    (TIME, "500ms", 0.5),
    (TIME, "1.5 m", 90.0),
    (TIME, "1h", 3600.0),
    (TIME, "1d", 86400.0),
    (TIME, "0s", 0.0),
    (kinds.number(0.1, 10), 3, 3.0),
    (kinds.whole(0, 5), 5, 5),
    (measures.mode(), "0660", 0o660),
    (measures.mode(), "600", 0o600),
    (LISTENER, "tcp:127.0.0.1:8765", Tcp("127.0.0.1", 8765)),
    (LISTENER, "tcp:[::1]:0", Tcp("::1", 0)),
    (LISTENER, "unix:/run/chatd/s:1", Unix("/run/chatd/s:1")),
    (LISTENER, "systemd:chatd", Inherited("chatd")),
    (ORIGIN, "HTTPS://Chat.Example.org:443", "https://chat.example.org"),
    (ORIGIN, "http://[::1]:8765", "http://[::1]:8765"),
    (ORIGIN, "https://a:80", "https://a:80"),
    (ORIGIN, "app://localhost", "app://localhost"),
    (ORIGIN, "*", "*"),
    (places.network(), "10.0.0.0/8", IPv4Network("10.0.0.0/8")),
    (places.network(), "::1", IPv6Network("::1/128")),
    (places.proxies(), ["unix"], Proxies(unix=True)),
    (places.zone(), "UTC", UTC),
    (places.zone(), "Europe/Berlin", ZoneInfo("Europe/Berlin")),
    (places.room(), "#Lobby", "lobby"),
    (places.file(), "a/b.db", Path("a/b.db")),
    (KEEPING, {}, ()),
    (
        KEEPING,
        {"#Noise": {"age": "7d", "messages": 1000}, "minutes": {"age": "0s"}},
        (Keeping("minutes"), Keeping("noise", 604_800.0, 1000)),
    ),
    (KEEPING, {"café": {"messages": 3}}, (Keeping("café", 0.0, 3),)),
    (kinds.lines(100), "Hello\n世界", "Hello\n世界"),
]


@pytest.mark.parametrize(("kind", "raw", "value"), TAKEN)
def test_a_value_is_read_and_written_so_that_it_reads_the_same(
    kind: Kind[Any], raw: object, value: object
) -> None:
    assert kind.read(raw) == value
    assert type(kind.read(raw)) is type(value)
    assert kind.read(tomllib.loads(f"x = {kind.write(value)}")["x"]) == value


REFUSED: list[tuple[Kind[Any], object, str]] = [
    (kinds.flag(), 1, "an integer"),
    (kinds.flag(), "true", "a string"),
    (kinds.whole(1, 5), True, "a boolean"),
    (kinds.whole(1, 5), 2.0, "a float"),
    (kinds.whole(1, 5), 0, "too small"),
    (kinds.whole(1, 5), 6, "too large"),
    (kinds.number(1, 5), float("nan"), "not a number"),
    (kinds.number(1, 5), float("inf"), "too large"),
    (kinds.number(1, 5), False, "a boolean"),
    (kinds.line(1, 5), "", "0 characters"),
    (kinds.line(1, 5), "a\nb", r"U\+000A"),
    (kinds.line(1, 5), "a\u202eb", r"U\+202E"),
    (kinds.lines(5), "a\tb", r"U\+0009"),
    (kinds.lines(5), "abcdef", "6 characters"),
    (kinds.choice(("a", "b")), "c", "none of them"),
    (kinds.choice(("a", "b")), 1, "an integer"),
    (SIZE, "64 KB", '"KB" is not one of the units GiB, MiB, KiB, B'),
    (SIZE, "64", "unit is missing"),
    (SIZE, "1.5 KiB", "no fraction"),
    (SIZE, "-1 B", "not an amount"),
    (SIZE, "٣ KiB", "not an amount"),
    (SIZE, True, "a boolean"),
    (SIZE, 0, "too small"),
    (TIME, 25, 'as in "25s"'),
    (TIME, 2.5, 'as in "2.5s"'),
    (TIME, True, "a boolean"),
    (TIME, "25", "unit is missing"),
    (TIME, "1h30m", "not an amount"),
    (TIME, "0.0001s", "finer than a millisecond"),
    (TIME, "2 weeks", '"weeks" is not one of the units'),
    (TIME, "25h", "too large"),
    (measures.mode(), 432, "an integer"),
    (measures.mode(), "0888", "octal"),
    (measures.mode(), "1777", "octal"),
    (LISTENER, "8765", "tcp:, unix:, systemd:"),
    (LISTENER, "tcp:localhost:1", "not an IP address"),
    (LISTENER, "tcp:127.0.0.1", "port"),
    (LISTENER, "tcp:127.0.0.1:65536", "port"),
    (LISTENER, "tcp:::1:80", "brackets"),
    (LISTENER, "tcp:[127.0.0.1]:80", "not an IP address"),
    (LISTENER, "unix:chatd.sock", "not absolute"),
    (LISTENER, "unix:/" + "é" * 60, "107 bytes"),
    (LISTENER, "unix:/a\0b", "control character"),
    (LISTENER, "systemd:", "visible ASCII"),
    (LISTENER, "systemd:a:b", "without a colon"),
    (ORIGIN, "chat.example.org", "scheme is missing"),
    (ORIGIN, "https://chat.example.org/", "slash"),
    (ORIGIN, "https://bücher.example", "ASCII"),
    (ORIGIN, "https://u:p@x", "not an origin"),
    (ORIGIN, "null", "scheme is missing"),
    (places.network(), "10.0.0.1/8", '"10.0.0.0/8"'),
    (places.network(), "::ffff:10.0.0.0/104", 'write "10.0.0.0/8"'),
    (places.network(), "10.0.0.0/33", "neither"),
    (places.zone(), "Europe/Berln", '"Europe/Berlin"'),
    (places.zone(), "../../etc/passwd", "no such time zone"),
    (places.zone(), "Europe", "no such time zone"),
    (places.zone(), "", "no such time zone"),
    (places.room(), "a room", "SPACE"),
    (places.file(), "~/chatd.db", "not expanded"),
    (KEEPING, 7, "an integer"),
    (KEEPING, {"noise": "7d"}, "some of it"),
    (KEEPING, {"noise": {}}, "some of it"),
    (KEEPING, {"noise": {"age": 7}}, "some of it"),
    (KEEPING, {"noise": {"days": 7}}, "some of it"),
    (KEEPING, {"a room": {"age": "7d"}}, "some of it"),
    (KEEPING, {"noise": {"age": "7d"}, "Noise": {"age": "8d"}}, "some of it"),
    (places.file(), "/var/lib/", "no file"),
    (places.file(), "", "no file"),
    (kinds.list_of(kinds.flag()), True, "a boolean"),
    (kinds.list_of(kinds.flag(), 1), [], "0 elements"),
]


@pytest.mark.parametrize(("kind", "raw", "why"), REFUSED)
def test_a_value_is_refused_with_the_reason(kind: Kind[Any], raw: object, why: str) -> None:
    with pytest.raises(Unfit, match=why):
        kind.read(raw)


def test_a_list_names_each_unfit_element_and_every_repetition() -> None:
    with pytest.raises(Unfit) as caught:
        LISTENERS.read(["tcp:127.0.0.1:1", 5, "tcp:127.0.0.1:1", "unix:/a", "unix:b"])
    assert [part.index for part in caught.value.parts] == [1, 2, 4]
    assert caught.value.parts[1].why == "this stands in the list already"


LISTENERS = kinds.list_of(LISTENER)

raws = st.recursive(
    st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.datetimes()
    | st.from_regex(r"(tcp:|unix:/|systemd:|https://)?[0-9.:\[\]/a-z]{0,12}( ?(KiB|s|ms))?"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=4,
)


@given(st.sampled_from(sorted(KEYS)), raws)
def test_any_value_is_either_taken_and_writable_or_unfit(name: str, raw: object) -> None:
    kind = KEYS[name].kind
    try:
        value = kind.read(raw)
    except Unfit:
        return
    assert kind.read(tomllib.loads(f"x = {kind.write(value)}")["x"]) == value


@given(st.integers(1, 1 << 30))
def test_every_size_survives_writing(size: int) -> None:
    assert SIZE.read(SIZE.write(size).strip('"')) == size


@given(st.integers(0, 86_400_000))
def test_every_duration_of_milliseconds_survives_writing(millis: int) -> None:
    assert TIME.read(TIME.write(millis / 1000).strip('"')) == millis / 1000


@given(st.text() | st.lists(st.text()) | st.dictionaries(st.text(), st.integers()))
def test_a_literal_is_one_printable_line_that_reads_the_same(raw: object) -> None:
    text = literal(raw)
    assert tomllib.loads(f"x = {text}")["x"] == raw
    assert "\n" not in text
    assert not set(text) & set("\x00\x1b\x7f\x85\u2028\u202e\u2066")


BELIEVED: list[tuple[list[str], str, bool]] = [
    (["10.0.0.0/8"], "10.1.2.3", True),
    (["10.0.0.0/8"], "::ffff:10.1.2.3", True),
    (["10.0.0.0/8"], "11.1.2.3", False),
    (["10.0.0.0/8"], "unix", False),
    (["10.0.0.0/8"], "::1", False),
    (["unix", "::1"], "unix", True),
    (["unix", "::1"], "::1", True),
    (["unix"], "127.0.0.1", False),
    ([], "127.0.0.1", False),
    (["0.0.0.0/0"], "nonsense", False),
]


@pytest.mark.parametrize(("entries", "peer", "believed"), BELIEVED)
def test_a_proxy_is_believed_only_from_where_it_may_come(
    entries: list[str], peer: str, believed: bool
) -> None:
    assert places.proxies().read(entries).believes(peer) is believed


def test_utc_needs_no_time_zone_database(monkeypatch: pytest.MonkeyPatch) -> None:
    absent: Callable[..., ZoneInfo] = _no_database
    monkeypatch.setattr("zoneinfo.ZoneInfo", absent)
    monkeypatch.setattr("zoneinfo.available_timezones", set)
    assert places.zone().read("UTC") is UTC
    with pytest.raises(Unfit, match="install tzdata"):
        places.zone().read("Europe/Berlin")


def _no_database(key: str) -> ZoneInfo:
    raise FileNotFoundError(key)
