"""How many messages of a channel are under way at once, how many a second, and who goes first."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Gate:
    """Lets the smallest rank through first, then the first come; never above the concurrency or the rate.

    The rate is a token bucket that holds one second's worth (at least one message), so that a burst after a rest is
    short. A message may cost several tokens (SMS segments): it passes when there is one, and the next waits for all.
    """

    def __init__(self, concurrency: int, per_second: float) -> None:
        self.per_second = per_second
        self._free = concurrency
        self._depth = max(1.0, per_second)
        self._tokens = self._depth
        self._filled_at = 0.0
        self._waiting: list[tuple[int, int, float, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._timer: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def passing(self, rank: int, cost: float = 1.0) -> AsyncIterator[None]:
        """Wait for a place, and hold it within the block."""
        await self.enter(rank, cost)
        try:
            yield
        finally:
            self.leave()

    async def enter(self, rank: int, cost: float = 1.0) -> None:
        """Wait for a place; ``leave`` gives it back."""
        loop = asyncio.get_running_loop()
        if not self._waiting and self._ready(loop.time()):
            self._take(cost)
            return
        future: asyncio.Future[None] = loop.create_future()
        heapq.heappush(self._waiting, (rank, next(self._order), cost, future))
        self._let_in()
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self.leave()  # it was let in just before it was cancelled
            raise

    def leave(self) -> None:
        """Give a place back."""
        self._free += 1
        self._let_in()

    def _ready(self, now: float) -> bool:
        self._tokens = min(self._depth, self._tokens + (now - self._filled_at) * self.per_second)
        self._filled_at = now
        return self._free > 0 and self._tokens >= 1.0

    def _take(self, cost: float) -> None:
        self._free -= 1
        self._tokens -= cost

    def _let_in(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            if self._waiting[0][3].done():  # cancelled while it waited
                heapq.heappop(self._waiting)
                continue
            if not self._ready(loop.time()):
                break
            _, _, cost, future = heapq.heappop(self._waiting)
            self._take(cost)
            future.set_result(None)
        if self._waiting and self._free > 0 and self._timer is None:
            delay = max(0.0, (1.0 - self._tokens) / self.per_second)
            self._timer = loop.call_later(delay, self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._let_in()
