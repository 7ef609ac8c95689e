"""Asking the kernel how good its clock is: adjtimex(2), changing nothing.
What is good enough is machine.py's to judge."""

from __future__ import annotations

import ctypes
import os

from chatd.ops.doctor.host import Clock

STA_UNSYNC = 0x40
LONG = ctypes.c_long


class _Timex(ctypes.Structure):
    """struct timex of adjtimex(2), up to where it is of interest, and room for the rest."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", LONG),
        ("freq", LONG),
        ("maxerror", LONG),
        ("esterror", LONG),
        ("status", ctypes.c_int),
        ("rest", LONG * 32),
    )


def read() -> Clock:
    """Whether somebody keeps the clock right, and how well. Raises OSError."""
    answer = _Timex(modes=0)
    if ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(answer)) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return Clock(
        synchronised=not answer.status & STA_UNSYNC,
        error=answer.maxerror / 1_000_000,
    )
