"""What the store's steps cost on PostgreSQL, for the simulation of a nation: ``python -m tests.bench.nation_times``.

One step after another on an idle server, with a commit that is on the disk. Printed, and with ``--results FOLDER``
written to ``nation_times.json``, where ``tests.bench.nation`` finds it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import psutil

from broadcaster.app import open_store
from broadcaster.config import Settings
from broadcaster.domain.deliveries import DeliveryState, Outcome
from broadcaster.domain.people import CHANNEL_NUMBER, ChannelName, NewContact
from broadcaster.sending.providers import batch_size
from broadcaster.store.alerts import alerts, batches, counting, dispatching, tracking
from broadcaster.store.engine import outbox
from broadcaster.store.stations import stations
from tests.bench.crowd import SLUG, by_mail, by_push, by_sms, gather
from tests.bench.nation_plan import BASE
from tests.contract.stores import an_alert
from tests.servers.postgres import Postgres, postgres

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from broadcaster.store import Store, Unit

_PEOPLE = 16_000
_PART, _GROUP, _RELAYED = 1000, 500, 500
_OWNER = "bench"


class Clock:
    """Seconds by the wall, of the server's CPU, and for which the alert's sums were locked: by step, each step's."""

    def __init__(self, server: Postgres) -> None:
        self._server = psutil.Process(server.pid)
        self.took: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
        self._locked_at: float | None = None

    def _cpu_s(self) -> float:
        every = [self._server, *self._server.children()]
        return sum(sum(each.cpu_times()[:2]) for each in every if each.is_running())

    def locked(self) -> None:
        if self._locked_at is None:
            self._locked_at = time.perf_counter()

    async def step(self, name: str, store: Store, work: Callable[[Unit], Awaitable[Any]]) -> Any:
        self._locked_at = None
        cpu, began = self._cpu_s(), time.perf_counter()
        found = await store.transact(work)
        ended = time.perf_counter()
        held = 0.0 if self._locked_at is None else ended - self._locked_at
        self.took[name].append((ended - began, self._cpu_s() - cpu, held))
        return found

    def told(self) -> dict[str, dict[str, float]]:
        """Milliseconds a step, the first left out, which warms caches.

        Of walls and locks the median, so that what the machine does beside counts little; of CPU the mean, for its
        clock ticks every ten.
        """
        told = {}
        for name, every in self.took.items():
            steps = every[1:] or every
            walls, cpus, locks = zip(*steps, strict=True)
            wall, cpu, held = statistics.median(walls), statistics.fmean(cpus), statistics.median(locks)
            each = {"wall_ms": wall, "server_cpu_ms": cpu, "locked_ms": held}
            told[name] = {**{key: 1e3 * seconds for key, seconds in each.items()}, "steps": len(steps)}
        return told


def _mixed(number: int) -> tuple[NewContact, ...]:
    """Contacts as the plan shares them: of twenty, 12 by push, 5 by SMS, 2 by mail, 1 by voice."""
    which = number % 20
    if which < 12:
        return _PUSHES(number)
    if which < 17:
        return by_sms(number)
    if which < 19:
        return by_mail(number)
    phone = f"+331{number:08d}"
    return (NewContact(ChannelName.VOICE, phone, phone),)


_PUSHES = by_push("https://push.example.invalid/")


async def measure(server: Postgres) -> dict[str, dict[str, float]]:
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
        settings = Settings(data_dir=Path(folder), database_url=server.fresh(), secret_key=secrets.token_hex(32))
        await gather(settings, _PEOPLE, _mixed)
        store = open_store(settings)
        clock = Clock(server)
        try:
            await _steps(store, clock)
        finally:
            await store.close()
    return clock.told()


async def _steps(store: Store, clock: Clock) -> None:
    now = datetime.now(UTC)
    until = now + timedelta(hours=1)
    async with store.read() as unit:
        station = await stations.by_slug(unit, SLUG)
    assert station is not None
    alert = replace(an_alert(station.id), sent_at=now, expires_at=now + timedelta(hours=6))
    await clock.step(
        "issue", store, lambda unit: alerts.add(unit, alert, key_id=None, idempotency_key=None, request_hash=None)
    )
    sizes = {CHANNEL_NUMBER[name]: batch_size(name, BASE.channels[name].per_second) for name in CHANNEL_NUMBER}
    outcomes: list[Outcome] = []
    add, add_latencies = counting.add, counting.add_latencies

    async def noted(unit: Unit, deltas: Any) -> None:
        clock.locked()
        await add(unit, deltas)

    async def noted_latencies(unit: Unit, deltas: Any) -> None:
        clock.locked()
        await add_latencies(unit, deltas)

    with mock.patch.object(counting, "add", noted), mock.patch.object(counting, "add_latencies", noted_latencies):
        for start in range(1, _PEOPLE + 1, _PART):
            ids = range(start, start + _PART)
            await clock.step(
                "part of 1,000 people",
                store,
                lambda unit, ids=ids: dispatching.write_chunk(
                    unit, alert, list(ids), since=now, now=now, batch_sizes=sizes
                ),
            )
        while events := await store.run_read(lambda unit: outbox.waiting(unit, _RELAYED)):
            told = [event_id for event_id, *_ in events]
            await clock.step("relay of up to 500", store, lambda unit, told=told: outbox.relayed(unit, told))
        async with store.read() as unit:
            due = await batches.due(unit, datetime.now(UTC), _PEOPLE)
        for each in due:
            name = f"lease and read, {each.channel}"

            async def take(unit: Unit, batch_id: int = each.id) -> Any:
                await batches.lease(unit, batch_id, _OWNER, datetime.now(UTC), until)
                return await batches.to_send(unit, batch_id, datetime.now(UTC))

            rows = await clock.step(name, store, take)
            at = datetime.now(UTC)
            outcomes += [Outcome(row.id, DeliveryState.ACCEPTED, at, tried=True, provider_id="x" * 34) for row in rows]
        for start in range(0, len(outcomes), _GROUP):
            group = outcomes[start : start + _GROUP]
            await clock.step("group of 500 outcomes", store, lambda unit, group=group: tracking.apply(unit, group))
        for each in due:
            await clock.step(
                "release",
                store,
                lambda unit, batch_id=each.id: batches.release(unit, batch_id, _OWNER, datetime.now(UTC)),
            )


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.bench.nation_times", description=__doc__.splitlines()[0])
    asked.add_argument("--results", type=Path, help="folder to write nation_times.json into")
    given = asked.parse_args()
    with postgres() as server:
        for setting in ("fsync = on", "synchronous_commit = on", "full_page_writes = on"):
            server.psql(f"ALTER SYSTEM SET {setting}")
        server.psql("SELECT pg_reload_conf()")
        told = asyncio.run(measure(server))
    for name, each in told.items():
        print(f"{name:32}" + "  ".join(f"{key} {value:8.2f}" for key, value in each.items()))
    if given.results:
        given.results.mkdir(parents=True, exist_ok=True)
        (given.results / "nation_times.json").write_text(json.dumps(told, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
