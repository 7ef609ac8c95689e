"""Checks of the daemon that runs: whether it does, and whether its listeners answer.
Who may connect to its sockets is permissions.py's."""

from __future__ import annotations

from chatd.ops.config import Listener
from chatd.ops.doctor.exam import Exam, addresses, process
from chatd.ops.doctor.findings import Verdict, Verdicts, fail, ok, warn
from chatd.ops.doctor.host import Address, Answer, Host


def daemon(exam: Exam, host: Host) -> Verdicts:
    """A process has this store, or none."""
    pid = process(exam, host)
    if pid:
        user = host.user_name(host.runs_as(pid))
        yield ok(f"chatd runs as process {pid}, user {user}")
    else:
        yield warn(
            f"chatd is not running: no process has {exam.database}",
            "nothing, if it was stopped; else `systemctl start chatd`, and `journalctl -u chatd` "
            "says why it ended",
        )


def listeners(exam: Exam, host: Host) -> Verdicts:
    """Each listener of a daemon that runs, asked as its clients and monitoring ask."""
    pid = process(exam, host)
    if not pid:
        return
    listen = exam.config.listen
    for paths, configured in (
        (("/",), listen.public),
        (("/healthz", "/readyz"), listen.operations),
    ):
        for listener, reached in addresses(configured, pid, host).items():
            if not reached:
                yield _not_found(listener)
            for address in reached:
                yield from (_asked(listener, address, path, host) for path in paths)


def control(exam: Exam, host: Host) -> Verdicts:
    """The socket of `chatctl`, of a daemon that runs. Without it the chat goes on, and cannot be
    operated."""
    path = exam.config.control.socket
    if not process(exam, host):
        return
    if host.entry(path).kind == "socket":
        yield ok(f"{path} is there for chatctl")
    else:
        yield warn(
            f"chatd runs, but {path} is not there: neither chatctl nor `systemctl reload` works",
            "`journalctl -u chatd` has `control_missing` where it could not be opened; else "
            "somebody removed it, and `systemctl restart chatd` opens it anew",
        )


def _not_found(listener: Listener) -> Verdict:
    return warn(
        f"{listener}: it cannot be seen from here which socket this is, so it was not asked",
        "see the event `listening` in the log of chatd",
    )


def _asked(listener: Listener, address: Address, path: str, host: Host) -> Verdict:
    here = str(listener) if listener == address else f"{listener} ({address})"
    try:
        answer = host.ask(address, path)
    except PermissionError:
        raise
    except FileNotFoundError:
        return fail(
            f"{here} does not answer {path}: its socket is not there any more",
            "the finding socket-permissions says how to get it back",
        )
    except OSError as error:
        return fail(
            f"{here} does not answer {path}: {error}",
            "see `journalctl -u chatd`; if it listens elsewhere since the file was changed, "
            "restart it",
        )
    return _judged(here, path, answer)


def _judged(here: str, path: str, answer: Answer) -> Verdict:
    if answer.status == 200:
        return ok(f"{here} answers {path}")
    said = f"{here} answers {path} with {answer.status}: {answer.text.strip()}"
    if path == "/readyz" and answer.text.startswith("draining"):
        return warn(said, "nothing: it is about to stop")
    return fail(said, "what it says is what to mend; `journalctl -u chatd` says more")
