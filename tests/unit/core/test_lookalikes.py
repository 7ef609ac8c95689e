"""Look-alikes: the skeleton against UTS #39's own definitions and examples, and the scripts."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatd.core import lookalikes
from chatd.core.lookalikes import looks, one_writing, prototype, scripts, skeleton

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("paypal", "p\u0430yp\u0430l"),  # UTS #39: mixed-script confusables
        ("scope", "\u0455\u0441\u043e\u0440\u0435"),  # whole-script confusables, all Cyrillic
        ("ljeto", "\u01c9eto"),  # single-script confusables
        ("apple", "\u0430\u0440\u0440\u04cf\u0435"),  # all Cyrillic, with the palochka
        ("rn", "m"),
        ("paypal", "paypa1"),
        ("bob", "b0b"),
        ("alice", "ALICE"),
        ("alice", "\uff21\uff2c\uff29\uff23\uff25"),  # full width
        ("jos\u00e9", "jose\u0301"),
        ("q\u0323\u0307", "q\u0307\u0323"),  # the order of marks
        ("stra\u00dfe", "strasse"),
        ("alice", "ali\u200dce"),
    ],
)
def test_names_that_look_alike_share_a_skeleton(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("alice", "alicia"), ("neil", "nell"), ("jose", "jos\u00e9"), ("van", "nan"), ("ann", "anna")],
)
def test_names_that_only_resemble_each_other_do_not(one: str, other: str) -> None:
    assert skeleton(one) != skeleton(other)


@pytest.mark.parametrize(
    ("source", "prototypes"),
    [
        ("\u0430", "a"),
        ("1", "l"),
        ("I", "l"),
        ("0", "O"),
        ("m", "rn"),
        ("\u00f8", "o\u0338"),
        ("\u04cf", "l"),  # newer than the library
        ("\u0587", "\u0565i"),  # so is its second half
        ("\u0661", "l"),  # the library wraps right-to-left characters in marks
        ("\u05d5", "l"),
        ("\ufdfb", "\u062c\u0644 \u062c\u0644l\u0644o"),  # a word of two
        ("a", "a"),
        ("A", "A"),
        ("O", "O"),
    ],
)
def test_each_character_stands_for_the_prototype_of_unicodes_table(
    source: str, prototypes: str
) -> None:
    assert prototype(source) == unicodedata.normalize("NFD", prototypes)


def test_the_table_has_every_line_that_names_can_meet() -> None:
    assert len(lookalikes._PROTOTYPES) > 6300


def test_a_prototype_is_its_own_skeleton() -> None:
    # UTS #39 section 4: the mapping is transitively closed, one pass is enough.
    moved = {
        found
        for found in map(prototype, lookalikes._PROTOTYPES.values())
        if found.translate(lookalikes._PROTOTYPES) != found
    }
    assert moved == set()


def test_a_pair_of_the_library_is_read_from_its_source_to_its_prototype() -> None:
    def like(char: str) -> dict[str, str]:
        return {"c": char, "n": "a name"}

    pairs = {
        "\u0430": [like("a")],
        "a": [like("\u0430"), like("\u0251")],
        "\u0251": [like("a")],
        "\u01c3": [like("!")],  # only each other: the source comes first
        "!": [like("\u01c3")],
        "\u200e\u05c6\u200e": [like("\u200e\u05df\u200e")],
        "\u200e\u05df\u200e": [like("\u200e\u05c6\u200e")],
        "\u2057": [like("''''")],
        "''''": [like("\u2057")],
    }
    found = lookalikes._prototypes(pairs)
    assert {
        source: found.get(ord(source)) for source in "\u0430a\u0251\u01c3!\u05c6\u05df\u2057"
    } == {
        "\u0430": "a",
        "a": None,
        "\u0251": "a",
        "\u01c3": "!",
        "!": None,
        "\u05c6": "\u05df",
        "\u05df": None,
        "\u2057": "''''",
    }


@given(ANY_TEXT)
def test_canonically_equivalent_texts_have_one_prototype(text: str) -> None:
    forms = {prototype(unicodedata.normalize(form, text)) for form in ("NFC", "NFD")}
    assert forms == {prototype(text)}


@given(ANY_TEXT)
@example("0\u04c0\u03fb")
@example("%")
def test_a_third_round_would_change_nothing(name: str) -> None:
    assert prototype(skeleton(name).casefold()) == skeleton(name)


@given(ANY_TEXT)
def test_a_name_looks_like_its_other_cases_and_its_skeleton(name: str) -> None:
    assert skeleton(name) in looks(name)
    assert skeleton(name.casefold()) == skeleton(name)


@pytest.mark.parametrize(
    ("shown", "taken"),
    [
        ("AIice", "alice"),  # a capital i
        ("ALlCE", "alice"),  # a small L
        ("ADMlN", "admin"),
        ("\u0412\u041e\u0412", "bob"),  # Cyrillic, in capitals
        ("\u041c\u0430\u0445", "max"),
        ("Ivan", "ivan"),
        ("Ivan", "lvan"),
    ],
)
def test_capitals_can_look_like_another_name(shown: str, taken: str) -> None:
    assert looks(shown) & looks(taken)


@pytest.mark.parametrize(("shown", "other"), [("ALI", "all"), ("NEIL", "nell"), ("Neil", "Nell")])
def test_capitals_among_capitals_are_read_as_capitals(shown: str, other: str) -> None:
    assert not looks(shown) & looks(other)


@pytest.mark.parametrize(
    ("name", "used"),
    [
        ("ann-1", {"LATIN"}),
        ("42", set()),
        ("\u043e\u043b\u044c\u0433\u0430_1", {"CYRILLIC"}),
        ("\u30c6\u30b9\u30c8", {"KATAKANA"}),
        ("e\u0301", {"LATIN"}),
    ],
)
def test_scripts_leave_out_what_all_share(name: str, used: set[str]) -> None:
    assert scripts(name) == used


@pytest.mark.parametrize(
    ("name", "fine"),
    [
        ("alice", True),
        ("\u043e\u043b\u044c\u0433\u0430", True),
        ("\u0430lice", False),  # Cyrillic a
        ("\u03b1lice", False),  # Greek alpha
        ("\u4f8b\u3048\u30c6a", True),  # Japanese and Latin
        ("\u4e2d\u3105a", True),  # Chinese and Latin
        ("\u4e2d\ud55ca", True),  # Korean and Latin
        ("\u3048\ud55c", False),  # Japanese and Korean
        ("\u4f8b\u0430", False),  # Han and Cyrillic
    ],
)
def test_a_name_keeps_to_one_writing(name: str, fine: bool) -> None:
    assert one_writing(name) is fine


def test_the_edition_names_the_tables_behind_a_stored_skeleton() -> None:
    assert lookalikes.EDITION.endswith(f"/{unicodedata.unidata_version}")
