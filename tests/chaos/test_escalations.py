"""A hundred thousand people's next steps are due at once, and an extreme alert comes in."""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from broadcaster.app import close_services, open_services
from broadcaster.config import Settings
from broadcaster.domain.alerts import Severity
from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.domain.deliveries import DeliveryState
from broadcaster.pipeline.escalate import escalate
from broadcaster.pipeline.issue import issue
from broadcaster.pipeline.resolve import resolve
from broadcaster.store import tables
from broadcaster.store.stations import stations
from tests.bench.crowd import SLUG, by_mail, by_sms, gather
from tests.contract.service import command
from tests.contract.stores import EMPTY
from tests.servers.town_api import eventually
from tests.servers.town_audit import recount

if TYPE_CHECKING:
    from pathlib import Path

PEOPLE = 100_000
_POLICY = {
    "steps": [{"channels": ["email"]}, {"channels": ["sms"], "after_s": 60, "until": "confirmed"}],
    "longest_s": 3600,
}


class Later:
    """The clock of the machine, or so much later."""

    def __init__(self, clock) -> None:
        self.clock, self.by = clock, timedelta()

    def now(self):
        return self.clock.now() + self.by


@pytest.mark.timeout(1800)
@pytest.mark.skipif(
    os.environ.get("TOCSIN_CHAOS") != "full", reason="make chaos; test_escalation.py has the queue alone"
)
@pytest.mark.parametrize("kind", EMPTY)
async def test_everyones_next_step_is_due_when_an_extreme_alert_comes_in_which_does_not_wait(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path, database_url=EMPTY[kind](request, tmp_path))
    await gather(settings, PEOPLE, lambda number: by_mail(number) + by_sms(number))
    services = await open_services(settings)
    services.clock = clock = Later(services.clock)

    async def count(table, *where) -> int:
        async with services.store.read() as unit:
            return await unit.conn.scalar(select(func.count()).select_from(table).where(*where)) or 0

    async def due() -> int:
        rows = tables.escalations
        return await count(rows, rows.c.state < 2, rows.c.due_at <= clock.now(), rows.c.alert_id == severe.id)

    try:
        async with services.store.write() as unit:
            station = await stations.by_slug(unit, SLUG)
            await stations.change(unit, station.id, {"policies": {"severe": _POLICY}})
            station = await stations.by_slug(unit, SLUG)
        everyone = Audience(AudienceKind.ALL_FOLLOWERS)
        severe, _ = await issue(services, command(station, channels=(), area=None, audience=everyone))
        await resolve(services, severe.id)
        clock.by = timedelta(seconds=61)
        before = await due()
        assert before >= PEOPLE / 1000

        async def work() -> None:
            while await due():
                await escalate(services)

        working = asyncio.create_task(work())
        await eventually(lambda: _fewer(due, before), "the backlog is being worked on", 60)
        extreme, _ = await issue(
            services, command(station, channels=(), severity=Severity.EXTREME, area=None, audience=everyone)
        )
        of = tables.deliveries.c.alert_id

        async def begun() -> bool:
            return await count(tables.deliveries, of == extreme.id) > 0

        dispatching = asyncio.create_task(resolve(services, extreme.id))
        await eventually(begun, "its first messages are written", 60)
        assert await due() > before / 2, "they did not wait for the backlog"
        await dispatching
        assert await count(tables.deliveries, of == extreme.id) == 2 * PEOPLE
        await asyncio.wait_for(working, 900)
        texts = of == severe.id, tables.deliveries.c.channel == 1, tables.deliveries.c.state == DeliveryState.QUEUED
        assert await count(tables.deliveries, *texts) == PEOPLE, "each step once"
        for each in (severe, extreme):
            await recount(services.store, each.id)
    finally:
        await close_services(services)


async def _fewer(due, before: int) -> bool:
    return await due() < before
