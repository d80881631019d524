"""When a refusal retires a contact, when it is the sender's trouble, and how a contact comes back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from broadcaster.domain.deliveries import DeliveryState, Outcome
from broadcaster.domain.people import CHANNEL_NUMBER, ContactStatus
from broadcaster.domain.retirement import Blame
from broadcaster.store import tables
from broadcaster.store.alerts import alerts, dispatching, retiring, tracking
from broadcaster.store.people import contacts, people
from tests.contract.stores import NOW, an_alert, mail, phone, register, resident

SIZES = dict.fromkeys(CHANNEL_NUMBER.values(), 500)
WEEK = timedelta(days=7)


class Alerting:
    """Sends alerts to all of a town, and takes for answers what the test says."""

    def __init__(self, store, station):
        self.store, self.station, self.now = store, station, NOW

    async def settle(self, *persons):
        async with self.store.write() as unit:
            return await register(unit, self.station.id, *persons)

    async def alert(self, ids):
        """An alert to these people; its deliveries by contact's address."""
        made = an_alert(self.station.id, sent_at=self.now, expires_at=self.now + timedelta(hours=1))
        async with self.store.write() as unit:
            await alerts.add(unit, made, key_id=None, idempotency_key=None, request_hash=None)
            await dispatching.write_chunk(unit, made, ids, since=self.now, now=self.now, batch_sizes=SIZES)
            await alerts.resolved(unit, made.id, self.now)
            rows = await unit.conn.execute(
                select(tables.deliveries.c.id, tables.contacts.c.fingerprint, tables.contacts.c.sealed)
                .join(tables.contacts, tables.contacts.c.id == tables.deliveries.c.contact_id)
                .where(tables.deliveries.c.alert_id == made.id)
            )
            return made, {contacts.open_address(unit, row.fingerprint, row.sealed): row.id for row in rows}

    async def answers(self, deliveries, said, keeper="Orange", split=50):
        """Everyone takes the message but those of whom ``said`` says otherwise."""
        outcomes = [
            Outcome(number, DeliveryState.ACCEPTED, self.now, tried=True, keeper=keeper)
            if address not in said
            else self.refusal(number, said[address], keeper)
            for address, number in deliveries.items()
        ]
        for start in range(0, len(outcomes), split):
            async with self.store.write() as unit:
                await tracking.apply(unit, outcomes[start : start + split])

    def refusal(self, number, blame, keeper="Orange", code="smtp:550 5.1.1"):
        state = DeliveryState.GONE if blame is Blame.CONTACT else DeliveryState.FAILED
        return Outcome(
            number, state, self.now, tried=True, code=code, keeper=keeper, blame=blame, answer=code, detail="no (550)"
        )

    async def send(self, ids, said, **given):
        made, deliveries = await self.alert(ids)
        await self.answers(deliveries, said, **given)
        return made, deliveries

    async def dead(self):
        async with self.store.read() as unit:
            rows = await unit.conn.execute(
                select(tables.contacts).where(tables.contacts.c.status == ContactStatus.GONE)
            )
            return {contacts.open_address(unit, row.fingerprint, row.sealed) for row in rows}


@pytest.fixture
def town(store, station):
    return Alerting(store, station)


def mailed(n, at="orange.fr"):
    return [resident(mail(f"p{each}@{at}")) for each in range(n)]


async def test_a_dead_mailbox_among_many_is_retired_when_the_alert_is_finished(town):
    ids = await town.settle(*mailed(100))
    made, deliveries = await town.alert(ids)
    first, *rest = deliveries.items()
    await town.answers(dict([first]), {first[0]: Blame.CONTACT})
    assert await town.dead() == set(), "how many others got it is not known yet"
    await town.answers(dict(rest), {})
    assert await town.dead() == {first[0]}
    async with town.store.read() as unit:
        assert await retiring.refusals_of(unit, made.id) == []


async def test_the_only_mailbox_of_a_domain_can_be_dead(town):
    ids = await town.settle(*mailed(1, "dupont.example"))
    await town.send(ids, {"p0@dupont.example": Blame.CONTACT}, keeper="dupont.example")
    assert await town.dead() == {"p0@dupont.example"}


async def test_nobody_is_retired_when_more_than_a_twentieth_of_a_providers_contacts_got_it(town):
    ids = await town.settle(*mailed(100))
    await town.send(ids, {f"p{each}@orange.fr": Blame.CONTACT for each in range(6)}, split=3)
    assert await town.dead() == set()
    await town.send(ids, {f"p{each}@orange.fr": Blame.CONTACT for each in range(5)}, split=3)
    assert await town.dead() == {f"p{each}@orange.fr" for each in range(5)}


async def test_one_providers_trouble_does_not_hide_the_dead_of_another(town):
    ids = await town.settle(*mailed(40), *mailed(40, "free.fr"))
    _, deliveries = await town.alert(ids)
    orange = {each: number for each, number in deliveries.items() if each.endswith("orange.fr")}
    free = {each: number for each, number in deliveries.items() if each.endswith("free.fr")}
    await town.answers(orange, dict.fromkeys(orange, Blame.CONTACT))
    await town.answers(free, {"p7@free.fr": Blame.CONTACT}, keeper="Free")
    assert await town.dead() == {"p7@free.fr"}


