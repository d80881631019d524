"""Writing down whom an alert concerns: once each, each contact once, and whoever is not reached with the reason."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from sqlalchemy import select

from broadcaster.domain.deliveries import DeliveryState, Outcome, PersonState
from broadcaster.domain.people import CHANNEL_NUMBER, ContactStatus
from broadcaster.domain.reasons import Reason, unpack
from broadcaster.domain.retirement import Blame
from broadcaster.store import tables
from broadcaster.store.alerts import alerts, counting, dispatching, planning, tracking
from broadcaster.store.alerts import report as reports
from broadcaster.store.engine import outbox
from broadcaster.store.people import contacts, people
from tests.contract.stores import NOW, add_station, an_alert, mail, phone, register, resident

SIZES = dict.fromkeys(CHANNEL_NUMBER.values(), 3)


@pytest.fixture
async def alert(store):
    async with store.write() as unit:
        station = await add_station(unit, "laigle")
        made = an_alert(station.id)
        await alerts.add(unit, made, key_id=None, idempotency_key=None, request_hash=None)
        return made


async def dispatch(store, alert, ids):
    async with store.write() as unit:
        return await dispatching.write_chunk(unit, alert, ids, since=NOW, now=NOW, batch_sizes=SIZES)


async def join(store, alert, *persons):
    async with store.write() as unit:
        return await register(unit, alert.station_id, *persons)


async def rows(store, table):
    async with store.read() as unit:
        return list(await unit.conn.execute(select(table)))


async def states(store):
    return {
        row.subscriber_id: (PersonState(row.state), [each.reason for each in unpack(row.reasons)])
        for row in await rows(store, tables.recipients)
    }


async def sums_are_right(store, alert):
    """The sums that are kept are those of the rows."""
    async with store.read() as unit:
        kept = await counting.of(unit, alert.id)
    people_n = Counter(row.state for row in await rows(store, tables.recipients))
    channels = Counter(row.state for row in await rows(store, tables.deliveries))
    assert kept.get(counting.PEOPLE, {}) == people_n
    assert sum((Counter(by) for name, by in kept.items() if name != counting.PEOPLE), Counter()) == channels


async def test_everyone_is_written_once_however_often_they_are_found(store, alert):
    ids = await join(store, alert, *(resident(mail(f"{n}@b.example"), phone(f"+33{n}")) for n in range(7)))
    assert await dispatch(store, alert, ids[:5]) == 5
    assert await dispatch(store, alert, ids) == 2
    assert await dispatch(store, alert, ids) == 0
    assert await dispatch(store, alert, []) == 0
    deliveries = await rows(store, tables.deliveries)
    assert Counter(row.subscriber_id for row in deliveries) == dict.fromkeys(ids, 2)
    await sums_are_right(store, alert)


async def test_two_resolvers_at_once_write_everyone_once(store, alert):
    ids = await join(store, alert, *(resident(mail(f"{n}@b.example")) for n in range(40)))
    found = await asyncio.gather(*(dispatch(store, alert, ids) for _ in range(4)))
    assert sum(found) == 40
    assert len(await rows(store, tables.deliveries)) == 40
    await sums_are_right(store, alert)


async def test_batches_are_of_one_channel_full_and_told_of_with_the_alerts_rank(store, alert):
    ids = await join(store, alert, *(resident(mail(f"{n}@b.example"), phone(f"+33{n}")) for n in range(7)))
    await dispatch(store, alert, ids)
    batches = {row.id: row for row in await rows(store, tables.batches)}
    assert sorted((row.channel, row.size) for row in batches.values()) == [
        (1, 1),
        (1, 3),
        (1, 3),
        (3, 1),
        (3, 3),
        (3, 3),
    ]
    held = Counter(row.batch_id for row in await rows(store, tables.deliveries))
    assert held == {batch_id: row.size for batch_id, row in batches.items()}
    async with store.read() as unit:
        told = {ref: rank for _, topic, ref, rank in await outbox.waiting(unit, 100) if topic == "batch"}
    assert told == {f"{'sms' if row.channel == 1 else 'email'}:{row.id}": alert.rank for row in batches.values()}


async def test_a_person_without_contact_is_unreached_with_the_reason_until_they_have_one(store, alert):
    (one,) = await join(store, alert, resident())
    await dispatch(store, alert, [one])
    assert await states(store) == {one: (PersonState.UNREACHED, [Reason.NO_CONTACT])}
    async with store.write() as unit:
        person = resident(mail("a@b.example"))
        await people.replace(unit, alert.station_id, one, person, groups_by_slug={}, now=NOW)
    assert await dispatch(store, alert, [one]) == 0, "they were matched before"
    assert await states(store) == {one: (PersonState.PENDING, [])}
    await sums_are_right(store, alert)


@pytest.mark.parametrize("way", ["opted out", "dead", "other channel"])
async def test_a_contact_that_may_not_be_used_gets_nothing(store, alert, way):
    (one,) = await join(store, alert, resident(phone("+331")))
    if way == "other channel":
        alert = an_alert(alert.station_id, channels=("email", "push"))
    async with store.write() as unit:
        contact_id = await unit.conn.scalar(select(tables.contacts.c.id))
        if way == "opted out":
            await contacts.opt_out(unit, contact_id, alert.station_id, NOW)
        elif way == "dead":
            await contacts.retire(unit, [contact_id], ContactStatus.GONE, "x", NOW)
    await dispatch(store, alert, [one])
    why = {"opted out": Reason.OPTED_OUT, "dead": Reason.NO_CONTACT, "other channel": Reason.UNUSED}[way]
    assert await states(store) == {one: (PersonState.UNREACHED, [why])}
    assert await rows(store, tables.deliveries) == []
    if way == "opted out":
        async with store.write() as unit:
            await contacts.opt_in(unit, [contact_id], alert.station_id)
        await dispatch(store, alert, [one])
        assert await states(store) == {one: (PersonState.PENDING, [])}


@pytest.mark.parametrize(
    ("reported", "stands"),
    [
        ([], PersonState.PENDING),
        ([DeliveryState.ACCEPTED], PersonState.ACCEPTED),
        ([DeliveryState.FAILED], PersonState.UNREACHED),
        ([DeliveryState.ACCEPTED, DeliveryState.GONE], PersonState.UNREACHED),
        ([DeliveryState.OPENED], PersonState.OPENED),
        ([DeliveryState.FAILED, DeliveryState.ACKNOWLEDGED], PersonState.ACKNOWLEDGED),
    ],
)
async def test_anybody_who_comes_later_and_shares_a_contact_stands_where_its_message_is(store, alert, reported, stands):
    first, second = await join(store, alert, resident(phone("+331")), resident(phone("+331")))
    await dispatch(store, alert, [first])
    ((delivery),) = await rows(store, tables.deliveries)
    async with store.write() as unit:
        for state in reported:
            await tracking.apply(unit, [Outcome(delivery.id, state, NOW, code="twilio:30003")])
    await dispatch(store, alert, [second])
    assert len(await rows(store, tables.deliveries)) == 1
    found = await states(store)
    assert found[second][0] is found[first][0] is stands
    await sums_are_right(store, alert)
    async with store.read() as unit:
        missed = await reports.unreached(unit, alert, after=0, limit=10)
    assert all(each.reasons for each in missed), "nobody is missed without a reason"
    assert len(missed) == (2 if stands is PersonState.UNREACHED else 0)


@pytest.mark.parametrize("before", ["who shares it", "what became of it"])
async def test_who_shares_a_contact_and_what_becomes_of_it_know_of_each_other_when_written_at_once(
    store, alert, before
):
    first, second = await join(store, alert, resident(phone("+331")), resident(phone("+331")))
    await dispatch(store, alert, [first])
    ((delivery),) = await rows(store, tables.deliveries)
    accepted = Outcome(delivery.id, DeliveryState.ACCEPTED, NOW, tried=True)

    async def share(unit):
        await dispatching.write_chunk(unit, alert, [second], since=NOW, now=NOW, batch_sizes=SIZES)

    async def track(unit):
        await tracking.apply(unit, [accepted])

    async def alone(work):
        async with store.write() as unit:
            await work(unit)

    one, other = (share, track) if before == "who shares it" else (track, share)
    async with store.write() as unit:
        await one(unit)
        beside = asyncio.create_task(alone(other))
        await asyncio.wait({beside}, timeout=0.5)  # it may end before this is committed, if it does not wait for it
    await beside
    assert {state for state, _ in (await states(store)).values()} == {PersonState.ACCEPTED}
    await sums_are_right(store, alert)


async def test_a_providers_code_of_any_length_is_kept_as_far_as_it_goes(store, alert):
    (one,) = await join(store, alert, resident(mail("a@b.example")))
    await dispatch(store, alert, [one])
    ((delivery),) = await rows(store, tables.deliveries)
    said = {"code": "smtp:" + "x" * 500, "provider_id": "p" * 500}
    gone = Outcome(delivery.id, DeliveryState.GONE, NOW, tried=True, blame=Blame.CONTACT, **said)
    async with store.write() as unit:
        await alerts.resolved(unit, alert.id, NOW)
        await tracking.apply(unit, [gone])
    ((contact),) = await rows(store, tables.contacts)
    assert contact.status == ContactStatus.GONE
    assert gone.code.startswith(contact.status_code)
    assert len(contact.status_code) <= 60


async def test_contacts_already_taken_are_found_by_index_not_by_scanning_the_alert(store, alert):
    """As SQLite plans it: by the index on both, and by none that would give the rows in their order."""
    if not store.sqlite:
        pytest.skip("PostgreSQL plans by what there is")
    asked = planning._TAKEN.compile(dialect=store._reader.dialect)
    given = asked.construct_params({"alert_id": alert.id, "ids": [1, 2]})
    async with store.read() as unit:
        plan = await unit.conn.exec_driver_sql(
            f"EXPLAIN QUERY PLAN {asked}",
            tuple("[1,2]" if name == "ids" else given[name] for name in asked.positiontup),
        )
        told = " ".join(row[-1] for row in plan)
    assert "alert_id=? AND contact_id=?" in told
