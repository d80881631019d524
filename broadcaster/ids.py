"""Numbers for rows that must be known before they are written, and secrets for what is shown to the world."""

from __future__ import annotations

import itertools
import secrets
import time

_COUNTER_BITS = 12
_NODE_BITS = 10
_node = secrets.randbits(_NODE_BITS)
_counter = itertools.count(secrets.randbits(_COUNTER_BITS))


def new_id() -> int:
    """Give a positive 63-bit number that grows by the millisecond: 41 bits of time, 10 of process, 12 counted.

    Two processes may meet in the same 10 bits; the primary key then refuses the second row, and its writer tries again.
    """
    millis = time.time_ns() // 1_000_000 & ((1 << 41) - 1)
    return millis << (_NODE_BITS + _COUNTER_BITS) | _node << _COUNTER_BITS | next(_counter) & ((1 << _COUNTER_BITS) - 1)


def new_token(size: int = 8) -> str:
    """Give a random name of ``size`` bytes, safe in a URL (8 bytes: 11 characters)."""
    return secrets.token_urlsafe(size)
