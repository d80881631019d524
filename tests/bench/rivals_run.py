"""Runs a rival in a process of its own and reads what it took."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from tests.bench.measuring import Took

ROOT = Path(__file__).parents[2]
_PATIENCE_S = 300.0


async def rival(name: str, *given: object) -> Took:
    """Run ``tests/bench/rivals/{name}``; it prints JSON with wall_s and cpu_s. Raises ``RuntimeError``."""
    program = ["node"] if name.endswith(".mjs") else [sys.executable]
    path = ROOT / "tests" / "bench" / "rivals" / name
    process = await asyncio.create_subprocess_exec(
        *program,
        str(path),
        *(str(each) for each in given),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    async with asyncio.timeout(_PATIENCE_S):
        said, _ = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"{name} ended with {process.returncode}")
    return Took(**json.loads(said.splitlines()[-1]))
