"""Lines that are open from their birth: like those that Autobahn has opened, and nothing shared."""

from __future__ import annotations

import pytest

from chatd.edge import opening, shortcuts
from chatd.edge.admission import Admitted
from chatd.edge.ports import EdgeSettings
from chatd.edge.upgraded import Upgraded, likeness
from chatd.edge.websocket import ChatLine
from tests.unit.edge.memory import World


def made(world: World) -> type[Upgraded]:
    echo = world.front.echo
    found = opening.opened(Upgraded, echo, likeness(echo))
    assert found is not None
    return found


def line(world: World) -> Upgraded:
    born = made(world)(world.front.echo, Admitted("unix", opening.KEY), lambda: None)
    born.take_over(opening.Nowhere(), b"")
    return born


def test_a_line_has_every_attribute_that_autobahn_gives_one() -> None:
    world = World()
    born, like = line(world), likeness(world.front.echo)
    missing = {name for name in like if not hasattr(born, name)} - {"_wskey"}
    assert not missing
    for name, value in like.items():
        if isinstance(value, opening.FIXED) and name not in opening.OWN:
            assert getattr(born, name) == value, name


def test_what_a_line_may_change_is_its_own_and_made_when_asked_for() -> None:
    world = World()
    one, other = line(world), line(world)
    for name in opening.LAZY:
        assert name not in vars(one)
        assert getattr(one, name) is getattr(one, name)
        assert getattr(one, name) is not getattr(other, name)


def test_something_unheard_of_is_nothing_to_build_on() -> None:
    world = World()
    like = likeness(world.front.echo)
    assert opening.opened(Upgraded, world.front.echo, like | {"new": object()}) is None
    assert opening.opened(Upgraded, object(), like) is None
    for name in opening.LAZY:
        less = {each: value for each, value in like.items() if each != name}
        assert opening.opened(Upgraded, world.front.echo, less) is None


def test_a_reload_gives_new_lines_new_deadlines_and_leaves_old_ones() -> None:
    world = World()
    old = world.client().pipe.protocol
    world.front.use(EdgeSettings(ping_interval=77.0))
    new = world.client().pipe.protocol
    assert (new.autoPingInterval, old.autoPingInterval) == (77.0, EdgeSettings().ping_interval)


def test_without_it_lines_are_autobahns() -> None:
    world = World(EdgeSettings(shortcuts=False))
    assert world.front.chat.line is ChatLine
    assert type(world.client().pipe.protocol) is ChatLine


def test_an_autobahn_that_closes_otherwise_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    factory = World().front.echo
    monkeypatch.setattr(Upgraded, "onCloseFrame", lambda *_: None)
    ways = shortcuts.Ways(born_open=shortcuts._is_born_open(factory))
    assert "born_open" in shortcuts.missing(ways)


def test_the_answer_is_that_of_the_rfc_and_goes_with_the_first_frame() -> None:
    admitted = Admitted("unix", "dGhlIHNhbXBsZSBub25jZQ==", "chatd.v1")
    told = opening.accepted(admitted)
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in told
    assert b"Sec-WebSocket-Protocol: chatd.v1\r\n" in told
    world = World()
    pipe = world.client().pipe
    assert len(pipe.writes) == 1
    assert pipe.writes[0].startswith(b"HTTP/1.1 101 ")
