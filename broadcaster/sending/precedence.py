"""Priority of urgent over routine work within one process."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress

from broadcaster.domain.alerts import Lane, lane_of_rank
from broadcaster.store import urgently

LONGEST_S = 1.0
FIRST_S = 2.0
"""Seconds after an urgent alert in which no routine message is sent, so that the alert is resolved and dispatched
first.
"""
_LINGER_S = 0.25
"""Work counts as in progress this long after its end: between two stages no task holds an alert."""


class Precedence:
    """Whether urgent work is in progress.

    Writing a big routine alert occupies the store and the processor for long: it yields after each part.
    """

    def __init__(self) -> None:
        self._urgent = 0
        self._calm = asyncio.Event()
        self._calm.set()
        self._others_until = float("-inf")

    def expect(self, rank: int, age_s: float) -> None:
        """Note an alert sent ``age_s`` seconds ago, even if another process works on it."""
        if lane_of_rank(rank) is Lane.URGENT:
            self._others_until = max(self._others_until, time.monotonic() + FIRST_S - max(0.0, age_s))

    async def stand_back(self, rank: int) -> None:
        """Make a routine message wait until the first seconds of every urgent alert are over."""
        left_s = self._others_until - time.monotonic()
        if left_s > 0 and lane_of_rank(rank) is Lane.ROUTINE:
            await asyncio.sleep(left_s)
            await self.stand_back(rank)

    @contextmanager
    def holding(self, rank: int) -> Iterator[None]:
        """Mark work of that rank as in progress within the block; urgent work is written first."""
        urgent = lane_of_rank(rank) is Lane.URGENT
        self._urgent += urgent
        if urgent:
            self._calm.clear()
        try:
            with urgently() if urgent else nullcontext():
                yield
        finally:
            if urgent:
                asyncio.get_running_loop().call_later(_LINGER_S, self._let_go)

    def _let_go(self) -> None:
        self._urgent -= 1
        if not self._urgent:
            self._calm.set()

    async def give_way(self, rank: int) -> None:
        """Make routine work wait until no urgent work is in progress, at most ``LONGEST_S`` seconds.

        At a slow sender's rate an urgent alert takes hours: routine work goes on beside it, slowly.
        """
        if lane_of_rank(rank) is Lane.ROUTINE:
            with suppress(TimeoutError):
                async with asyncio.timeout(LONGEST_S):
                    await self._calm.wait()
