"""An update for 100,000 told people: how soon it is known what it is to whom, and how soon the first message is out."""

from __future__ import annotations

import asyncio
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
from sqlalchemy import func, select, update

from broadcaster.app import close_services, open_services
from broadcaster.config import Settings
from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.domain.deliveries import DeliveryState, PersonState
from broadcaster.pipeline import update as updating
from broadcaster.pipeline.issue import issue
from broadcaster.pipeline.resolve import resolve
from broadcaster.store.alerts import threads
from broadcaster.store.stations import stations
from broadcaster.store.tables import batches, deliveries, recipients
from broadcaster.workers import working
from tests.bench.crowd import CENTRE, SLUG, by_mail, gather
from tests.bench.running import run, size
from tests.bench.table import Row
from tests.contract.service import command
from tests.contract.stores import BY
from tests.servers.postgres import driven, postgres
from zones import Area, Circle

_PEOPLE = 100_000
_MOVED = 0.3
"""Of the radius: some people are newly inside, some are now outside."""


async def measure() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder, postgres() as server:
        return [
            *await _measured(Settings(data_dir=Path(folder)), "SQLite"),
            *await _measured(Settings(data_dir=Path(folder), database_url=driven(server.fresh())), "PostgreSQL"),
        ]


async def _measured(settings: Settings, store: str) -> list[Row]:
    people = size(_PEOPLE)
    known = Row("update", f"{people:,} people: new, still, outside, {store}", "", 0.2, unit="s", at_most=True)
    first = Row("update", f"{people:,} people: an update's first message, {store}", "", 0.1, unit="s", at_most=True)
    crowd = await gather(settings, people, by_mail)
    services = await open_services(settings)
    try:
        async with services.store.read() as unit:
            station = await stations.by_slug(unit, SLUG)
        area = Area(circles=(Circle(*CENTRE, crowd.radius_m),))
        lon, lat = CENTRE
        moved = Area(circles=(Circle(lon + _MOVED * crowd.radius_m / 73_000, lat, crowd.radius_m),))
        alert, _ = await issue(services, command(station, area=area, audience=Audience(AudienceKind.EVERYONE)))
        await resolve(services, alert.id)
        await _delivered(services, alert.id)
        new = replace(alert, area=moved)
        took = [await _delta(services, new) for _ in range(5)]
        known.value, known.figures = median(each for each, _ in took), took[0][1]
        async with working(services):
            await asyncio.sleep(1)  # the loops have begun
            began = services.clock.now()
            issued, _ = await updating.update(services, alert, station, updating.Change(area=moved), BY)
            at = None
            while at is None:
                await asyncio.sleep(0.2)  # looks seldom: it would take the time that it measures
                async with services.store.read() as unit:
                    at = await unit.conn.scalar(
                        select(func.min(deliveries.c.accepted_at)).where(deliveries.c.alert_id == issued.id)
                    )
            first.value = (at - began).total_seconds()
    finally:
        await close_services(services)
    return [known, first]


async def _delivered(services, alert_id: int) -> None:
    """Write down that everybody has it: sending it is not what is measured."""
    now = services.clock.now()
    async with services.store.write() as unit:
        told = {"state": PersonState.ACCEPTED, "pending": 0, "held": 1, "accepted_at": now}
        await unit.conn.execute(update(recipients).where(recipients.c.alert_id == alert_id).values(told))
        sent = {"state": DeliveryState.ACCEPTED, "accepted_at": now}
        await unit.conn.execute(update(deliveries).where(deliveries.c.alert_id == alert_id).values(sent))
        await unit.conn.execute(update(batches).where(batches.c.alert_id == alert_id).values(done=True))


async def _delta(services, alert) -> tuple[float, dict[str, int]]:
    began = time.perf_counter()
    async with services.store.read() as unit:
        informed = await threads.informed(unit, await threads.of(unit, alert))
    parts = updating.parts_of(services, alert, informed)
    took = time.perf_counter() - began
    return took, {name: len(np.asarray(each)) for name, each in parts._asdict().items()}


if __name__ == "__main__":
    run(measure)
