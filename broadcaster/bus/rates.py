"""Request rate limits on the ``limits`` library: per process, and across all processes where there is a Redis."""

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from limits import RateLimitItemPerMinute
from limits.aio.storage import RedisStorage
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
        self._windows: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()
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
        wait_s = self._take_alone((what, whose), per_minute)
        if wait_s is not None or alone or self._together is None or self._clock() < self._next_try:
            return wait_s
        item = RateLimitItemPerMinute(per_minute, namespace=what)
        try:
            async with asyncio.timeout(_PATIENCE_S):
                if not await self._together.hit(item, whose):
                    window = await self._together.get_window_stats(item, whose)
                    wait_s = _whole_seconds(window.reset_time - time.time())
        except (RedisError, OSError, TimeoutError) as error:
            self._next_try = self._clock() + _AGAIN_S
            self._standing.lost(error)
        else:
            self._standing.found()
        return wait_s

    def _take_alone(self, counted: tuple[str, str], per_minute: int) -> int | None:
        # MemoryStorage of ``limits`` scans all its counters at every request; these evict the least recently seen.
        now = self._clock()
        count, until = self._windows.pop(counted, (0, 0.0))
        if until <= now:
            count, until = 0, now + _MINUTE_S
        self._windows[counted] = count + 1, until
        if len(self._windows) > _MOST_COUNTED:
            self._windows.popitem(last=False)
        return None if count < per_minute else _whole_seconds(until - now)

    async def close(self) -> None:
        if self._together is not None:
            await self._pool.aclose()


def _whole_seconds(left_s: float) -> int:
    return math.ceil(min(max(left_s, 1.0), _MINUTE_S))
