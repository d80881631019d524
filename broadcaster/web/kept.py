"""Pages that were just made, for the moment when a whole town opens the same link."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

FRESH_S = 15.0
_MOST = 512


@dataclass(frozen=True, slots=True)
class KeptPage:
    """A page's bytes; it holds as long as its alert does as it did then (``active``)."""

    body: bytes
    language: str
    alert_id: int
    active: bool
    until: float


class KeptPages:
    """At most 512 pages, each for 15 seconds; the least recently asked for goes first."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` gives seconds that only ever grow."""
        self._clock = clock
        self._pages: OrderedDict[Hashable, KeptPage] = OrderedDict()

    def __len__(self) -> int:
        return len(self._pages)

    def find(self, key: Hashable, is_active: Callable[[int], bool]) -> KeptPage | None:
        """Give a page that is fresh, and whose alert was not lifted or over since."""
        page = self._pages.get(key)
        if page is None:
            return None
        if self._clock() >= page.until or is_active(page.alert_id) is not page.active:
            del self._pages[key]
            return None
        self._pages.move_to_end(key)
        return page

    def keep(self, key: Hashable, body: bytes, language: str, alert_id: int, *, active: bool) -> None:
        """Keep a page that was just made."""
        self._pages[key] = KeptPage(body, language, alert_id, active, self._clock() + FRESH_S)
        self._pages.move_to_end(key)
        if len(self._pages) > _MOST:
            self._pages.popitem(last=False)
