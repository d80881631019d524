"""How long a list takes to import: ``PYTHONPATH=. python tests/bench/import_register.py 100000``.

Beside it, in the same minute, runs the bare loop that nothing could beat: as many rows put into plain tables by the
driver alone, unsealed.
"""

from __future__ import annotations

import asyncio
import csv
import resource
import sqlite3
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from broadcaster.domain.audit import Actor, ActorKind
from broadcaster.register.applying import apply
from broadcaster.register.planning import plan
from broadcaster.register.reading import open_source
from broadcaster.store.engine.engine import Store
from broadcaster.store.engine.sealing import Vault
from broadcaster.store.operations import migrate
from broadcaster.store.stations import stations

STATION = {
    "slug": "bench", "name": "Bench", "kind": "authority", "languages": ["fr"], "boundary": None, "margin_m": 0.0,
    "region": "FR", "insee": None, "lon": 0.63, "lat": 48.76, "email": None, "phone": None,
}  # fmt: skip


def tell(line: str) -> None:
    sys.stdout.write(line + "\n")


def write_list(path: Path, lines: int) -> None:
    with path.open("w", encoding="cp1252", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(("Identifiant", "Nom", "Prénom", "Portable", "Courriel", "Longitude", "Latitude", "Groupes"))
        for number in range(lines):
            mobile = f"06 {number // 1_000_000:02d} {number // 1000 % 1000:03d} {number % 1000:03d}"
            place = (f"{0.6 + number % 997 / 10000:.5f}", f"{48.7 + number % 883 / 10000:.5f}".replace(".", ","))
            writer.writerow((f"A{number}", "Aubépine", "Zoé", mobile, f"a{number}@laigle.example", *place, "Club"))


def bare_loop(path: Path, lines: int) -> float:
    began = time.perf_counter()
    with sqlite3.connect(path) as bare:
        bare.execute("PRAGMA journal_mode=WAL")
        for table in ("subscribers", "follows", "places", "memberships", "changes"):
            bare.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, a, b)")
            bare.executemany(f"INSERT INTO {table} (a, b) VALUES (?, ?)", ((n, b"x" * 60) for n in range(lines)))
        bare.execute("CREATE TABLE contacts (id INTEGER PRIMARY KEY, fingerprint UNIQUE, sealed)")
        rows = ((n.to_bytes(16), b"x" * 60) for n in range(2 * lines))
        bare.executemany("INSERT INTO contacts (fingerprint, sealed) VALUES (?, ?)", rows)
    return time.perf_counter() - began


async def measure(folder: Path, lines: int) -> None:
    file = folder / "list.csv"
    write_list(file, lines)
    store = Store(f"sqlite+aiosqlite:///{folder}/bench.db", Vault([b"0" * 32]))
    await migrate.migrate(store)
    now = datetime.now(UTC)
    async with store.write() as unit:
        station = await stations.add(unit, STATION, now)
    assert station is not None
    for what in ("first import", "second import"):
        cpu, began = time.process_time(), time.perf_counter()
        with await plan(store, station, open_source(file)) as made:
            planned = time.perf_counter()
            await apply(store, made, Actor(ActorKind.MACHINE, now))
        ended = time.perf_counter()
        tell(
            f"{what}: {made.lines:,} lines ({made.new:,} new, {made.unchanged:,} the same, {made.refused_lines:,} bad)"
            f" checked in {planned - began:.1f} s, applied in {ended - planned:.1f} s,"
            f" {(time.process_time() - cpu) / lines * 1e6:.0f} µs of CPU a line"
        )
    await store.close()
    tell(f"bare sqlite3 loop: {bare_loop(folder / 'bare.db', lines):.1f} s")
    tell(f"most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(measure(Path(name), int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
