"""Pushes, tracked to the last one: against the bare loop, pywebpush and npm's web-push, into the same nginx."""

from __future__ import annotations

import json
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from broadcaster.config import Settings
from channels.encryption import seal
from channels.webpush import VapidKey
from channels.webpush.encryption import encrypt
from tests.bench import peers
from tests.bench.crowd import browser_keys, by_push, gather
from tests.bench.measuring import Took, by_turns, watched
from tests.bench.rivals_run import rival
from tests.bench.running import run, size
from tests.bench.service import serving
from tests.bench.sinks import Sink, nginx
from tests.bench.table import Row

if TYPE_CHECKING:
    from collections.abc import Callable

CONCURRENCY = 100
_PAYLOAD = ('{"title":"La Risle déborde","body":"' + "Montez à l'étage. " * 22 + '"}').encode()


async def measure() -> list[Row]:
    return [*await _tracked(), await _encryption()]


async def _encryption() -> Row:
    """Our encryption is kept while it is faster than pywebpush's."""
    keys, count = browser_keys(), size(2_000)

    async def by(encryption: Callable[[bytes, str, str], bytes]) -> Took:
        with watched() as took:
            for number in range(count):
                encryption(_PAYLOAD, *keys[number % len(keys)])
        return Took(took.wall_s / count, took.cpu_s / count)

    ours, theirs = await by_turns(partial(by, seal), partial(by, encrypt), turns=5)
    return Row(
        "push encryption",
        "push: one encrypted in the bulk path",
        "pywebpush's WebPusher.encode, which encrypts outside of it",
        1.2,
        theirs.cpu_s / ours.cpu_s,
        cpu_us=ours.cpu_s * 1e6,
        rival_cpu_us=theirs.cpu_s * 1e6,
    )


async def _tracked() -> list[Row]:
    names = {
        "bare": ("push_bare.py", "the bare loop: same encryption, same HTTP client, no tracking", 0.85),
        "pywebpush": ("push_pywebpush.py", "pywebpush.webpush_async", 3.0),
        "web-push": ("push_web_push.mjs", "npm web-push", 4.0),
    }
    if peers.found("nginx") is None:
        return [
            Row(f"push {key}", "push", against, goal, why="nginx is not here")
            for key, (_, against, goal) in names.items()
        ]
    async with nginx() as sink:
        count = size(30_000)
        memory, growth = await _grown(sink, count // 10)

        async def ours() -> Took:
            nonlocal memory
            took, memory = await push_once(sink, count)
            return took

        there = {key: each for key, each in names.items() if key != "web-push" or peers.web_push() is not None}
        some = {key: count if key == "bare" else count // 2 for key in there}
        theirs = [partial(_theirs, sink, program, some[key]) for key, (program, *_) in there.items()]
        mine, *others = await by_turns(ours, *theirs)
        growth[f"{count:,}"] = mine.cpu_s * 1e6
        took = dict(zip(there, others, strict=True))
    rows = []
    for key, (_, against, goal) in names.items():
        row = Row(f"push {key}", "push: tracked deliveries a second", against, goal, memory_mib=memory)
        rows.append(row)
        if key not in took:
            row.why = "npm's web-push is not here"
            continue
        row.value = took[key].wall_s / mine.wall_s
        row.cpu_us, row.rival_cpu_us = mine.cpu_s * 1e6, took[key].cpu_s * 1e6
        a_second, theirs_a_second = 1 / mine.wall_s, 1 / took[key].wall_s
        row.figures = {"ours_a_second": a_second, "theirs_a_second": theirs_a_second, "messages": count}
        row.why = f"{a_second:,.0f} a second, theirs {theirs_a_second:,.0f}"
        if key == "bare":
            row.growth = growth
    return rows


def settings_for(sink: Sink) -> dict[str, str]:
    """What a service needs to push into the sink as fast as it can."""
    return {
        "TOCSIN_VAPID_PRIVATE_KEY": VapidKey.generate().to_raw(),
        "TOCSIN_VAPID_SUBJECT": "mailto:ops@example.org",
        "TOCSIN_PUSH_ORIGINS": sink.url,
        "TOCSIN_PUSH_CONCURRENCY": str(CONCURRENCY),
        "TOCSIN_PUSH_PER_SECOND": "1000000",
    }


async def _grown(sink: Sink, count: int) -> tuple[float, dict[str, float]]:
    """MiB, and microseconds of CPU a push, of the service with so few."""
    took, memory = await push_once(sink, count)
    return memory, {f"{count:,}": took.cpu_s * 1e6}


async def push_once(
    sink: Sink, count: int, roles: tuple[str, ...] = ("",), more: dict[str, str] | None = None
) -> tuple[Took, float]:
    """Seconds and CPU seconds a push, and MiB, of a fresh service with so many people."""
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
        crowd = await gather(Settings(data_dir=Path(folder)), count, by_push(sink.push_endpoint))
        async with serving(Path(folder), crowd.key, {**settings_for(sink), **(more or {})}, roles) as service:
            took, account = await service.send(crowd.alert(channels=["push"]))
            if account["channels"]["push"].get("accepted") != count:
                raise RuntimeError(f"not everyone was reached: {account}")
            return Took(took.wall_s / count, took.cpu_s / count), service.memory_mib


async def _theirs(sink: Sink, program: str, count: int) -> Took:
    keys = browser_keys()
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
        to, payload = Path(folder) / "to.jsonl", Path(folder) / "payload"
        payload.write_bytes(_PAYLOAD)
        with to.open("w") as file:
            for number in range(count):
                p256dh, auth = keys[number % len(keys)]
                file.write(
                    json.dumps({"endpoint": f"{sink.push_endpoint}{number}", "keys": {"p256dh": p256dh, "auth": auth}})
                    + "\n"
                )
        took = await rival(program, to, payload, CONCURRENCY)
    return Took(took.wall_s / count, took.cpu_s / count)


if __name__ == "__main__":
    run(measure)
