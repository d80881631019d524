"""Mails, tracked: against the bare aiosmtplib loop, as many connections kept, into the same smtp-sink."""

from __future__ import annotations

import tempfile
from pathlib import Path

from broadcaster.config import Settings
from tests.bench import peers
from tests.bench.crowd import by_mail, gather
from tests.bench.measuring import Took, by_turns
from tests.bench.rivals_run import rival
from tests.bench.running import run, size
from tests.bench.service import serving
from tests.bench.sinks import Sink, smtp_sink
from tests.bench.table import Row

_CONNECTIONS = 16


async def measure() -> list[Row]:
    row = Row("mail", "mail: tracked messages a second", "the bare aiosmtplib loop, pooled alike", 0.9)
    if peers.found("smtp-sink") is None:
        row.why = "smtp-sink is not here"
        return [row]
    count = size(10_000)
    async with smtp_sink() as sink:

        async def ours() -> Took:
            took, row.memory_mib = await _ours(sink, count)
            return took

        async def theirs() -> Took:
            took = await rival("mail_bare.py", sink.port, count, _CONNECTIONS)
            return Took(took.wall_s / count, took.cpu_s / count)

        mine, other = await by_turns(ours, theirs)
    row.value = other.wall_s / mine.wall_s
    row.cpu_us, row.rival_cpu_us = mine.cpu_s * 1e6, other.cpu_s * 1e6
    row.figures = {"ours_a_second": 1 / mine.wall_s, "theirs_a_second": 1 / other.wall_s, "messages": count}
    row.why = f"{1 / mine.wall_s:,.0f} a second, theirs {1 / other.wall_s:,.0f}"
    return [row]


async def _ours(sink: Sink, count: int) -> tuple[Took, float]:
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
        crowd = await gather(Settings(data_dir=Path(folder)), count, by_mail)
        settings = {
            "TOCSIN_SMTP_URL": f"smtp://127.0.0.1:{sink.port}?from=L'Aigle <alertes@laigle.example>",
            "TOCSIN_SMTP_CONCURRENCY": str(_CONNECTIONS),
            "TOCSIN_SMTP_PER_SECOND": "1000000",
        }
        async with serving(Path(folder), crowd.key, settings) as service:
            took, account = await service.send(crowd.alert(channels=["email"]))
            if account["channels"]["email"].get("accepted") != count:
                raise RuntimeError(f"not everyone was reached: {account}")
            return Took(took.wall_s / count, took.cpu_s / count), service.memory_mib


if __name__ == "__main__":
    run(measure)
