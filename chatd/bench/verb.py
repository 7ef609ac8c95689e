"""`chatd bench` from its arguments to its exit. What it does in between is crowd.py."""

from __future__ import annotations

import argparse
import asyncio
import json
import ssl
import sys
from io import TextIOWrapper
from pathlib import Path

from chatd.bench.crowd import Crowd, Plan
from chatd.bench.report import text, told
from chatd.client import ChatError
from chatd.client.address import address
from chatd.ops.plain import plain

USAGE = 2


def bench(args: argparse.Namespace) -> int:
    """Measure and print; gives the exit code: 0 when nothing was lost, doubled or refused."""
    try:
        plan = plan_of(args)
    except (ValueError, OSError) as error:
        sys.stderr.write(f"chatd bench: {error}\n")
        return USAGE
    try:
        run = asyncio.run(Crowd(plan).run())
    except ChatError as error:
        sys.stderr.write(f"chatd bench: {error}\n")
        return 1
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a server's words, on a terminal without UTF-8
    sys.stdout.write(json.dumps(told(run), indent=2) + "\n" if args.json else text(run))
    return 0 if run.good else 1


def plan_of(args: argparse.Namespace) -> Plan:
    """What the arguments ask for. Raises ValueError, and OSError for a file that is not there."""
    where = address(args.url)
    if args.ca and not where.tls:
        raise ValueError(f"--ca is for wss://, and {where} has no TLS")
    if args.rooms > args.connections:
        raise ValueError(
            f"{args.connections} connections cannot be in {args.rooms} rooms, each in one: "
            "take fewer rooms"
        )
    return Plan(
        url=args.url,
        connections=args.connections,
        rooms=args.rooms,
        rate=args.rate,
        arrivals=args.arrivals,
        duration=args.duration,
        size=args.size,
        prefix=args.prefix,
        history=False if args.no_history else None,
        tls=ssl.create_default_context(cafile=plain(Path(args.ca))) if args.ca else None,
    )
