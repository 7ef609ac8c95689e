"""Text: what reaches another's screen, and what never does."""

import unicodedata
from collections.abc import Iterable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatd.core.text import blank, clean, for_terminal, one_line, plain

NASTY = st.sampled_from(
    "\r\n\t \x00\x1b\x7f\x85\x9b\u2028\u2029\u202a\u202e\u2066\u2069"
    "\u200b\u200d\u200e\u0301\u0e47\ufe0f"
    "\ufeff\ufffb\ufdd0\ufffe\ud83d\udc4d\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e007f"
    "\U000e0101\U0001ffffa"
)
ANY_TEXT = st.text(st.characters(exclude_categories=()) | NASTY, max_size=60)
REORDERING = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def tagged(region: str) -> str:
    return "\U0001f3f4" + "".join(chr(0xE0000 + ord(c)) for c in region) + "\U000e007f"


def forbidden(chars: Iterable[str]) -> set[str]:
    """What no cleaned text may hold: controls, surrogates, noncharacters, what reorders."""
    return {
        char
        for char in chars
        if (unicodedata.category(char) in ("Cc", "Cs") and char not in "\n\t")
        or char in REORDERING
        or ord(char) & 0xFFFE == 0xFFFE
        or "\ufdd0" <= char <= "\ufdef"
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello, world!",
        "two\nlines\tand a tab",
        "na\u00efve \u041f\u0440\u0438\u0432\u0435\u0442 \u65e5\u672c\u8a9e",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian, with its non-joiner
        "\u05e9\u05dc\u05d5\u05dd!\u200f",  # Hebrew, with a mark after its punctuation
        "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f3f3\ufe0f\u200d\U0001f308 1\ufe0f\u20e3",
        "\u0f67\u0f90\u0fb5\u0fa8\u0fb3\u0fba\u0fbc\u0fbb\u0f82",  # eight riders: a Tibetan seal
        "\u845b\U000e0100",  # a Japanese place name's variant
        tagged("gbeng") + tagged("gbsct") + tagged("gbwls"),
        "\u2400 \ufffd \ue0b0",
    ],
)
def test_what_people_write_stays_as_they_wrote_it(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("a\r\nb\rc\n", "a\nb\nc\n"),
        ("a\u2028b\u2029c\x85d", "a\nb\nc\nd"),
        ("\x1b[31mred\x1b[0m", "\u241b[31mred\u241b[0m"),
        ("\x00\x07\x08\x0b\x0c\x1f\x7f", "\u2400\u2407\u2408\u240b\u240c\u241f\u2421"),
        ("a\x9b31m", "a\ufffd31m"),
        ("user\u202etxt.exe", "usertxt.exe"),
        ("\u2066a\u2069\u2067b\u2069\u202ac\u202c", "abc"),
        ("\ufeffhello", "hello"),
        ("a\ufff9b\ufffac\ufffb", "abc"),
        ("a\u206eb", "ab"),
        ("a\ud800b\udfff", "a\ufffdb\ufffd"),
        ("a\ufffeb\ufdd0\U0010ffff", "a\ufffdb\ufffd\ufffd"),
        ("hi" + tagged("gbeng")[1:], "hi"),  # smuggled: tags without a flag
        (tagged("usca"), "\U0001f3f4"),
        (tagged("gbeng")[:-1], "\U0001f3f4"),
        ("\U000e0001a", "a"),
    ],
)
def test_what_would_act_on_a_screen_is_shown_or_gone(text: str, stored: str) -> None:
    assert clean(text) == stored


@pytest.mark.parametrize(
    "riders",
    [
        "\u0301" * 40,
        "\u0e47" * 40,  # no combining class, and still it piles
        "\u20dd" * 40,
        "\u200d" * 40,
        "\ufe01" * 40,
        "\U000e0101" * 40,  # bytes hidden in variation selectors
        "\U0001d167\u0301\u2063\ufe0f" * 10,
        "\u0301\u202e" * 40,
    ],
)
def test_marks_pile_up_to_eight_and_no_higher(riders: str) -> None:
    assert clean("a" + riders + "b") == "a" + riders.replace("\u202e", "")[:8] + "b"


def test_no_code_point_gets_past_cleaning_that_must_not() -> None:
    every = clean(" ".join(map(chr, range(0x110000))))
    assert forbidden(set(every)) == set()
    assert every.encode().decode() == every


@given(ANY_TEXT)
@example("\r\u202e\n")
@example("\U0001f3f4\u202e\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f")
@example("a" + "\u0301\u202e" * 20)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert forbidden(once) == set()
    assert once.encode().decode() == once


@given(ANY_TEXT)
def test_what_is_clean_goes_to_the_terminal_unchanged(text: str) -> None:
    assert for_terminal(clean(text)) == clean(text)
    assert forbidden(for_terminal(text)) == set()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("  a topic\n", "a topic"),
        ("a\r\n\tb\u2028c", "a b c"),
        ("\x1b]0;x\x07", "\u241b]0;x\u2407"),
        ("\n\n", ""),
        ("a\u00a0 \u3000b", "a b"),
    ],
)
def test_one_line_is_one_line(text: str, line: str) -> None:
    assert one_line(text) == line


@given(ANY_TEXT)
def test_one_line_has_no_break_and_no_loose_ends(text: str) -> None:
    line = one_line(text)
    assert line.splitlines() in ([], [line])
    assert line == line.strip() == one_line(line)
    assert "\t" not in line


@given(ANY_TEXT | st.text("ab \t\n\x00\x7f~", max_size=20))
@example("")
@example(" a")
@example("~")
@example("a\x7f")
def test_what_is_plain_needs_no_cleaning_and_says_something(text: str) -> None:
    if plain(text):
        assert clean(text) == text
        assert not blank(text)
        assert len(text) == len(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t\u3000",
        "\u200b",
        "\u2060\u200d",
        "\u2800",  # Braille's empty cell is a symbol
        "\u3164",  # and these are letters: fillers of Hangul,
        "\u115f\u1160\uffa0",
        "\u17b4\u17b5",  # marks: two vowels of Khmer that are never drawn,
        "\u034f\u180b\ufe0f\U000e0101",  # what joins or selects where nothing is
        "\U0001d159",  # the note without a head
        "\u2800 \u3164\n\u200b",
    ],
)
def test_what_cannot_be_seen_is_blank(text: str) -> None:
    assert blank(text)


@pytest.mark.parametrize(
    "text",
    [
        "\u2801\u2800\u2803",  # Braille with a blank between
        "\u3164x",
        "\u1100\u1161",  # Hangul by its parts
        "\u2764\ufe0f",
        "\u1780\u17b4",
        "\u0301",  # an accent alone is drawn
        "\u2400",
    ],
)
def test_what_can_be_seen_is_not_blank(text: str) -> None:
    assert not blank(text)


def test_what_most_people_write_is_plain() -> None:
    assert plain("Hello, is anybody there? :-)")
