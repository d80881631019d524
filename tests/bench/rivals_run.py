"""Runs a rival in a process of its own and reads what it took."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.measuring import Took, by_turns

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.bench.table import Row

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


async def beside(
    row: Row, count: int, ours: Callable[[], Awaitable[tuple[Took, float]]], theirs: Callable[[], Awaitable[Took]]
) -> None:
    """Fill a row with what both take by turns: ``ours`` gives what a message took, and MiB; ``theirs`` what all did."""

    async def mine() -> Took:
        took, row.memory_mib = await ours()
        return took

    async def other() -> Took:
        took = await theirs()
        return Took(took.wall_s / count, took.cpu_s / count)

    us, them = await by_turns(mine, other)
    row.value = them.wall_s / us.wall_s
    row.cpu_us, row.rival_cpu_us = us.cpu_s * 1e6, them.cpu_s * 1e6
    row.figures = {"ours_a_second": 1 / us.wall_s, "theirs_a_second": 1 / them.wall_s, "messages": count}
    row.why = f"{1 / us.wall_s:,.0f} a second, theirs {1 / them.wall_s:,.0f}"
