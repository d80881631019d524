"""Requests for a correction: who is told of them, and when an answer is sent again; on every store."""

from __future__ import annotations

from datetime import timedelta

from broadcaster.domain.addresses import Address, AddressState
from broadcaster.domain.corrections import ANSWERED_WITHIN, CorrectionState, Wanted, next_try
from broadcaster.store.people import addresses, corrections
from broadcaster.store.register import intake
from tests.contract.stores import NOW, add_station, phone, register, resident

ROSE, PAUL, LEA = (phone(f"+3363998000{n}") for n in (1, 2, 3))
DAY = timedelta(days=1)


async def test_a_station_is_told_once_a_day_of_what_is_new_and_an_answer_waits_longer_each_time(store):
    async with store.write() as unit:
        here, there = [(await add_station(unit, slug)).id for slug in ("laigle", "rugles")]
        ids = [(await register(unit, at, resident(who)))[0] for at, who in ((here, ROSE), (here, PAUL), (there, LEA))]
        long_ago = NOW - ANSWERED_WITHIN
        await corrections.ask(unit, here, ids[0], Wanted(ROSE, "1", name="Rose"), long_ago)
        await corrections.ask(unit, there, ids[2], Wanted(LEA, "3"), NOW)
        (rose,) = await corrections.of_person(unit, ids[0])
        (lea,) = await corrections.of_person(unit, ids[2])
        assert await corrections.to_announce(unit, NOW) == {here: [rose.id], there: [lea.id]}
        await corrections.mark_announced(unit, [rose.id], NOW)
        await corrections.ask(unit, here, ids[1], Wanted(PAUL, "2"), NOW)
        (paul,) = await corrections.of_person(unit, ids[1])
        assert await corrections.to_announce(unit, NOW + DAY / 2) == {there: [lea.id]}
        assert await corrections.to_announce(unit, NOW + DAY) == {here: [paul.id], there: [lea.id]}
        assert await corrections.waiting(unit, [there, here], NOW) == {here: (2, 1), there: (1, 0)}
        done = {"reason": "", "by": 1, "now": NOW}
        assert await corrections.decide(unit, here, rose.id, CorrectionState.ACCEPTED, **done)
        assert await corrections.accepted(unit, here) == {ids[0]: [rose.wanted]}
        assert await corrections.untold(unit, NOW, 9) == []
        (due,) = await corrections.untold(unit, next_try(NOW, NOW), 9)
        later = next_try(NOW, NOW + timedelta(hours=1))
        assert (due.id, later) == (rose.id, NOW + timedelta(hours=2))
        assert next_try(NOW, NOW + 2 * DAY) is None, "then they are called"
        await corrections.tell_later(unit, rose.id, later)
        assert [each.id for each in await corrections.untold(unit, later, 9)] == [rose.id]
        await corrections.told(unit, rose.id, later)
        assert await corrections.untold(unit, later + DAY, 9) == []


async def test_an_address_is_written_over_the_one_before_and_looked_up_anew(store):
    async with store.write() as unit:
        here = (await add_station(unit, "laigle")).id
        (who,) = await register(unit, here, resident(ROSE))
        for street in ("12 rue de la Gare", "3 rue des Lilas"):
            await intake.put_address(unit, here, who, Address(street, "61300", "L'Aigle"))
            kept = (await addresses.of_people(unit, here, [who]))[who]
            assert (kept.address.street, kept.state) == (street, AddressState.WAITING)
