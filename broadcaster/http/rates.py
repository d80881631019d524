"""Rate limit by address.

A bucket per address (generic cell rate algorithm: one float each), evicting the least recently seen, so that a flood of
addresses costs no memory. An IPv6 /64 network counts as one address: a home has one.
"""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

_MOST_ADDRESSES = 50_000
_MINUTE_S = 60.0
_HOME_BITS = 64


class RateLimit:
    """A burst of ``per_minute``, then as many a minute."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock``: monotonic seconds."""
        self._interval_s = _MINUTE_S / per_minute
        self._clock = clock
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, address: str) -> int | None:
        """Count a request; None if it may pass, else the whole seconds to wait."""
        now = self._clock()
        due = max(self._full_at.get(address, now), now)
        if due + self._interval_s > now + _MINUTE_S + 1e-6:
            return max(1, math.ceil(due + self._interval_s - now - _MINUTE_S))
        self._full_at[address] = due + self._interval_s
        self._full_at.move_to_end(address)
        if len(self._full_at) > _MOST_ADDRESSES:
            self._full_at.popitem(last=False)
        return None


def address_of(request: web.Request, trusted_proxies: int) -> str:
    """Return the caller's address: the peer, or the one seen by the outermost trusted proxy.

    ``X-Forwarded-For`` grows to the right, one entry per proxy; entries left of ours can be forged.
    """
    address = request.remote or "unknown"
    if trusted_proxies > 0:
        seen = [part.strip() for line in request.headers.getall("X-Forwarded-For", []) for part in line.split(",")]
        if seen:
            address = seen[-min(trusted_proxies, len(seen))]
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:45]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.IPv6Network((parsed, _HOME_BITS), strict=False))
    return str(parsed)
