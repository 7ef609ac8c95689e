"""Kinds of value that have a unit: sizes, durations, file modes.
Sizes become bytes, durations seconds."""

from __future__ import annotations

import re

from chatd.core.limits import Pace
from chatd.ops.config.kinds import Kind, Unfit, number, whole, within
from chatd.ops.config.literal import called, shown

SIZES = {"GiB": 1 << 30, "MiB": 1 << 20, "KiB": 1 << 10, "B": 1}
TIMES = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}  # in milliseconds


def size(least: int, most: int) -> Kind[int]:
    """A number of bytes, both ends allowed."""

    def read(raw: object) -> int:
        if isinstance(raw, bool) or not isinstance(raw, int | str):
            raise Unfit(f"this is {called(raw)}")
        return within(raw if isinstance(raw, int) else _bytes(raw), least, most)

    ends = f"from {_size(least)} to {_size(most)}"
    return Kind("size in bytes", f"a size such as 1024 or {_size(1024)}, {ends}", read, _size)


def _bytes(raw: str) -> int:
    amount, factor = _measured(raw, SIZES, '"64 KiB"')
    if not amount.isdigit():
        raise Unfit("a size has no fraction")
    return int(amount) * factor


def _size(value: int) -> str:
    return _largest(value, SIZES, " ", "B")


def duration(least: float, most: float) -> Kind[float]:
    """A length of time: seconds as a float, written with a unit, exact to the millisecond."""

    def read(raw: object) -> float:
        if isinstance(raw, str):
            return within(_seconds(raw), least, most)
        bare_number = isinstance(raw, int | float) and not isinstance(raw, bool)
        raise Unfit(
            f'the unit is missing, as in "{raw}s"' if bare_number else f"this is {called(raw)}"
        )

    ends = f"from {_duration(least)} to {_duration(most)}"
    return Kind("duration", f"a string with one of ms, s, m, h, d, {ends}", read, _duration)


def _seconds(raw: str) -> float:
    amount, factor = _measured(raw, TIMES, '"25s"')
    digits, _, fraction = amount.partition(".")
    millis, rest = divmod(int(digits + fraction) * factor, int("1" + "0" * len(fraction)))
    if rest:
        raise Unfit("this is finer than a millisecond")
    return millis / 1000


def _duration(value: float) -> str:
    return _largest(round(value * 1000), TIMES, "", "s")


def _measured(raw: str, units: dict[str, int], like: str) -> tuple[str, int]:
    """The amount of "64 KiB", still as text, and what its unit stands for."""
    match = re.fullmatch(r"([0-9]{1,15}(?:\.[0-9]{1,9})?) *([^0-9. ]*)", raw, re.ASCII)
    if match is None:
        raise Unfit(f"this is not an amount with a unit, as in {like}")
    if not match[2]:
        raise Unfit(f"the unit is missing, as in {like}")
    if match[2] not in units:
        raise Unfit(f"{shown(match[2])} is not one of the units " + ", ".join(units))
    return match[1], units[match[2]]


def _largest(amount: int, units: dict[str, int], gap: str, zero: str) -> str:
    """``amount`` in the largest unit that needs no fraction."""
    unit = next(name for name, factor in units.items() if amount % factor == 0) if amount else zero
    return f'"{amount // units[unit]}{gap}{unit}"'


def pace() -> Kind[Pace]:
    """A rate and a burst."""
    rates, bursts = number(0.0001, 1_000_000), whole(1, 1_000_000)

    def read(raw: object) -> Pace:
        if not isinstance(raw, dict):
            raise Unfit(f"this is {called(raw)}")
        if set(raw) != {"rate", "burst"}:
            raise Unfit("it has exactly the keys rate and burst")
        return Pace(rates.read(raw["rate"]), bursts.read(raw["burst"]))

    def write(value: Pace) -> str:
        return f"{{ rate = {rates.write(value.rate)}, burst = {bursts.write(value.burst)} }}"

    return Kind("pace", "{ rate = 0.5, burst = 10 }, rate in commands per second", read, write)


def mode() -> Kind[int]:
    """The permission bits of a file, in octal as chmod takes them."""

    def read(raw: object) -> int:
        if not isinstance(raw, str):  # 0o660 and 660 look alike after parsing: neither is taken
            raise Unfit(f"this is {called(raw)}")
        if not re.fullmatch("0?[0-7]{3}", raw, re.ASCII):
            raise Unfit("this is not an octal mode")
        return int(raw, 8)

    return Kind("file mode", 'an octal string from "0000" to "0777"', read, lambda m: f'"{m:04o}"')
