"""A time limit shared by many concurrent blocks, with a single timer."""

import asyncio
from types import TracebackType


class Limit:
    """``with limit.block():`` raises ``TimeoutError`` after ``seconds``.

    Like ``asyncio.timeout``, without a loop timer for each block: that was a tenth of a message's cost. Blocks end in
    any order; cancellation from outside stays a cancellation.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._blocks: dict[Block, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def block(self) -> "Block":
        """Return a block; the calling task enters it once."""
        return Block(self)

    def begin(self, block: "Block") -> float:
        """Register a block; return its deadline in the loop's time."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._seconds
        self._blocks[block] = None
        if self._timer is None:
            self._timer = loop.call_at(until, self._look)
        return until

    def end(self, block: "Block") -> None:
        """Unregister it."""
        del self._blocks[block]

    def _look(self) -> None:
        """Interrupt overdue blocks, oldest first: the limit is the same for all."""
        loop, self._timer = asyncio.get_running_loop(), None
        for block in self._blocks:
            if block.until > loop.time():
                self._timer = loop.call_at(block.until, self._look)
                return
            if not block.overdue:
                block.interrupt()


class Block:
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
        # The task may also have been cancelled from outside: let that through.
        if self.overdue and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def interrupt(self) -> None:
        """Cancel the task; it sees ``TimeoutError``."""
        self.overdue = True
        self._task.cancel()
