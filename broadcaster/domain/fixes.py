"""Position fixes reported by devices."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from broadcaster.domain.alerts import Alert

AHEAD = timedelta(seconds=60)
"""How far ahead a device's clock may be; a fix from further in the future counts as taken now."""

ON_THE_WAY = timedelta(seconds=10)
"""A fix that takes longer than this to arrive is late."""

LATEST = timedelta(minutes=15)
"""A late fix older than this updates the device's position but enters no alert."""


class Age(Enum):
    ON_TIME = auto()
    LATE = auto()
    STALE = auto()


@dataclass(frozen=True, slots=True)
class Fix:
    """A reported position (WGS 84 degrees). ``until``: when to forget it; None: no expiry."""

    subscriber_id: int
    lon: float
    lat: float
    accuracy_m: float | None
    at: datetime
    until: datetime | None = None
    age: Age = Age.ON_TIME


@dataclass(frozen=True, slots=True)
class Sighting:
    """The parts of a fix that decide whether its device entered an alert's area."""

    lon: float
    lat: float
    at: datetime
    late: bool

    def enters(self, alert: Alert) -> bool:
        """Return whether a fix in the alert's area counts as an entry; a late fix must be newer than the alert."""
        return not self.late or self.at >= alert.sent_at


def taken_at(given: datetime | None, now: datetime) -> tuple[datetime, Age]:
    """Return when a fix that arrives ``now`` was taken, and its age. ``given``: the time by the device's clock."""
    if given is None or given > now + AHEAD:
        return now, Age.ON_TIME
    if given >= now - ON_THE_WAY:
        return given, Age.ON_TIME
    return given, Age.LATE if given >= now - LATEST else Age.STALE
