"""A person at a terminal without a screen: what they type is said, or done behind a slash, as in
the text dialect. What is heard meanwhile, and what a pipe says, is script.py's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo

from msgspec.structs import replace

from chatd.client import Client, Interrupted, Refused, TimedOut
from chatd.client.chat import fresh_key
from chatd.core import commands as c
from chatd.core import errors
from chatd.core import events as e
from chatd.dialects.typed import Meaning, Memory, answered, called_as, meaning, refusal
from chatd.terminal.asking import ANSWERS, LOG_IN


class Person:
    """One who is in ``room`` at first; ``write`` shows them what they should read. Nothing that
    goes wrong with a line ends it: they see why, and may type another."""

    def __init__(self, chat: Client, room: str, write: Callable[[str], None], zone: tzinfo) -> None:
        self._chat, self._write, self._zone = chat, write, zone
        self._memory = Memory(room)
        self._know()
        write(f"you are {chat.user} in {self._memory.shown(room)}; /help lists what can be typed")

    async def typed(self, text: str) -> bool:
        """Say or do it, and wait until that is answered; gives whether they stay."""
        self._know()
        for item in self._meaning(text):
            match item:
                case c.Quit():
                    return False
                case c.Command():
                    await self._give(item)
                case e.Error(message=message):
                    self._write(f"! {message}")
                case _:
                    self._write(item.payload.decode())
        return True

    def _know(self) -> None:
        """Where one is: invitations and other sessions change it, too."""
        attending = self._chat.attending
        self._memory.rooms = {name: called_as(state) for name, state in attending.items()}

    def _meaning(self, text: str) -> Meaning:
        try:
            found = meaning(self._memory, text)
        except errors.Refused as no:
            return [e.Error(code=no.code.word, message=no.message)]
        if any(isinstance(item, c.Login) for item in found):
            return [e.Error(code="bad_field", message=LOG_IN)]
        return found

    async def _give(self, command: c.Command) -> None:
        memory = self._memory
        # With a key it is said once, however often it has to be sent.
        asked = replace(command, key=fresh_key()) if isinstance(command, c.Send) else command
        try:
            answer = await self._chat.ask(asked, ANSWERS.get(type(command), e.Ok))
        except Refused as no:
            error = e.Error(code=no.code, message=no.message, retry_after_ms=no.retry_after_ms)
            told = refusal(memory, command, error)
        except (Interrupted, TimedOut) as late:
            memory.failed(command)
            told = f"! {late}"
        else:
            told = answered(memory, command, answer, self._zone)
        if told:
            self._write(told)
