"""Requests of people on a station's list to correct what it says about them (article 16 of the GDPR)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from broadcaster.domain.people import NewContact
from broadcaster.domain.words import Worded

ANSWERED_WITHIN = timedelta(days=30)
"""Article 12 (3): a month; February has fewer days, and the request's own day counts."""
TOLD_WITHIN = timedelta(days=3)
"""How long an answer is sent again that no provider took."""
_FIRST_WAIT = timedelta(minutes=5)
_DAY = range(8, 20)
LONGEST_TEXT, LONGEST_ADDRESS = 1000, 200
MOST_CONTACTS = 4


class CorrectionState(Worded):
    OPEN = 0
    ACCEPTED = 1
    REFUSED = 2


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wrong and what is right, in their words; a new name and address; new contacts, each proved by a code.

    ``told``: the verified contact that gets the answer.
    """

    told: NewContact
    text: str = ""
    name: str = ""
    address: str = ""
    contacts: tuple[NewContact, ...] = ()


@dataclass(frozen=True, slots=True)
class Correction:
    """A request. ``reason``: of a refusal. ``told_at``: when the answer was sent to them; ``tell_at``: when it is sent
    again.
    """

    id: int
    station_id: int
    subscriber_id: int
    wanted: Wanted
    state: CorrectionState
    asked_at: datetime
    decided_at: datetime | None
    decided_by: int | None
    told_at: datetime | None
    tell_at: datetime | None
    reason: str

    @property
    def due_at(self) -> datetime:
        return self.asked_at + ANSWERED_WITHIN

    def is_overdue(self, now: datetime) -> bool:
        return self.state is CorrectionState.OPEN and self.due_at <= now


def is_day(now: datetime, zone: ZoneInfo) -> bool:
    """Return whether it is between 8 and 20: a correction wakes nobody."""
    return now.astimezone(zone).hour in _DAY


def next_try(decided_at: datetime, now: datetime) -> datetime | None:
    """Return when to send an answer again if it can't leave ``now``: in as long as it has waited; None: given up."""
    at = now + max(_FIRST_WAIT, now - decided_at)
    return at if at <= decided_at + TOLD_WITHIN else None
