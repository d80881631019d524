"""Budgets of SMS and calls, and what an alert's steps will cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from broadcaster.domain.alerts import Severity
from broadcaster.domain.deliveries import DeliveryState, Outcome, PersonState
from broadcaster.domain.escalation import Policy, Step, Until
from broadcaster.domain.people import ChannelName
from broadcaster.pipeline.end import end as lift
from broadcaster.pipeline.escalate import escalate
from broadcaster.pipeline.issue import issue
from broadcaster.pipeline.reach import Question, reach
from broadcaster.pipeline.resolve import resolve
from broadcaster.store import tables
from broadcaster.store.alerts import alerts, budgets, tracking
from broadcaster.store.alerts.report import report
from broadcaster.store.stations import stations
from broadcaster.store.tables import deliveries
from tests.contract.service import BY, command, service
from tests.contract.stores import URLS, phone, push, resident
from tests.integration.pipeline.stepping import EVERYONE, receive, sent_in, station_now, station_with
from tests.servers.town_audit import recount

if TYPE_CHECKING:
    from pathlib import Path

    from broadcaster.domain.report import Expected

_P, _S, _V = ChannelName.PUSH, ChannelName.SMS, ChannelName.VOICE


@pytest.mark.parametrize("kind", URLS)
async def test_a_budget_stops_a_moderate_alert_and_never_a_severe_one(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    async with service(tmp_path, database_url=URLS[kind](request, tmp_path), quiet_hours="00:00-00:00") as services:
        station = await station_with(services, *(resident(phone(f"+3360000000{n}")) for n in range(5)))
        async with services.store.write() as unit:
            await stations.change(unit, station.id, {"budgets": {"sms": {"alert": 3, "month": 4}}})
        found = {}
        for severity in (Severity.MODERATE, Severity.MODERATE, Severity.SEVERE):
            told = command(station, channels=(_S,), severity=severity, area=None, audience=EVERYONE)
            alert, _ = await issue(services, told)
            await resolve(services, alert.id)
            found[alert.id] = [(state, reason) for _, state, reason in await sent_in(services, alert.id)]
            counted = await recount(services.store, alert.id)
            stopped = sum(reason == "over-budget" for _, reason in found[alert.id])
            assert counted["people", PersonState.UNREACHED] == stopped
        sent = [sum(state is DeliveryState.QUEUED for state, _ in each) for each in found.values()]
        assert sent == [3, 1, 5], "of one alert; of the month; never one that is severe"
        async with services.store.read() as unit:
            over = await budgets.exceeded(unit, station.id, alert.id, services.clock.now())
            account = await report(unit, alert)
        assert [(each.month, each.used, each.most) for each in over] == [(True, 9, 4), (False, 5, 3)]
        assert "This alert's budget of SMS is used up: 5 of 3." in account.warnings

        # An all-clear is sent even if the month's budget is used up.
        async with services.store.read() as unit:
            first = await alerts.by_id(unit, min(found))
        assert first is not None
        await receive(services, first.id, _S, DeliveryState.ACCEPTED)
        over_now = await lift(services, first, station, BY)
        await resolve(services, over_now.id)
        assert await sent_in(services, over_now.id) == [("sms", DeliveryState.QUEUED, None)] * 3


@pytest.mark.parametrize("kind", URLS)
async def test_repeated_calls_count_each_time_and_are_stopped_as_first_ones_are_and_the_reach_says_so_before(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    async with service(tmp_path, database_url=URLS[kind](request, tmp_path), quiet_hours="00:00-00:00") as services:
        station = await station_with(services, *(resident(phone(f"+3323300000{n}", _V)) for n in range(2)))
        policy = Policy((Step((_V,), 0, Until.CONFIRMED, repeat=3, every_s=60),))
        own = {"policies": {str(each): policy.to_json() for each in Severity}, "budgets": {"voice": {"alert": 3}}}
        async with services.store.write() as unit:
            await stations.change(unit, station.id, own)
        station = await station_now(services, station.id)
        calls = {}
        for severity in (Severity.MODERATE, Severity.SEVERE):
            told = command(station, channels=(), severity=severity, area=None, audience=EVERYONE)
            foreseen = await reach(services, Question(station, told.message))
            assert foreseen.over_budget == {_V: foreseen.expected.messages[_V] - 3}
            assert any("made anyway" in each for each in foreseen.warnings) is (severity is Severity.SEVERE)
            alert, _ = await issue(services, told)
            await resolve(services, alert.id)
            for _ in range(4):
                await receive(services, alert.id, _V, DeliveryState.ACCEPTED)
                services.clock.forward(seconds=60)
                await escalate(services)
            await recount(services.store, alert.id)
            async with services.store.read() as unit:
                calls[severity] = await budgets.exceeded(unit, station.id, alert.id, services.clock.now())
        assert [each.used for each in calls[Severity.MODERATE]] == [3]
        assert [each.used for each in calls[Severity.SEVERE]] == [8]


@pytest.mark.parametrize("kind", URLS)
async def test_what_the_steps_cost_is_foreseen_at_the_rates_of_the_stations_own_past_alerts(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    everyone = [resident(push(f"https://push.example/{n}"), phone(f"+336000000{n:02}")) for n in range(40)]
    url = URLS[kind](request, tmp_path)
    async with service(tmp_path, database_url=url, sms_price_minor=10, voice_price_minor=0) as services:
        station = await station_with(services, *everyone)
        told = command(station, channels=(), area=None, audience=EVERYONE)

        async def expected() -> Expected:
            return (await reach(services, Question(station, told.message))).expected

        assert (await expected()).messages[_S] == pytest.approx(40 * (1 - 0.97 * 0.63), abs=3), "the defaults"
        alert, _ = await issue(services, told)
        await resolve(services, alert.id)
        await receive(services, alert.id, _P, DeliveryState.ACCEPTED)
        services.clock.forward(seconds=10)
        async with services.store.write() as unit:
            ids = list(await unit.conn.scalars(select(deliveries.c.id).order_by(deliveries.c.id)))
            states = [DeliveryState.DISPLAYED] * 26 + [DeliveryState.ACKNOWLEDGED] * 10
            now = services.clock.now()
            await unit.conn.execute(update(tables.alerts).values(sandbox=[]))  # what a sandbox shows counts for nothing
            await tracking.apply(unit, [Outcome(*each, now) for each in zip(ids, states, strict=False)])
        services.clock.forward(minutes=31)
        found = await expected()
        assert found.messages == {_P: 40, _S: pytest.approx(4, abs=1), ChannelName.EMAIL: 0, _V: 0}
        assert found.cost_minor == 10 * found.messages[_S] * 1
        assert found.reached[Until.CONFIRMED].share == pytest.approx(0.25 + 0.1 * 0.25, abs=0.03)
        seen = found.reached[Until.DISPLAYED]
        assert seen.share == pytest.approx(0.9 + 0.1 * 0.3, abs=0.02)

        # Sent again, with people who react as before, it comes to what was foreseen.
        again, _ = await issue(services, told)
        await resolve(services, again.id)
        await receive(services, again.id, _P, DeliveryState.ACCEPTED)
        services.clock.forward(seconds=10)
        async with services.store.write() as unit:
            mine = select(deliveries.c.id).where(deliveries.c.alert_id == again.id).order_by(deliveries.c.id)
            ids, now = list(await unit.conn.scalars(mine)), services.clock.now()
            await tracking.apply(unit, [Outcome(*each, now) for each in zip(ids, states, strict=False)])
        services.clock.forward(seconds=51)
        await escalate(services)
        sent = [name for name, *_ in await sent_in(services, again.id)]
        assert {name: sent.count(name) for name in (_P, _S)} == {_P: 40, _S: pytest.approx(found.messages[_S], abs=1)}
