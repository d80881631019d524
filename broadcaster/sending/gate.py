"""A channel's concurrency and rate limit, by priority."""

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from broadcaster.bus import BusUnavailable

Grant = Callable[[float, tuple[int, int]], Awaitable[tuple[float, float]]]

_ALONE_S = 1.0
_AHEAD_S, _MOST_AHEAD = 0.02, 100.0


class Gate:
    """Admits the smallest rank first, then the smallest turn, then first come; never above the rate.

    The rate is a token bucket that holds one second's worth (at least one message), so bursts after a rest are short. A
    message may cost several tokens (SMS segments): it passes when there is one token, and the next message waits for
    the rest.
    """

    def __init__(self, concurrency: int, per_second: float) -> None:
        self.per_second = per_second
        self._free = concurrency
        self._depth = max(1.0, per_second)
        self._tokens = self._depth
        self._filled_at = 0.0
        self._waiting: list[tuple[int, int, int, float, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._timer: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def passing(self, rank: int, cost: float = 1.0) -> AsyncIterator[None]:
        """Hold a place for the duration of the block."""
        await self.enter(rank, cost)
        try:
            yield
        finally:
            self.leave()

    async def enter(self, rank: int, cost: float = 1.0, turn: int = 0) -> None:
        """Wait for a place; release it with ``leave``. ``turn``: order within the rank."""
        loop = asyncio.get_running_loop()
        if not self._waiting and self._ready(loop.time()):
            self._take(cost)
            return
        future: asyncio.Future[None] = loop.create_future()
        heapq.heappush(self._waiting, (rank, turn, next(self._order), cost, future))
        self._let_in()
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self.leave()  # admitted just before it was cancelled
            raise

    def leave(self) -> None:
        self._free += 1
        self._let_in()

    def dismiss(self) -> None:
        """Cancel what waits with a turn, which are deliveries: at shutdown they stay in the store."""
        for _, turn, _, _, future in self._waiting:
            if turn:
                future.cancel()

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
            if self._waiting[0][4].done():  # cancelled while waiting
                heapq.heappop(self._waiting)
                continue
            if not self._ready(loop.time()):
                break
            *_, cost, future = heapq.heappop(self._waiting)
            self._take(cost)
            future.set_result(None)
        if self._waiting and self._free > 0 and self._timer is None:
            delay = max(0.0, (1.0 - self._tokens) / self.per_second)
            self._timer = loop.call_later(delay, self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._let_in()


class SharedGate(Gate):
    """A gate whose rate holds across all senders: its tokens come from a shared bucket.

    ``grant(wanted, first)`` returns (tokens, seconds until one more); ``first`` is the (rank, turn) of the next message
    here, so that across senders the most urgent and most exposed goes first. While the bucket is unreachable the gate
    counts alone: alerts still go out, limited by the provider itself.
    """

    def __init__(self, concurrency: int, per_second: float, grant: Grant) -> None:
        super().__init__(concurrency, per_second)
        self._grant = grant
        self._tokens = 0.0
        self._alone = False
        self._fetching: asyncio.Task[None] | None = None

    def _ready(self, now: float) -> bool:
        if self._alone:
            return super()._ready(now)
        self._filled_at = now
        return self._free > 0 and self._tokens >= 1.0

    def _let_in(self) -> None:
        super()._let_in()
        if self._waiting and self._free > 0 and self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch())

    def _ring(self) -> None:
        self._timer = None
        if self._alone:
            self._let_in()

    async def _fetch(self) -> None:
        """Fetch tokens until no message waits, at most a tenth of a second's worth at a time.

        At a high rate a few tokens are prefetched, since a request costs more than a message.
        """
        first, waits_there = (0, 0), False
        try:
            while True:
                while self._waiting and self._free > 0:
                    first = self._waiting[0][:2]
                    debt = max(0.0, -self._tokens)
                    about = max(len(self._waiting), min(_MOST_AHEAD, self.per_second * _AHEAD_S))
                    wanted = max(1.0, min(about, self.per_second / 10)) + debt
                    try:
                        given, wait_s = await self._grant(wanted, first)
                        self._alone, waits_there = False, given < 1.0
                    except BusUnavailable:
                        self._alone = True
                        given, wait_s = 0.0, _ALONE_S
                    self._tokens += given
                    super()._let_in()
                    if given < 1.0 and self._waiting:
                        await asyncio.sleep(min(max(wait_s, 0.001), _ALONE_S))
                if not waits_there:
                    break
                waits_there = False
                with suppress(BusUnavailable):
                    await self._grant(0.0, first)  # withdraw: others must not yield to a message that no longer waits
        finally:
            self._fetching = None
