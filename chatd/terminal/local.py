"""The time zone that this machine is set to, or TZ names, with summer and winter as they come.
The standard library has it for a moment only, not as a zone."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, tzinfo


class Local(tzinfo):
    """By the C library, as `date` has it."""

    def fromutc(self, when: datetime) -> datetime:
        """tzinfo's call."""
        there = time.localtime(when.replace(tzinfo=UTC).timestamp())
        return datetime(*there[:6], when.microsecond, tzinfo=self)

    def utcoffset(self, when: datetime | None) -> timedelta:
        """tzinfo's call."""
        stamp = time.mktime(when.timetuple()) if when is not None else time.time()
        return timedelta(seconds=time.localtime(stamp).tm_gmtoff)

    def dst(self, when: datetime | None) -> timedelta | None:
        """tzinfo's call; nobody asks."""
        del when
        return None

    def tzname(self, when: datetime | None) -> str:
        """tzinfo's call."""
        stamp = time.mktime(when.timetuple()) if when is not None else time.time()
        return time.localtime(stamp).tm_zone
