"""The bus within one process."""

import asyncio
import heapq
import itertools
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from broadcaster.bus.base import Job, NoAnswer


class _Queue:
    def __init__(self) -> None:
        self.heap: list[tuple[int, int, str]] = []
        self.known: set[str] = set()
        self.filled = asyncio.Condition()


class LocalSignal:
    """Wakes when its topic is published, including publications since the last ``wait``."""

    def __init__(self) -> None:
        self.event = asyncio.Event()

    @property
    def is_set(self) -> bool:
        return self.event.is_set()

    async def wait(self, timeout_s: float) -> bool:
        if self.event.is_set():
            self.event.clear()
            return True
        try:
            async with asyncio.timeout(timeout_s):
                await self.event.wait()
        except TimeoutError:
            return False
        self.event.clear()
        return True


class Topics:
    """This process's listeners, by topic."""

    def __init__(self) -> None:
        self._listeners: defaultdict[str, set[LocalSignal]] = defaultdict(set)

    @asynccontextmanager
    async def listen(self, topic: str) -> AsyncIterator[LocalSignal]:
        signal = LocalSignal()
        self._listeners[topic].add(signal)
        try:
            yield signal
        finally:
            self._listeners[topic].discard(signal)
            if not self._listeners[topic]:
                del self._listeners[topic]


class LocalBus(Topics):
    """Heaps and events on one event loop."""

    def __init__(self) -> None:
        super().__init__()
        self._queues: defaultdict[str, _Queue] = defaultdict(_Queue)
        self._order = itertools.count()
        self._questions: defaultdict[str, asyncio.Queue[tuple[bytes, asyncio.Future[bytes]]]] = defaultdict(
            asyncio.Queue
        )
        self._buckets: dict[str, tuple[float, float]] = {}

    async def put(self, queue: str, jobs: Sequence[tuple[str, int]], *, again: bool = False) -> None:
        there = self._queues[queue]
        async with there.filled:
            for ref, rank in jobs:
                if again or ref not in there.known:
                    there.known.add(ref)
                    heapq.heappush(there.heap, (rank, next(self._order), ref))
            there.filled.notify_all()

    async def take(self, queue: str, most: int | None = None) -> Job:
        there = self._queues[queue]
        async with there.filled:
            await there.filled.wait_for(lambda: there.heap and (most is None or there.heap[0][0] <= most))
            rank, _, ref = heapq.heappop(there.heap)
            return Job(rank, ref, queue)

    async def done(self, job: Job) -> None:
        self._queues[job.queue].known.discard(job.ref)

    async def publish(self, topic: str) -> None:
        for signal in self._listeners.get(topic, ()):
            signal.event.set()

    async def depth(self, queue: str) -> int:
        return len(self._queues[queue].heap)

    async def ask(self, what: str, question: bytes, timeout_s: float) -> bytes:
        asked: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        await self._questions[what].put((question, asked))
        try:
            async with asyncio.timeout(timeout_s):
                return await asked
        except TimeoutError:
            message = f"nobody answered {what} within {timeout_s:g} s"
            raise NoAnswer(message) from None

    async def answer(self, what: str, answer: Callable[[bytes], Awaitable[bytes]]) -> None:
        while True:
            question, asked = await self._questions[what].get()
            if asked.done():  # the asker has timed out
                continue
            said = await answer(question)
            if not asked.done():
                asked.set_result(said)

    async def grant(
        self,
        name: str,
        per_second: float,
        depth: float,
        wanted: float,
        first: tuple[int, int] = (0, 0),  # noqa: ARG002  there is no other process to be before or after
    ) -> tuple[float, float]:
        now = asyncio.get_running_loop().time()
        tokens, at = self._buckets.get(name, (depth, now))
        tokens = min(depth, tokens + (now - at) * per_second)
        given = max(0.0, min(wanted, float(int(tokens))))
        self._buckets[name] = (tokens - given, now)
        return given, 0.0 if given >= 1 else (1 - tokens) / per_second

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def ping(self) -> None:
        pass
