"""Who connects, and where to: from arguments, environment and prompts to what a Client is made of.
A password is never an argument: those are in the list of processes, for everybody."""

from __future__ import annotations

import argparse
import os
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from chatd.client.address import address
from chatd.client.chat import Options
from chatd.ops.plain import plain
from chatd.terminal.exits import Unusable

URL = "ws://127.0.0.1:8765/"


@dataclass(frozen=True, slots=True)
class Prompts:
    """How a person is asked: for a line, and for one that is not shown."""

    shown: Callable[[str], str]
    hidden: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Who:
    """A server and how to log in there. ``asked``: whether a password was typed just now, so that
    it may be typed again."""

    url: str
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    guest: str | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    asked: bool = False

    def options(self, patience: float) -> Options:
        """For a Client that gives up after so many seconds."""
        return Options(
            patience=patience,
            guest=self.guest,
            user=self.user,
            password=self.password,
            token=self.token,
            tls=self.tls,
        )


def who(args: argparse.Namespace, environ: Mapping[str, str], prompts: Prompts | None) -> Who:
    """What they come to. Without ``prompts`` nobody is there to be asked. Raises Unusable."""
    url = args.url or environ.get("CHATD_URL") or URL
    tls = _trust(url, args.ca)
    if args.guest:
        return Who(url, tls, guest=args.guest)
    if args.token_file:
        return Who(url, tls, token=_token(Path(args.token_file)))
    if args.user is None and environ.get("CHATD_TOKEN"):
        return Who(url, tls, token=environ["CHATD_TOKEN"].strip())
    if prompts is None:
        if args.user is not None:
            raise Unusable(
                "--user asks for a password at a terminal, and there is none; "
                "a script logs in with a token: --token-file FILE, or CHATD_TOKEN"
            )
        return Who(url, tls)
    name = args.user or prompts.shown("Your name: ").strip()
    label = "Password: " if args.user else "Password (empty: come as a guest): "
    password = prompts.hidden(label)
    if password:
        return Who(url, tls, user=name or None, password=password, asked=True)
    if args.user:
        raise Unusable("no password, no log-in: --guest NAME comes without one", os.EX_NOPERM)
    return Who(url, tls, guest=name or None)


def _trust(url: str, authority: str | None) -> ssl.SSLContext | None:
    try:
        where = address(url)
    except ValueError as error:
        raise Unusable(str(error)) from None
    if not authority:
        return None
    if not where.tls:
        raise Unusable(f"--ca is for wss://, and {where} has no TLS")
    try:
        return ssl.create_default_context(cafile=plain(Path(authority)))
    except (OSError, ssl.SSLError) as error:
        raise Unusable(f"--ca {authority}: {_why(error)}", os.EX_NOINPUT) from None


def _token(file: Path) -> str:
    try:
        token = plain(file).read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise Unusable(f"--token-file {file}: {_why(error)}", os.EX_NOINPUT) from None
    if not token:
        raise Unusable(f"--token-file {file}: there is no token in it", os.EX_NOINPUT)
    return token


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
