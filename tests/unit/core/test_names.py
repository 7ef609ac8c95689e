"""Names: what chatd takes, in which form, and how it says no."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.core import names
from chatd.core.names import BadName, account_name, nick, room_name

KINDS = {"user": account_name, "nick": nick, "room": room_name}
ALL = pytest.mark.parametrize("prepare", KINDS.values(), ids=KINDS)
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=80)
NEAR_NAMES = st.text(
    st.sampled_from(
        "abzAZ09._-'#@ \u00e9\u0301\u0430\u0130\u03c2\u1e9e\ufb01\u05d0\u0661\u200d\U0001f98a"
    )
)

Prepare = Callable[[str], str]


def refusal(prepare: Prepare, raw: str) -> str:
    with pytest.raises(BadName) as caught:
        prepare(raw)
    return caught.value.reason


def taken(prepare: Prepare, raw: str) -> str:
    """The name, or "" when it is refused, by a message that any screen and log can hold."""
    try:
        return prepare(raw)
    except BadName as error:
        message = str(error)
    assert message.encode().decode().isprintable()
    return ""


@pytest.mark.parametrize(
    ("raw", "stored"),
    [
        ("alice", "alice"),
        ("Alice", "alice"),
        ("\uff21\uff4c\uff49\uff43\uff45", "alice"),  # RFC 8265 section 3.3.2: width, then case
        ("Jose\u0301", "jos\u00e9"),
        ("ann.lee-2_x", "ann.lee-2_x"),
        ("\u041e\u043b\u044c\u0433\u0430", "\u043e\u043b\u044c\u0433\u0430"),
        ("\u65e5\u672c\u8a9e\u30c6\u30b9\u30c8", "\u65e5\u672c\u8a9e\u30c6\u30b9\u30c8"),
        ("\u05d3\u05df1", "\u05d3\u05df1"),
        ("col\u00b7la", "col\u00b7la"),  # RFC 8264 section 9.4: the dot of Catalan
        ("a", "a"),
        ("a" * 32, "a" * 32),
        ("0", "0"),
        ("fran\u00e7ois_", "fran\u00e7ois_"),
    ],
)
def test_an_account_name_has_one_stored_form(raw: str, stored: str) -> None:
    assert account_name(raw) == stored


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("Ann", "Ann"),
        ("  Ann  ", "Ann"),
        ("O'Brien", "O'Brien"),
        ("Ann\U0001f98a", "Ann\U0001f98a"),
        ("Ann\U0001f44b\U0001f3fd", "Ann\U0001f44b\U0001f3fd"),
        ("\uff21\uff4e\uff4e", "Ann"),  # RFC 8266 section 2: NFKC
        ("A" * 32, "A" * 32),
        ("Jose\u0301", "Jos\u00e9"),
        ("ann_", "ann_"),
    ],
)
def test_a_nick_keeps_its_case(raw: str, shown: str) -> None:
    assert nick(raw) == shown


@pytest.mark.parametrize(
    ("raw", "stored"),
    [
        ("Lobby", "lobby"),
        ("#Lobby", "lobby"),
        ("##c", "c"),
        ("Caf\u00e9", "caf\u00e9"),
        ("x" * 64, "x" * 64),
    ],
)
def test_a_room_name_is_lower_case_and_without_its_sign(raw: str, stored: str) -> None:
    assert room_name(raw) == stored


@ALL
@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ("", "empty"),
        ("ann lee", "U+0020 SPACE"),
        ("ann\u00a0lee", "SPACE"),
        ("a@b", "U+0040 COMMERCIAL AT"),
        ("a#b", "U+0023 NUMBER SIGN"),
        ("a/b", "U+002F SOLIDUS"),
        ("a\u2215b", "U+2215 DIVISION SLASH"),
        ("a:b", "U+003A COLON"),
        ("a\nb", "U+000A"),
        ("a\x1b[31m", "U+001B"),
        ("a\x9bb", "U+009B"),
        ("a\u202eb", "U+202E RIGHT-TO-LEFT OVERRIDE"),
        ("a\u2066b", "U+2066 LEFT-TO-RIGHT ISOLATE"),
        ("a\u200fb", "U+200F RIGHT-TO-LEFT MARK|right-to-left name"),
        ("a\u200bb", "U+200B ZERO WIDTH SPACE"),
        ("a\u200cb", "U+200C ZERO WIDTH NON-JOINER"),
        ("\u0928\u094d\u200d\u0928", "U+200D ZERO WIDTH JOINER"),  # PRECIS would let it pass
        ("a\ufe0fb", "U+FE0F VARIATION SELECTOR-16"),
        ("a\u0378b", "U+0378 is unknown to this server"),
        ("a\ud800b", "U+D800"),
        ("a\ue000b", "U+E000"),
        ("-x", "begin it with a letter or digit"),
        (".x", "begin it with a letter or digit"),
        ("x.", "end it with something else than ."),
        ("\u0430lice", "it mixes Cyrillic and Latin letters"),
        ("\u0928" + "1\u0967", "it mixes digits"),
        ("q\u0301\u0301", "too many marks"),
        ("q\u0301\u0302\u0303\u0304\u0305", "too many marks"),
        ("1\u05d3\u05df", "a right-to-left name"),
        ("\u05d3a\u05df", "right-to-left|mixes"),
        ("x" * 65, "longer than"),
        ("x" * 300, "longer than"),
        ("\u4e2d" * 65, "longer than"),
    ],
)
def test_what_deceives_or_breaks_a_command_is_no_name(prepare: Prepare, raw: str, why: str) -> None:
    assert any(part in refusal(prepare, raw) for part in why.split("|"))


@pytest.mark.parametrize("prepare", [account_name, nick])
def test_a_user_has_at_most_32_characters_and_96_bytes(prepare: Prepare) -> None:
    astral = "\U00010428"  # a letter of four bytes
    assert prepare(astral * 24) == astral * 24
    assert "96 bytes" in refusal(prepare, astral * 25)
    assert "32 characters" in refusal(prepare, "x" * 33)


@pytest.mark.parametrize(
    ("prepare", "raw"),
    [
        (account_name, "x'y"),
        (room_name, "x'y"),
        (account_name, "x\U0001f98a"),
        (room_name, "x\U0001f98a"),
    ],
)
def test_only_a_nick_has_apostrophes_and_emoji(prepare: Prepare, raw: str) -> None:
    assert "is not allowed: use letters, digits and - _ ." in refusal(prepare, raw)


@pytest.mark.parametrize("raw", ["x\u2605", "x\u2502", "x\u20ac", "x\U0001d7f6\U0001f12f"])
def test_of_the_symbols_a_nick_has_only_emoji(raw: str) -> None:
    assert "is not allowed: use letters, digits, emoji" in refusal(nick, raw)


def test_nobody_types_three_hundred_characters_even_if_most_would_be_trimmed() -> None:
    assert "longer than" in refusal(nick, " " * 300 + "Ann")


@pytest.mark.parametrize("raw", ["\U0001f98a", "'x", "x'"])
def test_a_nick_can_be_spoken(raw: str) -> None:
    assert "it with" in refusal(nick, raw)


@pytest.mark.parametrize("prepare", [account_name, nick])
@pytest.mark.parametrize("raw", ["chatd", "Server", "SYSTEM", "adrnin", "everyone", "h\u0435re"])
def test_the_programs_own_voice_is_nobodys_name(prepare: Prepare, raw: str) -> None:
    assert any(word in refusal(prepare, raw) for word in ("reserved", "mixes"))


def test_a_guest_cannot_borrow_a_reserved_word_by_its_look() -> None:
    assert "'admin' and what looks like it is reserved" in refusal(nick, "ADMlN")


@pytest.mark.parametrize("prepare", [account_name, nick])
@pytest.mark.parametrize("raw", ["192.0.2.7", "999.0.0.01", "\uff11\uff12.0.2.7"])
def test_who_is_called_like_an_address_could_not_be_banned(prepare: Prepare, raw: str) -> None:
    assert refusal(prepare, raw) == "it reads as an IP address: add a letter"
    assert [prepare(name) for name in ("192.0.2.7a", "1.2.3")] == ["192.0.2.7a", "1.2.3"]


def test_a_room_may_be_called_what_a_user_may_not() -> None:
    assert room_name("system") == "system"


def test_direct_rooms_are_not_made_by_name() -> None:
    assert "direct rooms" in refusal(room_name, "@alice")


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("a\u202eb\x1b\ud800", r"'a\u202eb\x1b\ud800'"),
        ("x" * 300, "'" + "x" * 40 + "\u2026'"),
        ("##a b", "'##a b'"),
    ],
)
def test_an_error_shows_what_was_typed_and_nothing_else_happens_on_the_screen(
    raw: str, shown: str
) -> None:
    with pytest.raises(BadName) as caught:
        room_name(raw)
    assert (caught.value.kind, caught.value.shown) == ("room", shown)
    assert str(caught.value) == f"room name {shown}: {caught.value.reason}"


@pytest.mark.parametrize("rule", [names._ACCOUNT, names._NICK, names._ROOM], ids=lambda r: r.kind)
@given(raw=st.from_regex(r"\A[A-Za-z0-9._'-]{1,66}\Z"))
def test_a_plain_name_is_what_the_tables_would_have_made_of_it(rule: names._Rule, raw: str) -> None:
    if rule.plain.fullmatch(raw):
        assert names._judged(rule, raw) == (raw, "")


@ALL
@given(raw=ANY_TEXT | NEAR_NAMES)
def test_preparing_twice_is_preparing_once_and_nothing_but_bad_name_is_raised(
    prepare: Prepare, raw: str
) -> None:
    name = taken(prepare, raw)
    if not name:
        return
    assert prepare(name) == name
    assert name.isprintable()
    assert " " not in name
    assert 0 < len(name) <= 64
    assert len(name.encode()) <= 192
