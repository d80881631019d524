"""Confirm: send a code to a phone number or mailbox to prove ownership.

The process that took the request sends it, through the channels, gates and rates of alerts, after every urgent alert.
Codes do not use the bus, and no other process takes them over: the requester waits at the page and may ask again, and a
code expires within a quarter of an hour.
"""

import asyncio
from typing import Any

import structlog

from broadcaster.domain.people import ChannelName
from broadcaster.domain.stations import Station
from broadcaster.metrics import SENT
from broadcaster.pipeline.render.code import Code, render_code
from broadcaster.pipeline.services import Services
from broadcaster.sending.sender import Sender
from broadcaster.store import sandbox
from broadcaster.store.people import confirmations
from broadcaster.store.people.confirmations import ConfirmationRequest, StartedConfirmation
from channels.errors import ChannelError, Gone, Permanent, Transient
from channels.transport.breaker import is_about_receiver

RANK = 10
"""Rank after urgent alerts, and before most others."""

_TRIES = 3
_AGAIN_S = 2.0
_PATIENCE_S = 120.0
_log = structlog.get_logger(__name__)


def send_soon(services: Services, station: Station, asked: ConfirmationRequest, begun: StartedConfirmation) -> None:
    """Send the code in the background: response time must not reveal how long a provider takes."""
    if begun.code is None:  # the code sent before is still valid
        return
    task = asyncio.create_task(send_code(services, station, asked, begun))
    services.lingering.add(task)
    task.add_done_callback(services.lingering.discard)


async def send_code(
    services: Services, station: Station, asked: ConfirmationRequest, begun: StartedConfirmation
) -> None:
    """Send the code; record a failure unless the number is its cause."""
    channel = asked.contact.channel
    sender = services.senders[channel]
    try:
        code = Code(station, services.links, asked.locale, begun.code or "", begun.id, begun.minutes, begun.purpose)
        message = render_code(channel, code)
        async with asyncio.timeout(_PATIENCE_S):
            sent = await _send(services, sender, message, asked.contact.address, begun)
    except TimeoutError:
        _log.warning("a code waited too long to be sent", channel=channel)
        sent = False
    except Exception:  # noqa: BLE001  logged; who waits for it is told
        _log.exception("a code could not be sent", channel=channel)
        sent = False
    if not sent:
        async with services.store.write() as unit:
            await confirmations.unsent(unit, begun.id)


async def _send(services: Services, sender: Sender, message: Any, address: str, begun: StartedConfirmation) -> bool:
    for turn in range(1, _TRIES + 1):
        try:
            async with sender.gate.passing(RANK, sender.channel.cost(message)):
                receipt = await sender.channel.send(message, address)
        except (Gone, Permanent) as refused:
            # The requester must not learn whether a number exists, or its owner sent STOP.
            SENT.labels(sender.name, type(refused).__name__.lower()).inc()
            return True
        except ChannelError as error:
            SENT.labels(sender.name, type(error).__name__.lower()).inc()
            _log.warning("a code was not taken", channel=sender.name, code=error.code)
            if not isinstance(error, Transient) or error.may_have_left or is_about_receiver(error):
                return error.may_have_left or is_about_receiver(error)
            if turn < _TRIES:
                await asyncio.sleep(_AGAIN_S * turn)
        else:
            SENT.labels(sender.name, "accepted").inc()
            if receipt.composed is not None:
                now = services.clock.now()
                async with services.store.write() as unit:
                    await sandbox.keep_code(unit, begun.id, ChannelName(sender.name), receipt.composed, now)
            return True
    return False
