"""A terminal as tmux has it: keys go in, the screen is read. No test looks but through it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import join

import pytest

from tests.process.harness import PROJECT, clean_environ, eventually

ENDED = "ended with"


class Terminal:
    """One window in which `chatd connect` runs; the screen says at the end how it ended."""

    def __init__(
        self,
        socket: Path,
        arguments: Sequence[str],
        size: tuple[int, int],
        environ: Mapping[str, str],
    ) -> None:
        tmux = shutil.which("tmux")
        if tmux is None:
            pytest.skip("there is no tmux")
        self._command, self._socket = tmux, socket
        # tmux says itself what kind of terminal it is.
        kind = [f"TERM={environ['TERM']}"] if "TERM" in environ else []
        command = join(["env", *kind, sys.executable, "-m", "chatd", "connect", *arguments])
        columns, lines = size
        self._environ = clean_environ() | {"LC_ALL": "C.UTF-8", "TERM": "screen-256color"}
        for name in ("NO_COLOR", "CHATD_URL", "CHATD_TOKEN", "TMUX"):
            self._environ.pop(name, None)
        self._environ |= environ
        self._tmux(
            *("-f", "/dev/null", "-u", "new-session", "-d", "-s", "t"),
            *("-x", str(columns), "-y", str(lines)),
            f"{command}; echo {ENDED} $?; exec cat",
        )

    def _tmux(self, *arguments: str, check: bool = True) -> str:
        done = subprocess.run(
            [self._command, "-S", str(self._socket), *arguments],
            cwd=PROJECT, env=self._environ, capture_output=True, text=True, timeout=20,
            check=check,
        )  # fmt: skip
        return done.stdout

    def keys(self, *names: str) -> None:
        """Press these, by tmux's names."""
        self._tmux("send-keys", "-t", "t", *names)

    def type(self, text: str) -> None:
        """Type a text and Enter."""
        self._tmux("send-keys", "-t", "t", "-l", "--", text)
        self.keys("Enter")

    def paste(self, text: str) -> None:
        """As a terminal pastes: in brackets, where the program asked for them."""
        self._tmux("set-buffer", "--", text)
        self._tmux("paste-buffer", "-p", "-t", "t")

    def resize(self, columns: int, lines: int) -> None:
        """Another size."""
        self._tmux("resize-window", "-t", "t", "-x", str(columns), "-y", str(lines))

    def text(self, *, styled: bool = False) -> str:
        """What is on the screen."""
        return self._tmux("capture-pane", "-p", "-t", "t", *(["-e"] if styled else []), check=False)

    def pid(self) -> int:
        """The process of `chatd connect`: the child of the window's shell."""
        shell = self._tmux("display-message", "-p", "-t", "t", "#{pane_pid}").strip()
        return int(Path(f"/proc/{shell}/task/{shell}/children").read_text().split()[0])

    def until(self, *texts: str) -> str:
        """Wait until all of these are on the screen; gives it."""
        return eventually(
            lambda: screen if all(text in (screen := self.text()) for text in texts) else None
        )

    def until_gone(self, text: str) -> str:
        """Wait until this is not on the screen."""
        return eventually(lambda: screen if text not in (screen := self.text()) else None)

    def code(self) -> int:
        """Wait for the end; gives the exit code."""
        screen = self.until(ENDED)
        return int(screen.partition(ENDED)[2].split()[0])

    def close(self) -> None:
        """Whatever runs in it ends."""
        self._tmux("kill-server", check=False)
