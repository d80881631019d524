"""Priority lock for the single writer: urgent work waits only for the current write."""

import asyncio
import heapq
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_urgent: ContextVar[bool] = ContextVar("urgent", default=False)


@contextmanager
def urgently() -> Iterator[None]:
    """Give priority to transactions in this block, and in tasks started there."""
    before = _urgent.set(True)
    try:
        yield
    finally:
        _urgent.reset(before)


class Turnstile:
    """Admits one at a time: urgent first, then first come. Raises ``TimeoutError`` after ``wait_s``."""

    def __init__(self, wait_s: float) -> None:
        self._wait_s = wait_s
        self._taken = False
        self._waiting: list[tuple[bool, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    async def __aenter__(self) -> None:
        if not self._taken:
            self._taken = True
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (not _urgent.get(), next(self._order), turn))
        try:
            async with asyncio.timeout(self._wait_s):
                await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                self._next()  # admitted just before it was cancelled
            raise

    async def __aexit__(self, *_: object) -> None:
        self._next()

    def _next(self) -> None:
        while self._waiting:
            turn = heapq.heappop(self._waiting)[2]
            if not turn.done():
                turn.set_result(None)
                return
        self._taken = False
