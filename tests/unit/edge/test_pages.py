"""The web client's files over HTTP."""

from __future__ import annotations

import gzip
import os
import re
from collections import Counter
from pathlib import Path

import pytest

import chatd
from chatd.edge.pages import KINDS
from tests.unit.edge.memory import Reply, World, request

WEB = Path(chatd.__file__).parent / "web"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    web = tmp_path / "web"
    (web / "img").mkdir(parents=True)
    (web / "index.html").write_text("<!doctype html><title>chat</title>")
    (web / "chat.js").write_text("let x=1;")
    (web / "img" / "logo.svg").write_text("<svg/>")
    (web / ".hidden.js").write_text("secret")
    (web / "notes.bak").write_text("secret")
    (tmp_path / "secret.html").write_text("secret")
    return web


@pytest.fixture
def world(folder: Path) -> World:
    return World(folder=folder)


@pytest.mark.parametrize(
    ("path", "kind", "body"),
    [
        ("/", "text/html; charset=utf-8", b"<!doctype html><title>chat</title>"),
        ("/index.html", "text/html; charset=utf-8", b"<!doctype html><title>chat</title>"),
        ("/?invite=x", "text/html; charset=utf-8", b"<!doctype html><title>chat</title>"),
        ("/chat.js", "text/javascript; charset=utf-8", b"let x=1;"),
        ("/img/logo.svg", "image/svg+xml", b"<svg/>"),
    ],
)
def test_a_file_is_served_with_its_type(world: World, path: str, kind: str, body: bytes) -> None:
    reply = world.ask(request(path))
    assert (reply.status, reply.fields["content-type"], reply.body) == (200, kind, body)
    assert int(reply.fields["content-length"]) == len(body)


@pytest.mark.parametrize(
    "path",
    [
        "/img",
        "/img/",
        "/.hidden.js",
        "/notes.bak",
        "/../secret.html",
        "/img/../../secret.html",
        "/%2e%2e/secret.html",
        "/..%2fsecret.html",
        "//secret.html",
        "/Index.html",
        "/chat.js/",
    ],
)
def test_nothing_else_is_there(world: World, path: str) -> None:
    reply = world.ask(request(path))
    assert reply.status == 404
    assert b"secret" not in reply.body


def test_head_has_everything_but_the_body(world: World) -> None:
    get, head = world.ask(request("/")), world.ask(request("/", method="HEAD"))
    assert head.body == b""
    assert {**head.fields, "date": ""} == {**get.fields, "date": ""}


def test_a_browser_that_has_it_is_told_so(world: World) -> None:
    tag = world.ask(request("/chat.js")).fields["etag"]
    for known in (tag, f'"x", {tag}', f"W/{tag}", "*"):
        reply = world.ask(request("/chat.js", f"If-None-Match: {known}"))
        assert (reply.status, reply.body, reply.fields["etag"]) == (304, b"", tag)
    assert world.ask(request("/chat.js", 'If-None-Match: "x"')).status == 200


def test_a_changed_file_has_another_tag(folder: Path) -> None:
    before = World(folder=folder).ask(request("/chat.js"))
    (folder / "chat.js").write_text("let x=2;")
    after = World(folder=folder).ask(request("/chat.js", f"If-None-Match: {before.fields['etag']}"))
    assert (after.status, after.body) == (200, b"let x=2;")


def address(world: World, name: str) -> str:
    """Where the index says that a file is."""
    found = re.search(
        rf'"\./([0-9a-f]{{16}}/{re.escape(name)})"', world.ask(request("/")).body.decode()
    )
    assert found is not None
    return f"/{found[1]}"


def test_what_the_index_names_may_be_kept_for_ever(folder: Path) -> None:
    (folder / "index.html").write_text('<script src="./chat.js"></script><a href="http://x/">')
    before = World(folder=folder)
    where = address(before, "chat.js")
    reply = before.ask(request(where))
    assert reply.body == b"let x=1;"
    assert reply.fields["cache-control"] == "public, max-age=31536000, immutable"
    assert before.ask(request("/")).fields["cache-control"] == "no-cache"
    assert '<a href="http://x/">' in before.ask(request("/")).body.decode()
    (folder / "img" / "logo.svg").write_text("<svg></svg>")  # any file gives all a new address
    after = World(folder=folder)
    assert address(after, "chat.js") != where
    assert after.ask(request(where)).status == 404


@pytest.mark.parametrize(
    ("taken", "packed"),
    [("gzip", True), ("br, gzip;q=0.5", True), ("*", True), ("br", False), ("gzip;q=0", False)],
)
def test_a_browser_that_can_unpack_gets_less(folder: Path, taken: str, packed: bool) -> None:
    text = "the same again\n" * 100
    (folder / "long.txt").write_text(text)
    world = World(folder=folder)
    reply = world.ask(request("/long.txt", f"Accept-Encoding: {taken}"))
    assert (reply.fields.get("content-encoding") == "gzip") is packed
    assert reply.fields["vary"] == "Accept-Encoding"
    body = gzip.decompress(reply.body) if packed else reply.body
    assert body.decode() == text
    assert int(reply.fields["content-length"]) == len(reply.body)
    known = f"If-None-Match: {reply.fields['etag']}"
    assert world.ask(request("/long.txt", f"Accept-Encoding: {taken}", known)).status == 304
    other = "br" if packed else "gzip"
    assert world.ask(request("/long.txt", f"Accept-Encoding: {other}", known)).status == 200


