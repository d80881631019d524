"""Shared reads: many consoles cost the store no more than one."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class SharedRead(Generic[T]):
    """Reads by number; reads of one number are at least ``pace_s`` seconds apart."""

    def __init__(self, pace_s: float) -> None:
        self._pace_s = pace_s
        self._waiting: dict[int, asyncio.Task[T]] = {}
        self._began: dict[int, float] = {}

    async def read(self, number: int, really: Callable[[], Awaitable[T]]) -> T:
        """Return the result of a read that starts after this call, so that it is never stale."""
        task = self._waiting.get(number)
        if task is None:
            task = self._waiting[number] = asyncio.create_task(self._in_time(number, really))
            task.add_done_callback(_looked_at)
        # A caller's cancellation does not affect the others.
        return await asyncio.shield(task)

    async def _in_time(self, number: int, really: Callable[[], Awaitable[T]]) -> T:
        clock = asyncio.get_running_loop().time
        try:
            await asyncio.sleep(self._began.get(number, 0.0) + self._pace_s - clock())
        finally:
            del self._waiting[number]  # later callers need the next read
        now = clock()
        self._began = {each: at for each, at in self._began.items() if now - at < self._pace_s}
        self._began[number] = now
        return await really()


def _looked_at(task: asyncio.Task[T]) -> None:
    """Retrieve an error that nobody awaits."""
    if not task.cancelled():
        task.exception()
