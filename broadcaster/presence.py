"""What a process tells of itself while it runs: that it is here, its roles, its troubles; and how its providers are."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from broadcaster.domain.health import Code, Trouble
from broadcaster.health import own_troubles
from broadcaster.store import processes

if TYPE_CHECKING:
    from broadcaster.services import Sender, Services
    from broadcaster.store import Unit
    from channels.base import Channel

PROBE_AGAIN_S = 5.0
"""Seconds until a provider that did not answer is asked again, so that its return is noticed soon."""

_PROBE_S = 20.0


async def announce(services: Services) -> None:
    """Say that this process is here, what it does, and what is wrong with it."""
    troubles = await asyncio.to_thread(own_troubles, services)
    now = services.clock.now()

    async def write(unit: Unit) -> None:
        await processes.announce(unit, services.owner, services.roles, troubles, now)

    await services.store.at_once(write)


async def probe(services: Services) -> float:
    """Ask each provider whether it answers, without sending anything; return the seconds until the next time."""
    every_s = services.settings.probe_every_s
    for name, sender in services.senders.items():
        if not sender.sandboxed:
            services.probed[name] = await _troubles_of(sender)
    return min(every_s, PROBE_AGAIN_S) if any(services.probed.values()) else every_s


async def _troubles_of(sender: Sender) -> list[Trouble]:
    if sender.failover is None:
        providers = [(sender.provider, sender.channel)]
    else:
        providers = [(each.name, each.channel) for each in sender.failover.providers]
    ill = {name: why for name, channel in providers if (why := await _ill(sender, channel)) is not None}
    code = Code.PROVIDER_AWAY if len(ill) == len(providers) else Code.PROVIDER_REPLACED
    return [Trouble(code, {"channel": str(sender.name), "provider": name}, why) for name, why in ill.items()]


async def _ill(sender: Sender, channel: Channel[Any, Any]) -> str | None:
    """Return what is wrong with a provider, None where it is well."""
    if channel is sender.listener:  # it is bound all the time; a second session is more than many carriers allow
        return None if sender.listener.is_bound else "not bound to the message centre"
    try:
        async with asyncio.timeout(_PROBE_S):
            found = await channel.probe()
    except TimeoutError:
        return f"no answer within {_PROBE_S:.0f} s"
    return next((each.what for each in found if each.level == "error"), None)
