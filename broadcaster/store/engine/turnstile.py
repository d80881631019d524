"""Priority lock for the single writer: urgent work waits only for the current write."""

import asyncio
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_urgent: ContextVar[bool] = ContextVar("urgent", default=False)
_PATIENCE_S = 5.0
_URGENT_IN_A_ROW = 4


@contextmanager
def urgently() -> Iterator[None]:
    """Give priority to transactions in this block, and in tasks started there."""
    before = _urgent.set(True)
    try:
        yield
    finally:
        _urgent.reset(before)


class Turnstile:
    """Admits one at a time: urgent first, then first come. Raises ``TimeoutError`` after ``wait_s``.

    Every fifth turn goes to whichever transaction has waited ``patience_s``: an alert to a million writes for minutes.
    """

    def __init__(self, wait_s: float, patience_s: float = _PATIENCE_S) -> None:
        self._wait_s, self._patience_s = wait_s, patience_s
        self._taken = False
        self._urgent: deque[tuple[float, asyncio.Future[None]]] = deque()
        self._others: deque[tuple[float, asyncio.Future[None]]] = deque()
        self._in_a_row = 0

    async def __aenter__(self) -> None:
        if not self._taken:
            self._taken = True
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        (self._urgent if _urgent.get() else self._others).append((time.monotonic(), turn))
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
        while waiting := self._first():
            turn = waiting.popleft()[1]
            if not turn.done():
                self._in_a_row = self._in_a_row + 1 if waiting is self._urgent else 0
                turn.set_result(None)
                return
        self._taken = False

    def _first(self) -> deque[tuple[float, asyncio.Future[None]]]:
        """Return whose turn it is: a queue, empty if nobody waits."""
        overdue = bool(self._others) and time.monotonic() - self._others[0][0] >= self._patience_s
        if not self._urgent or (overdue and self._in_a_row >= _URGENT_IN_A_ROW):
            return self._others
        return self._urgent
