"""The service among a million residents: the reach, the first message on the wire, and all of them in the store."""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import tempfile
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from broadcaster.app import open_store
from broadcaster.atlas import Atlas
from broadcaster.config import Settings
from tests.bench.crowd import Crowd, by_push, gather
from tests.bench.measuring import cpu_s, percentile
from tests.bench.rows.push import settings_for
from tests.bench.running import run, size
from tests.bench.service import Serving, serving
from tests.bench.sinks import Sink
from tests.bench.table import Row

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_ALERTS = 30
_REACHES = 60
_SMALL_M = 300.0


class FirstSeen:
    """A push service that only says when the first octet of a message came, and yes to all of them."""

    def __init__(self) -> None:
        self.first = 0.0
        self.event = asyncio.Event()

    def again(self) -> None:
        self.first = 0.0
        self.event.clear()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if not self.first:
                    self.first = time.perf_counter()
                    self.event.set()
                length = next(
                    int(line.split(b":")[1])
                    for line in head.lower().split(b"\r\n")
                    if line.startswith(b"content-length")
                )
                await reader.readexactly(length)
                writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def first_seen() -> AsyncIterator[tuple[Sink, FirstSeen]]:
    seen = FirstSeen()
    server = await asyncio.start_server(seen.serve, "127.0.0.1", 0, backlog=1024)
    try:
        yield Sink(server.sockets[0].getsockname()[1], 0), seen
    finally:
        server.close()


async def measure() -> list[Row]:
    people, inside = size(1_000_000), size(100_000)
    rows = []
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
        async with first_seen() as (sink, seen):
            crowd = await gather(Settings(data_dir=Path(folder)), people, by_push(sink.push_endpoint), inside=inside)
            rows.append(await _loaded(Path(folder), people))
            async with serving(Path(folder), crowd.key, settings_for(sink)) as service:
                rows.append(await _reach(service, crowd))
                rows.append(await _first_message(service, crowd, seen))
                rows.append(await _all_written(service, crowd, Path(folder)))
    return rows


async def _loaded(folder: Path, people: int) -> Row:
    store = open_store(Settings(data_dir=folder))
    try:
        atlas = Atlas(store)
        began, cpu = time.perf_counter(), time.process_time()
        await atlas.load()
        took = time.perf_counter() - began
    finally:
        await store.close()
    return Row(
        "load from store",
        f"index: {people:,} people out of the store, unsealed",
        "",
        5.0,
        took,
        "s",
        at_most=True,
        cpu_us=(time.process_time() - cpu) / people * 1e6,
    )


async def _reach(service: Serving, crowd: Crowd) -> Row:
    alert = crowd.alert()
    took = []
    cpu = service.cpu_s
    for _ in range(_REACHES):
        began = time.perf_counter()
        told = await service.ask("POST", "/v1/reach", alert)
        took.append((time.perf_counter() - began) * 1e3)
        if told["people"] != crowd.inside:
            raise RuntimeError(f"{told['people']} people foreseen, and {crowd.inside} live there")
    return Row(
        "reach",
        f"POST /v1/reach for 5 km, {crowd.inside:,} inside, p95",
        "",
        50.0,
        percentile(took, 0.95),
        "ms",
        at_most=True,
        cpu_us=(service.cpu_s - cpu) / _REACHES * 1e6,
        memory_mib=service.memory_mib,
        why=f"p50 {statistics.median(took):.1f} ms",
    )


async def _first_message(service: Serving, crowd: Crowd, seen: FirstSeen) -> Row:
    lon, lat = crowd.alert()["area"]["circles"][0]["lon"], crowd.alert()["area"]["circles"][0]["lat"]
    area = {"circles": [{"lon": lon, "lat": lat, "radius_m": _SMALL_M}]}
    took = []
    for number in range(_ALERTS):
        seen.again()
        alert = crowd.alert(area=area, headline=f"Essai {number}")
        asked = asyncio.create_task(service.ask("POST", "/v1/alerts", alert))
        issued = await asked
        accepted = time.perf_counter()
        async with asyncio.timeout(30):
            await seen.event.wait()
        took.append(max(0.0, seen.first - accepted) * 1e3)
        async with asyncio.timeout(120):
            while (await service.ask("GET", f"/v1/alerts/{issued['id']}/report"))["state"] != "finished":
                await asyncio.sleep(0.05)
    return Row(
        "first message",
        f"alert accepted → first message on the wire, {crowd.people:,} residents, p95",
        "",
        50.0,
        percentile(took, 0.95),
        "ms",
        at_most=True,
        why=f"p50 {statistics.median(took):.1f} ms of {_ALERTS} alerts to 300 m",
    )


async def _all_written(service: Serving, crowd: Crowd, folder: Path) -> Row:
    """From the acceptance to the last delivery's row, while the first ones are being sent already."""
    before = cpu_s(service.pids[0])
    began = time.perf_counter()
    issued = await service.ask("POST", "/v1/alerts", crowd.alert())
    while (await service.ask("GET", f"/v1/alerts/{issued['id']}/report"))["matched"] < crowd.inside:
        await asyncio.sleep(0.02)
    ours = time.perf_counter() - began
    spent = cpu_s(service.pids[0]) - before
    theirs = await asyncio.to_thread(_bare_rows, folder, crowd.inside)
    return Row(
        "all written",
        f"alert accepted → {crowd.inside:,} deliveries in the store",
        "bare executemany of as many rows",
        0.5,
        theirs / ours,
        cpu_us=spent / crowd.inside * 1e6,
        rival_cpu_us=theirs / crowd.inside * 1e6,
        why=f"{ours:.2f} s, bare {theirs:.2f} s; ours sends meanwhile",
    )


def _bare_rows(folder: Path, count: int) -> float:
    """As many rows as an alert writes (a recipient, a delivery), in parts of a thousand, each on the disk."""
    path = folder / "bare.db"
    conn = sqlite3.connect(path)
    conn.execute("PRAGMA journal_mode=WAL")
    conn.execute("PRAGMA synchronous=FULL")
    conn.execute("CREATE TABLE recipients (alert INTEGER, person INTEGER, state INTEGER, PRIMARY KEY (alert, person))")
    conn.execute(
        "CREATE TABLE deliveries (id INTEGER PRIMARY KEY, alert INTEGER, person INTEGER, contact INTEGER,"
        " channel INTEGER, state INTEGER, batch INTEGER, at INTEGER)"
    )
    conn.execute("CREATE INDEX by_alert ON deliveries (alert, state)")
    conn.execute("CREATE INDEX by_batch ON deliveries (batch)")
    began = time.perf_counter()
    for start in range(0, count, 1000):
        part = range(start, min(start + 1000, count))
        with conn:
            conn.executemany("INSERT INTO recipients VALUES (?, ?, ?)", [(1, each, 0) for each in part])
            conn.executemany(
                "INSERT INTO deliveries VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [(each + 1, 1, each, each, 0, 0, start // 100, began) for each in part],
            )
    took = time.perf_counter() - began
    conn.close()
    path.unlink()
    return took


if __name__ == "__main__":
    run(measure)
