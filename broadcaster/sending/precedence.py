"""Routine work yields to urgent work within one process."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress

from broadcaster.domain.alerts import Lane, lane_of_rank
from broadcaster.store import urgently

LONGEST_S = 1.0
FIRST_S = 2.0
"""No routine message is sent this soon after an urgent alert: by then it is resolved and on its way."""
_LINGER_S = 0.25
"""Work counts as in hand this long after its end: between two stages no task holds an alert."""


class Precedence:
    """Whether urgent work is in hand.

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
        """Wait, if the message is routine, until the first seconds of every urgent alert are over."""
        left_s = self._others_until - time.monotonic()
        if left_s > 0 and lane_of_rank(rank) is Lane.ROUTINE:
            await asyncio.sleep(left_s)
            await self.stand_back(rank)

    @contextmanager
    def holding(self, rank: int) -> Iterator[None]:
        """Mark work of that rank as in hand within the block; urgent work is written first."""
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
        """Wait, if the work is routine, until no urgent work is in hand, at most ``LONGEST_S`` seconds.

        At a slow sender's rate an urgent alert takes hours: routine work goes on beside it, slowly.
        """
        if lane_of_rank(rank) is Lane.ROUTINE:
            with suppress(TimeoutError):
                async with asyncio.timeout(LONGEST_S):
                    await self._calm.wait()
