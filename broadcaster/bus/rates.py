"""Request rate limits on the ``limits`` library: per process, and across all processes where there is a Redis."""

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from limits import RateLimitItemPerMinute
from limits.aio.storage import RedisStorage, Storage
from limits.aio.strategies import FixedWindowRateLimiter
from redis.asyncio import BlockingConnectionPool
from redis.exceptions import RedisError

from broadcaster.availability import Availability

_MOST_COUNTED = 50_000
_CONNECTIONS = 16
_PATIENCE_S = 0.5
_AGAIN_S = 5.0
_MINUTE_S = 60.0


class Rates:
    """Limits in requests per minute; a window starts with the first request.

    Each process counts its own requests first, so a flood does not reach Redis. While Redis is down, each counts alone.
    """

    def __init__(
        self, redis_url: str | None, clock: Callable[[], float] = time.monotonic, prefix: str = "tocsin"
    ) -> None:
        """``clock``: monotonic seconds. ``prefix`` begins every key in Redis."""
        self._clock = clock
        self._alone = FixedWindowRateLimiter(_Counts(clock))
        self._together: FixedWindowRateLimiter | None = None
        self._standing = Availability("the Redis of request rates")
        self._next_try = -math.inf
        if redis_url is not None:
            self._pool = BlockingConnectionPool.from_url(
                redis_url, max_connections=_CONNECTIONS, timeout=_PATIENCE_S, socket_connect_timeout=_PATIENCE_S
            )
            options: dict[str, Any] = {"connection_pool": self._pool, "implementation": "redispy"}
            self._together = FixedWindowRateLimiter(RedisStorage("redis://", key_prefix=f"{prefix}:rates", **options))

    async def take(self, what: str, whose: str, per_minute: int, *, alone: bool = False) -> int | None:
        """Count a request by ``whose``. Return None if it may pass, else the whole seconds to wait, 60 at most.

        ``alone``: only this process counts, for requests that cost less than asking Redis.
        """
        item = RateLimitItemPerMinute(per_minute, namespace=what)
        wait_s = await _hit(self._alone, item, whose, self._clock)
        if wait_s is not None or alone or self._together is None or self._clock() < self._next_try:
            return wait_s
        try:
            async with asyncio.timeout(_PATIENCE_S):
                wait_s = await _hit(self._together, item, whose, time.time)
        except (RedisError, OSError, TimeoutError) as error:
            self._next_try = self._clock() + _AGAIN_S
            self._standing.lost(error)
        else:
            self._standing.found()
        return wait_s

    async def close(self) -> None:
        if self._together is not None:
            await self._pool.aclose()


async def _hit(
    limiter: FixedWindowRateLimiter, item: RateLimitItemPerMinute, whose: str, clock: Callable[[], float]
) -> int | None:
    if await limiter.hit(item, whose):
        return None
    window = await limiter.get_window_stats(item, whose)
    return math.ceil(min(max(window.reset_time - clock(), 1.0), _MINUTE_S))


class _Counts(Storage):
    """Counters in memory, evicting the least recently seen. (``MemoryStorage`` scans all of them at every request.)"""

    base_exceptions = ()

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self._clock = clock
        self._windows: OrderedDict[str, tuple[int, float]] = OrderedDict()

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        count, until = self._windows.pop(key, (0, 0.0))
        if until <= self._clock():
            count, until = 0, self._clock() + expiry
        self._windows[key] = count + amount, until
        if len(self._windows) > _MOST_COUNTED:
            self._windows.popitem(last=False)
        return count + amount

    async def get(self, key: str) -> int:
        return self._windows.get(key, (0, 0.0))[0]

    async def get_expiry(self, key: str) -> float:
        return self._windows.get(key, (0, 0.0))[1]

    async def check(self) -> bool:
        return True

    async def reset(self) -> int | None:
        self._windows.clear()
        return None

    async def clear(self, key: str) -> None:
        self._windows.pop(key, None)
