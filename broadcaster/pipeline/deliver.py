"""Deliver: lease a batch, send its due deliveries (``sending_run``), release it; detached while a provider is slow."""

import asyncio
import time
from datetime import datetime, timedelta

import structlog

from broadcaster.bus.base import Signal
from broadcaster.domain.alerts import Alert, ThreadRole
from broadcaster.domain.people import ChannelName
from broadcaster.pipeline.sending_run import Run
from broadcaster.pipeline.services import Services
from broadcaster.store import Unit
from broadcaster.store.alerts import alerts, batches, counting, threads
from broadcaster.store.alerts import report as reports
from broadcaster.store.alerts.batches import Batch, ToSend

_log = structlog.get_logger(__name__)


async def deliver(services: Services, batch_id: int) -> None:
    """Send the due deliveries of a batch.

    A batch that is not due, done, or leased by another process is skipped. So is one that this process is working on: a
    clock that jumped ahead ends its lease but not the work. Returns when no send is left to start, so that the caller
    can take the next batch: this one goes on detached (``services.lingering``) while its answers are awaited and
    recorded, or while a provider does not answer.
    """
    if batch_id in services.held_batches:
        return
    services.held_batches[batch_id] = 0.0
    lingering = False
    try:
        lingering = await _deliver(services, batch_id)
    finally:
        if not lingering:
            del services.held_batches[batch_id]


async def _deliver(services: Services, batch_id: int) -> bool:
    """Return whether the batch goes on detached, holding its lease until its end."""
    now = services.clock.now()
    by = {name: each.failover.favoured for name, each in services.senders.items() if each.failover is not None}

    async def lease(unit: Unit) -> Batch | None:
        at = await unit.now(now)
        until = at + timedelta(seconds=services.settings.lease_s)
        return await batches.lease(unit, batch_id, services.owner, at, until, by=by)

    asked_at = time.monotonic()
    batch = await services.store.run_write(lease)
    if batch is None:
        return False
    services.leased(batch_id, asked_at)
    begun = asyncio.Event()
    sending = asyncio.create_task(_through(services, batch, now, begun))
    telling = asyncio.create_task(begun.wait())
    try:
        await asyncio.wait({sending, telling}, return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        raise
    finally:
        telling.cancel()
    if sending.done():
        sending.result()
        return False
    _let_linger(services, batch_id, sending)
    return True


def _let_linger(services: Services, batch_id: int, sending: asyncio.Task[None]) -> None:
    async def lingering() -> None:
        try:
            await sending
        except Exception as error:  # noqa: BLE001  its lease ends, and the sweeper finds it
            _log.warning("batch interrupted", batch=batch_id, error=str(error))
        finally:
            sending.cancel()

    def ended(task: asyncio.Task[None]) -> None:
        services.lingering.discard(task)
        services.held_batches.pop(batch_id, None)

    task = asyncio.create_task(lingering())
    services.lingering.add(task)
    task.add_done_callback(ended)  # also if it is cancelled before it starts


async def _through(services: Services, batch: Batch, now: datetime, begun: asyncio.Event) -> None:
    # Listen before reading, so that a cancel between the two is not missed.
    async with services.bus.listen(f"cancelled:{batch.alert_id}") as cancelled:
        put_off_until = await _send_batch(services, batch, cancelled, now, begun)
    await services.ledger.settled()
    sender = services.senders[batch.channel]
    stopped_until = sender.stopped_until if sender.resting(services.clock.now()) else None
    not_before = max((each for each in (stopped_until, put_off_until) if each is not None), default=None)

    async def release(unit: Unit) -> None:
        await batches.release(unit, batch.id, services.owner, services.clock.now(), not_before)

    await services.store.run_write(release)


async def _send_batch(
    services: Services, batch: Batch, cancelled: Signal, now: datetime, begun: asyncio.Event
) -> datetime | None:
    """Send the batch; return until when untried messages are deferred, None if all were tried."""
    sender = services.senders[batch.channel]
    begins = services.begins(batch.alert_id)

    async def read(unit: Unit) -> tuple[list[ToSend], bool, bool, bool]:
        return (
            await batches.to_send(unit, batch.id, now),
            await alerts.is_cancelled(unit, batch.alert_id),
            batch.channel in await reports.stops(unit),
            begins and not await counting.any_outcome(unit, batch.alert_id),
        )

    rows, over, stopped, first = await services.store.run_read(read)
    context = await services.context(batch.alert_id)
    if context is None:
        _log.error("a batch of an alert that is not there", batch=batch.id, alert=batch.alert_id)
        return None
    context = context.told(again=batch.again)
    if batch.channel is ChannelName.EMAIL and context.alert.role is not ThreadRole.FIRST:
        await _thread(services, context.alert, rows)
    run = Run(
        services, sender, batch, context, {}, iter(rows), cancelled, begun, over=over, stopped=stopped, first=first
    )
    if not sender.resting(now) or over or now >= context.alert.expires_at:
        # Probe a stopped channel with one message before many.
        most = 1 if stopped or sender.stopped_until is not None else services.settings.send_at_once(batch.channel)
        await run.send_all(min(len(rows), most))
        if not run.leased and not run.all_begun:
            _log.warning("a lease was not renewed in time: nothing more was sent under it", batch=batch.id)
    return run.put_off_until


async def _thread(services: Services, alert: Alert, rows: list[ToSend]) -> None:
    """Make each mail a reply to the last one sent to its contact."""
    contact_ids = {row.contact_id for row in rows}

    async def read(unit: Unit) -> dict[int, tuple[int, int]]:
        return await threads.reached(unit, alert, await threads.of(unit, alert), contact_ids)

    earlier = await services.store.run_read(read)
    for row in rows:
        if row.contact_id in earlier:
            row.answers = "{}.{}".format(*earlier[row.contact_id])
