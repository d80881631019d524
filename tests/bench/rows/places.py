"""Who is in the circle, of a million: against Valkey or Redis GEOSEARCH and PostGIS ST_DWithin on the same points.

Each gives ids to Python, and all are judged by a geodesic for every point (PROJ's, which none of them uses).
"""

from __future__ import annotations

import random
import time
import tracemalloc
from typing import TYPE_CHECKING, Any

import asyncpg
import numpy as np
import pyproj
import redis.asyncio as redis

from tests.bench import peers
from tests.bench.measuring import best_async_s, best_s
from tests.bench.running import run, size
from tests.bench.table import Row
from tests.servers.ports import free_port
from zones import Area, Circle, PlaceIndex

if TYPE_CHECKING:
    from numpy.typing import NDArray

LAIGLE = (0.6283, 48.7631)
_PART = 5000
_JUDGE = pyproj.Geod(ellps="WGS84")
_TIMES = 15
_EDGE = 0.003
"""GEOSEARCH takes the Earth for a sphere, and a point for a cell of 52 bits: it may differ so far, as a share."""


def points_about_laigle(number: int) -> tuple[NDArray[Any], ...]:
    """Keys, owners, lons, lats: a tenth within 5 km of L'Aigle, the rest all over France."""
    rng = np.random.default_rng(61214)
    town = number // 10
    turns, reach = rng.uniform(0, 2 * np.pi, town), 5000 * np.sqrt(rng.uniform(0, 1, town))
    degree_m = 111_200.0
    lons = LAIGLE[0] + reach * np.sin(turns) / degree_m / np.cos(np.radians(LAIGLE[1]))
    lats = LAIGLE[1] + reach * np.cos(turns) / degree_m
    keys = np.arange(1, number + 1, dtype=np.int64)
    rest = number - town
    return (
        keys,
        keys.copy(),
        np.concatenate((lons, rng.uniform(-4, 7, rest))),
        np.concatenate((lats, rng.uniform(43, 50, rest))),
    )


def judged(columns: tuple[NDArray[Any], ...], circle: Circle) -> set[int]:
    """The ids inside by a geodesic for each point; the edge is inside."""
    keys, _, lons, lats = columns
    _, _, far = _JUDGE.inv(np.full(len(keys), circle.lon), np.full(len(keys), circle.lat), lons, lats)
    return set(keys[far <= circle.radius_m].tolist())


async def measure() -> list[Row]:
    number = size(1_000_000)
    columns = points_about_laigle(number)
    index, load_s, bytes_a_point = _loaded(columns)
    circles = {"5 km": Circle(*LAIGLE, 5000.0), "300 m": Circle(*LAIGLE, 300.0)}
    truth = {name: judged(columns, circle) for name, circle in circles.items()}
    for name, circle in circles.items():
        found = index.owners_within(Area((circle,))).tolist()
        if set(found) != truth[name]:
            message = f"{name}: {len(found)} found, {len(truth[name])} by the judge"
            raise RuntimeError(message)
    ours = {name: best_s(lambda c=circle: index.owners_within(Area((c,))), _TIMES) for name, circle in circles.items()}
    theirs: dict[str, dict[str, float]] = {"5 km": {}, "300 m": {}}
    notes: list[str] = []
    moves = await _of_redis(columns, circles, truth, theirs, notes)
    await _of_postgis(columns, circles, truth, theirs, notes)
    rows = [_row(name, ours[name], theirs[name], (len(truth[name]), number), notes) for name in circles]
    rows[0].growth = {f"{each:,}": _ratio_at(each) for each in (size(10_000), size(100_000))}
    rows.append(_moving(index, columns, moves))
    rows.append(
        Row(
            "load",
            f"index: {number:,} points, memory a point",
            "",
            300.0,
            bytes_a_point,
            "bytes",
            at_most=True,
            figures={"load_s": load_s},
            why=f"loaded in {load_s:.2f} s; from the store, with unsealing: see “service”",
        )
    )
    return rows


def _loaded(columns: tuple[NDArray[Any], ...]) -> tuple[PlaceIndex, float, float]:
    index = PlaceIndex()
    tracemalloc.start()
    index.load(*columns)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    again = PlaceIndex()
    return index, best_s(lambda: again.load(*columns), 1), held / len(columns[0])


def _ratio_at(number: int) -> float:
    """How many times quicker than a geodesic for every point, at another size: how the cost grows."""
    columns = points_about_laigle(number)
    index = PlaceIndex()
    index.load(*columns)
    circle = Circle(*LAIGLE, 5000.0)
    return best_s(lambda: judged(columns, circle), 2) / best_s(lambda: index.owners_within(Area((circle,))), _TIMES)


def _row(name: str, ours_s: float, theirs: dict[str, float], sizes: tuple[int, int], notes: list[str]) -> Row:
    hits, number = sizes
    best = min(theirs, key=lambda each: theirs[each], default="")
    goal = 10.0 if name == "5 km" else 1.0
    return Row(
        f"resolve {name}",
        f"resolve {name}, {hits:,} inside of {number:,}",
        " and ".join(theirs) or "Redis and PostGIS",
        goal,
        theirs[best] / ours_s if best else None,
        cpu_us=ours_s * 1e6,
        rival_cpu_us=theirs[best] * 1e6 if best else None,
        figures={"ours_s": ours_s, **{f"{each}_s": took for each, took in theirs.items()}},
        why="; ".join([*(f"{each}: {took / ours_s:,.0f} ×" for each, took in theirs.items()), *notes]),
    )


