"""Escalation: who does not react is told by the next channel, in time, once; who does is left in peace."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from broadcaster.domain.alerts import RULES, Severity
from broadcaster.domain.deliveries import DeliveryState, Outcome, PersonState
from broadcaster.domain.escalation import Policy, Step, Until
from broadcaster.domain.people import ChannelName
from broadcaster.pipeline import escalate as escalate_module
from broadcaster.pipeline.end import end as lift
from broadcaster.pipeline.escalate import escalate
from broadcaster.pipeline.issue import issue
from broadcaster.pipeline.resolve import resolve
from broadcaster.pipeline.update import Change
from broadcaster.pipeline.update import update as change_alert
from broadcaster.store import tables
from broadcaster.store.alerts import alerts, escalations, tracking
from broadcaster.store.stations import stations
from broadcaster.store.tables import deliveries, recipients
from tests.contract.service import BY, command, service
from tests.contract.stores import URLS, phone, push, resident
from tests.integration.pipeline.stepping import EVERYONE, receive, sent_in, station_now, station_with
from tests.servers.push import Behaviour
from tests.servers.town import Town
from tests.servers.town_api import eventually
from tests.servers.town_audit import quiet, recount
from tests.servers.twilio import Line

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from tests.servers.town import Resident

_P, _S, _V = ChannelName.PUSH, ChannelName.SMS, ChannelName.VOICE
WAYS = ("push", "sms", "voice")


def counts(town: Town, *people: Resident) -> list[tuple[int, int, int]]:
    """How many pushes, SMS and calls each of these people got."""

    def to(kept: Any, number: str | None) -> int:
        return sum(each.to == number for each in kept)

    return [
        (
            sum(len(device.messages) for device in each.devices),
            to(town.twilio.messages, each.mobile),
            to(town.twilio.calls, each.landline),
        )
        for each in people
    ]


async def test_a_severe_alert_goes_by_push_then_sms_then_call_to_those_who_do_not_react(tmp_path: Path) -> None:
    async with Town(tmp_path) as town:
        confirms, shows, silent = (town.resident(*WAYS) for _ in range(3))
        no_push, only_mail, dead = town.resident("sms", "voice"), town.resident("email"), town.resident(*WAYS)
        everyone = (confirms, shows, silent, no_push, dead)
        await town.settle(*everyone, only_mail)
        dead.devices[0].behave(Behaviour(status=410))
        town.twilio.line(Line(press="1"), number=silent.landline)
        async with town.serving() as api:
            alert = await api.issue(channels=...)
            first = [(1, 0, 0)] * 3 + [(0, 1, 0)] * 2
            await eventually(lambda: counts(town, *everyone) == first, "the first step, and what follows a dead push")
            await api.receipt(confirms.devices[0].messages[0].json["receipt"], "acknowledged")
            await api.receipt(shows.devices[0].messages[0].json["receipt"], "displayed")
            await recount(town.store, alert["id"])
            assert (await api.account(alert["id"]))["state"] == "sending"
            town.clock.advance(61)
            await eventually(lambda: counts(town, silent) == [(1, 1, 0)], "the SMS to who was silent")
            await quiet(town)
            assert counts(town, shows) == [(1, 0, 0)], "it was displayed"
            town.clock.advance(240)
            account = await api.finished(alert["id"])
            await quiet(town)
            last = [(1, 0, 0), (1, 0, 1), (1, 1, 1), (0, 1, 1), (0, 1, 1)]
            await eventually(lambda: counts(town, *everyone) == last, "the calls to who has not confirmed")
        await recount(town.store, alert["id"])
    assert account["unaccounted"] == 0
    assert [each.recipients for each in town.smtp.messages] == [[only_mail.mail]]


@pytest.mark.parametrize("kind", URLS)
async def test_each_step_is_taken_once_and_a_confirmation_withdraws_what_is_not_sent(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    async with service(tmp_path, database_url=URLS[kind](request, tmp_path)) as services:
        voice = phone("+33233000001", _V)
        station = await station_with(services, resident(push("https://push.example/1"), phone("+33600000001"), voice))
        alert, _ = await issue(services, command(station, channels=(), area=None, audience=EVERYONE))
        await resolve(services, alert.id)
        await receive(services, alert.id, _P, DeliveryState.ACCEPTED)
        await escalate(services)
        assert [name for name, *_ in await sent_in(services, alert.id)] == ["push"]
        services.clock.forward(seconds=60)
        await escalate(services)
        await escalate(services)
        assert [name for name, *_ in await sent_in(services, alert.id)] == ["push", "sms"]
        # A policy edited now is none of this alert's business.
        async with services.store.write() as unit:
            await stations.change(unit, station.id, {"policies": {"severe": Policy((Step((_P,)),)).to_json()}})
        await recount(services.store, alert.id)
        await receive(services, alert.id, _P, DeliveryState.ACKNOWLEDGED)
        assert await sent_in(services, alert.id) == [
            ("push", DeliveryState.ACKNOWLEDGED, None),
            ("sms", DeliveryState.CANCELLED, "confirmed"),
        ]
        counted = await recount(services.store, alert.id)
        assert counted["people", PersonState.ACKNOWLEDGED] == 1
        async with services.store.read() as unit:
            known = await alerts.by_id(unit, alert.id)
        assert known is not None
        assert known.finished_at is not None, "nobody is left to escalate to"
        services.clock.forward(seconds=300)
        await escalate(services)
        assert len(await sent_in(services, alert.id)) == 2
        second, _ = await issue(
            services, command(await station_now(services, station.id), channels=(), area=None, audience=EVERYONE)
        )
        await resolve(services, second.id)
        services.clock.forward(seconds=300)
        await escalate(services)
        assert [name for name, *_ in await sent_in(services, second.id)] == ["push"], "by the new policy"


@pytest.mark.parametrize("kind", URLS)
@pytest.mark.parametrize("end", ["cancel", "expiry", "stop"])
async def test_nothing_follows_once_the_alert_is_over(
    kind: str, end: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    async with service(tmp_path, database_url=URLS[kind](request, tmp_path)) as services:
        people = [resident(push(f"https://push.example/{n}"), phone(f"+3360000000{n}")) for n in range(3)]
        station = await station_with(services, *people)
        told = command(
            station, channels=(), area=None, audience=EVERYONE, expires_at=services.clock.now() + timedelta(seconds=50)
        )
        alert, _ = await issue(services, told)
        await resolve(services, alert.id)
        await receive(services, alert.id, _P, DeliveryState.ACCEPTED)
        match end:
            case "cancel":
                await lift(services, alert, station, BY)
            case "stop":
                async with services.store.write() as unit:
                    assert await escalations.stop(unit, alert.id, services.clock.now())
                    assert not await escalations.stop(unit, alert.id, services.clock.now())
            case "expiry":
                services.clock.forward(seconds=51)
        await escalate(services)
        assert {name for name, *_ in await sent_in(services, alert.id)} == {"push"}
        counted = await recount(services.store, alert.id)
        assert (counted["people", PersonState.ACCEPTED], counted["following", 0]) == (3, 0)
        services.clock.forward(seconds=100)
        await escalate(services)
        assert {name for name, *_ in await sent_in(services, alert.id)} == {"push"}
        await recount(services.store, alert.id)


async def test_a_step_of_a_graver_alert_is_taken_before_all_that_were_due_earlier(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(escalate_module, "ROWS", 1)
    async with service(tmp_path) as services:
        people = [
            resident(push(f"https://push.example/{n}"), phone(f"+3360000000{n}"), phone(f"+3323300000{n}", _V))
            for n in range(9)
        ]
        station = await station_with(services, *people)
        flood, blast = [
            (await issue(services, command(station, channels=(), severity=each, area=None, audience=EVERYONE)))[0]
            for each in (Severity.SEVERE, Severity.EXTREME)
        ]
        for each in (flood, blast):
            await resolve(services, each.id)
            await receive(services, each.id, _P, DeliveryState.ACCEPTED)
        services.clock.forward(seconds=121)  # the flood's SMS are a minute late, the blast's calls just due
        taken = []
        for _ in range(2):
            await escalate(services)
            sent = {each.id: {name for name, *_ in await sent_in(services, each.id)} for each in (flood, blast)}
            taken.append((_S in sent[flood.id], _V in sent[blast.id]))
        assert taken == [(False, True), (True, True)]


@pytest.mark.parametrize("kind", URLS)
async def test_calls_are_repeated_to_those_who_have_not_confirmed_and_a_repetition_takes_nothing_back(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    async with service(tmp_path, database_url=URLS[kind](request, tmp_path)) as services:
        station = await station_with(services, resident(phone("+33233000001", _V)), resident(phone("+33233000002", _V)))
        policy = Policy((Step((_V,), 0, Until.CONFIRMED, repeat=5, every_s=60),), longest_s=120)
        async with services.store.write() as unit:
            await stations.change(unit, station.id, {"policies": {"extreme": policy.to_json()}})
        station = await station_now(services, station.id)
        told = command(station, channels=(), severity=Severity.EXTREME, area=None, audience=EVERYONE)
        alert, _ = await issue(services, told)
        await resolve(services, alert.id)
        await receive(services, alert.id, _V, DeliveryState.ACCEPTED)
        await receive(services, alert.id, _V, DeliveryState.DELIVERED)
        async with services.store.write() as unit:
            first = await unit.conn.scalar(select(func.min(deliveries.c.id)))
            await tracking.apply(unit, [Outcome(first, DeliveryState.ACKNOWLEDGED, services.clock.now())])
        for turn in (1, 2):
            services.clock.forward(seconds=60)
            await escalate(services)
            states = [state for _, state, _ in await sent_in(services, alert.id)]
            assert states == [DeliveryState.ACKNOWLEDGED, DeliveryState.QUEUED], turn
            await recount(services.store, alert.id)
            await receive(services, alert.id, _V, DeliveryState.ACCEPTED if turn == 1 else DeliveryState.FAILED)
            states = [state for _, state, _ in await sent_in(services, alert.id)]
            assert states == [DeliveryState.ACKNOWLEDGED, DeliveryState.DELIVERED], "it was delivered before"
        await recount(services.store, alert.id)
        async with services.store.read() as unit:
            left = select(func.count()).select_from(recipients).where(recipients.c.next_round.is_not(None))
            assert await unit.conn.scalar(left) == 0, "of five repetitions, two are within the policy's time"


def test_the_shipped_policies_are_sound_and_reach_who_has_only_one_of_the_free_channels() -> None:
    for severity, rules in RULES.items():
        assert {_P, ChannelName.EMAIL} <= set(rules.policy.channels), severity
        assert rules.policy.steps[0].after_s == 0


async def test_a_silent_update_sends_no_sms_to_who_was_told_whatever_steps_follow(tmp_path: Path) -> None:
    policy = Policy((Step((_P,), 0, Until.CONFIRMED, repeat=1, every_s=60), Step((_S,), 120, Until.CONFIRMED)))
    async with service(tmp_path) as services:
        station = await station_with(services, resident(push("https://push.example/1"), phone("+33600000001")))
        told = command(station, channels=(), area=None, audience=EVERYONE)
        alert, _ = await issue(services, replace(told, message=replace(told.message, own_policy=policy)))
        await resolve(services, alert.id)
        await receive(services, alert.id, _P, DeliveryState.ACCEPTED)
        for silent in (True, False):
            change = Change(expires_at=alert.expires_at + timedelta(hours=1), silent=silent)
            alert, _ = await change_alert(services, alert, station, change, BY)
            await resolve(services, alert.id)
            for _ in range(3):
                await receive(services, alert.id, _P, DeliveryState.ACCEPTED)
                services.clock.forward(seconds=60)
                await escalate(services)
            sent = {name for name, *_ in await sent_in(services, alert.id)}
            assert sent == ({_P} if silent else {_P, _S})
            await receive(services, alert.id, _S, DeliveryState.ACCEPTED)


async def test_an_extreme_alert_does_not_wait_for_a_hundred_thousand_escalations_that_are_due(tmp_path: Path) -> None:
    async with service(tmp_path) as services:
        station = await station_with(services, resident(push("https://push.example/1"), phone("+33600000001")))
        told = command(station, channels=(), area=None, audience=EVERYONE)
        severe, _ = await issue(services, told)
        await resolve(services, severe.id)
        now = services.clock.now()
        async with services.store.write() as unit:
            for start in range(1, 100_000, 500):
                await escalations.plan_now(unit, severe.id, {1: range(start, start + 500)}, now, now)

        async def due() -> int:
            async with services.store.read() as unit:
                rows = select(func.count()).select_from(tables.escalations)
                return await unit.conn.scalar(
                    rows.where(tables.escalations.c.state < 2, tables.escalations.c.due_at <= now)
                )

        before = await due()
        working = asyncio.create_task(escalate(services))
        await eventually(lambda: _fewer(due, before), "the backlog is being worked on")
        extreme, _ = await issue(services, replace(told, message=replace(told.message, severity=Severity.EXTREME)))
        await resolve(services, extreme.id)
        assert await due() > 0, "it did not wait for the backlog"
        assert {name for name, *_ in await sent_in(services, extreme.id)} == {"push", "sms"}
        await working
        while await due():
            await escalate(services)
        await recount(services.store, severe.id)


async def _fewer(due: Callable[[], Awaitable[int]], before: int) -> bool:
    return await due() < before
