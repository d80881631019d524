"""Quiet hours: a daily period, in wall-clock time of a zone, in which nobody is woken."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schedules.errors import BadSchedule

_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_DAY = 24 * 60
_MINUTE = timedelta(minutes=1)


def next_time(minute: int, now: datetime, zone: ZoneInfo) -> datetime:
    """Return the next instant after ``now`` when clocks of the zone show ``minute`` (from midnight).

    A time in the hour missing in spring moves to right after it; one in the hour repeated in autumn is the first.
    """
    today = now.astimezone(zone).date()
    walls = [datetime.combine(today + timedelta(days=each), time(*divmod(minute, 60)), zone) for each in (0, 1, 2)]
    at = next(at for wall in walls for fold in (0, 1) if (at := wall.replace(fold=fold).astimezone(UTC)) > now)
    while _minute_of(at, zone) != minute and _minute_of(at - _MINUTE, zone) > minute:
        at -= _MINUTE
    return at


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Minutes from midnight; may cross midnight. Equal times mean none."""

    begin: int
    end: int

    @classmethod
    def read(cls, text: str) -> "QuietHours":
        """Read *22:00-07:00*. Raises ``BadSchedule``."""
        found = _SPAN.fullmatch(text.strip())
        if found is None:
            raise BadSchedule("quiet-hours", "quiet_hours")
        hour, minute, end_hour, end_minute = map(int, found.groups())
        return cls(hour * 60 + minute, end_hour * 60 + end_minute)

    def until(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """Return the end (UTC) of the quiet hours at ``now``; None outside of them."""
        minute = _minute_of(now, zone)
        quiet = (minute - self.begin) % _DAY < (self.end - self.begin) % _DAY
        return next_time(self.end, now, zone) if quiet else None

    def __str__(self) -> str:
        return "{:02}:{:02}-{:02}:{:02}".format(*divmod(self.begin, 60), *divmod(self.end, 60))


def _minute_of(moment: datetime, zone: ZoneInfo) -> int:
    local = moment.astimezone(zone)
    return local.hour * 60 + local.minute
