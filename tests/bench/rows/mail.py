"""Mails, tracked: against the bare aiosmtplib loop, as many connections kept, into the same smtp-sink."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

from broadcaster.config import Settings
from tests.bench import peers
from tests.bench.crowd import by_mail, gather
from tests.bench.measuring import Took
from tests.bench.rivals_run import beside, rival
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
        await beside(
            row, count, partial(_ours, sink, count), partial(rival, "mail_bare.py", sink.port, count, _CONNECTIONS)
        )
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
