"""The duty roster: who may send this week. Weeks are those of ISO 8601, from Monday 00:00 at the station."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Week:
    """``code``: as 2026-W49."""

    code: str
    since: datetime
    until: datetime


def weeks_from(now: datetime, zone: ZoneInfo, n: int) -> list[Week]:
    """Return this week and the next ones, ``n`` in all."""
    today = now.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    days = [monday + each * _WEEK for each in range(n + 1)]
    begins = [datetime.combine(day, time(), zone).astimezone(UTC) for day in days]
    return [Week(f"{days[at]:%G-W%V}", begins[at], begins[at + 1]) for at in range(n)]
