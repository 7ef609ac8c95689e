"""chatd as people reach it where it is deployed: behind nginx with the site of the package, which
speaks TLS with them, and over a unix socket with chatd. CPU time is counted for each by itself."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.bench.contestants import Missing, run, wait_for
from tests.bench.debian import NGINX, debian_versions, from_debian
from tests.bench.ours import Ours, Sections
from tests.bench.processes import end
from tests.process.harness import PROJECT, Daemon
from tests.process.ports import free_port

SITE = PROJECT / "packaging/nginx/chatd.conf"
MAIN = Path(__file__).with_name("servers") / "nginx.conf"
CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
CERTIFICATE = ("req", "-x509", *CURVE, "-nodes", "-sha256", "-subj", "/CN=localhost")
"""As the role for Ansible makes its own."""


class Proxied(Ours):
    """chatd, and nginx before it."""

    name = "chatd, TLS in nginx"
    tls = True

    def __init__(self, rooms: int = 1) -> None:
        super().__init__(rooms)
        self._nginx: subprocess.Popen[bytes] | None = None

    def install(self) -> None:
        """nginx from Debian, unpacked beside."""
        self._binary = from_debian(*NGINX) / "usr/sbin/nginx"
        told = debian_versions(NGINX[0], "nginx_*")
        self.version = f"{self.version}, {told}, {run(['openssl', 'version']).strip()}"

    def sections(self, daemon: Daemon) -> Sections:
        """With a second door, of which nginx knows."""
        doors = [f"tcp:127.0.0.1:{daemon.port}", f"unix:{daemon.folder / 'public.sock'}"]
        return {"listen": {"public": doors}, "http": {"trusted_proxies": ["unix"]}}

    def start(self, folder: Path) -> None:
        """Both."""
        super().start(folder)
        self.port = free_port()
        self._written(folder)
        command = [str(self._binary), "-p", str(folder), "-c", str(folder / "nginx.conf")]
        self.command += ["+", *command]
        with (folder / "nginx.log").open("wb") as log:
            self._nginx = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            wait_for(self.port, self._nginx)
        except Missing as missing:
            self.stop()
            raise Missing(f"{missing}: {(folder / 'nginx.log').read_text()[-500:]}") from None

    def _written(self, folder: Path) -> None:
        key, certificate = str(folder / "chatd.key"), str(folder / "chatd.crt")
        run(["openssl", *CERTIFICATE, "-keyout", key, "-out", certificate])
        (folder / "nginx.conf").write_text(MAIN.read_text().replace("{folder}", str(folder)))
        (folder / "chatd.conf").write_text(site(SITE.read_text(), self.port, folder))

    @property
    def pids(self) -> dict[str, int]:
        """Of each."""
        if self._nginx is None:
            raise LookupError("nginx does not run")
        return {"chatd": self.daemon.pid, "nginx": self._nginx.pid}

    def stop(self) -> None:
        """nginx first, or it would tell its clients that chatd is gone."""
        if self._nginx is not None:
            end(self._nginx)
            self._nginx = None
        super().stop()


def site(shipped: str, port: int, folder: Path) -> str:
    """The package's site, but for its places. Raises Missing when one of them is not in it."""
    moved = {
        "unix:/run/chatd/public.sock": f"unix:{folder}/public.sock",
        "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl backlog=4096;",
        "listen [::]:443 ssl;": "",
        "listen 80;": f"listen unix:{folder}/plain.sock;",
        "listen [::]:80;": "",
        "/etc/pki/tls/certs/": f"{folder}/",
        "/etc/pki/tls/private/": f"{folder}/",
    }
    for place, own in moved.items():
        if place not in shipped:
            raise Missing(f"the site of the package has no {place}")
        shipped = shipped.replace(place, own)
    return shipped
