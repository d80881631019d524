"""Retry delays."""

import random

BASE_S = 2.0
CAP_S = 600.0
IN_TROUBLE_S = 20.0
"""Longest delay before a retry at a failing provider: its breaker already spares it."""
STOP_S = 30.0
"""How long a broken channel rests before a retry."""
MOST_ATTEMPTS = 100


def backoff_s(
    attempts: int, retry_after_s: float | None = None, spread: float | None = None, *, cap_s: float = CAP_S
) -> float:
    """Return the seconds to wait after ``attempts`` tries: full jitter over a doubling span, from 2 s to ``cap_s``.

    Never less than ``retry_after_s``, the provider's own; jitter added to it keeps a crowd from returning at once.
    ``spread`` (0 to 1) replaces the random number in tests.
    """
    doublings = min(max(attempts - 1, 0), 16)
    span = min(cap_s, BASE_S * float(1 << doublings))
    chance = random.random() if spread is None else spread  # noqa: S311  spreads load, hides nothing
    if retry_after_s is not None:
        return retry_after_s + chance * min(span, 10.0)
    return max(0.5, chance * span)
