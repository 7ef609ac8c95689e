"""Many sockets in one call of the kernel: as if each had been sent to by itself."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.edge import batch as module
from chatd.edge.batch import MOST, MOST_BYTES, Batch, batch

Write = Callable[[Sequence[socket.socket], Sequence[bytes]], list[tuple[int, int]]]


@contextmanager
def pairs(count: int) -> Iterator[list[tuple[socket.socket, socket.socket]]]:
    """Near and far ends; none of them blocks."""
    made = [socket.socketpair() for _ in range(count)]
    for each in made:
        each[0].setblocking(False)
        each[1].setblocking(False)
    try:
        yield made
    finally:
        for near, far in made:
            near.close()
            far.close()


def heard(far: socket.socket) -> bytes:
    """All that has come."""
    pieces: list[bytes] = []
    while True:
        try:
            piece = far.recv(1 << 20)
        except BlockingIOError:
            return b"".join(pieces)
        if not piece:
            return b"".join(pieces)
        pieces.append(piece)


def sending() -> Batch:
    """The one of this process; where these tests run there must be one."""
    made = batch()
    assert made is not None
    return made


def full(near: socket.socket) -> int:
    """Let it have no room; gives how many bytes it took."""
    taken = 0
    while True:
        try:
            taken += near.send(bytes(1 << 20))
        except BlockingIOError:
            return taken


FATES = st.lists(
    st.tuples(
        st.sampled_from(["open", "full", "closed", "far closed"]),
        st.integers(0, 400_000) | st.sampled_from([0, 1, 125]),
    ),
    max_size=12,
)


@given(FATES)
def test_each_socket_takes_what_it_would_take_by_itself(fates: list[tuple[str, int]]) -> None:
    with pairs(len(fates)) as alone, pairs(len(fates)) as together:
        before = []
        for at, (fate, _) in enumerate(fates):
            for near, far in (alone[at], together[at]):
                if fate == "full":
                    before.append(full(near))
                elif fate != "open":
                    (near if fate == "closed" else far).close()
        pieces = [os.urandom(size) for _, size in fates]
        wanted = []
        for at, piece in enumerate(pieces):
            try:
                sent = alone[at][0].send(piece)
            except OSError:
                sent = 0
            if sent < len(piece):
                wanted.append((at, sent))
        told = sending().send([near for near, _ in together], pieces)
        # What is refused as a whole is told of those, too, who had nothing to say.
        assert [each for each in told if pieces[each[0]]] == wanted
        for at, piece in enumerate(pieces):
            if fates[at][0] == "open":
                assert heard(together[at][1]) == piece[: dict(told).get(at, len(piece))]


def in_pieces(sockets: Sequence[socket.socket], pieces: Sequence[bytes]) -> list[tuple[int, int]]:
    """Each its own."""
    return sending().send(sockets, pieces)


def the_same(sockets: Sequence[socket.socket], pieces: Sequence[bytes]) -> list[tuple[int, int]]:
    """All of them the first."""
    return sending().same(sockets, pieces[0] if pieces else b"nobody hears")


@pytest.mark.parametrize("write", [in_pieces, the_same])
@pytest.mark.parametrize("count", [0, 1, MOST - 1, MOST, MOST + 1, 2 * MOST + 7])
def test_any_number_of_them(write: Write, count: int) -> None:
    with pairs(min(count, 40)) as made:
        near = [made[at % 40][0] for at in range(count)]
        pieces = [b"%6d" % (0 if write is the_same else at) for at in range(count)]
        assert write(near, pieces) == []
        assert [heard(far) for _, far in made] == [
            b"".join(pieces[at::40]) for at in range(len(made))
        ]


@pytest.mark.parametrize("write", [in_pieces, the_same])
def test_those_who_are_gone_are_told_by_their_places(write: Write) -> None:
    count, gone = 2 * MOST + 7, {0, 1, MOST - 1, MOST, MOST + 2, 2 * MOST + 6}
    with pairs(41) as made:
        made[40][0].close()
        near = [made[40 if at in gone else at % 40][0] for at in range(count)]
        assert write(near, [b"hello"] * count) == [(at, 0) for at in sorted(gone)]
        got = [len(heard(far)) // 5 for _, far in made[:40]]
        assert got == [len(set(range(at, count, 40)) - gone) for at in range(40)]


@pytest.mark.parametrize("but", [[0], [MOST - 1, MOST], [0, 1, 3, 4, 5, 2 * MOST + 6]])
def test_the_same_is_told_to_all_but_some(but: list[int]) -> None:
    count, gone = 2 * MOST + 7, {2, MOST - 2, MOST + 1, 2 * MOST + 5}
    with pairs(41) as made:
        made[40][0].close()
        near = [made[40 if at in gone else at % 40][0] for at in range(count)]
        assert sending().same(near, b"hello", but) == [(at, 0) for at in sorted(gone)]
        told = set(range(count)) - gone - set(but)
        got = [len(heard(far)) // 5 for _, far in made[:40]]
        assert got == [len(told & set(range(at, count, 40))) for at in range(40)]


def test_nobody_is_told_where_all_are_left_out() -> None:
    with pairs(2) as made:
        assert sending().same([near for near, _ in made], b"hello", [0, 1]) == []
        assert [heard(far) for _, far in made] == [b"", b""]


def test_large_pieces_are_not_joined_beyond_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    joined = []

    class Watched(Batch):
        def _write(self, fds: Any, begins: Any, sizes: Any) -> list[tuple[int, int]]:
            joined.append(sum(sizes))
            return super()._write(fds, begins, sizes)

    pieces = [bytes([at]) * (MOST_BYTES // 4) for at in range(10)] + [bytes(2 * MOST_BYTES)]
    made = Watched()
    with pairs(len(pieces)) as ends:
        short = dict(made.send([near for near, _ in ends], pieces))
        got = [heard(far) for _, far in ends]
    assert got == [piece[: short.get(at, len(piece))] for at, piece in enumerate(pieces)]
    assert all(got)
    assert max(joined[:-1]) <= MOST_BYTES


def test_who_has_the_descriptor_of_one_that_was_closed_hears_nothing_of_it() -> None:
    with pairs(2) as made:
        near = [each for each, _ in made]
        number = near[0].fileno()
        near[0].close()
        other, far = socket.socketpair()
        with other, far:
            assert number in {other.fileno(), far.fileno()}  # as the kernel does: the lowest
            far.setblocking(False)
            other.setblocking(False)
            assert sending().same(near, b"not for you") == [(0, 0)]
            assert heard(far) == heard(other) == b""
        assert heard(made[1][1]) == b"not for you"


def test_a_kernel_that_has_none_of_it_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(module.CALLS, os.uname().machine, (-1, -1, -1, -1))
    with pytest.raises(OSError, match="not implemented"):
        Batch()
    batch.cache_clear()
    assert batch() is None
    monkeypatch.undo()
    batch.cache_clear()
    assert batch() is not None


def test_a_machine_that_is_not_known_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(module.CALLS, os.uname().machine)
    with pytest.raises(OSError, match="not known"):
        Batch()


def test_a_process_of_32_bits_has_other_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "maxsize", 2**31 - 1)
    with pytest.raises(OSError, match="32 bits"):
        Batch()


def test_a_kernel_that_writes_elsewhere_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    class Liar(Batch):
        def same(self, sockets: Any, data: bytes, but: Any = ()) -> list[tuple[int, int]]:
            return super().same(sockets, b"?" * len(data), but)

    monkeypatch.setattr(module, "Batch", Liar)
    batch.cache_clear()
    assert batch() is None
    monkeypatch.undo()
    batch.cache_clear()


def test_a_kernel_that_does_not_tell_what_it_did_is_not_believed() -> None:
    made: Any = Batch()
    call = made._call
    made._call = lambda number, *rest: 0 if number == made._getevents else call(number, *rest)
    with pairs(1) as ends, pytest.raises(OSError, match="did not tell"):
        made.same([ends[0][0]], b"hello")
    assert not made.works
    made._call = call
    made.close()
