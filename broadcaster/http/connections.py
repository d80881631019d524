"""Closes connections so that there is always room for those who send alerts.

Each connection takes a descriptor; with none left, nobody can connect and nothing is sent. A connection *waits* while
idle, while its request's head or body is incoming, or while it is delayed for a refusal. A waiting connection is closed
after its time limit; or earlier, oldest first, when strangers exceed their part of all connections, or one address its
share. A part is reserved for authenticated callers: API keys, signed-in operators, providers' callbacks.
"""

import asyncio
import ipaddress
import resource
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Protocol

from aiohttp import web

FIRST_S = 20.0
"""Seconds from connecting to the end of the first request head."""
KEPT_S = 90.0
"""Seconds between requests; the server itself closes most after 75."""
_PACE_S = 1.0
_OURS = 200
"""Descriptors reserved for store, providers and the rest of the process."""
_LEAST, _MOST = 100, 50_000
_SHARE = 4


class Connection(Protocol):
    """The part of ``aiohttp.web.RequestHandler`` that is used here."""

    def force_close(self) -> None: ...


class Connections:
    """Waiting connections, with the start of their wait and their addresses."""

    def __init__(
        self,
        most: int,
        clock: Callable[[], float] = time.monotonic,
        address: Callable[[Connection], str | None] | None = None,
    ) -> None:
        """``most``: open connections allowed; a quarter is reserved for known callers. ``clock``: monotonic seconds.

        ``address`` returns a connection's address, if known; each address gets at most a quarter.
        """
        self._most = most
        self._most_strangers = most - most // _SHARE
        self._most_of_one = max(_LEAST, most // _SHARE)
        self._address = address or nobody
        self._clock = clock
        self._since: dict[Connection, float] = {}  # in the order of their times
        self._whose: dict[Connection, str | None] = {}
        self._at_work: set[Connection] = set()
        self._served: set[Connection] = set()
        self._known: set[Connection] = set()
        self._timed: dict[Connection, str | None] = {}

    def opened(self, connection: Connection) -> None:
        """Count a new connection; make room at once if there are too many."""
        self._since[connection] = self._clock()
        self._whose[connection] = self._address(connection)
        self._make_room()

    def closed(self, connection: Connection) -> None:
        """Forget a connection; its request may still be at work."""
        for each in (self._since, self._whose):
            each.pop(connection, None)
        for every in (self._served, self._known):
            every.discard(connection)

    @contextmanager
    def at_work(self, connection: Connection) -> Iterator[None]:
        """Protect a connection within the block, while it is being answered."""
        self._known.discard(connection)  # behind a proxy, the next request may come from anybody
        self._at_work.add(connection)
        try:
            yield
        finally:
            self._at_work.discard(connection)
            if self._waits(connection):
                self._served.add(connection)

    @contextmanager
    def waiting(self, connection: Connection, address: str | None = None) -> Iterator[None]:
        """Allow closing a connection at work within the block, while it waits.

        ``address``: the caller's, if a proxy reports it.
        """
        self._at_work.discard(connection)
        self._waits(connection)
        self._timed[connection] = address
        try:
            yield
        finally:
            del self._timed[connection]
            self._at_work.add(connection)

    def know(self, connection: Connection) -> None:
        """Mark this connection's caller as authenticated."""
        if connection in self._since:
            self._known.add(connection)

    def sweep(self) -> None:
        """Close those that waited too long, and the oldest of the rest while there are too many."""
        now = self._clock()
        whose = {each: self._timed.get(each) or address for each, address in self._whose.items()}
        of_one = Counter(whose.values())
        for each, since in list(self._since.items()):
            if each in self._at_work:
                continue
            address, longest = whose[each], KEPT_S if each in self._served else FIRST_S
            late = each not in self._timed and now - since > longest
            if late or (address and each not in self._known and of_one[address] > self._most_of_one):
                self._close(each)
                of_one[address] -= 1
        self._make_room()

    def _waits(self, connection: Connection) -> bool:
        """Note that a connection begins to wait; return False if it is closed. ``_since`` is in the order of times."""
        is_open = self._since.pop(connection, None) is not None
        if is_open:
            self._since[connection] = self._clock()
        return is_open

    def _make_room(self) -> None:
        # Known callers are closed last: only if closing all waiting strangers is not enough.
        while (most := len(self._since) > self._most) or len(self._since) - len(self._known) > self._most_strangers:
            waiting = (each for each in self._since if each not in self._at_work)
            oldest = next((each for each in waiting if each not in self._known), None)
            if oldest is None and most:
                oldest = next((each for each in self._since if each not in self._at_work), None)
            if oldest is None:
                break
            self._close(oldest)

    def _close(self, connection: Connection) -> None:
        connection.force_close()
        self.closed(connection)


def most_open() -> int:
    """Return how many connections this process has descriptors for, besides its own.

    Raises the soft limit of descriptors to the hard limit.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST + _OURS
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return max(_LEAST, allowed - _OURS)


def nobody(_connection: Any) -> str | None:
    """Return no address, for any connection."""
    return None


def caller_at(connection: Any) -> str | None:
    """Return the peer's address; None for this machine's own, as it may be a proxy that forwards for everybody."""
    transport = connection.transport
    peer = None if transport is None else transport.get_extra_info("peername")
    return None if not isinstance(peer, tuple) or _is_loopback(peer[0]) else str(peer[0])


@lru_cache(maxsize=_MOST)
def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


async def watch(connections: Connections, runner: web.AppRunner) -> None:
    """Sweep every second, and whenever a connection is one too many; until cancelled."""
    server = runner.server
    if server is None:
        raise RuntimeError("set up the runner first")
    made, lost = server.connection_made, server.connection_lost

    def opened(handler: Any, transport: asyncio.Transport) -> None:
        made(handler, transport)
        connections.opened(handler)

    def closed(handler: Any, why: BaseException | None = None) -> None:
        lost(handler, why)
        connections.closed(handler)

    # The server has no hook for these, and by the next sweep a flood would have taken every descriptor.
    server.connection_made, server.connection_lost = opened, closed  # type: ignore[method-assign,assignment]
    while True:
        await asyncio.sleep(_PACE_S)
        connections.sweep()
