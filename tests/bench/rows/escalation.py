"""A severe alert's fan-out with a policy, beside the same first messages without one."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median

from sqlalchemy import func, select

from broadcaster import collector
from broadcaster.app import close_services, open_services
from broadcaster.config import Settings
from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.domain.escalation import Policy, Step, Until
from broadcaster.domain.people import ChannelName
from broadcaster.pipeline.issue import issue
from broadcaster.pipeline.resolve import resolve
from broadcaster.store.stations import stations
from broadcaster.store.tables import deliveries, escalations
from tests.bench.crowd import SLUG, by_mail, by_sms, gather
from tests.bench.running import run, size
from tests.bench.table import Row
from tests.contract.service import command
from tests.servers.postgres import driven, postgres

_PEOPLE, _ROUNDS = 100_000, 3
_FIRST = (ChannelName.EMAIL,)
_POLICY = Policy((Step(_FIRST), Step((ChannelName.SMS,), 3600, Until.CONFIRMED)), longest_s=7200)


async def measure() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder, postgres() as server:
        return [
            await _measured(Settings(data_dir=Path(folder)), "SQLite"),
            await _measured(Settings(data_dir=Path(folder), database_url=driven(server.fresh())), "PostgreSQL"),
        ]


async def _measured(settings: Settings, store: str) -> Row:
    people = size(_PEOPLE)
    what = f"{people:,} people: first messages of a severe alert with a policy, {store}"
    row = Row("escalation", what, "the same without a policy", 1.25, unit="× time", at_most=True)
    await gather(settings, people, lambda number: by_mail(number) + by_sms(number))
    services = await open_services(settings)
    collector.spare()  # as the service does
    try:
        async with services.store.write() as unit:
            station = await stations.by_slug(unit, SLUG)
            await stations.change(unit, station.id, {"policies": {"severe": _POLICY.to_json()}})
            station = await stations.by_slug(unit, SLUG)

        async def took(*, policy: bool) -> tuple[float, float]:
            """Issue the alert, and return the seconds until all first messages were written down, and our CPU's."""
            channels = () if policy else _FIRST
            audience = Audience(AudienceKind.ALL_FOLLOWERS)
            alert, _ = await issue(services, command(station, area=None, audience=audience, channels=channels))
            began, cpu = time.perf_counter(), time.process_time()
            await resolve(services, alert.id)
            seconds = time.perf_counter() - began, time.process_time() - cpu
            async with services.store.read() as unit:
                written, rows = [
                    await unit.conn.scalar(select(func.count()).select_from(table).where(table.c.alert_id == alert.id))
                    for table in (deliveries, escalations)
                ]
            assert written == people, written
            assert bool(rows) is policy, rows
            return seconds

        await took(policy=False)  # caches are warm from here on
        turns = [(await took(policy=True), await took(policy=False)) for _ in range(_ROUNDS)]
    finally:
        await close_services(services)
    (with_s, with_cpu), (without_s, without_cpu) = (
        [median(each) for each in zip(*some, strict=True)] for some in zip(*turns, strict=True)
    )
    row.value, row.figures = with_s / without_s, {"with_s": with_s, "without_s": without_s}
    row.cpu_us, row.rival_cpu_us = (each / people * 1e6 for each in (with_cpu, without_cpu))
    return row


if __name__ == "__main__":
    run(measure)
