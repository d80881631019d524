"""Answers and votes, on every store: the newest answer counts once; who voted and what are written apart, in tens."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from sqlalchemy import func, select, update

from broadcaster.domain.answers import HELP, RECEIVED, SAFE, Way
from broadcaster.domain.identity import IdentityLevel
from broadcaster.domain.people import LinkStatus
from broadcaster.store import help_requests, polls
from broadcaster.store.alerts import alerts, answers
from broadcaster.store.alerts.dispatching import write_chunk
from broadcaster.store.people import identities
from broadcaster.store.polls import GROUP, Poll
from broadcaster.store.register import erasing
from broadcaster.store.tables import follows, links, poll_ballots, poll_pending, poll_voters
from tests.contract.stores import NOW, add_station, an_alert, mail, register, resident
from tests.contract.test_residents import SIZES

MINUTE = timedelta(minutes=1)


async def announced(unit, people):
    """An alert that some people were told of, and a poll that it announces."""
    station = await add_station(unit, "laigle")
    ids = await register(unit, station.id, *(resident(mail(f"p{n}@example.org")) for n in range(people)))
    alert = an_alert(station.id)
    await alerts.add(unit, alert, key_id=1, idempotency_key=None, request_hash=None)
    await write_chunk(unit, alert, ids, since=NOW, now=NOW, batch_sizes=SIZES)
    poll = Poll(5, "p" * 16, station.id, {"fr": ("Un marché ?", ("Oui", "Non"))}, alert.id, NOW + MINUTE, None, None)
    await polls.add(unit, poll, 1)
    return alert, poll, ids


async def test_the_newest_answer_of_each_person_counts_once(store):
    async with store.write() as unit:
        alert, _, (rose, paul) = await announced(unit, 2)
        for choice, at in ((RECEIVED, NOW), (SAFE, NOW + MINUTE), (SAFE, NOW + MINUTE), (RECEIVED, NOW)):
            await answers.give(unit, alert.id, {rose, paul}, choice, way=Way.SMS, by=rose, at=at)
        assert not await answers.give(unit, alert.id, {rose}, RECEIVED, way=Way.PAGE, by=rose, at=NOW)
        assert await answers.give(unit, alert.id, {paul}, HELP, way=Way.PAGE, by=paul, at=NOW + 2 * MINUTE)
        assert await answers.sums(unit, alert.id) == {SAFE: 1, HELP: 1}
        assert await answers.who_confirmed(unit, alert.id, [rose, paul]) == [rose]
        for _ in range(2):
            await help_requests.ask(unit, alert.id, alert.station_id, paul, NOW, position=(0.6, 48.7, None))
        (asked,) = await help_requests.uncalled(unit, 9)
        assert (asked.subscriber_id, asked.position) == (paul, (0.6, 48.7, None))
        await help_requests.mark_announced(unit, [asked.id], NOW)
        assert await help_requests.uncalled(unit, 9) == []
        for later, calls in ((MINUTE, []), (2 * MINUTE, [asked.id])):
            await help_requests.ask(unit, alert.id, alert.station_id, paul, NOW + later, position=None, again=True)
            assert [each.id for each in await help_requests.uncalled(unit, 9)] == calls


async def test_ballots_are_written_apart_from_voters_and_in_tens(store):
    async with store.write() as unit:
        _, poll, people = await announced(unit, 2 * GROUP + 1)

        async def sizes():
            counts = [
                await unit.conn.scalar(select(func.count()).select_from(table))
                for table in (poll_voters, poll_ballots, poll_pending)
            ]
            return tuple(counts)

        for number, each in enumerate(people):
            assert await polls.may_vote(unit, poll, each)
            assert await polls.vote(unit, poll, each, 1 + number % 2)
            assert not await polls.vote(unit, poll, each, 1)
        assert await sizes() == (GROUP, GROUP, GROUP + 1)
        await polls.close(unit, poll, NOW + MINUTE)
        assert await sizes() == (2 * GROUP + 1, 2 * GROUP + 1, 0)
        closed = await polls.by_token(unit, poll.token)
        assert closed is not None
        assert not closed.is_open(NOW)
        assert await polls.result(unit, closed) == {1: GROUP + 1, 2: GROUP}
        ballots = Counter(await unit.conn.scalars(select(poll_ballots.c.choice)))
        assert ballots == {1: GROUP + 1, 2: GROUP}


async def test_who_deletes_their_proof_of_identity_after_a_vote_does_not_vote_again(store):
    async with store.write() as unit:
        _, poll, (rose, paul) = await announced(unit, 2)
        await identities.prove(unit, rose, IdentityLevel.FRANCECONNECT, NOW, person="rose")
        assert await polls.vote(unit, poll, rose, 1)
        for _ in range(2):
            await polls.stay_voted(unit, rose)
            await identities.forget(unit, rose)
            assert not await polls.vote(unit, poll, rose, 2)
            await identities.prove(unit, rose, IdentityLevel.FRANCECONNECT, NOW, person="rose")
        await identities.prove(unit, paul, IdentityLevel.FRANCECONNECT, NOW, person="rose")
        assert not await polls.vote(unit, poll, paul, 2), "her tablet"
        assert await polls.turnout(unit, poll) == 1


async def test_who_shares_a_number_with_others_votes_in_their_place_and_erasure_opens_no_second_vote(store):
    async with store.write() as unit:
        _, poll, (rose, device, paul, tablet, paula) = await announced(unit, 5)
        unknown = follows.c.subscriber_id.in_((device, paul, tablet, paula))
        await unit.conn.execute(update(follows).where(unknown).values(registered=None))

        async def share(whose, *with_them):
            (contact,) = await identities.contacts_of(unit, whose)
            row = {"contact_id": contact, "status": LinkStatus.CONFIRMED, "created_at": NOW}
            await unit.conn.execute(links.insert(), [{**row, "subscriber_id": each} for each in with_them])

        await share(rose, device)  # the station registered Rose, who also signed up her telephone
        await share(paul, tablet)  # both by himself
        assert await polls.vote(unit, poll, device, 1)
        assert not await polls.vote(unit, poll, rose, 2)
        assert await polls.vote(unit, poll, paul, 1)
        assert not await polls.vote(unit, poll, tablet, 2)
        assert [await polls.has_voted(unit, poll, each) for each in (rose, device, tablet, paula)] == [True] * 3 + [
            False
        ]
        await share(paul, paula)  # he signs up again with the same address, before he is forgotten or after
        for each in (paul, tablet):
            await erasing.erase(unit, each, erasing.Way.THEMSELVES, NOW)
        assert not await polls.vote(unit, poll, paula, 2)
        assert await polls.turnout(unit, poll) == 2
