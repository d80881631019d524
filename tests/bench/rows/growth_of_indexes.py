"""What a nation costs in memory: ten million places, ten thousand active alerts, 36,000 stations."""

from __future__ import annotations

import gc
import json
import tempfile
import time
import tracemalloc
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from sqlalchemy import func, select

from broadcaster.app import open_store
from broadcaster.atlas import ActiveAlerts, Atlas, Territories
from broadcaster.clock import SystemClock
from broadcaster.config import Settings
from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.store import Vault
from broadcaster.store.alerts import alerts
from broadcaster.store.operations.migrate import migrate
from broadcaster.store.stations import stations
from broadcaster.store.tables import stations as stations_table
from tests.bench.measuring import best_async_s, best_s, rss_mib
from tests.bench.running import run, size
from tests.bench.table import Row
from tests.contract.stores import add_station, an_alert
from zones import Area, Circle, Jurisdiction, parse_boundary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from broadcaster.store import Store

_SEED = 68
_PART = 1000
_CORNERS = 30
_STATIONS_WITH_ALERTS = 3600
_JUDGED = 200


async def measure() -> list[Row]:
    rows = [_places(size(1_000_000)), _places(size(10_000_000))]
    smaller, places = rows
    places.growth = {f"{smaller.figures['points']:,}": smaller.value or 0.0}
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
        store = open_store(Settings(data_dir=Path(folder)))
        try:
            await migrate(store)
            territories = await _stations(store)
            active = await _alerts(store)
        finally:
            await store.close()
    return [places, active, territories]


def _places(number: int) -> Row:
    """Points all over France in the index that a resolver has; half of them live in the area of a great alert."""
    rng = np.random.default_rng(_SEED)
    keys = np.arange(1, number + 1, dtype=np.int64)
    lons, lats = rng.uniform(-4, 8, number), rng.uniform(43, 50, number)
    gc.collect()
    before = rss_mib()
    atlas = Atlas(cast("Store", SimpleNamespace(vault=Vault([bytes(32)]))))
    began = time.perf_counter()
    atlas.places.load(keys, keys, lons, lats)
    load_s = time.perf_counter() - began
    held = rss_mib() - before
    ring = [[-4.0, 43.0], [2.0, 43.0], [2.0, 50.0], [-4.0, 50.0], [-4.0, 43.0]]
    half = Area(polygons=parse_boundary({"type": "Polygon", "coordinates": [ring]}))
    began = time.perf_counter()
    found = atlas.most_exposed_first(atlas.places.owners_within(half), half)
    find_us = (time.perf_counter() - began) / max(1, len(found)) * 1e6
    small = Area((Circle(2.0, 47.0, 5000.0),))
    circle_ms = best_s(lambda: atlas.places.owners_within(small)) * 1e3
    who = rng.choice(number, min(_PART, number), replace=False)
    move_s = best_s(lambda: atlas.places.put_many(keys[who], keys[who], lons[who] + rng.normal(0, 1e-3), lats[who]))
    move_us = move_s / len(who) * 1e6
    return Row(
        "growth places",
        f"index of {number:,} places, memory a point",
        "",
        300.0,
        atlas.places.nbytes / number,
        "bytes",
        at_most=True,
        cpu_us=load_s / number * 1e6,
        memory_mib=held,
        figures={"points": number, "load_s": load_s, "find_us": find_us, "circle_ms": circle_ms, "move_us": move_us},
        why=f"loaded in {load_s:.1f} s; 5 km {circle_ms:.2f} ms; {len(found):,} found and put in order,"
        f" {find_us:.2f} µs each; a move {move_us:.2f} µs",
    )


