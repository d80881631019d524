"""A limit of time for each of very many things under way, with one timer for all of them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType


class Limit:
    """Ends what takes longer than ``seconds``: ``with limit.block():`` raises ``TimeoutError`` then.

    As ``asyncio.timeout``, which makes and takes back a timer of the loop for each: a tenth of what a message costs
    there. Blocks end in any order; whoever is cancelled from outside is cancelled.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._blocks: dict[Block, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def block(self) -> Block:
        """Return the block of one thing; it is entered once, by the task that calls."""
        return Block(self)

    def begin(self, block: Block) -> float:
        """Count a block in; give when it is to end, in the loop's time."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._seconds
        self._blocks[block] = None
        if self._timer is None:
            self._timer = loop.call_at(until, self._look)
        return until

    def end(self, block: Block) -> None:
        """Count it out."""
        del self._blocks[block]

    def _look(self) -> None:
        """End what is overdue: all have the same time, so the first that began is the first of them."""
        loop, self._timer = asyncio.get_running_loop(), None
        for block in self._blocks:
            if block.until > loop.time():
                self._timer = loop.call_at(block.until, self._look)
                return
            if not block.overdue:
                block.interrupt()


class Block:
    """One thing under way."""

    __slots__ = ("_cancelling", "_limit", "_task", "overdue", "until")

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self.overdue = False

    def __enter__(self) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a limit holds for a task")
        self._task, self._cancelling = task, task.cancelling()
        self.until = self._limit.begin(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._limit.end(self)
        # Somebody else may have cancelled the task beside us: then it is theirs.
        if self.overdue and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def interrupt(self) -> None:
        """Cancel the task, which then sees ``TimeoutError``."""
        self.overdue = True
        self._task.cancel()
