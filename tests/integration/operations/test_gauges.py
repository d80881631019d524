"""What the store says of the work in hand: the same on every database."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from broadcaster.domain.alerts import AlertState, Lane, Severity
from broadcaster.domain.deliveries import DeliveryState, Outcome
from broadcaster.domain.people import CHANNEL_NUMBER, ChannelName
from broadcaster.store import tables
from broadcaster.store.alerts import alerts, batches, counting, dispatching, tracking
from broadcaster.store.alerts import report as reports
from broadcaster.store.operations import gauges
from tests.contract.stores import add_station, an_alert, mail, phone, register, resident

SIZES = dict.fromkeys(CHANNEL_NUMBER.values(), 100)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def now():
    return datetime.now(UTC)


async def an_alert_to_two(unit, now, *, sent_at, expires_at, severity=Severity.SEVERE):
    """An alert to two people with three contacts, all queued; give it."""
    station = await add_station(unit, f"town-{int(sent_at.timestamp())}-{severity}")
    people = await register(
        unit,
        station.id,
        resident(mail(f"a{station.id}@town.example"), phone(f"+3363998000{station.id}")),
        resident(mail(f"b{station.id}@town.example")),
        now=now,
    )
    alert = an_alert(station.id, sent_at=sent_at, expires_at=expires_at, severity=severity)
    await alerts.add(unit, alert, key_id=None, idempotency_key=None, request_hash=None)
    await dispatching.write_chunk(unit, alert, people, since=sent_at, now=sent_at, batch_sizes=SIZES)
    await alerts.resolved(unit, alert.id, sent_at + timedelta(seconds=2))
    return alert


async def all_of(unit, alert):
    return list(await unit.conn.scalars(tables.deliveries.select().where(tables.deliveries.c.alert_id == alert.id)))


async def read(store, now):
    async with store.read() as unit:
        return await gauges.read(unit, now)


async def test_what_waits_is_told_by_channel_and_lane(store, now):
    async with store.write() as unit:
        await an_alert_to_two(unit, now, sent_at=now, expires_at=now + MINUTE)
        await an_alert_to_two(unit, now, sent_at=now, expires_at=now + MINUTE, severity=Severity.MINOR)
    reading = await read(store, now)
    assert reading.waiting == {
        (name, lane): n for lane in Lane for name, n in ((ChannelName.EMAIL, 2), (ChannelName.SMS, 1))
    }
    assert (reading.unaccounted, reading.people, sum(reading.late.values())) == (0, 0, 0)


async def test_a_sum_of_something_else_is_no_channel(store, now):
    async with store.write() as unit:
        alert = await an_alert_to_two(unit, now, sent_at=now, expires_at=now + MINUTE)
        await counting.add(unit, Counter({(alert.id, counting.TWICE, 0): 7, (alert.id, "later", 0): 7}))
    reading = await read(store, now)
    assert sum(reading.waiting.values()) == 3
    assert reading.unaccounted == 0


async def test_nothing_is_unaccounted_for_before_the_deadline_and_what_has_no_outcome_is_after(store, now):
    async with store.write() as unit:
        await an_alert_to_two(unit, now, sent_at=now, expires_at=now + MINUTE)
        over = await an_alert_to_two(unit, now, sent_at=now - 2 * MINUTE, expires_at=now - MINUTE)
    reading = await read(store, now)
    assert (reading.unaccounted, reading.people) == (3, 2)
    async with store.write() as unit:
        ends = [Outcome(each, DeliveryState.EXPIRED, now) for each in await all_of(unit, over)]
        await tracking.apply(unit, ends)
    reading = await read(store, now)
    assert (reading.unaccounted, reading.people) == (0, 0)


async def test_what_is_left_of_an_alert_that_is_said_to_be_finished_is_unaccounted_for(store, now):
    async with store.write() as unit:
        alert = await an_alert_to_two(unit, now, sent_at=now, expires_at=now + MINUTE)
        wrongly = tables.alerts.update().where(tables.alerts.c.id == alert.id)
        await unit.conn.execute(wrongly.values(finished_at=now, state=AlertState.FINISHED))
    reading = await read(store, now)
    assert (reading.unaccounted, reading.people) == (3, 2)


async def test_deliveries_are_late_a_quarter_of_an_hour_after_their_alert(store, now):
    async with store.write() as unit:
        await an_alert_to_two(unit, now, sent_at=now - 14 * MINUTE, expires_at=now + MINUTE)
        await an_alert_to_two(unit, now, sent_at=now - 16 * MINUTE, expires_at=now + MINUTE)
    assert (await read(store, now)).late[Lane.URGENT] == 3


async def test_the_oldest_batch_counts_that_is_due_and_nobodys(store, now):
    async with store.write() as unit:
        alert = await an_alert_to_two(unit, now, sent_at=now - 3 * MINUTE, expires_at=now + MINUTE)
        due = await batches.due(unit, now, 10)
        assert {batch.channel for batch in due} == {ChannelName.EMAIL, ChannelName.SMS}
        for batch in due:
            if batch.channel is ChannelName.EMAIL:
                assert await batches.lease(unit, batch.id, "me", now, now + MINUTE)
    reading = await read(store, now)
    assert reading.due == {(ChannelName.SMS, alert.rank): now - 3 * MINUTE}
    async with store.write() as unit:
        for batch in due:
            await batches.lease(unit, batch.id, "me", now, now + MINUTE)
            await batches.release(unit, batch.id, "me", now, not_before=now + MINUTE)
    assert (await read(store, now)).due == {}


async def test_an_alert_that_is_done_is_watched_for_an_hour_after_its_end_and_its_histogram_read(store, now):
    async with store.write() as unit:
        ended = await an_alert_to_two(unit, now, sent_at=now - 60 * MINUTE, expires_at=now - 59 * MINUTE)
        long_ago = await an_alert_to_two(unit, now, sent_at=now - 90 * MINUTE, expires_at=now - 61 * MINUTE)
        for alert in (ended, long_ago):
            at = alert.sent_at + timedelta(seconds=10)
            told = [Outcome(each, DeliveryState.ACCEPTED, at, tried=True) for each in await all_of(unit, alert)]
            await tracking.apply(unit, told)
    reading = await read(store, now)
    assert [(each.id, each.told) for each in reading.alerts] == [(ended.id, {"accepted": 2})]
    async with store.read() as unit:
        found = await gauges.latencies(unit, [ended.id])
    assert [sum(buckets.values()) for buckets in found.values()] == [2]


async def test_events_that_wait_for_the_bus_and_channels_that_are_stopped_are_told(store, now):
    async with store.write() as unit:
        await an_alert_to_two(unit, now, sent_at=now, expires_at=now + MINUTE)
        await reports.stop_channel(unit, ChannelName.SMS, "twilio:20003", "Bad credentials.", now - MINUTE)
    reading = await read(store, now)
    assert reading.outbox >= 3  # the alert, and a batch of each channel
    assert reading.stops == {ChannelName.SMS: now - MINUTE}


async def test_a_queue_is_held_while_some_sender_has_a_batch_of_it(store, now):
    async with store.write() as unit:
        await an_alert_to_two(unit, now, sent_at=now, expires_at=now + MINUTE)
    assert (await read(store, now)).held == set()
    async with store.write() as unit:
        at = await unit.now(now)
        batch = next(each for each in await batches.due(unit, at, 10) if each.channel is ChannelName.SMS)
        assert await batches.lease(unit, batch.id, "me", at, at + MINUTE) is not None
    assert (await read(store, now)).held == {(ChannelName.SMS, Lane.URGENT)}
