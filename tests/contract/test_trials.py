"""Tests of one's own contacts, who has not proved themselves, and devices that went silent; on every store."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update

from broadcaster.domain.people import ChannelName, ContactStatus
from broadcaster.store.alerts import alerts
from broadcaster.store.alerts.dispatching import write_chunk
from broadcaster.store.people import contacts, trials
from broadcaster.store.people.trials import PROOF_HOLDS, State
from broadcaster.store.tables import deliveries
from tests.contract.stores import NOW, add_station, an_alert, mail, phone, push, register, resident
from tests.contract.test_residents import SIZES

LATE = NOW + PROOF_HOLDS + timedelta(hours=1)


async def test_a_test_ends_as_its_receiver_says_whatever_the_provider_says_later(store):
    async with store.write() as unit:
        station = await add_station(unit, "laigle")
        (who,) = await register(unit, station.id, resident(mail("a@example.org"), phone("+33639980001")))
        (by_mail, by_sms) = sorted(await trials.targets(unit, who, station.id), key=lambda each: each.channel)
        assert (by_mail.channel, by_sms.address) == (ChannelName.EMAIL, "+33639980001")
        made = await trials.begin(unit, who, station.id, by_sms, NOW)
        other = await trials.begin(unit, who, station.id, by_mail, NOW)
        assert await trials.answer(unit, made.id, NOW, came=True, subscriber_id=who + 1) is None, "another's"
        await trials.answer(unit, made.id, NOW, came=True, subscriber_id=who)
        await trials.settle(unit, made.id, State.FAILED, "late")
        await trials.settle(unit, other.id, State.FAILED, "smtp:5.1.1")
        assert {each.channel: each.state for each in await trials.latest(unit, who)} == {
            ChannelName.SMS: State.PROVEN,
            ChannelName.EMAIL: State.FAILED,
        }
        so_far = await trials.counted(unit, who, by_sms.contact_id, station.id, NOW)
        assert (so_far.contact, so_far.person_day, so_far.person_paid_day, so_far.station_paid_hour) == (1, 2, 1, 1)


async def test_a_delivered_alert_a_received_test_or_a_new_sign_up_proves_a_contact_for_three_months(store):
    async with store.write() as unit:
        station = await add_station(unit, "laigle")
        await register(unit, station.id, resident(mail("silent@example.org")))
        (alerted,) = await register(unit, station.id, resident(mail("alerted@example.org"), at=(0.63, 48.76)))
        (tested,) = await register(unit, station.id, resident(mail("tested@example.org")))
        await register(unit, station.id, resident(mail("new@example.org")), themselves=True)
        assert await trials.unproven(unit, station.id, NOW) == 3
        alert = an_alert(station.id)
        await alerts.add(unit, alert, key_id=1, idempotency_key=None, request_hash=None)
        await write_chunk(unit, alert, [alerted], since=NOW, now=NOW, batch_sizes=SIZES)
        assert await trials.unproven(unit, station.id, NOW) == 3, "sent is not delivered"
        await unit.conn.execute(update(deliveries).values(delivered_at=NOW))
        (target,) = await trials.targets(unit, tested, station.id)
        made = await trials.begin(unit, tested, station.id, target, NOW)
        await trials.answer(unit, made.id, NOW, came=True)
        assert await trials.unproven(unit, station.id, NOW) == 1
        assert await trials.unproven(unit, station.id, LATE) == 4


async def test_the_owner_of_a_dead_subscription_is_told_once_by_the_cheapest_contact(store):
    async with store.write() as unit:
        station = await add_station(unit, "laigle")
        everything = push("https://push.example/1"), mail("a@example.org"), phone("+33639980001")
        (both,) = await register(unit, station.id, resident(*everything))
        await register(unit, station.id, resident(push("https://push.example/2")))
        await register(
            unit,
            station.id,
            resident(push("https://push.example/3"), push("https://push.example/4"), mail("c@example.org")),
        )
        dead = [(await contacts.ensure(unit, [push(f"https://push.example/{n}")], NOW)).popitem()[1] for n in (1, 2, 3)]
        await contacts.retire(unit, dead, ContactStatus.GONE, "410", NOW)
        assert not await trials.is_lost(unit, NOW), "a browser may be renewing it"
        later = NOW + timedelta(hours=2)
        assert await trials.is_lost(unit, later)
        found = await trials.take_lost(unit, later, 10)
        assert [(each.subscriber_id, each.by.channel) for each in found] == [(both, ChannelName.EMAIL)]
        assert not await trials.is_lost(unit, later)
        assert await trials.take_lost(unit, later, 10) == []
