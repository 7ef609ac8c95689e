"""The screen of `chatd connect`: its parts, keys and colours, by prompt_toolkit.
What is on it is view.py and paint.py; what happens talk.py."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from datetime import tzinfo
from functools import partial

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer, CompletionState
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout import (
    ConditionalContainer,
    Float,
    FloatContainer,
    HSplit,
    Layout,
    VSplit,
    Window,
)
from prompt_toolkit.layout.controls import BufferControl, UIContent, UIControl
from prompt_toolkit.layout.dimension import Dimension
from prompt_toolkit.layout.menus import CompletionsMenu
from prompt_toolkit.layout.processors import BeforeInput
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.styles import Style

from chatd.client import ChatError, Client
from chatd.terminal import paint
from chatd.terminal.completing import choices, names_room
from chatd.terminal.paint import Painter
from chatd.terminal.talk import Talk
from chatd.terminal.view import View
from chatd.terminal.who import Who
from chatd.terminal.wrapping import Row

SIDEBAR = 22
WIDE = 100
"""Columns from which the rooms stand at the side."""
TALLEST = 8
"""Lines of one's own that are shown at once."""

STYLE = Style.from_dict(
    {
        "title": "bold",
        "topic": "",
        "dim": "#808080",
        "time": "#808080",
        "bar": "#5f5f5f",
        "new": "ansired",
        "offline": "ansiyellow bold",
        "error": "ansired",
        "pending": "#808080 italic",
        "calls": "bold",
        "here": "reverse",
        "unread": "bold",
        "called": "ansired bold",
        "code": "ansicyan",
        "link": "underline",
        "strong": "bold",
        "prompt": "bold",
        "nick0": "ansired",
        "nick1": "ansigreen",
        "nick2": "ansiyellow",
        "nick3": "ansiblue",
        "nick4": "ansimagenta",
        "nick5": "ansicyan",
        "nick6": "#d7875f",
        "nick7": "#8787d7",
        "completion-menu": "bg:#303030 #d0d0d0",
        "completion-menu.completion.current": "bg:#d0d0d0 #000000",
        "completion-menu.meta.completion": "bg:#303030 #808080",
        "completion-menu.meta.completion.current": "bg:#d0d0d0 #303030",
    }
)

Paint = Callable[[int, int], list[Row]]


async def run(who: Who, rooms: tuple[str, ...], timeout: float, zone: tzinfo) -> None:
    """Chat until one leaves. Raises ChatError for what ended it otherwise."""
    client = Client(who.url, **who.options(timeout))
    async with client as chat:
        talk = Talk(chat, View(), _now, zone)
        await talk.begin(rooms)
        try:
            error = await Screen(talk, zone).run()
        finally:
            await talk.end()
        if error is not None:
            raise error


def _now() -> int:
    return time.time_ns() // 1_000_000


class Part(UIControl):
    """A part of the screen that is painted anew each time."""

    def __init__(self, paint: Paint) -> None:
        self._paint = paint

    def create_content(self, width: int, height: int) -> UIContent:
        rows = self._paint(width, height)
        return UIContent(lambda number: [*rows[number]], len(rows), show_cursor=False)


def offered(view: View, document: Document) -> Iterable[Completion]:
    """How the word before the cursor may go on."""
    for each in choices(view, document.text_before_cursor):
        yield Completion(each.text, -each.length, display_meta=each.says)


class Names(Completer):
    """What is shown while one types."""

    def __init__(self, view: View) -> None:
        self._view = view

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        del complete_event
        return offered(self._view, document)


