"""The web client's files over HTTP."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chatd.edge.pages import KINDS
from tests.unit.edge.memory import Reply, World, request


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    web = tmp_path / "web"
    (web / "img").mkdir(parents=True)
    (web / "index.html").write_text("<!doctype html><title>chat</title>")
    (web / "chat.js").write_text("let x = 1;")
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
        ("/chat.js", "text/javascript; charset=utf-8", b"let x = 1;"),
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
    (folder / "chat.js").write_text("let x = 2;")
    after = World(folder=folder).ask(request("/chat.js", f"If-None-Match: {before.fields['etag']}"))
    assert (after.status, after.body) == (200, b"let x = 2;")


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
