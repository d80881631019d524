"""Deliver: one batch, leased; its messages sent side by side as the channel's gate lets them; each outcome recorded.

No database connection is held while a provider is spoken to.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog

from broadcaster.domain.deliveries import DeliveryState, Outcome
from broadcaster.metrics import DEAD_LETTERS, SEND_SECONDS, SENT, STOPPED
from broadcaster.pipeline.backoff import MOST_ATTEMPTS, backoff_s
from broadcaster.pipeline.render import Fill, render
from broadcaster.store import StoreUnavailable, account, alerts, batches
from channels.addresses import read_address
from channels.errors import ChannelError, Gone, Misconfigured, Transient
from channels.sms import SmsMessage, count

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from broadcaster.bus.base import Signal
    from broadcaster.domain.alerts import Alert
    from broadcaster.pipeline.render import Context
    from broadcaster.services import Sender, Services
    from broadcaster.store.batches import Batch, ToSend

_STOP_S = 30.0
_log = structlog.get_logger(__name__)


async def deliver(services: Services, batch_id: int) -> datetime | None:
    """Send what is due of a batch; give when the rest of it is due, None when there is no rest.

    A batch that is not due, done, or another's, is left alone.
    """
    now = services.clock.now()
    async with services.store.write() as unit:
        at = await unit.now(now)
        until = at + timedelta(seconds=services.settings.lease_s)
        batch = await batches.lease(unit, batch_id, services.owner, at, until)
    if batch is None:
        return None
    # Heard before it is read: a cancel that comes between the two is not missed.
    async with services.bus.listen(f"cancelled:{batch.alert_id}") as cancelled:
        await _send_batch(services, batch, cancelled, now)
    await services.ledger.settled()
    sender = services.senders[batch.channel]
    async with services.store.write() as unit:
        due_at = await batches.release(unit, batch_id, services.owner, services.clock.now())
        if due_at is not None and sender.stopped_until is not None:
            due_at = max(due_at, sender.stopped_until)
            await batches.postpone(unit, [batch_id], due_at)
    return due_at


async def _send_batch(services: Services, batch: Batch, cancelled: Signal, now: datetime) -> None:
    sender = services.senders[batch.channel]
    async with services.store.read() as unit:
        rows = await batches.to_send(unit, batch.id, now)
        over = await alerts.is_cancelled(unit, batch.alert_id)
        stopped = batch.channel in await account.stops(unit)
    context = await services.context(batch.alert_id)
    if context is None:
        _log.error("a batch of an alert that is not there", batch=batch.id, alert=batch.alert_id)
        return
    run = _Run(services, sender, batch, context, {}, iter(rows), cancelled, over=over, stopped=stopped)
    if sender.stopped_until is None or sender.stopped_until <= now or over or now >= context.alert.expires_at:
        # A channel that was stopped is tried with one message before many.
        most = 1 if stopped or sender.stopped_until is not None else services.settings.send_at_once(batch.channel)
        await run.send_all(min(len(rows), most))


@dataclass
class _Run:
    """The sending of one batch."""

    services: Services
    sender: Sender
    batch: Batch
    context: Context
    fills: dict[str, Fill]
    rows: Iterator[ToSend]
    cancelled: Signal
    over: bool
    stopped: bool
    ended: bool = False
    looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def send_all(self, side_by_side: int) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(side_by_side):
                group.create_task(self._worker())

    async def _worker(self) -> None:
        """Take one delivery after the other until there is none, or the channel stops."""
        gate, rank = self.sender.gate, self.batch.rank
        while not self.ended and not self.services.stopping.is_set():
            row = next(self.rows, None)
            if row is None:
                return
            outcome = self._not_sent(row)
            if outcome is None:
                message, outcome = self._message(row)
                if outcome is None:
                    # Written most exposed first, and numbered so: at a slow rate, batches side by side keep to it too.
                    await gate.enter(rank, _cost(message), turn=row.id)
                    try:
                        # It may have waited long: the alert may be over, the channel stopped, the process ending.
                        if self.cancelled.told or self.looking.locked():
                            await self._look_again()
                        outcome = self._not_sent(row)
                        if outcome is None:
                            if self.ended or self.services.stopping.is_set():
                                return
                            outcome = await self._send(row, message)
                    finally:
                        gate.leave()
            await self.services.ledger.record(outcome)

    def _not_sent(self, row: ToSend) -> Outcome | None:
        """Give the outcome of what must not be sent: expired, cancelled, or to a contact that is no more."""
        now = self.services.clock.now()
        alert: Alert = self.context.alert
        if now >= alert.expires_at:
            return Outcome(row.id, DeliveryState.EXPIRED, now, code=_code("tocsin:expired", maybe=row.maybe))
        if self.over:
            return Outcome(row.id, DeliveryState.CANCELLED, now, code=_code("tocsin:cancelled", maybe=row.maybe))
        if row.address is None:
            DEAD_LETTERS.labels(self.batch.channel).inc()
            _log.error("an address does not open", delivery=row.id, alert=self.batch.alert_id)
            return Outcome(row.id, DeliveryState.DEAD_LETTER, now, code="tocsin:sealed")
        if not row.address:
            return Outcome(row.id, DeliveryState.GONE, now, code="tocsin:erased")
        if not row.contact_works:
            return Outcome(row.id, DeliveryState.GONE, now, code="tocsin:contact-retired")
        return None

    async def _look_again(self) -> None:
        """A signal is a hint, and may be told for another reason: the store knows whether the alert was cancelled.

        One looks, and nobody sends meanwhile.
        """
        async with self.looking:
            if self.cancelled.told:
                await self.cancelled.wait(0)
                async with self.services.store.read() as unit:
                    self.over = await alerts.is_cancelled(unit, self.batch.alert_id)

    def _message(self, row: ToSend) -> tuple[Any, Outcome | None]:
        try:
            fill = self.fills.get(row.locale)
            if fill is None:
                fill = self.fills[row.locale] = render(self.batch.channel, self.context, row.locale)
            return (fill(row.id), read_address(self.batch.channel, row.address or "")), None
        except Exception as error:  # noqa: BLE001  an error of ours: this one is put aside, and the rest goes on
            return None, self._dead_letter(row, error)

    def _dead_letter(self, row: ToSend, error: Exception) -> Outcome:
        DEAD_LETTERS.labels(self.batch.channel).inc()
        _log.exception("a delivery is given up for an error of ours", delivery=row.id, alert=self.batch.alert_id)
        return Outcome(
            row.id,
            DeliveryState.DEAD_LETTER,
            self.services.clock.now(),
            tried=True,
            code=f"tocsin:bug {type(error).__name__}",
        )

    async def _send(self, row: ToSend, message: tuple[Any, Any]) -> Outcome:
        channel = self.batch.channel
        began = time.perf_counter()
        try:
            async with asyncio.timeout(self.services.settings.send_timeout_s * 2):
                receipt = await self.sender.channel.send(*message)
        except ChannelError as error:
            return await self._refused(row, error)
        except TimeoutError:
            return await self._refused(
                row, Transient("tocsin:timeout", "The provider never answered.", may_have_left=True)
            )
        except Exception as error:  # noqa: BLE001  logged, and shown as a dead letter
            return self._dead_letter(row, error)
        SENT.labels(channel, "accepted").inc()
        SEND_SECONDS.labels(channel).observe(time.perf_counter() - began)
        if self.stopped or self.sender.stopped_until is not None:
            await self._start()
        return Outcome(
            row.id,
            DeliveryState.ACCEPTED,
            self.services.clock.now(),
            tried=True,
            provider_id=receipt.provider_id,
            composed=receipt.composed,
        )

    async def _refused(self, row: ToSend, error: ChannelError) -> Outcome:
        SENT.labels(self.batch.channel, type(error).__name__.lower()).inc()
        now = self.services.clock.now()
        match error:
            case Transient():
                return self._later(row, error)
            case Misconfigured():
                return await self._stop(row, error)
            case Gone():
                return Outcome(row.id, DeliveryState.GONE, now, tried=True, code=error.code, contact_dead=True)
            case _:
                return Outcome(row.id, DeliveryState.FAILED, now, tried=True, code=error.code)

    def _later(self, row: ToSend, error: Transient) -> Outcome:
        now = self.services.clock.now()
        attempts = row.attempts + 1
        code = _code(error.code, maybe=error.may_have_left or row.maybe)
        if attempts >= MOST_ATTEMPTS:
            return Outcome(row.id, DeliveryState.FAILED, now, tried=True, code=code)
        next_attempt_at = now + timedelta(seconds=backoff_s(attempts, error.retry_after))
        # Due at its end at the latest, so that its account closes then.
        next_attempt_at = min(next_attempt_at, self.context.alert.expires_at)
        return Outcome(row.id, None, now, tried=True, code=code, next_attempt_at=next_attempt_at)

    async def _stop(self, row: ToSend, error: Misconfigured) -> Outcome:
        """Stop the channel: it is broken whatever the contact. Each delivery waits, and one is the next try."""
        now = self.services.clock.now()
        again = now + timedelta(seconds=_STOP_S)
        self.ended = True
        if self.sender.stopped_until is None or self.sender.stopped_until <= now:
            self.sender.stopped_until = again
            STOPPED.labels(self.batch.channel).set(1)
            _log.error("channel stopped", channel=self.batch.channel, code=error.code, detail=error.detail)
            try:
                async with self.services.store.write() as unit:
                    await account.stop_channel(unit, self.batch.channel, error.code, error.detail, now)
            except StoreUnavailable as away:  # what is on the wire beside this must not be cut for it
                _log.warning("a stop could not be written down", channel=self.batch.channel, error=str(away))
        code = _code(error.code, maybe=row.maybe)
        return Outcome(row.id, None, now, tried=True, code=code, next_attempt_at=again)

    async def _start(self) -> None:
        self.stopped = False
        self.sender.stopped_until = None
        STOPPED.labels(self.batch.channel).set(0)
        _log.info("channel works again", channel=self.batch.channel)
        try:
            async with self.services.store.write() as unit:
                await account.start_channel(unit, self.batch.channel)
        except StoreUnavailable as away:  # the next message that is taken says it again
            self.stopped = True
            _log.warning("the end of a stop could not be written down", channel=self.batch.channel, error=str(away))


def _code(code: str, *, maybe: bool) -> str:
    return f"{code} {batches.MAYBE}" if maybe else code


def _cost(message: tuple[Any, Any]) -> float:
    """Give what a message takes of the rate: a carrier counts SMS by the segment."""
    return float(count(message[0].text).segments) if isinstance(message[0], SmsMessage) else 1.0