class Screen:
    """All of it."""

    def __init__(self, talk: Talk, zone: tzinfo) -> None:
        self._talk, self._view = talk, talk.view
        self._painter = Painter(zone)
        self._size = (80, 24)
        self._left = False
        self._line = Buffer(
            multiline=True,
            completer=Names(talk.view),
            complete_while_typing=Condition(self._explains),
            history=InMemoryHistory(),
            on_text_changed=lambda buffer: talk.writing(buffer.text),
        )
        self._app: Application[ChatError | None] = Application(
            layout=Layout(self._layout(), focused_element=self._line),
            key_bindings=self._keys(),
            style=STYLE,
            full_screen=True,
            refresh_interval=0.5,
            color_depth=ColorDepth.DEPTH_1_BIT if os.environ.get("NO_COLOR") else None,
            enable_page_navigation_bindings=False,
        )
        self._app.ttimeoutlen = 0.05
        talk.changed = self._app.invalidate
        talk.over = self._leave
        talk.ring = self._app.output.bell

    async def run(self) -> ChatError | None:
        """Until one leaves, or may not stay."""
        return await self._app.run_async()

    def _leave(self, error: ChatError | None) -> None:
        if self._app.is_running and not self._left:
            self._left = True
            self._app.exit(result=error)

    def _explains(self) -> bool:
        text = self._line.document.text_before_cursor
        return text.startswith("/") and " " not in text and len(text) > 1

    # --- the parts ---
    def _layout(self) -> FloatContainer:
        view = self._view
        wide = Condition(lambda: self._app.output.get_size().columns >= WIDE)
        line = Window(
            BufferControl(self._line, input_processors=[BeforeInput("> ", "class:prompt")]),
            height=self._height,
            wrap_lines=True,
            dont_extend_height=True,
        )
        side = VSplit(
            [
                _window(lambda w, h: paint.sidebar(view, w, h), width=SIDEBAR),
                Window(width=1, char="│", style="class:bar"),
            ]
        )
        body = HSplit(
            [
                _window(lambda w, _: [paint.title(view, w)], height=1),
                _window(lambda w, _: [[("class:bar", "─" * w)]], height=1),
                _window(self._history),
            ]
        )
        return FloatContainer(
            HSplit(
                [
                    VSplit([ConditionalContainer(side, wide), body]),
                    _window(lambda w, _: [paint.status(view, _now(), w)], height=1),
                    line,
                    ConditionalContainer(
                        _window(lambda w, _: [paint.tabs(view, w)], height=1), ~wide
                    ),
                ]
            ),
            [Float(CompletionsMenu(max_height=10), xcursor=True, ycursor=True)],
        )

    def _height(self) -> Dimension:
        columns = max(1, self._app.output.get_size().columns - 3)
        lines = sum(1 + len(line) // columns for line in self._line.document.lines)
        return Dimension.exact(min(TALLEST, max(1, lines)))

    def _history(self, width: int, height: int) -> list[Row]:
        room, self._size = self._view.room, (width, height)
        if room is None:
            rows: list[Row] = [[("class:dim", "  you are in no room; /rooms lists them")]]
            return rows + [[]] * (height - 1)
        return self._painter.history(room, width, height)

    # --- the keys ---
    def _keys(self) -> KeyBindings:
        keys, view = KeyBindings(), self._view
        calls: list[tuple[tuple[str, ...], Callable[[], None]]] = [
            (("enter",), self._enter),
            (("escape", "enter"), lambda: self._line.insert_text("\n")),
            (("c-n",), lambda: self._go(lambda: view.step(1))),
            (("c-p",), lambda: self._go(lambda: view.step(-1))),
            (("escape", "a"), lambda: self._go(view.step_to_new)),
            (("pageup",), lambda: self._scroll(-1)),
            (("pagedown",), lambda: self._scroll(1)),
            (("c-c",), self._clear),
            (("c-d",), self._clear),
            (("c-l",), self._app_clear),
            (("end",), self._end),
            (("tab",), lambda: self._complete(1)),
            (("s-tab",), lambda: self._complete(-1)),
        ]
        calls += [(("escape", f"{n}"), partial(self._number, n)) for n in range(1, 10)]
        for names, call in calls:
            keys.add(*names, eager=names[0] != "escape")(_bound(call))
        return keys

    def _enter(self) -> None:
        text = self._line.text.rstrip("\n")  # of a paste, mostly
        if not text.strip():
            return
        self._line.append_to_history()
        self._line.reset()
        self._talk.typed(text)

    def _clear(self) -> None:
        if self._line.text:
            self._line.reset()
        else:
            self._leave(None)

    def _app_clear(self) -> None:
        self._app.renderer.clear()

    def _end(self) -> None:
        """Of the line; at its end, of the room."""
        at_end = self._line.cursor_position == len(self._line.text)
        self._line.cursor_position = len(self._line.text)
        if at_end and self._view.room is not None:
            self._view.room.top = None
            self._seen()

    def _number(self, number: int) -> None:
        rooms = self._view.listed()
        if number <= len(rooms):
            self._go(lambda: self._view.go(rooms[number - 1].name))

    def _go(self, move: Callable[[], None]) -> None:
        """To another room; what one began to write waits in the one that one leaves."""
        if self._view.room is not None:
            self._view.room.draft = self._line.text
        move()
        draft = self._view.room.draft if self._view.room is not None else ""
        self._line.set_document(Document(draft), bypass_readonly=True)
        self._seen()

    def _scroll(self, pages: int) -> None:
        room, (width, height) = self._view.room, self._size
        if room is None:
            return
        by = pages * max(1, height - 2)
        if self._painter.scroll(room, by, width, height) and pages < 0:
            self._talk.spawn(self._talk.older())
        self._seen()

    def _seen(self) -> None:
        self._view.seen()
        self._talk.read()

    def _complete(self, by: int) -> None:
        """At once: whoever types on must not be faster than what they asked for."""
        line = self._line
        if line.complete_state is not None:
            (line.complete_next if by > 0 else line.complete_previous)()
        elif not self._offer(line.document) and names_room(line.document.text_before_cursor):
            self._talk.spawn(self._complete_later(line.document))

    async def _complete_later(self, document: Document) -> None:
        """When the rooms are known, unless one has typed on."""
        await self._talk.list_rooms()
        if self._line.document == document and self._line.complete_state is None:
            self._offer(document)

    def _offer(self, document: Document) -> bool:
        found = list(offered(self._view, document))
        if found:
            self._line.complete_state = CompletionState(document, found)
            self._line.go_to_completion(0)
        return bool(found)


def _bound(call: Callable[[], None]) -> Callable[[KeyPressEvent], None]:
    def pressed(event: KeyPressEvent) -> None:
        del event
        call()

    return pressed


def _window(paint: Paint, width: int | None = None, height: int | None = None) -> Window:
    return Window(Part(paint), width=width, height=height, wrap_lines=False)
