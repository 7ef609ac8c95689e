"""chatd on a host where it is installed: set up to be reached in each way, asked, and chatted with
by the clients that run inside (inside/chatter.py)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.system.host import Host
from tests.system.tree import CHECKOUT

NAME = "chat.example.org"
SITE = CHECKOUT / "packaging" / "nginx" / "chatd.conf"
INSIDE = Path(__file__).parent / "inside" / "chatter.py"
CHATTER = "python3.12 -I /root/chatter.py"
CERTIFICATE = "/etc/pki/tls/certs/chatd.crt"
TALK = f"talk wss://{NAME}/ {CERTIFICATE}"
OWN = "systemctl show -P MainPID chatd"


def behind_nginx(host: Host) -> None:
    """Start chatd with nginx and TLS before it, and with clients that can reach that."""
    host.copy(INSIDE, "/root/chatter.py")
    host.run(
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 60 "
        f"-subj /CN={NAME} -addext subjectAltName=DNS:{NAME} "
        f"-keyout /etc/pki/tls/private/chatd.key -out {CERTIFICATE}"
    )
    host.run(f"grep -q {NAME} /etc/hosts || echo '127.0.0.1 {NAME}' >> /etc/hosts")
    host.run("systemctl restart chatd.socket && systemctl start chatd")
    host.copy(SITE, "/etc/nginx/conf.d/chatd.conf")
    host.run("nginx -t && systemctl enable --now nginx")


def on_a_direct_port(host: Host) -> None:
    """Start chatd with a TCP port besides."""
    host.run(
        "install -D -m 0644 -t /etc/systemd/system/chatd.socket.d"
        " /usr/share/chatd/systemd/direct-tcp.conf"
        " && systemctl daemon-reload && systemctl restart chatd.socket && systemctl start chatd"
    )


@contextmanager
def meanwhile(host: Host, command: str) -> Iterator[dict[str, object]]:
    """Run the chatter from before to after; what it saw is in the dictionary afterwards."""
    process = host.start(f"{CHATTER} {command}")
    assert process.stdout is not None
    began = process.stdout.readline()
    result: dict[str, object] = {}
    try:
        assert began.strip() in {"talking", "knocking"}, began + process.stdout.read()
        yield result
    finally:
        told, _ = process.communicate(timeout=120)
    assert process.returncode == 0, told
    result |= json.loads(told.splitlines()[-1])


def ask(host: Host, path: str) -> str:
    """GET from the operations listener."""
    url = f"http://127.0.0.1:8766{path}"
    code = f"from urllib.request import urlopen as u; print(u('{url}').read().decode())"
    return host.run(f'python3.12 -c "{code}"')
