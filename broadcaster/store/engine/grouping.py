"""Group commit: items that arrive while a group is processed join the next."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Failed:
    """Error of an item that failed alone."""

    error: Exception


class Grouped(Generic[T, R]):
    """``work(items)`` returns a result for each item, in order, or its ``Failed``."""

    def __init__(
        self,
        work: Callable[[Sequence[T]], Awaitable[Sequence[R | Failed]]],
        most: int,
        fails_all: type[Exception] | tuple[type[Exception], ...] = (),
    ) -> None:
        """``most``: largest group size. ``fails_all``: errors not caused by one item, raised to every caller.

        After any other error each item is retried alone, so that only the faulty one fails.
        """
        self._work = work
        self._most = most
        self._fails_all = fails_all
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._task: asyncio.Task[None] | None = None

    async def do(self, item: T) -> R:
        """Return the result for ``item``. Raises what ``work`` raises for it.

        The item is processed even if its caller is cancelled.
        """
        done: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        return await done

    async def _run(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                await self._finish(group)
        finally:
            self._task = None

    async def _finish(self, group: Sequence[tuple[T, asyncio.Future[R]]]) -> None:
        try:
            results = await self._work([item for item, _ in group])
        except asyncio.CancelledError:
            for _, done in group:
                done.cancel()
            raise
        except Exception as error:  # noqa: BLE001  it is its callers' to handle
            if len(group) > 1 and not isinstance(error, self._fails_all):
                for each in group:
                    await self._finish([each])
                return
            results = [Failed(error)] * len(group)
        for (_, done), result in zip(group, results, strict=True):
            if done.done():
                continue  # the caller was cancelled
            if isinstance(result, Failed):
                done.set_exception(result.error)
            else:
                done.set_result(result)
