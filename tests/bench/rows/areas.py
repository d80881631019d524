"""Which alerts hold at a point, of ten thousand: against shapely's STRtree on the same areas as polygons."""

from __future__ import annotations

import time

import numpy as np
import shapely

from tests.bench.measuring import best_s
from tests.bench.running import run, size
from tests.bench.table import Row
from zones import Area, AreaIndex, Circle

_VERTICES = 64


async def measure() -> list[Row]:
    rows = []
    number, asked = size(10_000), size(200_000)
    rng = np.random.default_rng(11)
    lons, lats = rng.uniform(-4, 7, number), rng.uniform(43, 50, number)
    radii = rng.uniform(300, 5000, number)
    index = AreaIndex()
    shapes = []
    for key, (lon, lat, radius_m) in enumerate(zip(lons.tolist(), lats.tolist(), radii.tolist(), strict=True)):
        area = Area((Circle(lon, lat, radius_m),))
        index.put(key, area)
        shapes.append(shapely.geometry.shape(area.geojson(_VERTICES)["features"][0]["geometry"]))
    tree = shapely.STRtree(shapes)
    # Points near areas: people are where alerts are.
    near = rng.integers(0, number, asked)
    at_lons = lons[near] + rng.normal(0, 0.03, asked)
    at_lats = lats[near] + rng.normal(0, 0.02, asked)
    points = shapely.points(at_lons, at_lats)
    ours_s = best_s(lambda: index.at_many(at_lons, at_lats), 3)
    theirs_s = best_s(lambda: tree.query(shapely.points(at_lons, at_lats), predicate="intersects"), 3)
    pairs_ours = len(index.at_many(at_lons, at_lats)[0])
    pairs_theirs = tree.query(points, predicate="intersects").shape[1]
    if abs(pairs_ours - pairs_theirs) > 0.01 * pairs_theirs:  # their circles have 64 corners
        message = f"{pairs_ours} pairs found, and {pairs_theirs} by shapely"
        raise RuntimeError(message)
    few = list(zip(at_lons[:5000].tolist(), at_lats[:5000].tolist(), strict=True))
    began = time.perf_counter()
    for lon, lat in few:
        index.at(lon, lat)
    one_s = (time.perf_counter() - began) / len(few)
    rows.append(
        Row(
            "areas",
            f"point → active alerts, {number:,} areas, in batches",
            "shapely STRtree",
            1.0,
            theirs_s / ours_s,
            cpu_us=ours_s / asked * 1e6,
            rival_cpu_us=theirs_s / asked * 1e6,
            why=f"{asked / ours_s:,.0f} points a second (goal 100,000); one by one {one_s * 1e6:.0f} µs",
        )
    )
    return rows


if __name__ == "__main__":
    run(measure)
