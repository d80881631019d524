"""How much later an urgent alert comes while a big routine one is going out by the same channel.

``python -m tests.bench.priority [--routine 100000] [--urgent 1000] [--rounds 3] [--per-second 5000] [--scaled]``

Real processes of ``tocsin serve`` and a cheap SMTP sink in a process of its own, which notes when each urgent mail was
taken. The same alert to the same people goes out alone, then ``rounds`` times beside the routine one: once while that
one's people are still being written down, then in the middle of its sending; then alone again. A time is from the
request to the mail's end on the wire. Prints the p95 of each, and the ratio of the medians; says so if the routine
alert was over too early to prove anything. The ratio of the processor's seconds until then is less at the mercy of
whoever else uses the machine. ``--per-second`` is the rate of the settings, by default above what a
machine does, so that everything is contended for; ``--scaled``: PostgreSQL, Valkey, two senders.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import statistics
import tempfile
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import uvloop

from tests.servers.town import Town
from tests.servers.town_scaled import ManyTown, ScaledTown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from multiprocessing.connection import Connection

    from tests.servers.town_api import Api

_LONGEST_S = 600.0


@dataclass(frozen=True)
class Served:
    """A service that runs, and its processes."""

    api: Api
    pids: Sequence[int]


class Sink(asyncio.Protocol):
    """Takes every mail; notes when, of those to an address in ``watched``, and counts the rest."""

    watched: frozenset[str] = frozenset()
    taken: dict[str, float] = {}  # noqa: RUF012  the process has one sink
    others = 0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.held = b""
        self.to = ""
        self.in_data = False
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self.held += data
        while self.held:
            if self.in_data:
                if not self.held.endswith(b"\r\n.\r\n"):
                    return
                self.held, self.in_data = b"", False
                self._note()
                self.transport.write(b"250 2.0.0 Ok: queued\r\n")
                return
            line, found, rest = self.held.partition(b"\r\n")
            if not found:
                return
            self.held = rest
            self._command(line)

    def _command(self, line: bytes) -> None:
        match line[:4].upper():
            case b"DATA":
                self.in_data = True
                self.transport.write(b"354 go on\r\n")
            case b"EHLO":
                self.transport.write(b"250-sink\r\n250-8BITMIME\r\n250-PIPELINING\r\n250 SIZE 35882577\r\n")
            case b"RCPT":
                self.to = line.partition(b"<")[2].partition(b">")[0].decode()
                self.transport.write(b"250 2.1.5 Ok\r\n")
            case b"QUIT":
                self.transport.write(b"221 bye\r\n")
            case _:
                self.transport.write(b"250 2.0.0 Ok\r\n")

    def _note(self) -> None:
        if self.to in Sink.watched:
            Sink.taken[self.to] = time.monotonic()
        else:
            Sink.others += 1


def serve(pipe: Connection) -> None:
    """Run the sink: it is told whom to watch, and asked by anything else what it took since."""

    async def run() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Sink, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        while True:
            told = await loop.run_in_executor(None, pipe.recv)
            if isinstance(told, frozenset):
                Sink.watched, Sink.taken = told, {}
            pipe.send((dict(Sink.taken), Sink.others))

    uvloop.run(run())


class Watch:
    """This side of the sink."""

    def __init__(self, pipe: Connection) -> None:
        self.pipe = pipe
        self.port = pipe.recv()

    def begin(self, whom: frozenset[str]) -> None:
        self.pipe.send(whom)
        self.pipe.recv()

    def seen(self) -> tuple[dict[str, float], int]:
        self.pipe.send("seen")
        return self.pipe.recv()


async def until(holds: Callable[[], bool]) -> None:
    """Return when it holds; end the program where that takes too long."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > _LONGEST_S:
            raise SystemExit(f"not within {_LONGEST_S:g} s")
        await asyncio.sleep(0.1)


def cpu_s(pids: Sequence[int]) -> float:
    """Return the seconds of processor that these processes had."""
    times = [psutil.Process(pid).cpu_times() for pid in pids]
    return sum(each.user + each.system for each in times)


