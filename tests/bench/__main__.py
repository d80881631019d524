"""``make bench``: every row of the table, each in a process of its own, on loopback.

``python -m tests.bench [--only NAME,…] [--small] [--results FOLDER]``. Peers that are missing are installed from the
registries where that is allowed (root, apt, npm); else their row says that it was not run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench import peers
from tests.bench.table import Row, keep, show

RESULTS = Path(__file__).parent / "results"
# The long ones last: whoever stops it early has seen the most.
MODULES = (
    "start",
    "places",
    "areas",
    "push",
    "mail",
    "sms",
    "page",
    "paint",
    "moving",
    "schedules",
    "updates",
    "escalation",
    "service",
    "scale",
    "growth",
)
_PATIENCE_S = 900


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__.splitlines()[0])
    asked.add_argument("--only", default="", help=f"comma-separated: {', '.join(MODULES)}")
    asked.add_argument("--small", action="store_true", help="a hundredth of everything: does it run at all?")
    asked.add_argument("--results", type=Path, default=RESULTS)
    given = asked.parse_args()
    chosen = [name for name in MODULES if not given.only or name in given.only.split(",")]
    peers.provide()
    rows: list[Row] = []
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as shared:
        for name in chosen:
            rows += _run(name, Path(shared), small=given.small)
            sys.stderr.write(f"{name}: done after {time.monotonic() - began:.0f} s\n")
    show(rows)
    keep(rows, _machine(time.monotonic() - began, small=given.small), given.results)
    sys.stdout.write(f"written to {given.results}\n")
    return 0


def _run(name: str, shared: Path, *, small: bool) -> list[Row]:
    told = shared / f"{name}.json"
    environment = {**os.environ, "BENCH_SMALL": "1" if small else "", "BENCH_SHARED": str(shared)}
    command = [sys.executable, "-m", f"tests.bench.rows.{name}", str(told)]
    try:
        code = subprocess.run(command, env=environment, timeout=_PATIENCE_S, check=False).returncode
    except subprocess.TimeoutExpired:
        code = -1
    if code != 0 or not told.exists():
        return [Row(name, name, "", 1.0, why=f"ended with code {code}: run python -m tests.bench --only {name}")]
    return [Row(**each) for each in json.loads(told.read_text())]


def _machine(seconds: float, *, small: bool) -> dict[str, object]:
    return {
        "cores": os.cpu_count(),
        "processor": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "load_before": os.getloadavg(),
        "seconds": round(seconds),
        "small": small,
    }


if __name__ == "__main__":
    sys.exit(main())
