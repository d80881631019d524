"""How a file of rows is run by itself: ``python -m tests.bench.rows.places [FILE]``."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop

from tests.bench.table import Row, show

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

SMALL = bool(os.environ.get("BENCH_SMALL"))
"""A hundredth of everything."""


def size(full: int) -> int:
    """Return how many to measure with."""
    return max(100, full // 100) if SMALL else full


def run(measure: Callable[[], Awaitable[list[Row]]]) -> None:
    """Measure; write the rows to the file that the command names, or show them."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        rows = runner.run(measure())
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(json.dumps([asdict(row) for row in rows]))
    else:
        show(rows)
