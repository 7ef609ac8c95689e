"""chatd, but what is told to many is compressed anew for each of them: for what sharing saves."""

from __future__ import annotations

import sys

from chatd.cli import main
from chatd.core.ports import Bundle, Frame
from chatd.edge.packing import PackingOutbox

shared = PackingOutbox.put


def alone(self: PackingOutbox, frame: Frame, *, ephemeral: bool = False) -> None:
    """As if what was made of it for others had been thrown away."""
    if frame.packed is not None:
        frame.packed = {}
        for each in frame.frames if isinstance(frame, Bundle) else ():
            each.packed = None
    shared(self, frame, ephemeral=ephemeral)


if __name__ == "__main__":
    PackingOutbox.put = alone  # type: ignore[method-assign]  # that is what is measured
    sys.exit(main(sys.argv[1:]))
