"""A client's way to a host: TLS to its nginx, through the host's own loopback."""

from __future__ import annotations

import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.process.client import Client
from tests.system.host import Host

CERTIFICATE = "/etc/pki/tls/certs/chatd.crt"


@contextmanager
def chatting(host: Host, user: str, password: str) -> Iterator[Client]:
    """A session of an account over wss, the certificate checked."""
    trust = ssl.create_default_context(cadata=host.read(CERTIFICATE))
    trust.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # it is that very one, whoever signed it
    # TLS 1.3 sends tickets after its handshake. The client reads and writes in two threads, which
    # one TLS object cannot bear when such a ticket comes: its request would be lost, now and then.
    trust.maximum_version = ssl.TLSVersion.TLSv1_2
    ours, theirs = socket.socketpair()
    way: list[str] = [
        "nsenter",
        "--target",
        str(host.leader),
        "--net",
        "socat",
        "-",
        "TCP:127.0.0.1:443",
    ]
    with theirs, subprocess.Popen(way, stdin=theirs.fileno(), stdout=theirs.fileno()) as process:
        try:
            with trust.wrap_socket(ours, server_hostname=host.name) as line:
                client = Client(f"ws://{host.name}/", sock=line)
                client.login(user=user, password=password)
                yield client
                client.close()
        finally:
            process.kill()
