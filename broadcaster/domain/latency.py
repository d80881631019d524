"""Time to reach people, in a histogram of fixed buckets: constant size for any number of people.

Each bucket is 2 % wider than the one below, so a percentile is at most 1 % off.
"""

import math
from collections.abc import Mapping

_RATIO = math.log(1.02)
_FLOOR_S = 0.001
_LAST = 1100


def bucket(seconds: float) -> int:
    """Return the bucket for a time in seconds; bucket 0 holds all below a millisecond."""
    if seconds <= _FLOOR_S:
        return 0
    return min(_LAST, 1 + int(math.log(seconds / _FLOOR_S) / _RATIO))


def middle_s(number: int) -> float:
    """Return the middle of a bucket in seconds."""
    return _FLOOR_S if number == 0 else _FLOOR_S * math.exp((number - 0.5) * _RATIO)


def percentile_s(counts: Mapping[int, int], share: float) -> float | None:
    """Return the seconds within which a ``share`` (0 to 1) of people were reached; None if nobody was."""
    total = sum(counts.values())
    if total == 0:
        return None
    needed = max(1, math.ceil(share * total))
    seen = 0
    for number in sorted(counts):
        seen += counts[number]
        if seen >= needed:
            return middle_s(number)
    return None
