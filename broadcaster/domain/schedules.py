"""Alerts that are sent later, or again and again; each time one is due is an occurrence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from broadcaster.domain.alerts import GRAVE, RULES, Severity, Status

if TYPE_CHECKING:
    from broadcaster.domain.alerts import Alert

ON_TIME = timedelta(minutes=1)
"""What is sent within this time after its instant is not late."""
LASTS = timedelta(hours=12)
LONGEST_REASON = 300
CHANGED_REACH = 0.25


class Kind(StrEnum):
    """``reminder``: repeats an alert while it holds. ``drill``: calls the operators to send a drill alert."""

    ALERT = "alert"
    REMINDER = "reminder"
    DRILL = "drill"


class Outcome(StrEnum):
    """What became of an occurrence. ``missed`` and ``refused`` were not sent, and wait for a person's word."""

    ISSUED = "issued"
    MISSED = "missed"
    REFUSED = "refused"
    CANCELLED = "cancelled"


OPEN = (Outcome.MISSED, Outcome.REFUSED)


@dataclass(frozen=True, slots=True)
class Schedule:
    """``message`` is what is sent: its id, times and state mean nothing. ``key_id`` is the author's.

    ``starts`` is a wall-clock time in ``zone``, ``rule`` an RRULE of RFC 5545, ``except_on`` the wall-clock times left
    out. ``onset`` and ``lasts`` are counted from the moment it is sent. ``reminds``: the alert that is repeated.
    ``public``: its dates are in the station's calendar for everybody. ``reach``: how many people it reached when it was
    written; ``reach_now``: shortly before it is next due.
    """

    id: int
    station_id: int
    key_id: int
    kind: Kind
    message: Alert
    starts: datetime
    zone: str
    rule: str | None = None
    except_on: frozenset[datetime] = frozenset()
    public_holidays: bool = False
    school_zone: str | None = None
    lasts: timedelta = LASTS
    onset: timedelta | None = None
    grace: timedelta | None = None
    reason: str = ""
    reminds: int | None = None
    public: bool = False
    paused: bool = False
    ended_at: datetime | None = None
    next_at: datetime | None = None
    reach: int | None = None
    reach_now: int | None = None
    version: int = 0

    @property
    def late(self) -> timedelta:
        """How late an occurrence is still sent without a person's word."""
        usual = RULES[self.message.severity].grace
        if usual is None:
            return ON_TIME
        return max(ON_TIME, min(self.lasts, usual if self.grace is None else self.grace))

    @property
    def reach_changed(self) -> bool:
        """Return whether it would reach a quarter more or fewer people than when it was written."""
        if self.reach is None or self.reach_now is None:
            return False
        return abs(self.reach_now - self.reach) > CHANGED_REACH * max(self.reach, 1)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that a schedule was due. ``problem``: why it was not sent."""

    schedule_id: int
    at: datetime
    outcome: Outcome
    alert_id: int | None = None
    problem: str = ""


def needs_reason(severity: Severity, status: Status) -> bool:
    """Return whether an alert may be scheduled only with a stated reason."""
    return severity in GRAVE and status is Status.ACTUAL
