"""10,000 schedules due in the same minute: how long until two leaders have issued each of them, none twice.

They are weekly, of several stations, began a year ago, and each has an area of its own.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from broadcaster.domain.alerts import Severity
from broadcaster.domain.permissions import KeyRole
from broadcaster.domain.schedules import Kind, Schedule
from broadcaster.ids import new_id
from broadcaster.pipeline import scheduling
from broadcaster.pipeline.schedule import issue_due
from broadcaster.store import schedules
from broadcaster.store.stations import stations
from broadcaster.store.tables import alerts, occurrences
from tests.bench.running import run, size
from tests.bench.table import Row
from tests.contract.service import service
from tests.contract.stores import NOW, add_station, an_alert
from zones import Area, Circle

_DUE = 10_000
_STARTS = datetime(2025, 7, 4, 7, 30)  # noqa: DTZ001  in Paris
_EACH = 400
"""Schedules of one station."""


async def measure() -> list[Row]:
    count = size(_DUE)
    row = Row("schedules", f"{count:,} schedules due in the same minute, all issued", "", 10.0, unit="s", at_most=True)
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
        async with service(Path(folder)) as services:
            async with services.store.write() as unit:
                for number in range(count):
                    if number % _EACH == 0:
                        station = await add_station(unit, f"laigle-{number}")
                        await stations.add_key(unit, KeyRole.PUBLISH, station.id, "Mairie", NOW)
                        key_id = (await stations.keys(unit))[-1].id
                    at = _STARTS + timedelta(seconds=number % 60)
                    area = Area(circles=(Circle(0.63, 48.76, 500.0 + number / 10),))
                    message = an_alert(station.id, severity=Severity.MODERATE, area=area)
                    weekly = Schedule(
                        new_id(), station.id, key_id, Kind.ALERT, message, at, "Europe/Paris", "FREQ=WEEKLY"
                    )
                    first = scheduling.recurrence(services, weekly, station).next_after(NOW)
                    await schedules.add(unit, replace(weekly, next_at=first))
            services.clock.forward(days=1, hours=17, minutes=31)  # type: ignore[attr-defined]
            began, cpu = time.perf_counter(), time.process_time()
            await asyncio.gather(issue_due(services), issue_due(services))
            row.value = time.perf_counter() - began
            row.cpu_us = (time.process_time() - cpu) * 1e6 / count
            async with services.store.read() as unit:
                sent = await unit.conn.scalar(select(func.count()).select_from(alerts))
                written = await unit.conn.scalar(select(func.count()).select_from(occurrences))
    row.figures = {"alerts": sent, "occurrences": written}
    row.why = "by two leaders at once, none twice" if sent == written == count else f"{sent} alerts, {written} times"
    if sent != count:
        row.value = None
    return [row]


if __name__ == "__main__":
    run(measure)
