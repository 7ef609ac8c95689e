"""What each verb of chatctl does with a connection: mostly, ask one thing and print the answer.
The arguments are arguments, the looks told, the bundle's file bundle."""

from __future__ import annotations

import json
import os
import sys
import time
from argparse import Namespace
from collections.abc import Callable
from typing import Any

from chatd.ctl.told import TOLD, counted, happened, remaining
from chatd.ctl.wire import Frame, Line, Trouble

LOOK = 0.2
"""Seconds between two looks at whether all have gone."""


def say(text: str) -> None:
    """A line, or several, at once: somebody may be reading along."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def tell(args: Namespace, command: str, answer: Frame) -> None:
    """Print an answer."""
    if args.json:
        say(json.dumps({k: v for k, v in answer.items() if k != "id"}, ensure_ascii=False))
    elif command in TOLD:
        say(TOLD[command](answer))


def asking(command: str, *names: str) -> Callable[[Namespace, Line], int]:
    """A verb that gives one command, whose fields have the names of the arguments."""

    def run(args: Namespace, line: Line) -> int:
        fields = {name: getattr(args, name) for name in names}
        tell(args, command, line.ask(command, **fields))
        return os.EX_OK

    return run


def _who(args: Namespace, line: Line) -> int:
    if args.room is None:
        return asking("everybody")(args, line)
    return asking("who", "room")(args, line)


def _rooms(args: Namespace, line: Line) -> int:
    """All pages."""
    found = line.ask("rooms", limit=200)
    while found["after"] is not None:
        page = line.ask("rooms", limit=200, after=found["after"])
        found = page | {"rooms": found["rooms"] + page["rooms"]}
    tell(args, "rooms", found)
    return os.EX_OK


def _slow(args: Namespace, line: Line) -> int:
    tell(args, "slow", line.ask("slow", room=args.room, seconds=args.pause))
    return os.EX_OK


def _read_only(args: Namespace, line: Line) -> int:
    tell(args, "readonly", line.ask("readonly", room=args.room, on=args.on == "on"))
    return os.EX_OK


def _drain(args: Namespace, line: Line) -> int:
    answer = line.ask("drain")
    deadline = time.monotonic() + args.timeout
    while args.wait and answer["sessions"] and answer["draining"]:
        if time.monotonic() > deadline:
            left = f"{remaining(answer['sessions'])} after {args.timeout:g} s"
            raise Trouble(os.EX_TEMPFAIL, left)
        time.sleep(LOOK)
        now = line.ask("status")
        answer = answer | {"sessions": now["sessions"], "draining": now["draining"]}
    if not answer["draining"]:
        raise Trouble(os.EX_TEMPFAIL, "somebody has undrained it")
    tell(args, "drain", answer)
    return os.EX_OK


def _watch(args: Namespace, line: Line) -> int:
    line.ask("watch", kinds=args.kinds or [], room=args.room, user=args.user)
    line.wait_for_ever(sys.stdout.fileno())
    while True:
        event = line.next()
        if event["type"] == "happened":
            say(json.dumps(event, ensure_ascii=False) if args.json else happened(event))


def _explain(args: Namespace, line: Line) -> int:
    answer = line.ask("explain", user=args.user, verb=args.what, room=args.room, target=args.target)
    tell(args, "explain", answer)
    return os.EX_OK if answer["allowed"] else 1


def _audit(args: Namespace, line: Line) -> int:
    if args.check is None:
        wanted = {"by": args.by, "user": args.user, "verb": args.done, "limit": args.limit}
        tell(args, "audit", line.ask("audit", **wanted))
        return os.EX_OK
    answer = line.ask("auditverify", head=args.head)
    tell(args, "auditverify", answer)
    return os.EX_OK if answer["whole"] else 1


def _bundle(args: Namespace, line: Line) -> int:
    from chatd.ctl.bundle import write  # noqa: PLC0415  # tar and gzip are for this verb only

    files: dict[str, Any] = line.ask("support")["files"]
    answer = write(args.file, files, line.ask("status"))
    files_in_it = counted(len(answer["files"]), "file")
    say(json.dumps(answer) if args.json else f"{answer['file']}: {files_in_it}")
    return os.EX_OK


RUN: dict[str, Callable[[Namespace, Line], int]] = {
    "status": asking("status"),
    "who": _who,
    "rooms": _rooms,
    "kick": asking("kick", "user", "room", "reason"),
    "ban": asking("ban", "who", "room", "reason", "seconds"),
    "unban": asking("unban", "who", "room"),
    "bans": asking("bans", "room"),
    "mute": asking("mute", "user", "room", "reason", "seconds"),
    "unmute": asking("unmute", "user", "room"),
    "slow": _slow,
    "read-only": _read_only,
    "announce": asking("announce", "text"),
    "emergency": asking("emergency", "step"),
    "reports": asking("reports", "settled"),
    "settle": asking("settle", "number", "outcome"),
    "drain": _drain,
    "undrain": asking("undrain"),
    "reload": asking("reload"),
    "loglevel": asking("loglevel", "level"),
    "watch": _watch,
    "explain": _explain,
    "audit": _audit,
    "support-bundle": _bundle,
}
