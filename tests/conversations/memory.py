"""A stage in memory: the house of tests/house, whose time, disk and lines obey."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from chatd.auth import tokens
from chatd.core.log import Token
from chatd.core.ports import SearchTooLong, StoreFailed, StoreFull
from tests.conversations.patterns import words
from tests.conversations.stage import Closed, Unable
from tests.house.house import Client, House


class MemoryActor:
    """stage.Actor: what is sent has had all its effects when ``send`` returns."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def send(self, text: str) -> None:
        """See the port."""
        self.client.says(text)

    def receive(self) -> str | None:
        """See the port."""
        frames, closed = self.client.outbox.frames, self.client.outbox.closed
        if frames:
            return frames.popleft().decode()
        if closed is not None:
            raise Closed(closed.code, self.client.outbox.reason)
        return None

    def rest(self) -> list[str]:
        """See the port."""
        rest: list[str] = []
        while (frame := self.receive()) is not None:
            rest.append(frame)
        return rest

    def close(self) -> None:
        """See the port."""
        self.client.closes()

    def drop(self) -> None:
        """See the port."""
        self.client.drops()


class MemoryStage:
    """stage.Stage."""

    can = frozenset({"configuration", "settings", "time", "store", "drain", "slow"})

    def __init__(self) -> None:
        self.house = House()
        self._actors: dict[str, MemoryActor] = {}

    def connect(self, dialect: str, who: str) -> MemoryActor:
        """See the port."""
        self._actors[who] = MemoryActor(self.house.connects(dialect))
        return self._actors[who]

    def direct(self, what: str, **how: str) -> str:
        """See the port."""
        carry_out: Callable[..., str | None] | None = getattr(self, f"_{what}", None)
        if carry_out is None:
            raise Unable(what)
        made = carry_out(**how)
        self.house.settle()
        return made or ""

    # --- what an operator does ---
    def _settings(self, pairs: str) -> None:
        if self._actors:
            raise Unable("settings come before the first connection")
        chosen = dict(pair.split("=", 1) for pair in words(pairs))
        self.house = House(**{key: _value(word) for key, word in chosen.items()})

    def _account(self, name: str, password: str, operator: str = "") -> None:
        self.house.account(name, password, operator=bool(operator))

    def _disable(self, name: str) -> None:
        store = self.house.store
        account = self.house.do(store.account(name))
        self.house.do(store.set_disabled(account.user_id, True, self.house.clock.now()))
        self.house.pass_(1.0)

    def _token(self, name: str, user: str) -> str:
        store, minted = self.house.store, tokens.mint()
        account = self.house.do(store.account(user))
        token = Token(
            token_id=minted.token_id,
            user_id=account.user_id,
            label=name,
            created_ts=self.house.clock.now(),
        )
        self.house.do(store.add_token(token, minted.digest))
        return minted.text

    def _revoke(self, name: str, token: str) -> None:
        store = self.house.store
        self.house.do(store.revoke_token(tokens.token_id(token) or "", self.house.clock.now()))
        self.house.pass_(1.0)

    def _wrong(self, why: str) -> None:
        self.house.process.wrong = why

    def _hush(self) -> None:
        self.house.node.hush()

    def _home(self) -> None:
        self.house.node.dismiss_all()

    # --- what the world does ---
    def _time(self, seconds: str) -> None:
        self.house.pass_(float(seconds))

    def _full(self) -> None:
        self.house.store.trouble = StoreFull("the disk is full")

    def _failing(self) -> None:
        self.house.store.trouble = StoreFailed("the disk is broken")

    def _broken(self, call: str = "") -> None:
        fault = ZeroDivisionError("a fault that no store should have")
        if call:
            self.house.weather.fail(call, fault)
        else:
            self.house.weather.breaks(fault)

    def _endless(self) -> None:
        self.house.weather.fail("search", SearchTooLong())

    def _well(self) -> None:
        self.house.store.trouble = None
        self.house.weather.breaks(None)

    def _late(self) -> None:
        self.house.weather.hold()

    def _arrived(self) -> None:
        self.house.weather.release()

    def _slow(self, who: str) -> None:
        self._actors[who].client.outbox.slow(self.house.node.settings.outbox_bytes)

    def _fast(self, who: str) -> None:
        self._actors[who].client.outbox.fast()


def _value(word: str) -> Any:
    """A setting as it is written in JSON, or as a bare word."""
    try:
        value: Any = json.loads(word)
    except ValueError:
        return word
    return value
