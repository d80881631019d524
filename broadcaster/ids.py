"""Row ids assigned before writing, and secrets for public links."""

import secrets
import threading
import time

_COUNTER_BITS = 12
_NODE_BITS = 10
_MOST = (1 << _COUNTER_BITS) - 1


class _Sequence:
    """Strictly increasing. It runs ahead of the clock when a millisecond is used up or the clock is set back."""

    def __init__(self) -> None:
        self._node = secrets.randbits(_NODE_BITS)
        self._lock = threading.Lock()
        self._millis = 0
        self._count = 0

    def next(self) -> int:
        with self._lock:
            now = time.time_ns() // 1_000_000 & ((1 << 41) - 1)
            if now > self._millis:
                self._millis, self._count = now, 0
            elif self._count == _MOST:
                self._millis, self._count = self._millis + 1, 0
            else:
                self._count += 1
            return self._millis << (_NODE_BITS + _COUNTER_BITS) | self._node << _COUNTER_BITS | self._count


_sequence = _Sequence()


def new_id() -> int:
    """Return a positive 63-bit number, greater than the last: 41 bits of time in ms, 10 of process, 12 of counter.

    Two processes may share the same 10 bits; the primary key then refuses the second row, and its writer retries.
    """
    return _sequence.next()


def new_token(size: int = 8) -> str:
    """Return a random name of ``size`` bytes, safe in a URL (8 bytes: 11 characters)."""
    return secrets.token_urlsafe(size)