async def _alerts(store: Store) -> Row:
    """Alerts that hold, as a nation's bad night has them: most for followers, some for everyone, some for groups."""
    number, clock = size(10_000), SystemClock()
    now, rng = clock.now(), np.random.default_rng(_SEED)
    audiences = [Audience()] * 7 + [Audience(AudienceKind.EVERYONE)] * 2 + [Audience(AudienceKind.ALL_FOLLOWERS)]
    where = np.column_stack((rng.uniform(-4, 7, number), rng.uniform(43, 50, number))).tolist()
    async with store.write() as unit:
        known = await unit.conn.scalar(select(func.count()).select_from(stations_table)) or 1
        for at, (lon, lat) in enumerate(where):
            alert = an_alert(
                at % min(known, _STATIONS_WITH_ALERTS) + 1,
                area=Area((Circle(lon, lat, float(rng.uniform(300, 5000))),)),
                audience=audiences[at % len(audiences)],
                sent_at=now,
                expires_at=now + timedelta(hours=6),
            )
            await alerts.add(unit, alert, key_id=None, idempotency_key=None, request_hash=None)
    active = ActiveAlerts(store, clock)
    began = time.perf_counter()
    await active.follow()
    load_s = time.perf_counter() - began
    with _traced() as held:
        again = ActiveAlerts(store, clock)
        await again.follow()
    follow_ms = await best_async_s(active.follow) * 1e3
    walkers = [([tuple(where[each])], {each % _STATIONS_WITH_ALERTS + 1}) for each in range(min(_JUDGED, number))]
    began = time.process_time()
    for points, followed in walkers:
        active.concerning(cast("Any", points), followed, {})
    move_us = (time.process_time() - began) / len(walkers) * 1e6
    return Row(
        "growth alerts",
        f"{number:,} active alerts: which concern someone who moved",
        "",
        1000.0,
        move_us,
        "µs",
        at_most=True,
        cpu_us=move_us,
        memory_mib=held[0],
        figures={"load_s": load_s, "follow_ms": follow_ms},
        why=f"loaded in {load_s:.1f} s; followed in {follow_ms:.1f} ms, in each process every five seconds",
    )


@contextmanager
def _traced() -> Iterator[list[float]]:
    """Return MiB that Python and numpy hold more after the block than before (the rtree's own are not among them)."""
    held = [0.0]
    gc.collect()
    tracemalloc.start()
    try:
        yield held
        gc.collect()
        held[0] = tracemalloc.get_traced_memory()[0] / 2**20
    finally:
        tracemalloc.stop()


async def _stations(store: Store) -> Row:
    """Communes side by side, each with a boundary of some thirty corners: on whose territory is a visitor?"""
    number = size(36_000)
    row = await _neighbours(store, number)
    async with store.read() as unit:
        known = Territories()
        began = time.perf_counter()
        await known.follow(unit)
        load_s = time.perf_counter() - began
        with _traced() as held:
            again = Territories()
            await again.follow(unit)
        found = [each.id for each in await known.at(unit, 2.0, 47.0)]
        if len(found) != 1:
            message = f"{len(found)} communes hold one point"
            raise RuntimeError(message)
        ours_s = await best_async_s(lambda: known.at(unit, 2.0, 47.0), 20)
        one_s = best_s(lambda: Jurisdiction.from_geojson(json.loads(row)).holds(2.0, 47.0), 20)
        began = time.perf_counter()
        every = await stations.all_stations(unit)
        read_s = time.perf_counter() - began
    theirs_s = read_s + len(every) * one_s
    return Row(
        "growth stations",
        f"{number:,} stations: on whose territory a visitor is",
        "a look at every boundary",
        100.0 if number >= 36_000 else None,
        theirs_s / ours_s,
        cpu_us=ours_s * 1e6,
        rival_cpu_us=theirs_s * 1e6,
        memory_mib=held[0],
        figures={"load_s": load_s, "all_stations_s": read_s},
        why=f"{ours_s * 1e3:.2f} ms against {theirs_s:.2f} s; known after {load_s:.2f} s; a list of all stations is"
        f" {read_s:.2f} s",
    )


async def _neighbours(store: Store, number: int) -> str:
    """Fill the store; give the boundary of one as it is written."""
    side = int(np.ceil(number**0.5))
    turns = np.linspace(0, 2 * np.pi, _CORNERS, endpoint=False)
    # Rounded squares that meet in their corners and edges, about the point that is asked for.
    ring = np.column_stack((np.cos(turns), np.sin(turns)))
    ring /= np.abs(ring).max(axis=1, keepdims=True)
    ring = np.concatenate((ring, ring[:1])) * 0.0295
    async with store.write() as unit:
        first = await add_station(unit, "s0", boundary=None)
        fields = (await unit.conn.execute(select(stations_table))).one()._asdict()
        del fields["id"]
        rows = []
        for at in range(1, number):
            middle = np.array([2.0, 47.0]) + 0.06 * (np.array(divmod(at, side)) - side // 2)
            boundary = {"type": "Polygon", "coordinates": [(ring + middle).tolist()]}
            rows.append({**fields, "slug": f"s{at}", "boundary": boundary})
        for start in range(0, len(rows), _PART):
            await unit.conn.execute(stations_table.insert(), rows[start : start + _PART])
    assert first.id == 1
    return json.dumps(rows[0]["boundary"])


if __name__ == "__main__":
    run(measure)
