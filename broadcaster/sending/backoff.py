"""How long to wait before the next try."""

from __future__ import annotations

import random

BASE_S = 2.0
CAP_S = 600.0
IN_TROUBLE_S = 20.0
"""The cap for whoever was tried at a provider that is in trouble: it is the provider's breaker that spares it."""
STOP_S = 30.0
"""How long a channel that is broken rests before it is tried again."""
MOST_ATTEMPTS = 100


def backoff_s(
    attempts: int, retry_after_s: float | None = None, spread: float | None = None, *, cap_s: float = CAP_S
) -> float:
    """Return the seconds to wait after ``attempts`` tries: full jitter over a doubling span, from 2 s to ``cap_s``.

    Never before ``retry_after_s``, which is the provider's own word; what is added to it keeps a crowd from coming
    back in one instant. ``spread`` (0 to 1) stands for chance in tests.
    """
    doublings = min(max(attempts - 1, 0), 16)
    span = min(cap_s, BASE_S * float(1 << doublings))
    chance = random.random() if spread is None else spread  # noqa: S311  spreads load, hides nothing
    if retry_after_s is not None:
        return retry_after_s + chance * min(span, 10.0)
    return max(0.5, chance * span)
