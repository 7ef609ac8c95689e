"""A person at a browser: what they do with the page, and what they see of it.
Which daemon serves the page is the harness's of tests/process; the tests say what must hold."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect, sync_playwright

PATIENCE_MS = 60_000
"""Milliseconds that the page may take for anything on a busy machine."""
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
"""No sandbox, since CI is root; and nobody is called but the page's own server."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")

expect.set_options(timeout=PATIENCE_MS)


class NoBrowser(Exception):
    """There is no Chromium on this machine."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium, with a profile of its own. Raises NoBrowser."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        raise NoBrowser(f"none of {', '.join(BROWSERS)} is installed")
    with TemporaryDirectory(prefix="chatd-browser-") as home, sync_playwright() as playwright:
        environ: dict[str, str | float | bool] = {"HOME": home, "XDG_CONFIG_HOME": home}
        browser = playwright.chromium.launch(
            executable_path=path, args=list(FLAGS), env=environ | {"PATH": "/usr/bin:/bin"}
        )
        try:
            yield browser
        finally:
            browser.close()


class Visitor:
    """One browser profile with one page. ``trouble`` is what the page must never have."""

    def __init__(self, browser: Browser, address: str, **options: Any) -> None:
        self._address = address
        self.trouble: list[str] = []
        self._context = browser.new_context(
            **{"viewport": {"width": 1200, "height": 760}, "locale": "en-GB", **options}
        )
        self._context.set_default_timeout(PATIENCE_MS)
        self.page: Page = self._page()

    def _page(self) -> Page:
        page = self._context.new_page()
        page.on("pageerror", lambda error: self.trouble.append(str(error)))
        page.on("console", self._read_console)
        page.on("dialog", lambda dialog: self.trouble.append(f"dialog: {dialog.message}"))
        return page

    def _read_console(self, message: ConsoleMessage) -> None:
        lost = "WebSocket connection" in message.text or "net::ERR_" in message.text
        if message.type in {"error", "warning"} and not lost:
            self.trouble.append(message.text)

    # --- coming and going ---
    def opens(self, where: str = "") -> Visitor:
        """Open the page, at this place of it."""
        self.page.goto(f"{self._address}{where.removeprefix('/')}")
        return self

    def enters(self, name: str) -> Visitor:
        """Open the page and come in as a guest."""
        self.opens()
        self.page.get_by_role("textbox", name="Your name").fill(name)
        self.page.get_by_role("button", name="Join the chat").click()
        self.page.mouse.move(0, 0)  # where it is over no message
        expect(self.heading).to_have_text("lobby")
        return self

    def logs_in(self, user: str, password: str) -> None:
        """Open the page and come in with an account."""
        self.opens()
        self.page.get_by_role("button", name="I have an account").click()
        self.page.get_by_label("User", exact=True).fill(user)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Log in").click()

    def another_page(self) -> Page:
        """A second page of the same person."""
        page = self._page()
        page.goto(self._address)
        return page

    def leaves(self) -> None:
        """Close the browser."""
        self._context.close()

    # --- doing ---
    def types(self, text: str) -> None:
        """Write without sending."""
        self.field.press_sequentially(text)

    def says(self, text: str) -> None:
        """Write and send."""
        self.field.fill(text)
        self.field.press("Enter")

    def goes_to(self, room: str) -> None:
        """Open a room of one's list."""
        self.page.get_by_role("navigation").get_by_role("button", name=room).first.click()
        expect(self.heading).to_have_text(room)

    def joins(self, room: str, *, new: bool = False) -> None:
        """Join a room by its name, or create it, with the keyboard alone."""
        self.page.keyboard.press("Control+k")
        self.page.keyboard.type(room)
        offered = re.compile(f"^{'Create #' if new else ''}{re.escape(room)}( |$)")
        choice = self.page.get_by_role("dialog").get_by_role("option", name=offered)
        expect(choice.first).to_have_attribute("aria-selected", "true")
        self.page.keyboard.press("Enter")
        expect(self.heading).to_have_text(room)

    def chooses(self, anchor: str, item: str) -> None:
        """Open the menu of this name and choose something of it."""
        name = re.compile(f"^{re.escape(anchor)}( |$)")
        self.page.get_by_role("button", name=name).click()
        self.page.get_by_role("menu").get_by_role("menuitem", name=item).click()

    def does(self, text: str, item: str) -> None:
        """Open the menu of a message, without a mouse, and choose something of it."""
        self.message(text).focus()
        self.page.keyboard.press("Enter")
        self.page.get_by_role("menu").get_by_role("menuitem", name=item).click()

    def answers(self, act: str, **fields: str) -> None:
        """Fill a dialog in and press its button."""
        dialog = self.page.get_by_role("dialog")
        for name, value in fields.items():
            field = dialog.locator(f"#field-{name}")
            if field.evaluate("field => field.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)
        dialog.get_by_role("button", name=act, exact=True).click()

    # --- seeing ---
    @property
    def field(self) -> Locator:
        """Where one writes."""
        return self.page.locator("#text")

    @property
    def heading(self) -> Locator:
        """The open room's name."""
        return self.page.locator("#room-name")

    @property
    def log(self) -> Locator:
        """The open room."""
        return self.page.get_by_role("log")

    @property
    def messages(self) -> Locator:
        """Those of the open room."""
        return self.log.locator("li.message:visible")

    @property
    def texts(self) -> Locator:
        """What they say."""
        return self.messages.locator(".text")

    @property
    def pending(self) -> Locator:
        """Messages that are not stored yet."""
        return self.log.locator("[data-state=pending]")

    @property
    def banner(self) -> Locator:
        """What is told of the line."""
        return self.page.locator("#banner")

    def chips(self, text: str) -> Locator:
        """The reactions to a message."""
        return self.message(text).locator(".reactions button")

    def message(self, text: str) -> Locator:
        """The message that says this."""
        return self.messages.filter(has=self.page.locator(".text", has_text=text))

    def below(self) -> int:
        """Pixels of the open room that are below of what is seen."""
        pixels: float = self.log.evaluate(
            "log => log.scrollHeight - log.scrollTop - log.clientHeight"
        )
        return round(pixels)

    def overflow(self) -> int:
        """Pixels by which the page is wider than its window."""
        wider: int = self.page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return wider


def screenshot(page: Page, path: Path) -> None:
    """What the page looks like, once all of it has its shape."""
    page.evaluate("() => document.fonts.ready")
    page.screenshot(path=path, animations="disabled", caret="hide")