def test_what_would_be_no_shorter_is_not_packed(world: World) -> None:
    reply = world.ask(request("/chat.js", "Accept-Encoding: gzip"))
    assert (reply.body, reply.fields.get("vary")) == (b"let x=1;", None)


def test_scripts_and_styles_are_sent_without_what_is_for_their_authors(folder: Path) -> None:
    (folder / "chat.js").write_text(
        "// about this\n\n/** what it does */\nconst f = (a) => {\n"
        '  return a && "https://x/ #"; // why\n};\n'
        'g({ a: 1, b: c ? "x, y" : "z: " });\n'
        "h(`${a}, b`, 1);\n"
    )
    (folder / "look.css").write_text("/* about\n   this */\na, b {\n  color: red;\n}\n")
    world = World(folder=folder)
    script = world.ask(request("/chat.js")).body.decode()
    assert script == (
        'const f=(a)=>{return a&&"https://x/ #";};g({a:1,b:c?"x, y":"z: "});h(`${a}, b`, 1);'
    )
    assert world.ask(request("/look.css")).body == b"a,b{color:red;}\n"


def test_the_whole_page_is_few_files_and_small() -> None:
    world = World(folder=WEB)
    index = world.ask(request("/")).body
    named = set(re.findall(r'"\./([^"]+)"', index.decode()))
    assert {name.partition("/")[2] for name in named} == {
        *("chat.js", "style.css", "message.css", "favicon.svg", "unread.svg"),
    }
    sizes = [len(index), *(len(world.ask(request(f"/{name}")).body) for name in named)]
    assert sum(sizes) < 147_000, "150 kB is the promise; the next feature wants some of it"


def test_the_modules_of_a_script_are_in_it_and_nowhere_else(folder: Path) -> None:
    (folder / "index.html").write_text('<script type="module" src="./chat.js"></script>')
    (folder / "chat.js").write_text('import { one } from "./one.js";\nconsole.log(one);\n')
    (folder / "one.js").write_text("export const one = 1;\n")
    (folder / "worker.js").write_text("let apart;")
    world = World(folder=folder)
    script = world.ask(request(address(world, "chat.js"))).body.decode()
    assert script.index("const one=1;") < script.index("console.log(one);")
    assert world.ask(request("/one.js")).status == 404
    assert world.ask(request("/worker.js")).body == b"let apart;"


def policy(reply: Reply) -> dict[str, str]:
    parts = (part.strip() for part in reply.fields["content-security-policy"].split(";"))
    return {name: value for name, _, value in (part.partition(" ") for part in parts)}


def test_the_headers_are_strict(world: World) -> None:
    reply = world.ask(request("/"))
    assert reply.fields["cache-control"] == "no-cache"
    assert reply.fields["x-content-type-options"] == "nosniff"
    assert reply.fields["referrer-policy"] == "no-referrer"
    rules = policy(reply)
    assert rules["default-src"] == rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == "'self'"
    assert rules["connect-src"] == "'self' ws://localhost:8765 wss://localhost:8765"


@pytest.mark.parametrize("host", ["a;script-src", "a,b", "a'b"])
def test_no_host_writes_the_policy(world: World, host: str) -> None:
    reply = world.ask(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n")
    assert policy(reply)["connect-src"] == "'self'"
    assert policy(reply)["script-src"] == "'self'"


def test_a_file_that_cannot_be_read_is_an_error_at_the_start(folder: Path) -> None:
    os.symlink("nowhere", folder / "gone.js")  # a dead link is no file
    (folder / "loop.css").symlink_to("loop.css")
    assert World(folder=folder).ask(request("/gone.js")).status == 404


def test_without_a_folder_there_is_only_the_chat(tmp_path: Path) -> None:
    reply = World(folder=tmp_path / "none").ask(request("/"))
    assert reply.status == 404


def test_every_kind_says_its_charset_or_needs_none() -> None:
    for kind in KINDS.values():
        assert kind.startswith("text/") == kind.endswith("charset=utf-8")


def test_no_text_that_people_read_is_changed_on_the_way() -> None:
    text = re.compile(r'"(?:[^"\\\n]|\\.)*"')
    remark = re.compile(r"^ *(?:/\*.*?\*/|//[^\n]*)\n| +// [^\n]*$", re.DOTALL | re.MULTILINE)
    imported = re.compile(r"^import .*$", re.MULTILINE)
    written = [imported.sub("", remark.sub("", path.read_text())) for path in WEB.glob("*.js")]
    sent = World(folder=WEB).ask(request("/chat.js")).body.decode()
    assert len(text.findall(sent)) > 1000
    assert Counter(text.findall(sent)) == Counter(text.findall("\n".join(written)))
