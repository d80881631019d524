"""Connections that say nothing: each costs a descriptor, and when those are gone nobody is let in and nothing is sent.

The HTTP server waits for ever for the end of a request's head. So a connection that asks for nothing is closed: soon
where it never asked, later where it did and is kept for more; and sooner still, the oldest first, when they are many,
or one address has more than its share of them.
"""

from __future__ import annotations

import asyncio
import ipaddress
import resource
import time
from collections import Counter
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from aiohttp import web

FIRST_S = 20.0
"""Seconds from connecting to the end of the first request's head."""
KEPT_S = 90.0
"""Seconds between requests; the server itself ends most after 75."""
_PACE_S = 1.0
_OURS = 200
"""Descriptors for the store, the providers and the rest of the process."""
_LEAST, _MOST = 100, 50_000
_SHARE = 4


class Connection(Protocol):
    """What ``aiohttp.web.RequestHandler`` is to us."""

    def force_close(self) -> None: ...


class Connections:
    """Which connections wait, and since when."""

    def __init__(
        self,
        most: int,
        clock: Callable[[], float] = time.monotonic,
        address: Callable[[Connection], str | None] | None = None,
    ) -> None:
        """``most``: how many may be open before those that wait are closed. ``clock``: seconds that only ever grow.

        ``address``: whose a connection is, where that is known; one address has a quarter of them at the most.
        """
        self._most = most
        self._most_of_one = max(_LEAST, most // _SHARE)
        self._address = address or nobody
        self._clock = clock
        self._at_work: set[Connection] = set()
        self._since: dict[Connection, float] = {}
        self._served: set[Connection] = set()

    @contextmanager
    def at_work(self, connection: Connection) -> Iterator[None]:
        """Leave a connection alone within the block: it is being answered."""
        self._at_work.add(connection)
        try:
            yield
        finally:
            self._at_work.discard(connection)
            self._served.add(connection)
            self._since[connection] = self._clock()

    def sweep(self, opened: Iterable[Connection]) -> None:
        """Close those of all that are open that waited too long, and the oldest of the rest while they are too many."""
        now, every = self._clock(), list(opened)
        self._served.intersection_update(every)
        self._since = {each: self._since.get(each, now) for each in every}
        waiting = sorted((each for each in every if each not in self._at_work), key=self._since.__getitem__)
        too_many = len(every) - self._most
        of_one = Counter(filter(None, map(self._address, every)))
        for at, each in enumerate(waiting):
            longest = KEPT_S if each in self._served else FIRST_S
            address = self._address(each)
            greedy = address is not None and of_one[address] > self._most_of_one
            if at < too_many or greedy or now - self._since[each] > longest:
                each.force_close()
                if address is not None:
                    of_one[address] -= 1


def most_open() -> int:
    """Give how many connections this process has descriptors for, besides those it needs itself."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST if soft == resource.RLIM_INFINITY else max(_LEAST, min(_MOST, soft - _OURS))


def nobody(_connection: Any) -> str | None:
    """Give no address."""
    return None


def caller_at(connection: Any) -> str | None:
    """Give the address at the other end; None for this machine's own, where a proxy may speak for the whole world."""
    transport = connection.transport
    peer = None if transport is None else transport.get_extra_info("peername")
    return None if not isinstance(peer, tuple) or _is_loopback(peer[0]) else str(peer[0])


@lru_cache(maxsize=_MOST)
def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


async def watch(connections: Connections, runner: web.AppRunner) -> None:
    """Sweep once a second, until cancelled."""
    while True:
        await asyncio.sleep(_PACE_S)
        if runner.server is not None:
            connections.sweep(runner.server.connections)
