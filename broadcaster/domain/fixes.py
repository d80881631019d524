"""Position fixes reported by devices."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from broadcaster.domain.alerts import Alert

AHEAD = timedelta(seconds=60)
"""Tolerated clock lead of a device; a fix from further ahead counts as taken now."""

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
    """The parts of a fix that decide whether it is an entry."""

    lon: float
    lat: float
    at: datetime
    late: bool

    def enters(self, alert: Alert) -> bool:
        """Return whether a fix in the alert's area is an entry; a late fix must date from after the alert."""
        return not self.late or self.at >= alert.sent_at


def taken_at(given: datetime | None, now: datetime) -> tuple[datetime, Age]:
    """Return when a fix that arrives ``now`` was taken, and how old it is; ``given``: the device's own time."""
    if given is None or given > now + AHEAD:
        return now, Age.ON_TIME
    if given >= now - ON_THE_WAY:
        return given, Age.ON_TIME
    return given, Age.LATE if given >= now - LATEST else Age.STALE
