"""Whether a recipient wants an alert now, later, in a digest or not at all."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from zoneinfo import ZoneInfo

from broadcaster.domain.alerts import Alert, Severity
from schedules import QuietHours


class TopicChoice(IntEnum):
    """A follower's choice for a station's topic."""

    MUTE = 1
    DIGEST = 2


class Timing(StrEnum):
    """When a recipient gets an alert. ``MISSED``: the alert ends before their quiet hours do."""

    NOW = "now"
    LATER = "later"
    DIGEST = "digest"
    UNWANTED = "unwanted"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Wishes:
    """A person's choices for one topic of one station. ``zone``: tz database name, for their quiet hours."""

    quiet: QuietHours
    zone: str
    least: Severity | None = None
    topic: TopicChoice | None = None

    def timing_of(self, alert: Alert, now: datetime) -> tuple[Timing, datetime | None]:
        """Return when the person gets an alert that ``may_wait``, and the time if it is later.

        An all-clear goes to everyone who was told, regardless of its topic.
        """
        if alert.by_choice:
            if self.topic is TopicChoice.MUTE or (self.least is not None and alert.severity.below(self.least)):
                return Timing.UNWANTED, None
            if self.topic is TopicChoice.DIGEST:
                return Timing.DIGEST, None
        until = self.quiet.until(now, ZoneInfo(self.zone))
        if until is None:
            return Timing.NOW, None
        if until < alert.expires_at:
            return Timing.LATER, until
        return (Timing.NOW if alert.wakes else Timing.MISSED), None
