"""TLS between a transport's bytes and a line's, sans I/O, the same for asyncio and Twisted.
The standard library does it; Twisted's own TLS would need packages that chatd does without."""

from __future__ import annotations

import ssl
from contextlib import suppress
from typing import Protocol

CHUNK = 64 * 1024


class Broken(Exception):
    """There is no TLS with this peer. ``final``: its certificate is not believed, and will not be
    when asked again."""

    def __init__(self, why: str, *, final: bool) -> None:
        super().__init__(why)
        self.final = final


class Cover(Protocol):
    """What covers a line's bytes on their way. ``out`` collects what the transport must send."""

    out: bytearray

    def send(self, data: bytes) -> None:
        """Bytes for the peer."""
        ...

    def receive(self, data: bytes) -> bytes:
        """Bytes of the transport; gives those of the peer. Raises Broken."""
        ...

    def close(self) -> None:
        """Nothing more will be sent."""
        ...


class Open:
    """No cover: ws://."""

    def __init__(self) -> None:
        self.out = bytearray()

    def send(self, data: bytes) -> None:
        self.out += data

    def receive(self, data: bytes) -> bytes:
        return data

    def close(self) -> None:
        """Nothing to say."""


class Tls:
    """wss://. The certificate must be of ``host``, by whom ``context`` trusts."""

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        self.out = bytearray()
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._agreed = False
        self._early = bytearray()
        self._handshake()

    def send(self, data: bytes) -> None:
        """Kept until there is somebody to keep it secret with."""
        if not self._agreed:
            self._early += data
            return
        with suppress(ssl.SSLError):  # after it has failed, the end of the line is on its way
            self._tls.write(data)
        self._flush()

    def receive(self, data: bytes) -> bytes:
        self._incoming.write(data)
        if not self._agreed:
            self._handshake()
        plain = self._read() if self._agreed else b""
        self._flush()
        return plain

    def close(self) -> None:
        """A close_notify, whose answer nobody waits for."""
        if self._agreed:
            with suppress(ssl.SSLError):
                self._tls.unwrap()
            self._flush()

    def _handshake(self) -> None:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
            return
        except ssl.SSLCertVerificationError as error:
            self._flush()
            raise Broken(
                f"the certificate is not believed: {error.verify_message}", final=True
            ) from None
        except ssl.SSLError as error:
            raise Broken(f"no TLS with this server: {error.reason or error}", final=False) from None
        self._agreed = True
        self._flush()
        self.send(bytes(self._early))

    def _read(self) -> bytes:
        plain = bytearray()
        try:
            while chunk := self._tls.read(CHUNK):
                plain += chunk
        except (ssl.SSLWantReadError, ssl.SSLZeroReturnError):
            pass
        except ssl.SSLError as error:
            raise Broken(f"TLS failed: {error.reason or error}", final=False) from None
        return bytes(plain)

    def _flush(self) -> None:
        self.out += self._outgoing.read()
