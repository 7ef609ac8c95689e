"""Peers that are packages of Debian's, unpacked beside: nothing is installed on this host."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.bench.contestants import CACHE, SERVERS, Contestant, Missing, Speech, run


def from_debian(*packages: str) -> Path:
    """The folder with these packages' files; nothing is installed on this host. Raises Missing."""
    folder = CACHE / packages[0]
    mark = folder / "packages"
    if not mark.exists() or mark.read_text() != str(packages):
        if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
            raise Missing("this host has no Debian packages")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        run(["apt-get", "download", "-q", *packages], folder)
        for file in folder.glob("*.deb"):
            run(["dpkg", "-x", file, folder / "new"])
        (folder / "new").rename(folder / "unpacked")
        mark.write_text(str(packages))
    return folder / "unpacked"


def debian_versions(folder: str, *globs: str) -> str:
    """Of those that from_debian brought."""
    files = [file for each in globs for file in sorted((CACHE / folder).glob(each))]
    return ", ".join(" ".join(run(["dpkg-deb", "-W", file]).split()) for file in files)


NGINX = ("libnginx-mod-nchan", "nginx", "nginx-common")


class Nchan(Contestant):
    """nginx with nchan, from Debian."""

    name = "nginx nchan"

    def install(self) -> None:
        """Unpacked beside, never on the host."""
        root = from_debian(*NGINX)
        self._binary = root / "usr/sbin/nginx"
        self._module = root / "usr/lib/nginx/modules/ngx_nchan_module.so"
        self.version = debian_versions(NGINX[0], "*nchan_*", "nginx_*")

    def words(self, port: int, folder: Path) -> list[str]:
        told = (SERVERS / "nchan.conf").read_text()
        for name, value in {"port": port, "folder": folder, "module": self._module}.items():
            told = told.replace(f"{{{name}}}", str(value))
        (folder / "nginx.conf").write_text(told)
        command = f"exec {self._binary} -p {folder} -c {folder}/nginx.conf"
        # nchan wants Debian's folders, whatever the configuration says: in a world of its own
        folders = "mount -t tmpfs tmpfs /var/lib && mkdir /var/lib/nginx"
        return ["unshare", "--mount", "sh", "-c", f"{folders} && {command}"]


class Nats(Contestant):
    """nats-server with its WebSocket listener, from Debian."""

    name = "NATS"
    more = ""
    speech = Speech(
        path="/",
        hellos=('CONNECT {"verbose":false,"echo":true}{n}', "SUB r{r} 1{n}", "PING{n}"),
        awaits=("PONG", 1),
        send="PUB r{r} 128{n}{m}{n}",
        binary=True,
    )

    def install(self) -> None:
        """Unpacked beside, never on the host."""
        self._binary = from_debian("nats-server") / "usr/sbin/nats-server"
        self.version = run([self._binary, "--version"]).strip()

    def words(self, port: int, folder: Path) -> list[str]:
        told = (SERVERS / "nats.conf").read_text().replace("{port}", str(port))
        (folder / "nats.conf").write_text(told.replace("{more}", self.more))
        return [str(self._binary), "-c", str(folder / "nats.conf")]
