"""Bytes to many sockets in one call of the kernel, by Linux's native asynchronous I/O (io_submit).

To sockets that do not block it does its writes one after the other before it returns, as send(2)
would: each takes what it has room for. What is spared is the way into the kernel and back, and that
the interpreter's lock is given away at each: another thread would take it, and keep it for a while.
The one file that knows the kernel's structures (include/uapi/linux/aio_abi.h).
"""

from __future__ import annotations

import ctypes
import os
import socket
import sys
from array import array
from collections.abc import Sequence
from functools import cache
from itertools import accumulate

MOST = 256
"""Sockets in one call."""
MOST_BYTES = 1 << 20
"""Bytes that are joined for one call, where they are not the same for all."""
CALLS = {"x86_64": (206, 207, 208, 209), "aarch64": (0, 1, 4, 2)}
"""The numbers of io_setup, io_destroy, io_getevents and io_submit by the kind of machine
(arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h), for 64 bits."""
PWRITE = 1
IOCB, OPCODE, FD, BUFFER, SIZE = 64, 16, 20, 24, 32
"""How long a struct iocb is, and where in it is what is set here. It begins with a number that the
kernel gives back."""
EVENT, RESULT = 32, 16
"""How long a struct io_event is, and where in it is what became of the iocb whose number it begins
with: bytes that were taken, or an errno below zero."""

Short = list[tuple[int, int]]
"""Who did not take all: their places, and how many bytes they took, from the beginning."""

_fileno = socket.socket.fileno


class Batch:
    """Raises OSError where this kernel, or what it permits, has nothing of the kind. For one
    thread. ``works`` until the kernel did not tell what it wrote; that is an OSError of the call,
    too, and then nobody knows."""

    works = True

    def __init__(self) -> None:
        machine = os.uname().machine
        bits = sys.maxsize.bit_length() + 1  # of this process: its kernel may be of another kind
        if sys.platform != "linux" or bits != 64 or machine not in CALLS:
            raise OSError(f"the calls of {sys.platform} on {machine}, {bits} bits, are not known")
        setup, self._destroy, self._getevents, self._submit = CALLS[machine]
        self._call = ctypes.CDLL(None, use_errno=True).syscall
        self._call.argtypes = [ctypes.c_long] * 6
        self._call.restype = ctypes.c_long
        context = ctypes.c_ulong(0)
        if self._call(setup, MOST, ctypes.addressof(context), 0, 0, 0):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        self._context = context.value
        iocbs, events = (ctypes.c_char * (IOCB * MOST))(), (ctypes.c_char * (EVENT * MOST))()
        begin, self._events = ctypes.addressof(iocbs), ctypes.addressof(events)
        pointers = (ctypes.c_uint64 * MOST)(*range(begin, begin + IOCB * MOST, IOCB))
        self._pointers, self._kept = ctypes.addressof(pointers), (iocbs, events, pointers)
        told, heard = memoryview(iocbs).cast("B"), memoryview(events).cast("B").cast("q")
        told.cast("q")[:: IOCB // 8] = array("q", range(MOST))
        told.cast("h")[OPCODE // 2 :: IOCB // 2] = array("h", [PWRITE] * MOST)
        self._fds = told.cast("i")[FD // 4 :: IOCB // 4]
        self._begins = told.cast("q")[BUFFER // 8 :: IOCB // 8]
        self._sizes = told.cast("q")[SIZE // 8 :: IOCB // 8]
        self._places, self._taken = heard[:: EVENT // 8], heard[RESULT // 8 :: EVENT // 8]
        self._data = ctypes.c_char_p()
        self._begin = ctypes.c_void_p.from_buffer(self._data)

    def send(self, sockets: Sequence[socket.socket], pieces: Sequence[bytes]) -> Short:
        """To each socket its piece."""
        sizes = array("q", map(len, pieces))
        if len(sizes) > MOST or (len(sizes) > 1 and sum(sizes) > MOST_BYTES):
            half = len(sizes) // 2
            short = self.send(sockets[:half], pieces[:half])
            rest = self.send(sockets[half:], pieces[half:])
            return short + [(half + place, taken) for place, taken in rest]
        self._data.value = b"".join(pieces)
        begins = array("q", accumulate(sizes, initial=self._begin.value or 0))
        begins.pop()  # the end of the last one
        return self._write(array("i", map(_fileno, sockets)), begins, sizes)

    def same(self, sockets: Sequence[socket.socket], data: bytes, but: Sequence[int] = ()) -> Short:
        """The same to all of them, but to those at these places, which rise."""
        self._data.value = data
        begin, size = array("q", [self._begin.value or 0]), array("q", [len(data)])
        fds = array("i", map(_fileno, sockets))
        for place in reversed(but):
            del fds[place]
        short: Short = []
        for at in range(0, len(fds), MOST):
            some = fds[at : at + MOST]
            taken = self._write(some, begin * len(some), size * len(some))
            short += [(at + place, count) for place, count in taken]
        for skipped in but if short else ():
            short = [(place + (place >= skipped), count) for place, count in short]
        return short

    def _write(self, fds: array[int], begins: array[int], sizes: array[int]) -> Short:
        count, at = len(sizes), 0
        short = []
        self._fds[:count] = fds
        self._begins[:count] = begins
        self._sizes[:count] = sizes
        while at < count:
            done = self._submitted(count, at)
            taken = self._taken[:done]
            if done == count and taken == memoryview(sizes):
                break  # nearly always
            for place, size in zip(self._places[:done].tolist(), taken.tolist(), strict=True):
                if size < sizes[place]:
                    short.append((place, max(0, size)))
            at += done
            if at < count:  # this one was refused as a whole, such as a socket that is closed
                short.append((at, 0))
                at += 1
        return short

    def _submitted(self, count: int, at: int) -> int:
        """So many of those from ``at`` on were written; what each took is told in their order."""
        pointers = self._pointers + 8 * at
        done: int = max(0, self._call(self._submit, self._context, count - at, pointers, 0, 0))
        if not done:
            return 0
        told = self._call(self._getevents, self._context, done, done, self._events, 0)
        if told != done:
            self.works = False
            raise OSError(ctypes.get_errno(), "io_getevents did not tell what was written")
        return done

    def close(self) -> None:
        """Give back what the kernel has only so much of."""
        self.works = False
        self._call(self._destroy, self._context, 0, 0, 0, 0)


@cache
def batch() -> Batch | None:
    """The one of this process, for the kernel has only so many for all; None where there is none.
    It was tried."""
    try:
        made = Batch()
    except OSError:
        return None
    try:
        if _works(made):
            return made
    except OSError:
        pass
    made.close()
    return None


def _works(made: Batch) -> bool:
    """Whether each hears what is theirs, though one of them is gone."""
    pairs = [socket.socketpair() for _ in range(3)]
    try:
        near, far = [each[0] for each in pairs], [each[1] for each in pairs]
        for each in pairs[0] + pairs[1] + pairs[2]:
            each.setblocking(False)
        near[1].close()
        told = made.send(near, [b"there", b"lost", b"where?"]), made.same(near, b"!")
        heard = [far[0].recv(16), far[2].recv(16)]
    finally:
        for each in pairs[0] + pairs[1] + pairs[2]:
            each.close()
    return told == ([(1, 0)], [(1, 0)]) and heard == [b"there!", b"where?!"]
