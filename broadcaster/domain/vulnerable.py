"""The register of vulnerable people (Code de l'action sociale et des familles, L121-6-1 and R121-2 to R121-12).

It is separate from the alert list: it has its own permission, and nobody is copied from one to the other without
asking.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LETTER_WITHIN = timedelta(days=8)
"""How soon the town acknowledges a request in writing."""
REVIEW_EVERY = timedelta(days=365)
LONGEST_FIELD = 200


class Ground(StrEnum):
    """The reason for an entry: 65 or older; 60 or older and unfit for work; an adult with a disability."""

    AGE = "age"
    UNFIT = "unfit"
    DISABLED = "disabled"
    UNKNOWN = "unknown"


class Asker(StrEnum):
    """Who asked for the entry. ``list``: imported from a list, or from before this register existed."""

    SELF = "self"
    REPRESENTATIVE = "representative"
    RELATIVE = "relative"
    DOCTOR = "doctor"
    SERVICES = "services"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Details:
    """The content of an entry, without health data. ``born``: a date, ISO 8601, or empty.

    ``asked_by``: who asked, if not the person. ``contact``: whom to call in an emergency. ``helped_by``: services that
    come to the home.
    """

    name: str
    born: str = ""
    address: str = ""
    phone: str = ""
    ground: Ground = Ground.UNKNOWN
    asker: Asker = Asker.LIST
    asked_by: str = ""
    contact: str = ""
    helped_by: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. ``person``: the same person on the alert list, who is told first.

    ``asked_at``: None if taken over from a list. ``letter_at``: when the acknowledgement was sent. ``confirmed_at``:
    when it was last reviewed, or added.
    """

    id: int
    station_id: int
    details: Details
    person: int | None
    asked_at: datetime | None
    letter_at: datetime | None
    confirmed_at: datetime

    @property
    def letter_due(self) -> datetime | None:
        """Return the deadline for sending the letter; None if no letter is due."""
        return None if self.asked_at is None or self.letter_at is not None else self.asked_at + LETTER_WITHIN

    def review_due(self, now: datetime) -> bool:
        """Return whether a year has passed since the last review. The entry stays even without an answer."""
        return now - self.confirmed_at >= REVIEW_EVERY
