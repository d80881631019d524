"""Delivery reports and people's texts from a carrier's own line (SMPP), stored before they are acknowledged."""

import asyncio
from collections import OrderedDict

import structlog

from broadcaster.domain.deliveries import DeliveryState
from broadcaster.domain.retirement import Blame
from broadcaster.metrics import UNKNOWN_REPORTS
from broadcaster.pipeline.confirm import RANK
from broadcaster.pipeline.inbound import handle_text
from broadcaster.pipeline.services import Services
from broadcaster.sending.sender import Sender
from broadcaster.store import StoreUnavailable
from broadcaster.store.alerts import deliveries
from channels.errors import ChannelError
from channels.sms import SmsMessage
from channels.sms.smpp import Incoming, Report

WAITS_S = (0.0, 0.2, 1.0, 3.0)
"""Retry delays in seconds: a report may arrive before the answer to its message is stored, here or in
another process.
"""

_MOST_REFUSALS = 3
_REMEMBERED = 10_000
_log = structlog.get_logger(__name__)


async def hear(services: Services, sender: Sender) -> None:
    """Receive a carrier's reports until cancelled."""
    if sender.listener is not None:
        await sender.listener.listen(_Receipts(services, sender).take, _Texts(services, sender).take)


class _Texts:
    def __init__(self, services: Services, sender: Sender) -> None:
        self._services = services
        self._sender = sender

    async def take(self, came: Incoming) -> bool:
        """Handle a text, and reply in the background. Return False to get it again: the store is unavailable."""
        try:
            said = await handle_text(self._services, came.number, came.text)
        except StoreUnavailable:
            return False
        if said:
            task = asyncio.create_task(self._reply(came.number, said))
            self._services.lingering.add(task)
            task.add_done_callback(self._services.lingering.discard)
        return True

    async def _reply(self, number: str, said: str) -> None:
        message = SmsMessage(said)
        try:
            async with self._sender.gate.passing(RANK, self._sender.channel.cost(message)):
                await self._sender.channel.send(message, number)
        except ChannelError as error:
            _log.warning("a reply to a text was not taken", code=error.code)


class _Receipts:
    def __init__(self, services: Services, sender: Sender) -> None:
        self._services = services
        self._sender = sender
        self._refused: OrderedDict[str, int] = OrderedDict()

    async def take(self, report: Report) -> bool:
        """Store a report. Return False to get it again: the store is unavailable, or the message still unknown."""
        if self._sender.failover is not None:
            self._sender.failover.reported(report.provider_id)
        try:
            number = await self._delivery(report.provider_id)
            if number is None:
                return self._unknown(report.provider_id)
            delivered = report.fate == "delivered"
            state = DeliveryState.DELIVERED if delivered else DeliveryState.FAILED
            blame = Blame.CONTACT if report.dead else None
            if report.dead:
                state = DeliveryState.GONE
            await self._services.ledger.receipt(number, state, code=None if delivered else report.code, blame=blame)
        except StoreUnavailable:
            return False
        self._refused.pop(report.provider_id, None)
        return True

    async def _delivery(self, provider_id: str) -> int | None:
        for wait_s in WAITS_S:
            await asyncio.sleep(wait_s)
            if wait_s:
                await self._services.ledger.settled()
            async with self._services.store.read() as unit:
                number = await deliveries.by_provider_id(unit, provider_id)
            if number is not None:
                return number
        return None

    def _unknown(self, provider_id: str) -> bool:
        """Ask for the report again a few times, then drop it: some carriers send nothing until it is acknowledged."""
        times = self._refused.get(provider_id, 0) + 1
        self._refused[provider_id] = times
        while len(self._refused) > _REMEMBERED:
            self._refused.popitem(last=False)
        if times < _MOST_REFUSALS:
            return False
        del self._refused[provider_id]
        UNKNOWN_REPORTS.inc()
        _log.warning("a report of a message that nobody knows", channel=self._sender.name)
        return True
