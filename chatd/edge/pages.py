"""The web client's files, as they are served: read once, each with its type and its strict headers.
There is no path to climb and no folder to list: what was not read does not exist."""

from __future__ import annotations

import hashlib
from pathlib import Path

from chatd.edge.head import Head
from chatd.edge.request import Answer, Fields, sentence

INDEX = "index.html"
KINDS = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/vnd.microsoft.icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
STRICT = (
    ("Referrer-Policy", "no-referrer"),
    ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
)
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
    "img-src 'self' data:; manifest-src 'self'; connect-src {connect}; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Pages:
    """The files of one folder by their paths; ``index.html`` is `/`, too.

    Hidden files and those of a kind that is not in KINDS are left out. Raises OSError.
    """

    def __init__(self, folder: Path) -> None:
        self._files = {f"/{path.relative_to(folder)}": _read(path) for path in _files(folder)}
        if f"/{INDEX}" in self._files:
            self._files["/"] = self._files[f"/{INDEX}"]

    def answer(self, head: Head) -> Answer:
        """A GET or HEAD, answered."""
        found = self._files.get(head.path)
        if found is None:
            return sentence(404, "there is no such page here; the chat is at /")
        kind, body, tag = found
        fields: Fields = (
            ("Cache-Control", "no-cache"),
            ("ETag", tag),
            ("Content-Security-Policy", POLICY.format(connect=_connect(head.host))),
            *STRICT,
        )
        known = head.items("if-none-match")
        fresh = "*" in known or tag in {each.removeprefix("W/") for each in known}
        return Answer(304 if fresh else 200, body, kind, fields)


def _files(folder: Path) -> list[Path]:
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.suffix in KINDS
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def _read(path: Path) -> tuple[str, bytes, str]:
    body = path.read_bytes()
    return KINDS[path.suffix], body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def _connect(host: str) -> str:
    """The page may speak with its own host only. 'self' means ws: and wss: as well since CSP 3;
    Safari before 15.4 has to be told. ``host`` was checked to be one."""
    plain = host and not set(host) & set(";,' ")
    return f"'self' ws://{host} wss://{host}" if plain else "'self'"
