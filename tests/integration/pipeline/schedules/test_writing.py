"""What may be scheduled, changed, paused and left out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from broadcaster.domain.alerts import Severity, Text
from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.domain.refusals import Conflict, Refused
from broadcaster.ids import new_id
from broadcaster.pipeline import scheduling
from broadcaster.pipeline.schedule import issue_due, measure
from broadcaster.store import schedules, tables
from tests.contract.stores import BY, mail, register, resident
from tests.integration.pipeline.schedules.scheduled import AT_FRIDAY, DAY, FRIDAY, at, became, read, sent, written

if TYPE_CHECKING:
    from broadcaster.domain.stations import Station
    from broadcaster.pipeline.services import Services


async def test_a_schedule_goes_with_its_station(services: Services, station: Station) -> None:
    await written(services, station)
    async with services.store.write() as unit:
        await unit.conn.exec_driver_sql("DELETE FROM stations")
    at(services, AT_FRIDAY)
    assert await issue_due(services) == 0


@pytest.mark.parametrize("services", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"starts": datetime(2026, 7, 1, 13, 59)}, "at"),  # noqa: DTZ001
        ({"zone": "Europe/Atlantis"}, "zone"),
        ({"rule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, "repeat"),
        ({"rule": "FREQ=MINUTELY"}, "repeat"),
        ({"rule": "FREQ=DAILY;COUNT=100000"}, "repeat"),
        ({"rule": "FREQ=DAILY;UNTIL=20260101"}, "repeat"),
        ({"lasts": timedelta(0)}, "expires"),
        ({"lasts": timedelta(hours=1), "onset": timedelta(hours=2)}, "onset"),
        ({"severity": Severity.SEVERE}, "reason"),
        ({"severity": Severity.EXTREME, "reason": "  "}, "reason"),
        ({"school_zone": "Z"}, "school_zone"),
        ({"texts": {"fr": Text("")}}, "texts.fr.headline"),
        ({"audience": Audience(AudienceKind.GROUPS, ("nobody",))}, "audience.groups"),
    ],
)
async def test_what_can_not_be_is_refused_before_anything_is_kept(
    services: Services, station: Station, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        await written(services, station, **changes)
    assert refused.value.field == field
    async with services.store.read() as unit:
        assert await schedules.page(unit, stations=None, ended=True, limit=9) == []


async def test_one_occurrence_is_left_out_one_is_changed_and_those_that_follow_are_moved(
    services: Services, station: Station
) -> None:
    made = await written(services, station, rule="FREQ=DAILY;COUNT=6")
    days = [AT_FRIDAY + n * DAY for n in range(6)]
    await scheduling.change(services, station, made, replace(made, paused=True), days[1], actor=BY, following=False)
    was = await read(services, made)
    words = replace(made.message, texts={"fr": Text("Exception")})
    await scheduling.change(
        services, station, was, replace(was, id=new_id(), message=words), days[2], actor=BY, following=False
    )
    was = await read(services, made)
    later = replace(was, id=new_id(), starts=(FRIDAY + 4 * DAY).replace(hour=8))
    await scheduling.change(services, station, was, later, days[4], actor=BY, following=True)
    for day in days:
        for hours in range(24):
            at(services, day + timedelta(hours=hours / 2))
            await issue_due(services)
    told = [(each.sent_at, each.texts["fr"].headline) for each in await sent(services)][::-1]
    later_by = timedelta(hours=1)
    assert told == [
        (days[0], "Sortie scolaire"),
        (days[2], "Exception"),
        (days[3], "Sortie scolaire"),
        (days[4] + later_by, "Sortie scolaire"),
        (days[5] + later_by, "Sortie scolaire"),
    ]


async def test_a_paused_schedule_sends_nothing_and_goes_on_when_it_is_resumed(
    services: Services, station: Station
) -> None:
    made = await written(services, station, rule="FREQ=DAILY")
    paused = await scheduling.change(
        services, station, made, replace(made, paused=True), None, actor=BY, following=False
    )
    assert paused.next_at is None
    at(services, AT_FRIDAY + DAY)
    assert await issue_due(services) == 0
    was = await read(services, made)
    resumed = await scheduling.change(
        services, station, was, replace(was, paused=False), None, actor=BY, following=False
    )
    assert resumed.next_at == AT_FRIDAY + 2 * DAY
    assert await became(services, made) == []


async def test_the_reach_is_counted_again_shortly_before_and_a_change_of_a_quarter_is_seen(
    services: Services, station: Station
) -> None:
    async with services.store.write() as unit:
        more = [resident(mail(f"r{n}@example.org"), at=(0.63, 48.76)) for n in range(7)]
        await register(unit, station.id, *more)
    made = await written(services, station)
    assert made.reach == 8
    async with services.store.write() as unit:
        await register(unit, station.id, *(resident(mail(f"n{n}@example.org"), at=(0.63, 48.76)) for n in range(3)))
    at(services, AT_FRIDAY - timedelta(hours=1))
    await measure(services)
    assert (await read(services, made)).reach_now is None, "too early"
    at(services, AT_FRIDAY - timedelta(minutes=9))
    await measure(services)
    found = await read(services, made)
    assert (found.reach, found.reach_now, found.reach_changed) == (8, 11, True)


async def test_a_station_has_no_more_open_schedules_than_the_limit(
    services: Services, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedules, "MOST_OPEN", 2)
    first = await written(services, station)
    await written(services, station)
    with pytest.raises(Conflict, match="2 schedules of this station are open"):
        await written(services, station)
    async with services.store.write() as unit:
        await unit.conn.execute(
            tables.schedules.update().where(tables.schedules.c.id == first.id).values(ended_at=AT_FRIDAY)
        )
    await written(services, station)
