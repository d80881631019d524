"""Alerts for later, on bad nights: each occurrence once, on both stores."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from broadcaster.app import close_services, open_services
from broadcaster.domain.alerts import MsgType, Severity, Status, Text
from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.domain.permissions import KeyRole
from broadcaster.domain.refusals import Conflict
from broadcaster.domain.schedules import Kind, Outcome
from broadcaster.ids import new_id
from broadcaster.pipeline import scheduling
from broadcaster.pipeline.end import end
from broadcaster.pipeline.issue import issue
from broadcaster.pipeline.schedule import answer_missed, issue_due
from broadcaster.store import schedules, tables
from broadcaster.store.stations import stations
from tests.contract.service import command
from tests.contract.stores import BY, NOW
from tests.integration.pipeline.schedules.scheduled import AT_FRIDAY, DAY, at, became, read, sent, written

if TYPE_CHECKING:
    from broadcaster.domain.stations import Station
    from broadcaster.pipeline.services import Services


async def test_an_alert_is_issued_at_its_time_once_and_not_before(services: Services, station: Station) -> None:
    made = await written(services, station, lasts=timedelta(hours=3), onset=timedelta(hours=1))
    assert made.next_at == AT_FRIDAY
    at(services, AT_FRIDAY - timedelta(seconds=1))
    assert await issue_due(services) == 0
    at(services, AT_FRIDAY)
    assert await issue_due(services) == 1
    assert await issue_due(services) == 0
    (alert,) = await sent(services)
    assert alert.texts["fr"].headline == "Sortie scolaire"
    assert (alert.sent_at, alert.expires_at) == (AT_FRIDAY, AT_FRIDAY + timedelta(hours=3))
    assert alert.onset_at == AT_FRIDAY + timedelta(hours=1)
    assert await became(services, made) == [(AT_FRIDAY, Outcome.ISSUED)]
    assert (await read(services, made)).ended_at == AT_FRIDAY


async def test_of_two_leaders_at_the_same_moment_one_issues(services: Services, station: Station) -> None:
    for _ in range(5):
        await written(services, station)
    at(services, AT_FRIDAY)
    issued = await asyncio.gather(*(issue_due(services) for _ in range(4)))
    assert sum(issued) == 5
    assert len(await sent(services)) == 5


async def test_a_leader_that_dies_before_its_commit_has_issued_nothing_and_the_next_one_does(
    services: Services, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await written(services, station)
    at(services, AT_FRIDAY)
    whole = schedules.settle

    async def dies(unit: Any, plans: Any) -> Any:
        await whole(unit, plans)
        raise asyncio.CancelledError

    monkeypatch.setattr(schedules, "settle", dies)
    with pytest.raises(asyncio.CancelledError):
        await issue_due(services)
    assert await sent(services) == []
    monkeypatch.undo()
    another = await open_services(services.settings, clock=services.clock)
    try:
        assert await issue_due(another) == 1
    finally:
        await close_services(another)
    assert await became(services, made) == [(AT_FRIDAY, Outcome.ISSUED)]


async def test_within_its_grace_a_late_one_is_sent_and_holds_until_it_would_have(
    services: Services, station: Station
) -> None:
    await written(services, station, lasts=timedelta(hours=4))
    at(services, AT_FRIDAY + timedelta(hours=2))
    assert await issue_due(services) == 1
    (alert,) = await sent(services)
    assert alert.expires_at == AT_FRIDAY + timedelta(hours=4)


@pytest.mark.parametrize(
    ("changes", "late"),
    [
        ({}, timedelta(hours=2, seconds=1)),
        ({"lasts": timedelta(minutes=30)}, timedelta(minutes=31)),
        ({"grace": timedelta(minutes=5)}, timedelta(minutes=6)),
        ({"severity": Severity.SEVERE, "status": Status.EXERCISE}, timedelta(minutes=2)),
        ({"severity": Severity.EXTREME, "reason": "Lâcher d'eau annoncé"}, timedelta(minutes=2)),
        ({"severity": Severity.SEVERE, "reason": "Tir de mine", "grace": timedelta(hours=9)}, timedelta(minutes=2)),
    ],
)
async def test_after_its_grace_it_is_not_sent_and_waits_for_a_person(
    services: Services, station: Station, changes: dict[str, Any], late: timedelta
) -> None:
    made = await written(services, station, **changes)
    at(services, AT_FRIDAY + late)
    assert await issue_due(services) == 0
    assert await became(services, made) == [(AT_FRIDAY, Outcome.MISSED)]
    async with services.store.read() as unit:
        assert [each.at for _, each in await schedules.not_sent(unit, [station.id], 9)] == [AT_FRIDAY]
    alert = await answer_missed(services, made, AT_FRIDAY, actor=replace(BY, id=made.key_id), send=True)
    assert alert is not None
    assert alert.expires_at == services.clock.now() + made.lasts
    assert [each.id for each in await sent(services)] == [alert.id]
    for send in (True, False):
        with pytest.raises(Conflict):
            await answer_missed(services, made, AT_FRIDAY, actor=replace(BY, id=made.key_id), send=send)
    async with services.store.read() as unit:
        assert await schedules.not_sent(unit, [station.id], 9) == []


async def test_of_thirty_missed_in_a_day_down_only_the_last_is_sent_and_only_within_its_grace(
    services: Services, station: Station
) -> None:
    made = await written(services, station, rule="FREQ=HOURLY;COUNT=31", grace=timedelta(minutes=30))
    at(services, AT_FRIDAY + timedelta(hours=29, minutes=20))
    assert await issue_due(services) == 1
    outcomes = await became(services, made)
    assert [each for _, each in outcomes] == [Outcome.MISSED] * 29 + [Outcome.ISSUED]
    assert (await read(services, made)).next_at == AT_FRIDAY + timedelta(hours=30)
    await scheduling.end(services, await read(services, made), actor=BY)
    async with services.store.read() as unit:
        assert await schedules.not_sent(unit, [station.id], 99) == [], "with the schedule, what was missed is let go"


async def test_of_more_than_a_thousand_missed_the_latest_are_kept(services: Services, station: Station) -> None:
    made = await written(services, station, rule="FREQ=HOURLY")
    at(services, AT_FRIDAY + timedelta(hours=1200, minutes=5))
    assert await issue_due(services) == 1
    async with services.store.read() as unit:
        outcomes = [(each.at, each.outcome) for each in await schedules.past(unit, made.id, 2000)]
    assert len(outcomes) == 1000
    assert outcomes[0] == (AT_FRIDAY + timedelta(hours=1200), Outcome.ISSUED)
    assert outcomes[-1] == (AT_FRIDAY + timedelta(hours=201), Outcome.MISSED)


async def test_an_overdue_one_can_be_cancelled_before_anybody_sends_it(services: Services, station: Station) -> None:
    made = await written(services, station)
    at(services, AT_FRIDAY + timedelta(minutes=5))
    await scheduling.end(services, made, actor=BY)
    assert await issue_due(services) == 0
    assert await sent(services) == []


async def test_a_clock_an_hour_ahead_and_set_back_issues_nothing_twice(services: Services, station: Station) -> None:
    made = await written(services, station, rule="FREQ=DAILY;COUNT=2")
    at(services, AT_FRIDAY)  # an hour too early by the sun
    assert await issue_due(services) == 1
    at(services, AT_FRIDAY - timedelta(hours=1))
    assert await issue_due(services) == 0
    changed = replace(await read(services, made), reason="read again")
    await scheduling.change(services, station, await read(services, made), changed, None, actor=BY, following=False)
    at(services, AT_FRIDAY)
    assert await issue_due(services) == 0, "the edit named the same instant again"
    at(services, AT_FRIDAY + DAY)
    assert await issue_due(services) == 1


async def test_a_clock_an_hour_back_sends_at_the_hour_that_it_shows(services: Services, station: Station) -> None:
    await written(services, station)
    at(services, AT_FRIDAY - timedelta(hours=1))
    assert await issue_due(services) == 0
    at(services, AT_FRIDAY)
    assert await issue_due(services) == 1


async def test_an_edit_while_it_is_issued_is_refused_or_is_what_goes_out(
    services: Services, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await written(services, station, rule="FREQ=DAILY")
    at(services, AT_FRIDAY)
    whole, edited = schedules.settle, replace(made, message=replace(made.message, texts={"fr": Text("À 8 h")}))

    async def edited_first(unit: Any, plans: Any) -> Any:
        monkeypatch.undo()
        assert await schedules.change(unit, made, replace(edited, next_at=AT_FRIDAY))
        return await whole(unit, plans)

    monkeypatch.setattr(schedules, "settle", edited_first)
    assert await issue_due(services) == 0, "what was read is not what is there"
    assert await issue_due(services) == 1
    (alert,) = await sent(services)
    assert alert.texts["fr"].headline == "À 8 h"
    with pytest.raises(Conflict):
        await scheduling.change(services, station, made, edited, None, actor=BY, following=False)
    with pytest.raises(Conflict):
        await scheduling.change(
            services, station, await read(services, made), edited, AT_FRIDAY, actor=BY, following=False
        )


async def test_a_schedule_whose_group_is_gone_is_not_sent_and_says_why(services: Services, station: Station) -> None:
    made = await written(services, station, audience=Audience(AudienceKind.GROUPS, ("ecole",)))
    async with services.store.write() as unit:
        await unit.conn.exec_driver_sql("DELETE FROM groups")
    at(services, AT_FRIDAY)
    assert await issue_due(services) == 0
    async with services.store.read() as unit:
        ((_, occurrence),) = await schedules.not_sent(unit, [station.id], 9)
        (row,) = await unit.conn.execute(tables.occurrences.select())
    assert occurrence.outcome is Outcome.REFUSED
    assert occurrence.why.code == "group-unknown"
    assert occurrence.why.params["name"] == "ecole"
    assert b"ecole" not in row.params
    assert "ecole" not in row.problem
    await scheduling.end(services, await read(services, made), actor=BY)


async def test_a_schedule_whose_author_is_gone_waits_for_somebody_else(services: Services, station: Station) -> None:
    made = await written(services, station)
    async with services.store.write() as unit:
        await stations.revoke_key(unit, made.key_id, NOW)
        await stations.add_key(unit, KeyRole.PUBLISH, station.id, "Adjointe", NOW)
        assert [each.id for each in await schedules.orphaned(unit, [station.id], NOW, 9)] == [made.id]
    at(services, AT_FRIDAY)
    assert await issue_due(services) == 0
    async with services.store.read() as unit:
        ((_, occurrence),) = await schedules.not_sent(unit, [station.id], 9)
        assert (await schedules.authors(unit, [made]))[made.key_id] == "Mairie"
    assert (occurrence.why.code, occurrence.why.field) == ("author-gone", "author")
    assert await answer_missed(services, made, AT_FRIDAY, actor=replace(BY, id=made.key_id + 1), send=True) is not None


async def test_reminders_repeat_an_alert_while_it_holds_and_end_with_it(services: Services, station: Station) -> None:
    everyone = Audience(AudienceKind.ALL_FOLLOWERS)
    original, _ = await issue(services, command(station, audience=everyone, area=None, expires_at=NOW + 9 * DAY))
    message = replace(original.message, texts={"fr": Text("Toujours pas d'eau potable")})
    made = await written(services, station)
    asked = replace(made, id=new_id(), kind=Kind.REMINDER, message=message, reminds=original.id, rule="FREQ=DAILY")
    reminder = await scheduling.write(services, station, asked, actor=BY)
    await scheduling.end(services, made, actor=BY)
    at(services, AT_FRIDAY)
    assert await issue_due(services) == 1
    (told, _) = await sent(services)
    assert (told.msg_type, told.references) == (MsgType.UPDATE, (original.id,))
    await end(services, original, station, BY)
    assert (await read(services, reminder)).ended_at == AT_FRIDAY
    at(services, AT_FRIDAY + DAY)
    assert await issue_due(services) == 0


async def test_a_reminder_of_an_alert_that_expired_ends_unsent(services: Services, station: Station) -> None:
    everyone = Audience(AudienceKind.ALL_FOLLOWERS)
    original, _ = await issue(services, command(station, audience=everyone, area=None, expires_at=NOW + DAY))
    asked = replace(await written(services, station), id=new_id(), kind=Kind.REMINDER, reminds=original.id)
    reminder = await scheduling.write(services, station, replace(asked, rule="FREQ=DAILY"), actor=BY)
    at(services, AT_FRIDAY)
    await issue_due(services)
    assert (await read(services, reminder)).ended_at == AT_FRIDAY
    assert await became(services, reminder) == []