async def once(served: Served, watch: Watch, whom: frozenset[str]) -> tuple[float, ...]:
    """Issue the urgent alert.

    Give the seconds until its first mail was taken, half of them, 95 of 100; and the processor's, of all processes.
    """
    api = served.api
    watch.begin(whom)
    began, before = time.monotonic(), cpu_s(served.pids)
    await api.issue(area=..., audience={"kind": "groups", "groups": ["flood"]}, channels=["email"], severity="extreme")
    await until(lambda: len(watch.seen()[0]) == len(whom))
    taken = watch.seen()[0]
    late = sorted(at - began for at in taken.values())
    return late[0], late[len(late) // 2], late[int(len(late) * 0.95)], cpu_s(served.pids) - before


@asynccontextmanager
async def service(town: Town) -> AsyncIterator[Served]:
    """The service, embedded or scaled."""
    if isinstance(town, ManyTown):
        members = await town.start("web", "resolver", "scheduler", "sender", "sender")
        yield Served(town.api, [each.running.pid for each in members])
    else:
        async with town.process() as process:
            yield Served(process.api, [process.child.pid])


async def measure(options: argparse.Namespace, watch: Watch, folder: Path) -> dict[str, Any]:
    kind = ScaledTown if options.scaled else Town
    url = f"smtp://127.0.0.1:{watch.port}?from=Mairie <alerte@town.example>"
    async with kind(
        folder, smtp_url=url, smtp_per_second=options.per_second, smtp_concurrency=options.connections
    ) as town:
        flood = [town.resident("email", at=None, groups=("flood",)) for _ in range(options.urgent)]
        fete = [town.resident("email", at=None, groups=("fete",)) for _ in range(options.routine)]
        await town.settle(*flood, *fete)
        whom = frozenset(each.mail or "" for each in flood)
        async with service(town) as served:
            await once(served, watch, whom)  # connections and caches are warm from here on
            alone = [await once(served, watch, whom) for _ in range(options.rounds)]
            before = watch.seen()[1]
            routine = {"area": ..., "audience": {"kind": "groups", "groups": ["fete"]}, "channels": ["email"]}
            await served.api.issue(**routine, severity="minor")
            await until(lambda: watch.seen()[1] - before >= min(200, options.routine // 10))
            beside, progress = [], []
            for _ in range(options.rounds):
                beside.append(await once(served, watch, whom))
                progress.append(watch.seen()[1] - before)
                await asyncio.sleep(options.between)
            done = watch.seen()[1] - before
            if options.wait:
                await until(lambda: watch.seen()[1] - before >= options.routine)
                alone += [await once(served, watch, whom) for _ in range(options.rounds)]
    p95 = [statistics.median(each[2] for each in rounds) for rounds in (alone, beside)]
    cpu = [statistics.median(each[3] for each in rounds) for rounds in (alone, beside)]
    return {
        "road": "scaled" if options.scaled else "embedded",
        "alone, s (first, p50, p95, processor)": [[round(each, 3) for each in one] for one in alone],
        "beside, s (first, p50, p95, processor)": [[round(each, 3) for each in one] for one in beside],
        "routine mails out after each": progress,
        "proved": done < options.routine,
        "ratio of processor": round(cpu[1] / cpu[0], 2),
        "ratio of p95": round(p95[1] / p95[0], 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--routine", type=int, default=100_000)
    parser.add_argument("--urgent", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--per-second", type=float, default=5000)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--between", type=float, default=2.0, help="seconds between two urgent alerts")
    parser.add_argument("--wait", action="store_true", help="wait for the routine one, and measure alone once more")
    parser.add_argument("--scaled", action="store_true")
    options = parser.parse_args()
    here, there = multiprocessing.Pipe()
    sink = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    sink.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            report = asyncio.run(measure(options, Watch(here), Path(folder)))
    finally:
        sink.terminate()
    print(json.dumps(report, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
