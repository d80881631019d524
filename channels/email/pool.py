"""Connection pool: bounded, first come first served, closing idle and worn connections."""

import asyncio
import ssl

from channels.email.config import SmtpConfig
from channels.email.connection import Connection, connect, tls_context
from channels.errors import Transient


class Pool:
    """At most ``config.pool_size`` connections open, in use or not."""

    def __init__(self, config: SmtpConfig) -> None:
        self._config = config
        self._free = asyncio.Semaphore(config.pool_size)  # wakes waiters in order of arrival
        self._idle: list[Connection] = []  # last used first, so that the others can expire
        self._context: ssl.SSLContext | None = None
        self._reaper: asyncio.TimerHandle | None = None
        self._farewells: set[asyncio.Task[None]] = set()
        self._closed = False

    async def acquire(self, *, fresh: bool = False) -> Connection:
        """Return a connection, to be given back; ``fresh``: a new one. Raises a ``ChannelError``."""
        if self._closed:
            raise Transient("smtp:closed", "the channel was closed")
        if self._free.locked():
            try:
                async with asyncio.timeout(self._config.wait_s):
                    await self._free.acquire()
            except TimeoutError as error:
                raise Transient("smtp:busy", f"no connection was free within {self._config.wait_s:g} s") from error
        else:
            await self._free.acquire()
        try:
            return await self._take(fresh=fresh)
        except BaseException:
            self._free.release()
            raise

    async def _take(self, *, fresh: bool) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open and not fresh:
                return connection
            connection.drop()
            if fresh:
                break
        if self._context is None and self._config.tls != "none":
            # Loading the system's authorities takes some 20 ms
            self._context = await asyncio.to_thread(tls_context, self._config)
        return await connect(self._config, self._context)

    def give_back(self, connection: Connection, *, worn: bool = False) -> None:
        """Return a sound connection to the pool, or close a ``worn`` one."""
        if worn or self._closed or connection.sent >= self._config.messages_per_connection:
            # its place is free once it is closed; the accepted message does not wait for that
            self._part_from(connection).add_done_callback(lambda _: self._free.release())
            return
        if connection.is_open:
            loop = asyncio.get_running_loop()
            connection.idle_since = loop.time()
            self._idle.append(connection)
            if self._reaper is None:
                self._reaper = loop.call_later(self._config.idle_s, self._reap)
        self._free.release()

    def discard(self, connection: Connection) -> None:
        """Close a connection in an unknown state."""
        connection.drop()
        self._free.release()

    def _reap(self) -> None:
        """Close connections that are idle too long."""
        loop = asyncio.get_running_loop()
        limit = loop.time() - self._config.idle_s
        for connection in [one for one in self._idle if one.idle_since <= limit]:
            self._idle.remove(connection)
            self._part_from(connection)
        self._reaper = None
        if self._idle:
            oldest = min(connection.idle_since for connection in self._idle)
            self._reaper = loop.call_at(oldest + self._config.idle_s, self._reap)

    def _part_from(self, connection: Connection) -> asyncio.Task[None]:
        farewell = asyncio.get_running_loop().create_task(connection.quit())
        self._farewells.add(farewell)
        farewell.add_done_callback(self._farewells.discard)
        return farewell

    async def close(self) -> None:
        """Close idle connections; those in use are closed when given back."""
        self._closed = True
        if self._reaper is not None:
            self._reaper.cancel()
            self._reaper = None
        idle, self._idle = self._idle, []
        await asyncio.gather(*(connection.quit() for connection in idle), *self._farewells)
