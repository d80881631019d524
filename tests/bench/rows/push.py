"""Pushes, tracked to the last one: against the bare loop, pywebpush and npm's web-push, into the same nginx."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from broadcaster.config import Settings
from channels.webpush import VapidKey
from tests.bench import peers
from tests.bench.crowd import browser_keys, by_push, gather
from tests.bench.measuring import Took
from tests.bench.rivals_run import rival
from tests.bench.running import run, size
from tests.bench.service import serving
from tests.bench.sinks import Sink, nginx
from tests.bench.table import Row

CONCURRENCY = 100
_PAYLOAD = ('{"title":"La Risle déborde","body":"' + "Montez à l'étage. " * 22 + '"}').encode()


async def measure() -> list[Row]:
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
        ours, memory, growth = await _ours(sink, count)
        rows = []
        for key, (program, against, goal) in names.items():
            if key == "web-push" and peers.web_push() is None:
                rows.append(Row(f"push {key}", "push, tracked", against, goal, why="npm's web-push is not here"))
                continue
            theirs = await _theirs(sink, program, count if key == "bare" else count // 2)
            rows.append(
                Row(
                    f"push {key}",
                    "push: tracked deliveries a second",
                    against,
                    goal,
                    theirs.wall_s / ours.wall_s,
                    cpu_us=ours.cpu_s * 1e6,
                    rival_cpu_us=theirs.cpu_s * 1e6,
                    memory_mib=memory,
                    growth=growth if key == "bare" else {},
                    figures={"ours_a_second": 1 / ours.wall_s, "theirs_a_second": 1 / theirs.wall_s, "messages": count},
                    why=f"{1 / ours.wall_s:,.0f} a second, theirs {1 / theirs.wall_s:,.0f}",
                )
            )
        return rows


def settings_for(sink: Sink) -> dict[str, str]:
    """What a service needs to push into the sink as fast as it can."""
    return {
        "TOCSIN_VAPID_PRIVATE_KEY": VapidKey.generate().to_pem(),
        "TOCSIN_VAPID_SUBJECT": "mailto:ops@example.org",
        "TOCSIN_PUSH_ORIGINS": sink.url,
        "TOCSIN_PUSH_CONCURRENCY": str(CONCURRENCY),
        "TOCSIN_PUSH_PER_SECOND": "1000000",
    }


async def _ours(sink: Sink, count: int) -> tuple[Took, float, dict[str, float]]:
    """Seconds and CPU seconds a push of the real service, its memory, and microseconds of CPU by size."""
    growth = {}
    for part in (count // 10, count):
        took, memory = await push_once(sink, part)
        growth[f"{part:,}"] = took.cpu_s * 1e6
    return took, memory, growth


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
