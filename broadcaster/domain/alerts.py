"""An alert, in the words of OASIS CAP 1.2 (section 3.2)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from broadcaster.domain.audience import AudienceKind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from broadcaster.domain.audience import Audience
    from broadcaster.domain.people import ChannelName
    from zones import Area


class MsgType(StrEnum):
    ALERT = "alert"
    UPDATE = "update"
    CANCEL = "cancel"


class Status(StrEnum):
    ACTUAL = "actual"
    EXERCISE = "exercise"
    TEST = "test"


class Severity(StrEnum):
    EXTREME = "extreme"
    SEVERE = "severe"
    MODERATE = "moderate"
    MINOR = "minor"
    UNKNOWN = "unknown"


class Urgency(StrEnum):
    IMMEDIATE = "immediate"
    EXPECTED = "expected"
    FUTURE = "future"
    PAST = "past"
    UNKNOWN = "unknown"


class Certainty(StrEnum):
    OBSERVED = "observed"
    LIKELY = "likely"
    POSSIBLE = "possible"
    UNLIKELY = "unlikely"
    UNKNOWN = "unknown"


class Category(StrEnum):
    GEO = "geo"
    MET = "met"
    SAFETY = "safety"
    SECURITY = "security"
    RESCUE = "rescue"
    FIRE = "fire"
    HEALTH = "health"
    ENV = "env"
    TRANSPORT = "transport"
    INFRA = "infra"
    CBRNE = "cbrne"
    OTHER = "other"


class Lane(StrEnum):
    """Urgent work always goes first."""

    URGENT = "urgent"
    ROUTINE = "routine"


class AlertState(StrEnum):
    """Where an alert is on its way; ``finished`` is said only when nobody is unaccounted for."""

    ACCEPTED = "accepted"
    SENDING = "sending"
    FINISHED = "finished"


GRAVE = frozenset({Severity.EXTREME, Severity.SEVERE})

_SEVERITY_RANK = {
    Severity.EXTREME: 0,
    Severity.SEVERE: 1,
    Severity.MODERATE: 2,
    Severity.MINOR: 3,
    Severity.UNKNOWN: 4,
}
_ROUTINE_RANK = 10


@dataclass(frozen=True, slots=True)
class Text:
    """What is said, in one language. Plain text, no markup. ``sms``: what an SMS says, where its author chose that."""

    headline: str
    description: str = ""
    instruction: str = ""
    sms: str = ""


def lane_of(severity: Severity, status: Status) -> Lane:
    """Give the lane: what is grave and real is urgent; an exercise never delays a real alert."""
    return Lane.URGENT if severity in GRAVE and status is Status.ACTUAL else Lane.ROUTINE


def rank_of(severity: Severity, status: Status) -> int:
    """Give the order of work, smallest first: the urgent lane before the other, within a lane by severity."""
    base = 0 if lane_of(severity, status) is Lane.URGENT else _ROUTINE_RANK
    return base + _SEVERITY_RANK[severity]


def lane_of_rank(rank: int) -> Lane:
    """Give the lane of work of that rank."""
    return Lane.URGENT if rank < _ROUTINE_RANK else Lane.ROUTINE


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert as the store keeps it. ``id`` orders alerts by time; ``token`` names its public page."""

    id: int
    token: str
    station_id: int
    msg_type: MsgType
    status: Status
    severity: Severity
    urgency: Urgency
    certainty: Certainty
    category: Category
    event: str
    texts: Mapping[str, Text]
    area: Area | None
    audience: Audience
    channels: tuple[ChannelName, ...]
    sent_at: datetime
    expires_at: datetime
    onset_at: datetime | None = None
    references: tuple[int, ...] = ()
    sandbox: tuple[ChannelName, ...] = ()
    state: AlertState = AlertState.ACCEPTED
    resolved_at: datetime | None = None
    finished_at: datetime | None = None
    cancelled_at: datetime | None = None

    @property
    def lane(self) -> Lane:
        return lane_of(self.severity, self.status)

    @property
    def rank(self) -> int:
        return rank_of(self.severity, self.status)

    def active(self, now: datetime) -> bool:
        """Tell whether the alert holds at ``now``: not cancelled, not expired, and no all-clear itself."""
        return self.cancelled_at is None and now < self.expires_at and self.msg_type is not MsgType.CANCEL

    @property
    def public(self) -> bool:
        """Tell whether strangers may come upon the alert: what is for the members of a group is for whoever has it."""
        return self.audience.kind is not AudienceKind.GROUPS

    def text_in(self, language: str, default: str) -> tuple[str, Text]:
        """Give (language, text) in ``language`` where there is one, else in ``default``, else the first."""
        for candidate in (language, language.split("-", maxsplit=1)[0], default):
            if candidate in self.texts:
                return candidate, self.texts[candidate]
        first = next(iter(self.texts))
        return first, self.texts[first]
