"""What operators ask of the whole server: how it is, who is connected, drain, reload, what to log,
what happens. Explaining a decision is explain; announcements and the emergency are operator."""

from __future__ import annotations

from chatd.commands.act import Act
from chatd.commands.host import Caller, Host
from chatd.core import commands as c
from chatd.core.control import (
    Gathering,
    Leaving,
    LogLevel,
    Reloaded,
    State,
    SupportFiles,
)
from chatd.core.errors import Refused
from chatd.core.events import Ok
from chatd.core.ports import BadConfig


async def status(host: Host, session: Caller, command: c.Status) -> State:
    """How the server is."""
    facts, sanctions = host.control.process.facts, host.laid.in_force
    now = host.clock.now()
    return State(
        server=host.settings.server,
        version=host.settings.version,
        since=facts.since,
        uptime=max(0, now - facts.since),
        draining=host.draining,
        sessions=host.control.sessions,
        users=host.control.users,
        rooms=host.control.rooms,
        emergency=host.laid.emergency.word,
        bans=sum(each.kind == "ban" for each in sanctions),
        mutes=sum(each.kind == "mute" for each in sanctions),
        reports=await host.store.reports_open(),
        schema=facts.schema,
        epoch=host.store.epoch,
        listening=list(facts.listening),
        log_level=facts.log_level,
        config=facts.config,
        reloaded=facts.reloaded,
        restart=list(facts.restart),
        watchers=host.control.watchers,
    )


async def everybody(host: Host, session: Caller, command: c.Everybody) -> Gathering:
    """Who is connected."""
    return host.control.everybody()


# What gets a server out of trouble works in a store that takes nothing: its record is owed then.


async def drain(host: Host, session: Caller, command: c.Drain, act: Act) -> Leaving:
    """Begin; it goes on by itself."""
    await host.audit.note(act.deed(sessions=host.control.sessions))
    host.control.process.drain()
    return Leaving(draining=True, sessions=host.control.sessions)


async def undrain(host: Host, session: Caller, command: c.Undrain, act: Act) -> Leaving:
    """Let people in; those who were told to go go, and come back."""
    await host.audit.note(act.deed())
    host.control.process.undrain()
    return Leaving(draining=False, sessions=host.control.sessions)


async def reload(host: Host, session: Caller, command: c.Reload, act: Act) -> Reloaded:
    """All or nothing; which keys changed, the process records."""
    await host.audit.note(act.deed())
    try:
        done = host.control.process.reload()
    except BadConfig as bad:
        raise Refused("bad_config", f"the old configuration holds:\n{bad}") from None
    return Reloaded(settings=list(done.settings), restart=list(done.restart))


async def loglevel(host: Host, session: Caller, command: c.Loglevel, act: Act) -> LogLevel:
    """Set, or only tell."""
    if command.level is None:
        act.nothing()
    else:
        before = host.control.process.facts.log_level
        await host.audit.note(act.deed(level=command.level, before=before))
        host.control.process.log_level(command.level)
    return LogLevel(level=host.control.process.facts.log_level)


async def watch(host: Host, session: Caller, command: c.Watch) -> Ok:
    """From now on, in place of what was watched before; or no more."""
    if command.on:
        host.control.watch(session, command)
    else:
        host.control.unwatch(session)
    return Ok()


async def support(host: Host, session: Caller, command: c.Support) -> SupportFiles:
    """Put together what the process knows."""
    return SupportFiles(files=await host.control.process.support())
