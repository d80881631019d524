"""Whatever comes back, in whatever order and grouping: the sums are right, and nothing moves backwards."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from broadcaster.app import open_store
from broadcaster.config import load
from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.domain.deliveries import DeliveryState, Outcome, PersonState
from broadcaster.domain.people import CHANNELS, ChannelName, NewContact, NewSubscriber
from broadcaster.domain.reasons import Reason
from broadcaster.domain.retirement import Blame
from broadcaster.store.alerts import alerts, dispatching, tracking
from broadcaster.store.people import people
from broadcaster.store.stations import stations
from broadcaster.store.tables import contacts, deliveries, recipients
from tests.contract.stores import an_alert
from tests.servers.shaped import shape
from tests.servers.town import MovableClock
from tests.servers.town_audit import recount
from tests.servers.town_facts import BOUNDARY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from broadcaster.store import Store

# Two of four share a telephone, one has two ways, one has none: five deliveries.
_HOUSEHOLD = (("sms:1", "email:1"), ("voice:2", "email:2"), ("voice:2", "push:3"), ())
_DELIVERIES = 5
_CALLS = ("CA1", "CA2", "CA3")

_STATES = [state for state in DeliveryState if state is not DeliveryState.QUEUED]
_tries = st.builds(
    lambda state, name: {"state": state, "tried": True, "provider_id": name, "code": "x:1" if state.failure else None},
    st.sampled_from(_STATES),
    st.sampled_from([None, *_CALLS]),
)
_later = st.just({"state": None, "tried": True, "code": "x:2"})
_agains = st.builds(
    lambda name: {"state": None, "again": True, "provider_id": name, "code": "x:3"}, st.sampled_from(_CALLS)
)
_DEAD = {"state": DeliveryState.GONE, "tried": True, "code": "x:4", "blame": Blame.CONTACT}
_deads = st.just(_DEAD)
_CONFIRMED = {"state": DeliveryState.ACKNOWLEDGED, "tried": True}
_CALLED = {"state": DeliveryState.ACCEPTED, "tried": True, "provider_id": "CA1"}
_UNANSWERED = {"state": None, "again": True, "provider_id": "CA1", "code": "x:3"}
_news = st.tuples(st.integers(0, _DELIVERIES - 1), st.one_of(_tries, _later, _agains, _deads))
_groups = st.lists(st.lists(_news, min_size=1, max_size=8), max_size=6)


class World:
    """One store with one household, and as many alerts to it as are asked for."""

    def __init__(self, data_dir: Any) -> None:
        self.settings = load({"TOCSIN_DATA_DIR": str(data_dir)})
        self.store: Store = open_store(self.settings)
        self.clock = MovableClock()
        self.people: list[int] = []

    async def open(self) -> None:
        await shape(self.store, self.settings.store_url)
        now = self.clock.now()
        fields = {"slug": "s", "name": "S", "kind": "authority", "languages": ("fr",), "boundary": BOUNDARY}
        async with self.store.write() as unit:
            station = await stations.add(unit, {**fields, "margin_m": 0.0, "region": "FR"}, now)
            assert station is not None
            self.station = station.id
            whole = [
                NewSubscriber("fr", tuple(NewContact(ChannelName(way.split(":")[0]), way, way) for way in ways))
                for ways in _HOUSEHOLD
            ]
            tokens = [people.new_token() for _ in whole]
            self.people = await people.register(unit, station.id, whole, tokens, groups_by_slug={}, now=now)

    async def alert(self) -> tuple[int, list[int]]:
        """A new alert to the household, resolved; its id and those of its deliveries."""
        now = self.clock.now()
        to_all = Audience(AudienceKind.ALL_FOLLOWERS)
        made = an_alert(self.station, audience=to_all, sent_at=now, expires_at=now + timedelta(hours=1))
        async with self.store.write() as unit:
            await unit.conn.execute(update(contacts).values(status=0))
            await alerts.add(unit, made, key_id=None, idempotency_key=None, request_hash=None)
            sizes = dict.fromkeys(range(len(CHANNELS)), 10)
            await dispatching.write_chunk(unit, made, self.people, since=now, now=now, batch_sizes=sizes)
            await alerts.resolved(unit, made.id, now)
            await tracking.finish(unit, made.id, now)
            rows = await unit.conn.scalars(select(deliveries.c.id).where(deliveries.c.alert_id == made.id))
            return made.id, sorted(rows)

    async def states(self, alert_id: int) -> tuple[dict[int, Any], dict[int, int]]:
        async with self.store.read() as unit:
            rows = await unit.conn.execute(select(deliveries).where(deliveries.c.alert_id == alert_id))
            persons = await unit.conn.execute(select(recipients).where(recipients.c.alert_id == alert_id))
            return {row.id: row for row in rows}, {row.subscriber_id: row.state for row in persons}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, asyncio.Runner]]:
    with asyncio.Runner() as runner:
        made = World(tmp_path_factory.mktemp("model"))
        runner.run(made.open())
        yield made, runner
        runner.run(made.store.close())


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(groups=_groups)
def test_any_outcomes_in_any_order_keep_the_sums_right_and_move_nothing_backwards(
    world: tuple[World, asyncio.Runner], groups: list[list[tuple[int, dict[str, Any]]]]
) -> None:
    there, runner = world
    runner.run(_keeps_the_invariants(there, groups))


async def _keeps_the_invariants(world: World, groups: list[list[tuple[int, dict[str, Any]]]]) -> None:
    alert_id, ids = await world.alert()
    assert len(ids) == _DELIVERIES
    await recount(world.store, alert_id)
    tick = count(1)
    began = world.clock.now()
    before, standing = await world.states(alert_id)
    for group in groups:
        outcomes = [_outcome(ids[which], said, began + timedelta(seconds=next(tick))) for which, said in group]
        async with world.store.write() as unit:
            touched = (await tracking.apply(unit, outcomes)).touched
        assert touched == {alert_id}
        await recount(world.store, alert_id)
        now, people_now = await world.states(alert_id)
        repeated = {outcome.delivery_id for outcome in outcomes if outcome.again}
        for each, row in now.items():
            again = each in repeated and row.state == DeliveryState.QUEUED
            withdrawn = before[each].reason == Reason.CONFIRMED  # and had been sent before
            assert row.state >= before[each].state or again or withdrawn
            if before[each].state >= DeliveryState.EXPIRED and row.state < DeliveryState.DELIVERED:
                assert row.state == before[each].state or withdrawn, "from one failure to another"
            assert row.attempts == before[each].attempts + sum(
                outcome.tried for outcome in outcomes if outcome.delivery_id == each
            )
        for each, state in people_now.items():
            assert state >= standing[each] or standing[each] < PersonState.DELIVERED, "whoever saw it has seen it"
        before, standing = now, people_now


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(groups=_groups)
@example(groups=[[(3, _CONFIRMED), (1, _UNANSWERED)]])
@example(groups=[[(3, _CONFIRMED), (1, _DEAD)]])
@example(groups=[[(1, _CALLED)], [(3, _CONFIRMED), (1, _UNANSWERED)]])
def test_how_outcomes_are_grouped_changes_nothing(
    world: tuple[World, asyncio.Runner], groups: list[list[tuple[int, dict[str, Any]]]]
) -> None:
    there, runner = world
    runner.run(_is_the_same_one_by_one(there, groups))


async def _is_the_same_one_by_one(world: World, groups: list[list[tuple[int, dict[str, Any]]]]) -> None:
    found = []
    began = world.clock.now()
    for cut in (groups, [[news] for group in groups for news in group]):
        alert_id, ids = await world.alert()
        tick = count(1)
        for group in cut:
            outcomes = [_outcome(ids[which], said, began + timedelta(seconds=next(tick))) for which, said in group]
            async with world.store.write() as unit:
                await tracking.apply(unit, outcomes)
        await recount(world.store, alert_id)
        rows, persons = await world.states(alert_id)
        kept = [
            (row.state, row.attempts, row.code, row.provider_id, row.next_attempt_at, row.accepted_at, row.opened_at)
            for row in rows.values()
        ]
        found.append((kept, persons))
    assert found[0] == found[1]


def _outcome(delivery_id: int, said: dict[str, Any], at: Any) -> Outcome:
    made = Outcome(delivery_id, at=at, **said)
    return replace(made, next_attempt_at=at + timedelta(seconds=60)) if made.state is None else made
