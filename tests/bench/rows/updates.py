"""An update for 100,000 told people: how soon it is known what it is to whom, and how soon the first message is out.

Each round starts the service anew on a copy of one store: the first update of a process is its slowest.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sqlalchemy import delete, update

from broadcaster import collector
from broadcaster.app import close_services, open_services
from broadcaster.config import Settings
from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.domain.deliveries import DeliveryState, PersonState
from broadcaster.domain.people import ChannelName
from broadcaster.pipeline.issue import issue
from broadcaster.pipeline.resolve import resolve
from broadcaster.pipeline.update import parts_of
from broadcaster.store.alerts import alerts, counting, threads
from broadcaster.store.stations import stations
from broadcaster.store.tables import alert_counts, batches, deliveries, outbox, recipients
from tests.bench.crowd import CENTRE, SLUG, Crowd, by_push, gather
from tests.bench.rows.push import settings_for
from tests.bench.rows.service import FirstSeen, first_seen
from tests.bench.running import run, size
from tests.bench.service import serving
from tests.bench.table import Row
from tests.contract.service import command
from tests.servers.postgres import Postgres, driven, postgres
from zones import Area

if TYPE_CHECKING:
    from broadcaster.pipeline.services import Services
    from tests.bench.sinks import Sink

_PEOPLE = 100_000
_ROUNDS = 5
_AROUND = 1.31
"""So many times as many people live around: some of them are newly inside."""
_MOVED_M = 1500.0
_SETTLE_S = 2.0


@dataclass
class _Round:
    """Seconds from the request to its acceptance and to the first octet of a message; CPU seconds meanwhile."""

    accepted_s: float
    first_s: float
    cpu_s: float


async def measure() -> list[Row]:
    async with first_seen() as (sink, seen):
        with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder, postgres() as server:
            return [
                *await _measured(Path(folder) / "sqlite", None, sink, seen),
                *await _measured(Path(folder) / "postgresql", server, sink, seen),
            ]


async def _measured(folder: Path, server: Postgres | None, sink: Sink, seen: FirstSeen) -> list[Row]:
    people, store = size(_PEOPLE), "SQLite" if server is None else "PostgreSQL"
    known = Row("update", f"{people:,} people: new, still, outside, {store}", "", 0.2, unit="s", at_most=True)
    first = Row("update", f"{people:,} people: an update's first message, {store}", "", 0.1, unit="s", at_most=True)
    url = None if server is None else server.fresh()
    settings = Settings(data_dir=folder, database_url=None if url is None else driven(url))
    around = round(people * _AROUND)
    crowd = await gather(settings, around, by_push(sink.push_endpoint))
    crowd = replace(crowd, inside=people, radius_m=crowd.radius_m * (people / around) ** 0.5)
    moved = _moved(crowd)
    alert_id = await _told(settings, crowd)
    if server is not None:
        server.psql("VACUUM ANALYZE", str(url))  # as it does by itself within a minute
    known.value, known.figures = await _delta(settings, alert_id, moved)
    given, path = (
        settings_for(sink) | {"TOCSIN_GEOCODER_URL": "off", "TOCSIN_GRACE_S": "1"},
        f"/v1/alerts/{alert_id}/updates",
    )
    rounds = []
    for number in range(_ROUNDS):
        copy = folder.with_name(f"{folder.name}{number}")
        shutil.copytree(folder, copy)
        if server is not None:
            given["TOCSIN_DATABASE_URL"] = driven(server.fresh(copy_of=urlsplit(str(url)).path[1:]))
        rounds.append(await _updated(copy, crowd, given, seen, path=path, area=moved))
    first.value = median(each.first_s for each in rounds)
    first.figures = {"rounds": [vars(each) for each in rounds], "load": os.getloadavg()[0]}
    first.why = (
        f"{min(each.first_s for each in rounds):.3f} to {max(each.first_s for each in rounds):.3f} s;"
        f" accepted after {median(each.accepted_s for each in rounds):.3f} s;"
        f" CPU {median(each.cpu_s for each in rounds):.2f} s; load {os.getloadavg()[0]:.1f}"
    )
    return [known, first]


def _moved(crowd: Crowd) -> dict[str, Any]:
    lon, lat = CENTRE
    return {"circles": [{"lon": lon + _MOVED_M / 73_000, "lat": lat, "radius_m": crowd.radius_m}]}


async def _told(settings: Settings, crowd: Crowd) -> int:
    """Issue an alert to everybody, and write down that all have it: sending it is not what is measured."""
    services = await open_services(settings)
    try:
        async with services.store.read() as unit:
            station = await stations.by_slug(unit, SLUG)
        everyone, area = Audience(AudienceKind.EVERYONE), Area.from_json(crowd.alert()["area"])
        wanted = command(station, area=area, audience=everyone, channels=(ChannelName.PUSH,))
        alert, _ = await issue(services, wanted)
        await resolve(services, alert.id)
        await _delivered(services, alert.id)
    finally:
        await close_services(services)
    return alert.id


async def _delivered(services: Services, alert_id: int) -> None:
    now = services.clock.now()
    have = {"accepted_at": now}
    async with services.store.write() as unit:
        for table, values in (
            (recipients, {"state": PersonState.ACCEPTED, "pending": 0, "held": 1, **have}),
            (deliveries, {"state": DeliveryState.ACCEPTED, **have}),
            (batches, {"done": True}),
        ):
            await unit.conn.execute(update(table).where(table.c.alert_id == alert_id).values(values))
        for subject, state in ((counting.PEOPLE, PersonState.ACCEPTED), (ChannelName.PUSH, DeliveryState.ACCEPTED)):
            sums = update(alert_counts).where(alert_counts.c.alert_id == alert_id, alert_counts.c.subject == subject)
            await unit.conn.execute(sums.values(state=int(state)))
        await unit.conn.execute(delete(outbox))  # its batches are done: they are not to be leased beside the update


async def _delta(settings: Settings, alert_id: int, moved: dict[str, Any]) -> tuple[float, dict[str, int]]:
    """Return the seconds until it is known what the update is to whom, the median of five, and how many are what."""
    services, took = await open_services(settings), []
    collector.spare()  # as the service does
    try:
        async with services.store.read() as unit:
            alert = await alerts.by_id(unit, alert_id)
        new = replace(alert, area=Area.from_json(moved))
        for _ in range(_ROUNDS):
            began = time.perf_counter()
            parts = parts_of(services, new, await services.store.run_read(lambda unit: threads.informed_of(unit, new)))
            took.append(time.perf_counter() - began)
    finally:
        await close_services(services)
    return median(took), {name: len(each) for name, each in parts._asdict().items()}


async def _updated(
    folder: Path, crowd: Crowd, given: dict[str, str], seen: FirstSeen, *, path: str, area: dict[str, Any]
) -> _Round:
    async with serving(folder, crowd.key, given) as service:
        await asyncio.sleep(_SETTLE_S)  # what a process does when it starts is done
        seen.again()
        cpu, began = service.cpu_s, time.perf_counter()
        await service.ask("POST", path, {"area": area})
        accepted = time.perf_counter()
        async with asyncio.timeout(120):
            await seen.event.wait()
        return _Round(accepted - began, seen.first - began, service.cpu_s - cpu)


if __name__ == "__main__":
    run(measure)
