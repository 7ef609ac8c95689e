"""What a daemon records of itself in the audit log: that it began and ended, and each change of its
configuration. What goes into the log besides is the gate's and chatd/ops/audit's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from chatd import __version__
from chatd.core.audit import Deed
from chatd.ops import audit
from chatd.ops.config import Changes, Config, Problem, written
from chatd.ops.config.table import KEYS

DAEMON = "chatd"
"""The name of the one who does this."""
MOST_PROBLEMS = 5
LONGEST = 200
"""Characters of a value or a problem; what is longer is cut."""


class Diary:
    """``note`` records, or keeps what the store cannot take now."""

    def __init__(self, note: Callable[[Deed], Awaitable[None]], now: Callable[[], int]) -> None:
        self._note, self._now = note, now

    async def began(self, config: Config, schema: int) -> None:
        """With the settings that are not the defaults: what was changed while nothing ran is the
        difference to the record before."""
        default = Config()
        names = [name for name in KEYS if written(config, name) != written(default, name)]
        settings = {name: _cut(written(config, name)) for name in names}
        await self._tell("start", {"version": __version__, "schema": schema, **settings})

    async def reloaded(self, old: Config, changed: Changes, new: Config) -> None:
        """What holds from now on, and what only the next start brings."""
        facts = {name: _change(old, changed.config, name) for name in changed.reloaded}
        later = {name: f"{_change(old, new, name)} (restart)" for name in changed.restart}
        await self._tell("reload", {**facts, **later})

    async def refused(self, problems: tuple[Problem, ...]) -> None:
        """A reload that changed nothing."""
        told = {f"problem_{n}": _cut(str(p)) for n, p in enumerate(problems[:MOST_PROBLEMS], 1)}
        await self._tell("reload_failed", {"problems": len(problems), **told})

    async def ended(self) -> None:
        """In good order: after a kill there is none of these between two beginnings."""
        await self._tell("stop", {"version": __version__})

    async def _tell(self, verb: str, facts: Mapping[str, object]) -> None:
        await self._note(audit.deed(verb, DAEMON, self._now(), "", **facts))


def _change(old: Config, new: Config, name: str) -> str:
    return f"{_cut(written(old, name))} -> {_cut(written(new, name))}"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