@pytest.mark.parametrize("blame", [Blame.SENDER, None])
async def test_what_is_about_the_sender_retires_nobody_ever(town, blame):
    ids = await town.settle(*mailed(30))
    for _ in range(3):
        await town.send(ids, {"p0@orange.fr": blame})
        town.now += 2 * WEEK
    assert await town.dead() == set()


async def test_operators_are_told_who_refuses_us_until_an_alert_gets_through(town):
    ids = await town.settle(*mailed(20), *mailed(3, "free.fr"))
    made, deliveries = await town.alert(ids)
    orange = {each: number for each, number in deliveries.items() if each.endswith("orange.fr")}
    await town.answers(orange, dict.fromkeys(list(orange)[:12], Blame.SENDER), split=7)
    async with town.store.read() as unit:
        (found,) = await retiring.refusals_of(unit, made.id)
        assert [found] == await retiring.refusals_now(unit, NOW - WEEK)
        assert await retiring.refusals_now(unit, NOW + WEEK) == []
    assert (found.channel, found.keeper, found.refused, found.asked) == ("email", "Orange", 12, 20)
    assert (found.code, found.detail) == ("smtp:550 5.1.1", "no (550)")
    await town.send(ids, {})
    async with town.store.read() as unit:
        assert await retiring.refusals_now(unit, NOW - WEEK) == []
        assert await retiring.refusals_of(unit, made.id) == [found]


async def test_the_same_answer_without_a_reason_retires_after_a_second_alert_a_week_later(town):
    ids = await town.settle(*mailed(30))
    said = {"p0@orange.fr": Blame.UNEXPLAINED}
    await town.send(ids, said)
    town.now += timedelta(days=6, hours=23)
    await town.send(ids, said)
    assert await town.dead() == set(), "both were within a week"
    town.now = NOW + WEEK
    await town.send(ids, said)
    assert await town.dead() == {"p0@orange.fr"}


async def test_another_answer_or_a_message_that_was_taken_since_begins_anew(town):
    ids = await town.settle(*mailed(30))
    _, deliveries = await town.alert(ids)
    first = deliveries.pop("p0@orange.fr")
    await town.answers(deliveries, {"p1@orange.fr": Blame.UNEXPLAINED})
    async with town.store.write() as unit:
        await tracking.apply(unit, [town.refusal(first, Blame.UNEXPLAINED, code="smtp:554")])
    town.now += WEEK / 2
    await town.send(ids, {"p0@orange.fr": Blame.UNEXPLAINED})
    town.now += WEEK
    await town.send(ids, {"p1@orange.fr": Blame.UNEXPLAINED})
    assert await town.dead() == set()


async def test_an_answer_that_a_twentieth_got_counts_neither_then_nor_a_week_later(town):
    ids = await town.settle(*mailed(30))
    await town.send(ids, {f"p{each}@orange.fr": Blame.UNEXPLAINED for each in range(10)})
    town.now += WEEK
    await town.send(ids, {"p0@orange.fr": Blame.UNEXPLAINED})
    assert await town.dead() == set()
    town.now += WEEK
    await town.send(ids, {"p0@orange.fr": Blame.UNEXPLAINED})
    assert await town.dead() == {"p0@orange.fr"}


async def test_reports_that_come_after_the_end_are_judged_with_those_before(town):
    ids = await town.settle(*(resident(phone(f"+3363998{each:04}")) for each in range(100)))
    _, deliveries = await town.alert(ids)
    await town.answers(deliveries, {}, keeper="sms")
    numbers = list(deliveries.values())
    for count, number in enumerate(numbers[:6], start=1):
        async with town.store.write() as unit:
            await tracking.apply(unit, [town.refusal(number, Blame.CONTACT, keeper="", code="twilio:30005")])
        assert len(await town.dead()) == (count if count <= 5 else 0), "the sixth shows that all were the sender's"


async def test_a_contact_that_lives_again_has_no_past(town):
    ids = await town.settle(*mailed(30))
    said = {"p0@orange.fr": Blame.UNEXPLAINED}
    await town.send(ids, said)
    town.now += WEEK
    await town.send(ids, said)
    async with town.store.write() as unit:
        await people.register(
            unit,
            town.station.id,
            [resident(mail("p0@orange.fr"))],
            [people.new_token()],
            groups_by_slug={},
            now=town.now,
        )
    assert await town.dead() == set()
    town.now += WEEK
    await town.send(ids, said)
    assert await town.dead() == set()


async def test_what_is_old_is_forgotten(town):
    ids = await town.settle(*mailed(30))
    await town.send(ids, {"p0@orange.fr": Blame.UNEXPLAINED, "p1@orange.fr": Blame.SENDER})
    async with town.store.write() as unit:
        await retiring.trim(unit, NOW + WEEK)
        assert list(await unit.conn.execute(select(tables.contact_refusals))) == []
        assert list(await unit.conn.execute(select(tables.keeper_answers))) == []