async def _of_redis(
    columns: tuple[NDArray[Any], ...],
    circles: dict[str, Circle],
    truth: dict[str, set[int]],
    theirs: dict[str, dict[str, float]],
    notes: list[str],
) -> float | None:
    """Measure Redis; give how many GEOADD a second it takes, pipelined."""
    program = peers.found("redis-server")
    if program is None:
        notes.append("Redis was not run: it is not here")
        return None
    port = free_port()
    serve = (program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
    async with peers.started(*serve, port=port):
        client = redis.Redis(port=port)
        keys, _, lons, lats = (each.tolist() for each in columns)
        await _geoadd(client, keys, lons, lats)
        for name, circle in circles.items():
            ask = {"longitude": circle.lon, "latitude": circle.lat, "radius": circle.radius_m, "unit": "m"}
            found = {int(each) for each in await client.geosearch("points", **ask)}
            if len(found ^ truth[name]) > max(3, _EDGE * len(truth[name])):
                message = f"Redis finds {len(found)} in {name}, and the judge {len(truth[name])}"
                raise RuntimeError(message)
            theirs[name]["Redis GEOSEARCH"] = await best_async_s(
                lambda ask=ask: client.geosearch("points", **ask), _TIMES if len(found) < 1000 else 3
            )
        picked = random.Random(7).sample(range(len(keys)), min(len(keys), 20_000))
        began = time.perf_counter()
        await _geoadd(client, [keys[i] for i in picked], [lons[i] + 0.001 for i in picked], [lats[i] for i in picked])
        rate = len(picked) / (time.perf_counter() - began)
        await client.aclose()
        return rate


async def _geoadd(client: redis.Redis, keys: list[int], lons: list[float], lats: list[float]) -> None:
    for start in range(0, len(keys), _PART):
        end = start + _PART
        values: list[float] = []
        for key, lon, lat in zip(keys[start:end], lons[start:end], lats[start:end], strict=True):
            values += (lon, lat, key)
        await client.geoadd("points", values)


async def _of_postgis(
    columns: tuple[NDArray[Any], ...],
    circles: dict[str, Circle],
    truth: dict[str, set[int]],
    theirs: dict[str, dict[str, float]],
    notes: list[str],
) -> None:
    if peers.postgres_with_postgis() is None:
        notes.append("PostGIS was not run: it is not here")
        return
    async with peers.postgis() as url:
        conn = await asyncpg.connect(url)
        await conn.execute("CREATE EXTENSION postgis")
        await conn.execute("CREATE UNLOGGED TABLE raw (id bigint, lon float8, lat float8)")
        keys, _, lons, lats = (each.tolist() for each in columns)
        await conn.copy_records_to_table("raw", records=list(zip(keys, lons, lats, strict=True)))
        await conn.execute(
            "CREATE UNLOGGED TABLE points AS"
            " SELECT id, ST_SetSRID(ST_MakePoint(lon, lat), 4326)::geography AS at FROM raw"
        )
        await conn.execute("CREATE INDEX ON points USING gist (at)")
        await conn.execute("ANALYZE points")
        question = await conn.prepare(
            "SELECT id FROM points WHERE ST_DWithin(at, ST_SetSRID(ST_MakePoint($1, $2), 4326)::geography, $3)"
        )
        for name, circle in circles.items():
            asked = (circle.lon, circle.lat, circle.radius_m)
            found = {row[0] for row in await question.fetch(*asked)}
            if found != truth[name]:
                message = f"PostGIS finds {len(found)} in {name}, and the judge {len(truth[name])}"
                raise RuntimeError(message)
            theirs[name]["PostGIS ST_DWithin"] = await best_async_s(
                lambda asked=asked: question.fetch(*asked), _TIMES if len(found) < 1000 else 3
            )
        await conn.close()


def _moving(index: PlaceIndex, columns: tuple[NDArray[Any], ...], theirs: float | None) -> Row:
    """Points that move, a thousand at a time, with a question in between that must be right.

    A thousand times: fifty took 40 ms of CPU, and one pause of the machine doubled them.
    """
    keys, owners, lons, lats = columns
    rng = np.random.default_rng(3)
    batch, rounds = min(1000, len(keys)), size(1000)
    now_lons, now_lats = lons.copy(), lats.copy()
    spent = 0.0
    for each in range(rounds):
        who = rng.choice(len(keys), batch, replace=False)
        now_lons[who] += rng.normal(0, 0.002, batch)
        now_lats[who] += rng.normal(0, 0.002, batch)
        began = time.process_time()
        index.put_many(keys[who], owners[who], now_lons[who], now_lats[who])
        spent += time.process_time() - began
        if each % (rounds // 5) == 0:
            circle = Circle(*LAIGLE, 1500.0)
            if set(index.owners_within(Area((circle,))).tolist()) != judged((keys, owners, now_lons, now_lats), circle):
                message = "a question among moving points was answered wrongly"
                raise RuntimeError(message)
    rate = rounds * batch / spent
    return Row(
        "moving",
        f"positions moving, among {len(keys):,}, in batches of {batch:,}",
        "Redis GEOADD pipelined",
        50_000.0,
        rate,
        "a core second",
        cpu_us=1e6 / rate,
        figures={"redis_a_second": theirs},
        why="" if theirs is None else f"{rate / theirs:.1f} × Redis' {theirs:,.0f} a second",
    )


if __name__ == "__main__":
    run(measure)
