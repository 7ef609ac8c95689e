"""Until when the certificate is valid that people's browsers are shown. What it means: rows.py.
Asked for anew each time: a line that stays open knows only the one that it was opened with."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress

from chatd.client.address import Address

EVERY = 600.0
"""Seconds between two looks."""
PATIENCE = 20.0


async def valid_until(address: Address, trust: ssl.SSLContext | None) -> float | None:
    """In seconds since 1970 UTC; None when there is no certificate that one can believe, which the
    sessions notice for themselves."""
    context = trust or ssl.create_default_context()
    try:
        async with asyncio.timeout(PATIENCE):
            _, writer = await asyncio.open_connection(address.host, address.port, ssl=context)
            shown = writer.get_extra_info("peercert")
            writer.close()
            with suppress(OSError):  # it hangs up first
                await writer.wait_closed()
    except (OSError, TimeoutError, UnicodeError):
        return None
    return float(ssl.cert_time_to_seconds(shown["notAfter"]))
