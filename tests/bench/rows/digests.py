"""100,000 digests, and 100,000 people whose quiet hours end at once: how fast they are ready to be sent.

Beside one alert to as many people at once, in the same store: a digest is such an alert, made of the day's.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from sqlalchemy import func, select, text, update

from broadcaster.app import close_services, open_services
from broadcaster.config import Settings
from broadcaster.domain.alerts import Severity
from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.pipeline.digest import send_digests
from broadcaster.pipeline.issue import issue
from broadcaster.pipeline.resolve import resolve
from broadcaster.pipeline.wake import wake
from broadcaster.store.stations import stations
from broadcaster.store.tables import deliveries, recipients
from tests.bench.crowd import SLUG, by_mail, gather
from tests.bench.running import run, size
from tests.bench.table import Row
from tests.contract.service import command

_PEOPLE = 100_000


async def measure() -> list[Row]:
    people = size(_PEOPLE)
    digests = Row("digests", f"{people:,} digests written down", "one alert to them at once", 0.3)
    morning = Row("quiet hours", f"the quiet hours of {people:,} people end", "one alert to them at once", 0.3)
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
        await gather(Settings(data_dir=Path(folder)), people, by_mail)
        services = await open_services(Settings(data_dir=Path(folder), quiet_hours="00:00-23:59"))
        try:
            async with services.store.write() as unit:
                station = await stations.by_slug(unit, SLUG)
                await unit.conn.execute(
                    text("INSERT INTO topic_choices SELECT station_id, subscriber_id, 'works', 2 FROM follows")
                )

            async def sent(severity: Severity, topic: str | None = None) -> float:
                """Issue an alert to all followers, and return how many seconds its resolution took."""
                told = command(
                    station, severity=severity, topic=topic, area=None, audience=Audience(AudienceKind.ALL_FOLLOWERS)
                )
                alert, _ = await issue(services, told)
                began = time.perf_counter()
                await resolve(services, alert.id)
                return time.perf_counter() - began

            async def due() -> None:
                async with services.store.write() as unit:
                    waits = recipients.c.wait_until.is_not(None)
                    await unit.conn.execute(update(recipients).where(waits).values(wait_until=services.clock.now()))

            async def written() -> int:
                async with services.store.read() as unit:
                    return await unit.conn.scalar(select(func.count()).select_from(deliveries)) or 0

            at_once = await sent(Severity.SEVERE)
            for row, topic, step in ((digests, "works", send_digests), (morning, None, wake)):
                await sent(Severity.MINOR, topic)
                services.settings = services.settings.model_copy(update={"quiet_hours": "00:00-00:00"})
                await due()
                before, began = await written(), time.perf_counter()
                while await written() < before + people:
                    await step(services)
                row.value = at_once / (time.perf_counter() - began)
                row.figures = {"at_once_s": at_once, "twice": await written() - before - people}
                services.settings = services.settings.model_copy(update={"quiet_hours": "00:00-23:59"})
        finally:
            await close_services(services)
    return [digests, morning]


if __name__ == "__main__":
    run(measure)
