"""The configuration file: its keys (table.py), reading it (load.py), the reference (reference.py).
Who acts on a value is told it by daemon.py; nothing here knows what it is used for."""

from chatd.ops.config.load import (
    Changes,
    Invalid,
    Loaded,
    Problem,
    beside,
    changes,
    load,
    parse,
    written,
)
from chatd.ops.config.table import KEYS, SECTIONS, Config
from chatd.ops.config.values import Inherited, Listener, Proxies, Tcp, Unix

__all__ = [
    "KEYS",
    "SECTIONS",
    "Changes",
    "Config",
    "Inherited",
    "Invalid",
    "Listener",
    "Loaded",
    "Problem",
    "Proxies",
    "Tcp",
    "Unix",
    "beside",
    "changes",
    "load",
    "parse",
    "written",
]
