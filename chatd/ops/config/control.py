"""The keys of the control socket, a part of table.py. Who connects there is chatd/edge/control.
The socket's place when chatd is only tried out is load.py's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from chatd.ops.config.keys import key
from chatd.ops.config.kinds import line
from chatd.ops.config.measures import mode
from chatd.ops.config.places import file


@dataclass(frozen=True, slots=True)
class Control:
    """Where `chatctl` reaches the daemon. Root may always, and the user that chatd runs as."""

    socket: Path = key(
        file(),
        Path("/run/chatd/control.sock"),
        "The unix socket. Its folder must be there; the package makes /run/chatd, by tmpfiles.d.",
        reload=False,
    )
    group: str = key(
        line(0, 32),
        "",
        "The group of this host whose members may operate the server, too. The socket is given to "
        "it, for which the user that chatd runs as must be a member. Empty: none.",
        reload=False,
    )
    mode: int = key(
        mode(),
        0o660,
        "Permissions of the socket. Whoever can open it is still asked for by name.",
        reload=False,
    )
