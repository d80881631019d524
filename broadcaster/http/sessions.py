"""An operator's sign-in to a page: a random name in a cookie, and in memory whom it stands for.

Cookies are HttpOnly and SameSite=Strict: no script reads them, no other site's link or form brings them. A restart
ends every session.
"""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from broadcaster.domain.stations import Caller

COOKIE = "tocsin_operator"
_HOURS_S = 8 * 3600
_MOST = 1000
_NAME_BYTES = 32


class Sessions:
    """Who is signed in, for eight hours each; at most 1,000 at once, the oldest is ended first."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` gives seconds that only ever grow."""
        self._clock = clock
        self._open: OrderedDict[str, tuple[float, Caller]] = OrderedDict()

    def start(self, caller: Caller) -> str:
        """Sign a caller in; give the cookie's value."""
        name = secrets.token_urlsafe(_NAME_BYTES)
        self._open[name] = (self._clock() + _HOURS_S, caller)
        if len(self._open) > _MOST:
            self._open.popitem(last=False)
        return name

    def find(self, name: str) -> Caller | None:
        """Give whoever is signed in under a cookie's value."""
        until, caller = self._open.get(name, (0.0, None))
        if caller is not None and self._clock() >= until:
            del self._open[name]
            return None
        return caller

    def end(self, name: str) -> None:
        """Sign out."""
        self._open.pop(name, None)


def give_cookie(response: web.StreamResponse, name: str, *, secure: bool) -> None:
    """Put the cookie of a new session on a response; ``secure`` where the service is reached by https."""
    response.set_cookie(
        COOKIE, name, max_age=_HOURS_S, path="/sandbox", httponly=True, samesite="Strict", secure=secure
    )
