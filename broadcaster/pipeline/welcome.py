"""Welcome: a push to each new subscription, repeated for 30 days until its service worker answers.

The process that took the sign-up sends the first, the leading scheduler the rest. All yield to urgent alerts.
"""

import asyncio
from collections.abc import Sequence

import structlog

from broadcaster.domain.people import ChannelName
from broadcaster.metrics import SENT
from broadcaster.pipeline.render.welcome import render_welcome
from broadcaster.pipeline.services import Services
from broadcaster.store import StoreUnavailable
from broadcaster.store.people import welcomes
from broadcaster.store.people.welcomes import Welcome
from channels.addresses import read_address
from channels.errors import ChannelError, Gone

RANK = 10
"""Rank after urgent alerts, like codes."""

AT_ONCE = 8
MOST_DUE = 200
_PATIENCE_S = 60.0
_log = structlog.get_logger(__name__)


def send_soon(services: Services, contact_ids: Sequence[int]) -> None:
    """Send these welcomes in the background; a failed one is retried when due."""
    if contact_ids:
        task = asyncio.create_task(_send_all(services, contact_ids))
        services.lingering.add(task)
        task.add_done_callback(services.lingering.discard)


async def send_due(services: Services) -> None:
    """Resend unanswered welcomes; run by the leading scheduler."""
    now = services.clock.now()
    if not await services.store.run_read(lambda unit: welcomes.is_due(unit, now)):
        return
    async with services.store.write() as unit:
        due = await welcomes.take_due(unit, now, MOST_DUE)
    send_soon(services, due)


async def _send_all(services: Services, contact_ids: Sequence[int]) -> None:
    try:
        async with services.store.read() as unit:
            wanted = await welcomes.to_send(unit, contact_ids)
        waiting = iter(wanted)

        async def work() -> list[tuple[int, str | None]]:
            return [(each.contact_id, code) for each in waiting for code in await _send(services, each)]

        dead = [found for part in await asyncio.gather(*(work() for _ in range(AT_ONCE))) for found in part]
        if dead:
            now = services.clock.now()
            async with services.store.write() as unit:
                for contact_id, code in dead:
                    await welcomes.forget(unit, [contact_id], code, now)
    except StoreUnavailable as error:
        _log.warning("welcomes wait for the store", error=str(error))


async def _send(services: Services, welcome: Welcome) -> list[str | None]:
    """Send one; return the push service's code if it reports the subscription dead."""
    if welcome.dead:
        return [None]
    sender = services.senders[ChannelName.PUSH]
    try:
        await services.precedence.stand_back(RANK)
        async with asyncio.timeout(_PATIENCE_S), sender.gate.passing(RANK):
            address = read_address(ChannelName.PUSH, welcome.address)
            await sender.channel.send(render_welcome(welcome, services.links), address)
    except Gone as error:
        SENT.labels(sender.name, "gone").inc()
        return [error.code]
    except (ChannelError, TimeoutError) as error:
        SENT.labels(sender.name, type(error).__name__.lower()).inc()
        _log.info("a welcome was not taken", contact=welcome.contact_id, error=type(error).__name__)
    except Exception:  # noqa: BLE001  logged; the others go on, and this one is due again
        _log.exception("a welcome could not be sent", contact=welcome.contact_id)
    else:
        SENT.labels(sender.name, "accepted").inc()
    return []
