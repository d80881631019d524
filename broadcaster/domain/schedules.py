"""Scheduled and recurring alerts; each due time is an occurrence."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from broadcaster.domain.alerts import GRAVE, RULES, Message, Severity, Status
from broadcaster.domain.refusals import Coded

ON_TIME = timedelta(minutes=1)
"""Sending this soon after the due time is not late."""
LASTS = timedelta(hours=12)
LONGEST_REASON = 300
CHANGED_REACH = 0.25


class Kind(StrEnum):
    """``reminder``: repeats an alert while it is active. ``drill``: asks operators to send a drill alert."""

    ALERT = "alert"
    REMINDER = "reminder"
    DRILL = "drill"


class Outcome(StrEnum):
    """Outcome of an occurrence. ``missed`` and ``refused`` were not sent and wait for a decision."""

    ISSUED = "issued"
    MISSED = "missed"
    REFUSED = "refused"
    CANCELLED = "cancelled"


class Consent(StrEnum):
    """Approval of a schedule by a second person: ``asked`` (they are not notified yet), ``waiting``, ``approved``."""

    ASKED = "asked"
    WAITING = "waiting"
    APPROVED = "approved"


OPEN = (Outcome.MISSED, Outcome.REFUSED)


@dataclass(frozen=True, slots=True)
class Schedule:
    """``message``: what to send. ``key_id``: the author's.

    ``starts``: wall-clock time in ``zone``; ``rule``: RRULE (RFC 5545); ``except_on``: wall-clock times to skip.
    ``onset`` and ``lasts`` count from sending. ``reminds``: the repeated alert. ``public``: listed in the station's
    public calendar. ``reach``: people reached when it was written; ``reach_now``: shortly before it is next due.
    ``consent``: None if it needs no approval; ``approved_reach``: people reached when it was approved.
    """

    id: int
    station_id: int
    key_id: int
    kind: Kind
    message: Message
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
    consent: Consent | None = None
    approved_reach: int | None = None
    version: int = 0

    @property
    def late(self) -> timedelta:
        """How late an occurrence is still sent without confirmation."""
        usual = RULES[self.message.severity].grace
        if usual is None:
            return ON_TIME
        return max(ON_TIME, min(self.lasts, usual if self.grace is None else self.grace))

    @property
    def unapproved(self) -> bool:
        """Return whether a second person must still approve it."""
        return self.consent not in (None, Consent.APPROVED)

    def outgrew(self, people: int | None) -> bool:
        """Return whether it reaches over a quarter more people than when it was approved, or written without need."""
        if self.unapproved or (self.consent is None and self.kind is Kind.REMINDER):
            return False
        agreed = self.reach if self.consent is None else self.approved_reach
        return people is not None and agreed is not None and people > (1 + CHANGED_REACH) * agreed

    @property
    def reach_changed(self) -> bool:
        """Return whether reach changed by more than a quarter since the schedule was written."""
        return _changed(self.reach, self.reach_now)


def _changed(then: int | None, now: int | None) -> bool:
    return then is not None and now is not None and abs(now - then) > CHANGED_REACH * max(then, 1)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One due time of a schedule. ``why``: the reason for its refusal.

    ``reach``: people reached when the schedule was written; ``reach_now``: when it was sent.
    """

    schedule_id: int
    at: datetime
    outcome: Outcome
    alert_id: int | None = None
    why: Coded | None = None
    reach: int | None = None
    reach_now: int | None = None

    @property
    def reach_changed(self) -> bool:
        return _changed(self.reach, self.reach_now)


def needs_reason(severity: Severity, status: Status) -> bool:
    """Return whether scheduling such an alert requires a stated reason."""
    return severity in GRAVE and status is Status.ACTUAL
