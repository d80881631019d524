"""Schedules written and read, by a clock that the test drives."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from broadcaster.domain.alerts import Alert, Message, Severity, Text
from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.domain.schedules import Kind, Outcome, Schedule
from broadcaster.ids import new_id
from broadcaster.pipeline import scheduling
from broadcaster.store import schedules
from broadcaster.store.alerts import alerts
from broadcaster.store.stations import stations
from tests.contract.stores import BY, an_alert

if TYPE_CHECKING:
    from broadcaster.domain.stations import Station
    from broadcaster.pipeline.services import Services


FRIDAY = datetime(2026, 7, 3, 7, 30)  # noqa: DTZ001  in Paris
AT_FRIDAY = datetime.fromisoformat("2026-07-03T05:30:00+00:00")
DAY = timedelta(days=1)


async def key_of(services: Services) -> int:
    async with services.store.read() as unit:
        return (await stations.keys(unit))[0].id


async def written(services: Services, station: Station, **changes: Any) -> Schedule:
    said = {
        "severity": Severity.MODERATE,
        "area": None,
        "audience": Audience(AudienceKind.ALL_FOLLOWERS),
        "texts": {"fr": Text("Sortie scolaire")},
    }
    said |= {name: changes.pop(name) for name in list(changes) if name in Message.__slots__}
    fields = {"starts": FRIDAY, "zone": "Europe/Paris", "kind": Kind.ALERT, **changes}
    asked = Schedule(
        new_id(), station.id, await key_of(services), message=an_alert(station.id, **said).message, **fields
    )
    return await scheduling.write(services, station, asked, actor=BY)


def at(services: Services, moment: datetime) -> None:
    services.clock.at = moment  # type: ignore[attr-defined]


async def sent(services: Services) -> list[Alert]:
    async with services.store.read() as unit:
        return await alerts.page(unit, stations=None, before=None, limit=500)


async def became(services: Services, schedule: Schedule) -> list[tuple[datetime, Outcome]]:
    async with services.store.read() as unit:
        return [(each.at, each.outcome) for each in await schedules.past(unit, schedule.id, 500)][::-1]


async def read(services: Services, schedule: Schedule) -> Schedule:
    async with services.store.read() as unit:
        found = await schedules.by_id(unit, schedule.id)
    assert found is not None
    return found
