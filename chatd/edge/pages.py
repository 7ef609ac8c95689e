"""The web client's files, as they are served: read and packed once, each with strict headers.
There is no path to climb and no folder to list: what was not read does not exist."""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from chatd.edge.bundle import bundle
from chatd.edge.head import Head
from chatd.edge.request import Answer, Fields, sentence

INDEX = "index.html"
ASK_FIRST = "no-cache"
FOR_EVER = "public, max-age=31536000, immutable"
_REMARKS = re.compile(rb"^ *(?:/\*.*?\*/|//[^\n]*)\n| +// [^\n]*$", re.DOTALL | re.MULTILINE)
_INDENT = re.compile(rb"^ +|^\n|\n(?=\n)", re.MULTILINE)
_BREAKS = re.compile(rb"(?<=[{(\[,;])\n|\n(?=[})\]])")
_SIGNS = re.compile(rb" (=>|[!=]==|&&|\|\||\?\?|[+-]?=|[<>]=) ")
_BRACES = re.compile(
    rb"(?<=\b(?:if|or)) (?=\()|(?<=\)) (?=\{)|(?<=\{) (?=[\w#.\[\"])|(?<=[\w)\]}\"]) (?=\})"
)
_BETWEEN = re.compile(rb" ?([,:?]) ")
_UNSURE = re.compile(rb"[`'/\\]")
_AROUND = re.compile(rb"(?<=[{};,:]) | (?=[{}])")
_LOCAL = re.compile(rb"""(\b(?:src|href|data-[a-z]+)=")\./""")
_SCRIPT = re.compile(r'<script type="module" src="\./([\w-]+\.js)"')
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


@dataclass(frozen=True, slots=True)
class File:
    """One file as it is served, plain and (where that is shorter) packed."""

    kind: str
    body: bytes
    packed: bytes
    tag: str
    caching: str

    @classmethod
    def of(cls, path: Path, body: bytes, caching: str) -> File:
        """A file with its type, packed once and for all."""
        short = gzip.compress(body, 9, mtime=0)
        packed = short if len(short) < len(body) else b""
        return cls(KINDS[path.suffix], body, packed, _hash(body), caching)

    def answer(self, head: Head, fields: Fields) -> Answer:
        """As the client takes it, or that what it has is still good."""
        packed = bool(self.packed) and _takes_gzip(head)
        body = self.packed if packed else self.body
        tag = f'"{self.tag}{"-gzip" if packed else ""}"'
        fields = (
            ("Cache-Control", self.caching),
            ("ETag", tag),
            *((("Vary", "Accept-Encoding"),) if self.packed else ()),
            *((("Content-Encoding", "gzip"),) if packed else ()),
            *fields,
        )
        known = head.items("if-none-match")
        fresh = "*" in known or tag in {each.removeprefix("W/") for each in known}
        return Answer(304 if fresh else 200, body, self.kind, fields)


class Pages:
    """The files of one folder by their paths; ``index.html`` is `/`, too.

    What the index names with `./` before it gets the hash of all files into its address, and may be
    kept for ever. The modules that a script of the index imports are in that script.

    Hidden files and those of a kind that is not in KINDS are left out. Raises OSError, and
    ValueError for scripts that cannot be made one.
    """

    def __init__(self, folder: Path) -> None:
        read = {path.relative_to(folder): path.read_bytes() for path in _files(folder)}
        bodies = {path: _lean(path, body) for path, body in _joined(read).items()}
        version = _hash(b"".join(str(p).encode() + bodies[p] for p in sorted(bodies)))[:16]
        self._files: dict[str, File] = {}
        for path, body in bodies.items():
            here = _LOCAL.sub(rb"\1./" + version.encode() + b"/", body)
            self._files[f"/{path}"] = File.of(path, here if path.name == INDEX else body, ASK_FIRST)
            self._files[f"/{version}/{path}"] = File.of(path, body, FOR_EVER)
        if f"/{INDEX}" in self._files:
            self._files["/"] = self._files[f"/{INDEX}"]

    def answer(self, head: Head) -> Answer:
        """A GET or HEAD, answered."""
        found = self._files.get(head.path)
        if found is None:
            return sentence(404, "there is no such page here; the chat is at /")
        policy = POLICY.format(connect=_connect(head.host))
        return found.answer(head, (("Content-Security-Policy", policy), *STRICT))


def _joined(files: dict[Path, bytes]) -> dict[Path, bytes]:
    """These files, with the scripts of the index in place of the modules that they are made of."""
    modules = {str(path): body.decode() for path, body in files.items() if path.suffix == ".js"}
    index = files.get(Path(INDEX), b"").decode()
    scripts: dict[Path, bytes] = {}
    parts: set[Path] = set()
    for entry in _SCRIPT.findall(index):
        script, names = bundle(entry, modules)
        parts.update(map(Path, names))
        scripts[Path(entry)] = script.encode()
    return {path: body for path, body in files.items() if path not in parts} | scripts


def _lean(path: Path, body: bytes) -> bytes:
    """A file as it is sent, without what is only for who works on it: lines that are comments,
    indentation, needless breaks and spaces. No text in our files holds any of these."""
    kind = path.suffix
    if kind == ".js":
        body = _BRACES.sub(b"", _SIGNS.sub(rb"\1", _REMARKS.sub(b"", body)))
        body = b"\n".join(map(_narrow, body.split(b"\n")))
    elif kind == ".css":
        body = _AROUND.sub(b"", _REMARKS.sub(b"", body))
    if kind in (".css", ".js", ".html"):
        body = _INDENT.sub(b"", body)
    return _BREAKS.sub(b"", body) if kind in (".css", ".js") else body


def _narrow(line: bytes) -> bytes:
    """A line of a script without the spaces between its words, where it is plain what is text."""
    if _UNSURE.search(line):
        return line
    parts = line.split(b'"')
    parts[::2] = [_BETWEEN.sub(rb"\1", part) for part in parts[::2]]
    return b'"'.join(parts)


def _takes_gzip(head: Head) -> bool:
    """RFC 9110 section 12.5.3, as far as browsers need it: named, and not with a weight of 0."""
    for item in head.items("accept-encoding"):
        coding, _, weight = item.replace(" ", "").lower().partition(";q=")
        if coding in ("gzip", "*"):
            return weight.strip("0.") != "" or weight == ""
    return False


def _hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:32]


def _files(folder: Path) -> list[Path]:
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.suffix in KINDS
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def _connect(host: str) -> str:
    """The page may speak with its own host only. 'self' means ws: and wss: as well since CSP 3;
    Safari before 15.4 has to be told. ``host`` was checked to be one."""
    plain = host and not set(host) & set(";,' ")
    return f"'self' ws://{host} wss://{host}" if plain else "'self'"
