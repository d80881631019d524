"""``Retry-After`` (RFC 9110, section 10.2.3)."""

import re
from datetime import UTC
from email.utils import parsedate_to_datetime

MAX_RETRY_AFTER_S = 86_400.0
_DELTA = re.compile(r"[0-9]+")


def retry_after_s(value: str | None, now: float) -> float | None:
    """Return the seconds to wait by a header in either form, 0 to a day; None if unreadable. ``now``: since 1970."""
    text = (value or "").strip()
    if _DELTA.fullmatch(text):
        return min(float(text), MAX_RETRY_AFTER_S)
    try:
        when = parsedate_to_datetime(text)
        if when.tzinfo is None:
            when = when.replace(tzinfo=UTC)
        return min(max(when.timestamp() - now, 0.0), MAX_RETRY_AFTER_S)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
