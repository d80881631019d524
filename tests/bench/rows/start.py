"""``tocsin --version``, against an interpreter that does nothing: what everybody waits for before a command begins."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

from tests.bench.running import run, size
from tests.bench.table import Row

_GOAL = 6.0


async def measure() -> list[Row]:
    tocsin = str(Path(sys.executable).parent / "tocsin")
    ours, rival = [tocsin, "--version"], [sys.executable, "-c", "pass"]
    best: dict[str, float] = {}
    for _ in range(size(20) + 1):  # in turn, so that a busy second is both's
        for command in (ours, rival):
            best[command[0]] = min(_cpu_s(command), best.get(command[0], float("inf")))
    return [
        Row(
            "start",
            "tocsin --version: CPU time of the whole process",
            "python -c pass",
            _GOAL,
            best[tocsin] / best[sys.executable],
            at_most=True,
            cpu_us=best[tocsin] * 1e6,
            rival_cpu_us=best[sys.executable] * 1e6,
        )
    ]


def _cpu_s(command: list[str]) -> float:
    """Return the CPU seconds of a command, user and system: other work on the machine adds little to them."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    run(measure)
