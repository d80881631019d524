"""SMS, tracked: against Twilio's own asynchronous client in a loop, into the same nginx."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

from broadcaster.config import Settings
from tests.bench import peers
from tests.bench.crowd import by_sms, gather
from tests.bench.measuring import Took
from tests.bench.rivals_run import beside, rival
from tests.bench.running import run, size
from tests.bench.service import serving
from tests.bench.sinks import Sink, nginx
from tests.bench.table import Row

_CONCURRENCY = 50


async def measure() -> list[Row]:
    row = Row("sms", "sms: tracked messages a second", "the bare twilio async client loop", 0.9)
    if peers.found("nginx") is None:
        row.why = "nginx is not here"
        return [row]
    count = size(20_000)
    async with nginx() as sink:
        await beside(
            row, count, partial(_ours, sink, count), partial(rival, "sms_bare.py", sink.url, count, _CONCURRENCY)
        )
    return [row]


async def _ours(sink: Sink, count: int) -> tuple[Took, float]:
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
        crowd = await gather(Settings(data_dir=Path(folder)), count, by_sms)
        settings = {
            "TOCSIN_TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
            "TOCSIN_TWILIO_AUTH_TOKEN": "token",
            "TOCSIN_TWILIO_FROM": "LAIGLE",
            "TOCSIN_TWILIO_BASE_URL": sink.url,
            "TOCSIN_SMS_CONCURRENCY": str(_CONCURRENCY),
            "TOCSIN_SMS_PER_SECOND": "1000000",
        }
        async with serving(Path(folder), crowd.key, settings) as service:
            took, account = await service.send(crowd.alert(channels=["sms"]))
            if account["channels"]["sms"].get("accepted") != count:
                raise RuntimeError(f"not everyone was reached: {account}")
            return Took(took.wall_s / count, took.cpu_s / count), service.memory_mib


if __name__ == "__main__":
    run(measure)
