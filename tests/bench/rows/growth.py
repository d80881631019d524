"""One alert to very many: does it go as fast at its end as at its beginning, and does memory stay where it was?

To a million people, or as many as are gathered and sent to within some minutes at the rate of this machine;
``BENCH_WHOLE=1`` makes it a million whatever that takes. How indexes grow is ``growth_of_indexes``.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from broadcaster.config import Settings
from tests.bench import peers
from tests.bench.crowd import Crowd, by_push, gather
from tests.bench.measuring import percentile
from tests.bench.rows import growth_of_indexes
from tests.bench.rows.push import settings_for
from tests.bench.running import SMALL, run, size
from tests.bench.service import Serving, serving
from tests.bench.sinks import nginx
from tests.bench.table import Row

if TYPE_CHECKING:
    from tests.bench.sinks import Sink

_MILLION = 1_000_000
_BUDGET_S = 360.0
_ROUND = 50_000
_LOOK_S = 1.0
_FEW = 1000
_PACE = 10_000
_TIMES = 30


async def measure() -> list[Row]:
    return [*await _to_very_many(), *await growth_of_indexes.measure()]


async def _to_very_many() -> list[Row]:
    rate, memory, pages = rows = [
        Row("growth rate", "a million deliveries: throughput of the last fifth", "of the first fifth", 0.9),
        Row("growth memory", "a million deliveries: memory above idle", "", 512.0, unit="MiB", at_most=True),
        Row("growth pages", "report and delivery list, p95", "with 1,000", 1.5, unit="× time", at_most=True),
    ]
    if peers.found("nginx") is None:
        for row in rows:
            row.why = "nginx is not here"
        return rows
    async with nginx() as sink:
        count, note = await _how_many(sink)
        rate.what, memory.what = (row.what.replace("a million", f"{count:,}") for row in (rate, memory))
        pages.what = f"report and delivery list with {count:,}, p95"
        with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
            crowd = await gather(Settings(data_dir=Path(folder)), count, by_push(sink.push_endpoint))
            async with serving(Path(folder), crowd.key, settings_for(sink)) as service:
                idle = service.memory_mib
                small = await _few(service, crowd)
                alert, seen = await _followed(service, crowd)
                large = await _looked_at(service, alert)
    first, last = _rates([(at, sent) for at, sent, _ in seen], count)
    rate.value, rate.figures = last / first, {"first_a_second": first, "last_a_second": last}
    rate.why = f"{first:,.0f} a second at first, {last:,.0f} at last{note}"
    memory.value = max(each for _, _, each in seen) - idle
    memory.memory_mib = idle + memory.value
    memory.growth = {f"{share} %": seen[min(len(seen) - 1, len(seen) * share // 100)][2] for share in (10, 50, 99)}
    memory.why = f"{idle:,.0f} MiB idle, the index of {count:,} within"
    pages.value = percentile(large, 0.95) / percentile(small, 0.95)
    pages.why = f"{percentile(large, 0.95) * 1e3:.1f} ms, with 1,000 {percentile(small, 0.95) * 1e3:.1f} ms"
    return rows


async def _how_many(sink: Sink) -> tuple[int, str]:
    """Return how many to send to: a million, or what fits the time at the pace of a few thousand; and what to say."""
    if SMALL or os.environ.get("BENCH_WHOLE"):
        return size(_MILLION), ""
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
        began = time.perf_counter()
        crowd = await gather(Settings(data_dir=Path(folder)), _PACE, by_push(sink.push_endpoint))
        gathered_s = time.perf_counter() - began
        async with serving(Path(folder), crowd.key, settings_for(sink)) as service:
            took, _ = await service.send(crowd.alert(channels=["push"]))
    each_s = (gathered_s + took.wall_s) / _PACE
    fit = int(_BUDGET_S / each_s) // _ROUND * _ROUND
    if fit >= _MILLION:
        return _MILLION, ""
    return max(_ROUND, fit), f"; a million would take {_MILLION * each_s / 60:.0f} minutes: BENCH_WHOLE=1"


async def _few(service: Serving, crowd: Crowd) -> list[float]:
    """An alert to about a thousand (a circle smaller by as much), and what looking at it takes."""
    radius_m = max(300.0, crowd.radius_m * (_FEW / crowd.people) ** 0.5)
    lon, lat = (crowd.alert()["area"]["circles"][0][name] for name in ("lon", "lat"))
    area = {"circles": [{"lon": lon, "lat": lat, "radius_m": radius_m}]}
    _, account = await service.send(crowd.alert(area=area, channels=["push"]))
    return await _looked_at(service, account["id"])


async def _followed(service: Serving, crowd: Crowd) -> tuple[str, list[tuple[float, int, float]]]:
    """Send to all; give the alert's id and (seconds, accepted, MiB) as they came."""
    issued = await service.ask("POST", "/v1/alerts", crowd.alert(channels=["push"]))
    seen = []
    began = time.perf_counter()
    while True:
        account = await service.ask("GET", f"/v1/alerts/{issued['id']}/report")
        sent = account["channels"].get("push", {}).get("accepted", 0)
        seen.append((time.perf_counter() - began, sent, service.memory_mib))
        if account["state"] == "finished":
            if sent != crowd.people:
                raise RuntimeError(f"not everyone was reached: {account}")
            return issued["id"], seen
        await asyncio.sleep(_LOOK_S)


async def _looked_at(service: Serving, alert: str) -> list[float]:
    took = []
    last = await service.ask("GET", f"/v1/alerts/{alert}/deliveries?limit=1000")
    for turn in range(_TIMES):
        paths = (f"/v1/alerts/{alert}/report", f"/v1/alerts/{alert}/deliveries?limit=100")
        more = f"&cursor={last['next']}" if turn % 2 and last["next"] else ""
        began = time.perf_counter()
        await service.ask("GET", paths[0])
        await service.ask("GET", paths[1] + more)
        took.append(time.perf_counter() - began)
    return took


def _rates(seen: list[tuple[float, int]], count: int) -> tuple[float, float]:
    """Deliveries a second in the first fifth and in the last, the very first seconds apart."""

    def between(low: float, high: float) -> float:
        part = [(at, sent) for at, sent in seen if low * count <= sent <= high * count]
        if len(part) < 2:
            return count / seen[-1][0]
        return (part[-1][1] - part[0][1]) / (part[-1][0] - part[0][0])

    return between(0.02, 0.2), between(0.8, 0.99)


if __name__ == "__main__":
    run(measure)
