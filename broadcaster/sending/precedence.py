"""Who stands back for whom in one process, where it is the process itself that is short."""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING

from broadcaster.domain.alerts import Lane, lane_of_rank
from broadcaster.store import urgently

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_S = 1.0
FIRST_S = 2.0
"""How long after an urgent alert was sent nothing routine is: by then it is resolved and on its way."""
_LINGER_S = 0.25
"""How long work that was in hand counts on: from one stage to the next an alert is in nobody's hand for a moment."""


class Precedence:
    """Whether urgent work is in hand.

    Writing down a big routine alert takes the store and the processor for long: part by part it stands back.
    """

    def __init__(self) -> None:
        self._urgent = 0
        self._calm = asyncio.Event()
        self._calm.set()
        self._others_until = float("-inf")

    def expect(self, rank: int, age_s: float) -> None:
        """Know of an alert that was sent ``age_s`` seconds ago, whoever works on it: another process, maybe."""
        if lane_of_rank(rank) is Lane.URGENT:
            self._others_until = max(self._others_until, time.monotonic() + FIRST_S - max(0.0, age_s))

    async def stand_back(self, rank: int) -> None:
        """Wait, where the message is routine, until the first seconds of every urgent alert are over."""
        left_s = self._others_until - time.monotonic()
        if left_s > 0 and lane_of_rank(rank) is Lane.ROUTINE:
            await asyncio.sleep(left_s)
            await self.stand_back(rank)

    @contextmanager
    def holding(self, rank: int) -> Iterator[None]:
        """Have work of that rank in hand within the block; what is urgent is written down before all else."""
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
        """Wait, where the work is routine, until nothing urgent is in hand; not longer than ``LONGEST_S`` seconds.

        At a slow sender's rate an urgent alert is in hand for hours: what is routine goes on beside it, slowly.
        """
        if lane_of_rank(rank) is Lane.ROUTINE:
            with suppress(TimeoutError):
                async with asyncio.timeout(LONGEST_S):
                    await self._calm.wait()
