"""Announces a running process, its roles and troubles; and probes its providers."""

import asyncio
from typing import Any

from broadcaster.domain.health import Code, Trouble
from broadcaster.health import own_troubles
from broadcaster.pipeline.services import Services
from broadcaster.sending.sender import Sender
from broadcaster.store import Unit
from broadcaster.store.operations import processes
from channels.base import Finding
from channels.transport.failover import Provider

REACH_EVERY_S = 4.0
"""Seconds between connection checks of providers, so that /readyz notices an outage within ten."""

_PROBE_S = 20.0
_REACH_S = 3.0
_GREETING_S = 0.5


async def announce(services: Services) -> None:
    """Announce this process, its roles and its troubles."""
    troubles = await asyncio.to_thread(own_troubles, services)
    now = services.clock.now()

    async def write(unit: Unit) -> None:
        await processes.announce(unit, services.owner, services.roles, troubles, now)

    await services.store.run_write(write)


async def probe(services: Services, *, whole: bool) -> None:
    """Probe each provider without sending.

    ``whole``: also sign in. Otherwise only connect, except to a provider that failed the last probe.
    """
    for name, sender in services.senders.items():
        if not sender.sandboxed:
            services.probed[name] = await _troubles_of(sender, whole=whole or bool(services.probed.get(name)))


async def _troubles_of(sender: Sender, *, whole: bool) -> list[Trouble]:
    asked = _ill if whole else _unreachable
    ill = {each.name: found for each in sender.providers if (found := await asked(sender, each)) is not None}
    code = Code.PROVIDER_AWAY if len(ill) == len(sender.providers) else Code.PROVIDER_REPLACED
    return [_trouble(code, sender, name, found) for name, found in ill.items()]


def _trouble(code: Code, sender: Sender, provider: str, found: Finding) -> Trouble:
    gaps = {name: str(value) for name, value in found.params.items()}
    # One of several push services is known by its host.
    params = {"channel": str(sender.name), "provider": gaps.get("host", provider)}
    return Trouble(code, params, found.detail, why=found.sentence, gaps=gaps)


async def _unreachable(sender: Sender, provider: Provider[Any, Any]) -> Finding | None:
    """Return why a provider accepts no connection; None if it does or has no single address.

    A relay greets first, and an HTTP server waits for us; an unhealthy server hangs up.
    """
    if _is_bound_to(sender, provider):
        return await _ill(sender, provider)
    if provider.endpoint is None:
        return None
    host, port = provider.endpoint
    where = {"where": f"{host}:{port}"}
    try:
        async with asyncio.timeout(_REACH_S):
            reader, writer = await asyncio.open_connection(host, port)
    except TimeoutError:
        gaps = {**where, "s": round(_REACH_S)}
        return Finding("error", "%(where)s takes no connection within %(s)s s", params=gaps)
    except OSError as error:
        reason = error.strerror or str(error)
        return Finding("error", "%(where)s takes no connection", params=where, detail=reason)
    try:
        async with asyncio.timeout(_GREETING_S):
            greeting = await reader.read(1)
    except TimeoutError:
        return None
    except OSError:
        greeting = b""
    finally:
        writer.close()
    return None if greeting else Finding("error", "%(where)s hangs up", params=where)


async def _ill(sender: Sender, provider: Provider[Any, Any]) -> Finding | None:
    """Return a provider's trouble; None if it is healthy."""
    if sender.listener is not None and _is_bound_to(sender, provider):
        return None if sender.listener.is_bound else Finding("error", "not bound to the message centre")
    try:
        async with asyncio.timeout(_PROBE_S):
            found = await provider.channel.probe()
    except TimeoutError:
        return Finding("error", "no answer within %(s)s s", params={"s": round(_PROBE_S)})
    return next((each for each in found if each.level == "error"), None)


def _is_bound_to(sender: Sender, provider: Provider[Any, Any]) -> bool:
    """Return whether a session is permanently open; many carriers do not allow a second one."""
    return provider.channel is sender.listener
