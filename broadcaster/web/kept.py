"""Caches rendered pages, for when a whole town opens the same link."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Hashable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

FRESH_S = 15.0
_MOST = 512


@dataclass(frozen=True, slots=True)
class KeptPage:
    """A rendered page, valid while its alert's state is unchanged (``active``)."""

    body: bytes
    headers: Mapping[str, str]
    alert_id: int
    active: bool
    until: float


class KeptPages:
    """At most 512 pages, each for 15 seconds; evicts the least recently used."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock``: monotonic seconds."""
        self._clock = clock
        self._pages: OrderedDict[Hashable, KeptPage] = OrderedDict()
        self._makers: dict[Hashable, asyncio.Lock] = {}

    def __len__(self) -> int:
        return len(self._pages)

    def find(self, key: Hashable, is_active: Callable[[int], bool]) -> KeptPage | None:
        """Return a fresh page, unless its alert has been cancelled or expired since."""
        page = self._pages.get(key)
        if page is None:
            return None
        if self._clock() >= page.until or is_active(page.alert_id) is not page.active:
            del self._pages[key]
            return None
        self._pages.move_to_end(key)
        return page

    @asynccontextmanager
    async def making(self, key: Hashable) -> AsyncIterator[None]:
        """Let one caller at a time render a page; the others then find it cached."""
        lock = self._makers.setdefault(key, asyncio.Lock())
        try:
            async with lock:
                yield
        finally:
            if not lock.locked() and self._makers.get(key) is lock:
                del self._makers[key]

    def keep(self, key: Hashable, body: bytes, headers: Mapping[str, str], alert_id: int, *, active: bool) -> KeptPage:
        """Cache a rendered page; return it."""
        page = self._pages[key] = KeptPage(body, headers, alert_id, active, self._clock() + FRESH_S)
        self._pages.move_to_end(key)
        if len(self._pages) > _MOST:
            self._pages.popitem(last=False)
        return page


KEPT_PAGES: web.AppKey[KeptPages] = web.AppKey("kept pages")
