"""Where a device was, and when: what it reports of itself while it moves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from broadcaster.domain.alerts import Alert

AHEAD = timedelta(seconds=60)
"""A device's clock may be so far ahead of ours; a fix from further ahead counts as taken now."""

ON_THE_WAY = timedelta(seconds=10)
"""A fix may take so long to arrive; one that takes longer is late."""

LATEST = timedelta(minutes=15)
"""A late fix that is older still says where the device was last, and is no entry into any alert."""


class Age(Enum):
    ON_TIME = auto()
    LATE = auto()
    STALE = auto()


@dataclass(frozen=True, slots=True)
class Fix:
    """A position (WGS 84 degrees) as reported. ``until``: when it is to be forgotten; None: not by itself."""

    subscriber_id: int
    lon: float
    lat: float
    accuracy_m: float | None
    at: datetime
    until: datetime | None = None
    age: Age = Age.ON_TIME


@dataclass(frozen=True, slots=True)
class Sighting:
    """What of a fix decides whether it is an entry."""

    lon: float
    lat: float
    at: datetime
    late: bool

    def enters(self, alert: Alert) -> bool:
        """Return whether it is an entry into this alert, if it lies in its area: a late one must be of its time."""
        return not self.late or self.at >= alert.sent_at


def taken_at(given: datetime | None, now: datetime) -> tuple[datetime, Age]:
    """Return when a fix that arrives ``now`` was taken, and how old it is; ``given``: what its device says."""
    if given is None or given > now + AHEAD:
        return now, Age.ON_TIME
    if given >= now - ON_THE_WAY:
        return given, Age.ON_TIME
    return given, Age.LATE if given >= now - LATEST else Age.STALE
