"""One running chatd: its sessions, people and rooms; the gate, the fan-out, the catch-up.
It knows ports only: what is behind them is chosen in daemon.py."""

from chatd.node.node import Node
from chatd.node.session import Session

__all__ = ["Node", "Session"]
