"""Whether a person who is concerned wants to hear of an alert: now, later, in a digest or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from datetime import datetime

    from broadcaster.domain.alerts import Alert, Severity
    from schedules import QuietHours


class TopicChoice(IntEnum):
    """What a follower does with a topic of a station."""

    MUTE = 1
    DIGEST = 2


class Hearing(StrEnum):
    """How a person who is concerned hears of an alert. ``MISSED``: it would be over before their quiet hours are."""

    NOW = "now"
    LATER = "later"
    DIGEST = "digest"
    UNWANTED = "unwanted"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person wants of one topic of one station. ``zone``: of the tz database, for their quiet hours."""

    quiet: QuietHours
    zone: str
    least: Severity | None = None
    topic: TopicChoice | None = None

    def hears(self, alert: Alert, now: datetime) -> tuple[Hearing, datetime | None]:
        """Return how the person hears of an alert for which ``may_wait`` holds, and, if later, when.

        An all-clear goes to everyone who was told, whatever its topic.
        """
        if alert.by_choice:
            if self.topic is TopicChoice.MUTE or (self.least is not None and alert.severity.below(self.least)):
                return Hearing.UNWANTED, None
            if self.topic is TopicChoice.DIGEST:
                return Hearing.DIGEST, None
        until = self.quiet.until(now, ZoneInfo(self.zone))
        if until is None:
            return Hearing.NOW, None
        if until < alert.expires_at:
            return Hearing.LATER, until
        return (Hearing.NOW if alert.wakes else Hearing.MISSED), None
