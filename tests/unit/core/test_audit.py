"""The audit log's chain: whatever is done to it is found, and named."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from chatd.core.audit import BEGINNING, ERASE, GONE, Deed, Head, Record, Wanted, chained, short
from chatd.core.audit_walk import MOST_FLAWS, Verdict, Walk, faults

COLUMNS = ("ts", "verb", "actor_id", "target_id", "who", "what", "who_seal", "what_seal", "hash")


def log(length: int = 10, *, erased: str = "") -> list[Record]:
    """A log in which u1 does things to u2, and perhaps somebody was erased at its end."""
    records: list[Record] = []
    head = Head()
    for n in range(1, length + 1):
        erasing = bool(erased) and n == length
        deed = Deed(
            ts=1_700_000_000_000 + n,
            verb=ERASE if erasing else "kick",
            actor_id="" if erasing else "u1",
            actor="root" if erasing else "olga",
            address="192.0.2.1",
            target_id=erased if erasing else "u2",
            facts={} if erasing else {"user": "bob"},
        )
        records.append(chained(deed, head, (f"{n:x}", f"{n + 1:x}")))
        head = Head(n, records[-1].hash, n)
    return records


def walked(records: list[Record], *, given: int | None = None, expected: str = "") -> Verdict:
    walk = Walk(expected)
    walk.take(records)
    last = records[-1].number if records else 0
    return walk.end(Head(last, "", last if given is None else given))


def named(verdict: Verdict) -> list[int]:
    return [flaw.number for flaw in verdict.flaws]


def test_a_whole_log_has_no_flaw_and_a_head() -> None:
    records = log()
    verdict = walked(records, expected=records[3].hash[:12].upper())
    assert (verdict.records, verdict.flaws, verdict.more) == (10, (), 0)
    assert verdict.head == Head(10, records[-1].hash, 10)
    assert verdict.found == 4


def test_an_empty_log_is_whole() -> None:
    verdict = walked([])
    assert (verdict.records, verdict.flaws, verdict.head) == (0, (), Head(0, BEGINNING, 0))


def test_every_single_byte_that_is_changed_in_a_thousand_records_is_found() -> None:
    """Each byte of each column, one at a time: what a walk asks of each record."""
    records = log(1000)
    tried, before = 0, BEGINNING
    for record in records:
        assert faults(record, (before,)) == []
        for column in COLUMNS:
            for changed in flipped(getattr(record, column)):
                other = replace(record, **{column: changed})
                assert faults(other, (before,)), (record.number, column, changed)
                tried += 1
        before = record.hash
    assert tried > 250_000


def flipped(value: str | int) -> list[str | int]:
    """The value with one byte changed, for each of its bytes: as it lies in a database."""
    if isinstance(value, int):
        return [value ^ (1 << 8 * place) for place in range(6)]
    raw = value.encode()
    return [
        (raw[:n] + bytes([raw[n] ^ 0x01]) + raw[n + 1 :]).decode(errors="replace")
        for n in range(len(raw))
    ]


@pytest.mark.parametrize("place", [0, 4, 9])
def test_a_change_is_named_by_a_walk_through_all_and_only_that_one(place: int) -> None:
    for column in COLUMNS:
        records = log()
        value = getattr(records[place], column)
        records[place] = replace(records[place], **{column: flipped(value)[0]})
        assert set(named(walked(records))) == {place + 1}, column


def test_one_that_is_missing_is_named() -> None:
    records = log()
    verdict = walked([*records[:4], *records[6:]])
    assert [(f.number, f.says) for f in verdict.flaws] == [(5, "is missing"), (6, "is missing")]


def test_a_beginning_that_is_missing_is_named() -> None:
    assert named(walked(log()[2:])) == [1, 2]


def test_a_tail_that_was_cut_is_seen_by_the_numbers_that_were_given() -> None:
    assert named(walked(log()[:7], given=10)) == [8, 9, 10]


def test_a_tail_that_was_cut_is_seen_by_a_hash_from_outside() -> None:
    records = log()
    verdict = walked(records[:7], expected=records[-1].hash)
    assert named(verdict) == [7]
    assert "cut" in verdict.flaws[0].says


def test_a_log_that_was_written_anew_is_seen_by_a_hash_from_outside() -> None:
    anew = []
    head = Head()
    for each in log():
        deed = Deed(ts=each.ts, verb="announce")
        anew.append(chained(deed, head, ("a" * 32, "b" * 32)))
        head = Head(anew[-1].number, anew[-1].hash, anew[-1].number)
    assert walked(anew).flaws == ()
    assert named(walked(anew, expected=log()[4].hash)) == [10]


def test_two_that_changed_places_are_named() -> None:
    records = log()
    records[3], records[4] = records[4], records[3]
    assert set(named(walked(records))) == {4}
    swapped = log()
    swapped[3], swapped[4] = (replace(swapped[4], number=4), replace(swapped[3], number=5))
    assert {4, 5} <= set(named(walked(swapped)))


def test_one_that_was_put_in_is_named() -> None:
    records = log()
    forged = chained(Deed(ts=1, verb="ban"), Head(10, BEGINNING, 10), ("a" * 32, "b" * 32))
    assert named(walked([*records, forged])) == [11]


def test_words_may_be_taken_out_of_the_records_of_one_who_was_erased() -> None:
    records = log(erased="u2")
    bare = [r if r.verb == ERASE else replace(r, what=None) for r in records]
    assert walked(bare).flaws == ()
    assert bare[0].told_what == {"user": f"{GONE} u2"}
    assert bare[0].told_who.name == "olga"


def test_two_who_were_erased_are_told_apart_and_nobody_is_not_one_of_them() -> None:
    record = replace(log()[0], who=None, what=None)
    other = replace(record, actor_id="u7", target_id="u8")
    assert [record.told_who.name, other.told_who.name] == [f"{GONE} u1", f"{GONE} u7"]
    assert [record.told_what, other.told_what] == [{"user": f"{GONE} u2"}, {"user": f"{GONE} u8"}]
    nobody = replace(record, actor_id="", target_id="")
    assert (nobody.told_who.name, nobody.told_what) == ("", {})


def test_words_may_not_be_taken_out_of_any_others() -> None:
    records = log(erased="u2")
    records[2] = replace(records[2], who=None)
    verdict = walked(records)
    assert named(verdict) == [3]
    assert "nobody was erased" in verdict.flaws[0].says


def test_what_a_seal_tells_depends_on_the_salt() -> None:
    deed = Deed(ts=1, verb="kick", actor="olga")
    one, other = (chained(deed, Head(), (salt * 32, salt * 32)) for salt in "ab")
    assert one.who_seal != other.who_seal
    assert one.hash != other.hash


def test_no_more_flaws_are_told_than_somebody_reads() -> None:
    verdict = walked(log(3), given=10_000)
    assert len(verdict.flaws) == MOST_FLAWS
    assert verdict.more == 10_000 - 3 - MOST_FLAWS


def test_the_steps_of_a_walk_do_not_matter() -> None:
    records = log()
    walk = Walk()
    for record in records:
        walk.take([record])
        assert walk.last == record.number
    assert walk.end(Head(10, "", 10)).flaws == ()


def test_a_walk_says_when_nothing_leads_on() -> None:
    records, walk = log(), Walk()
    assert walk.take(records[:5])
    assert not walk.take(records[2:5])
    assert walk.take(records[4:])
    assert not walk.take([])


def test_what_cannot_be_read_is_a_flaw_of_the_next() -> None:
    walk = Walk()
    walk.take(log(3))
    walk.unreadable("disk image is malformed")
    assert named(walk.end(Head(3, "", 3))) == [4]


@pytest.mark.parametrize(
    ("wanted", "holds"),
    [
        (Wanted(), True),
        (Wanted(actor="OLGA", user="Bob", verb="kick"), True),
        (Wanted(actor="u1", user="u2"), True),
        (Wanted(actor="bob"), False),
        (Wanted(user="olga"), False),
        (Wanted(verb="ban"), False),
        (Wanted(since=1_700_000_000_001, until=1_700_000_000_002), True),
        (Wanted(since=1_700_000_000_002), False),
        (Wanted(until=1_700_000_000_001), False),
    ],
)
def test_records_are_found_by_name_id_verb_and_time(wanted: Wanted, holds: bool) -> None:
    assert wanted.holds(log()[0]) is holds


@pytest.mark.parametrize("spoilt", ["", "not JSON", '{"salt": 1}'])
def test_a_record_that_was_spoilt_can_still_be_shown(spoilt: str) -> None:
    record = replace(log()[0], who=spoilt, what=spoilt)
    assert record.told_who.name == f"{GONE} u1"
    assert record.told_what == {"user": f"{GONE} u2"}


def test_a_hash_is_a_number_for_a_metric() -> None:
    assert short("0000000000ff" + "a" * 52) == 255
    assert float(short("f" * 64)) == int("f" * 12, 16)
    assert short("spoilt") == 0
