"""Visits: what volunteers find out at the doors of people whom an alert did not reach."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from broadcaster.domain.words import Worded

SIGNED_IN = timedelta(hours=12)
"""How long a volunteer's phone may read the list after a code."""


class Finding(Worded):
    """``SAFE``: found, and all is well. ``ABSENT``: nobody opened. ``HELP``: needs help."""

    SAFE = 1
    ABSENT = 2
    HELP = 3


def found_words(finding: Finding, words: Callable[[str], str]) -> str:
    """Return what was found, after « visited on 30 November: »."""
    return {
        Finding.SAFE: words("safe and well"),
        Finding.ABSENT: words("nobody opened"),
        Finding.HELP: words("needs help"),
    }[finding]


FINDINGS = {each.word: each for each in Finding}


@dataclass(frozen=True, slots=True)
class Visited:
    """The last visit of a person. ``volunteer_id``: by whom."""

    finding: Finding
    at: datetime
    volunteer_id: int

    @property
    def found(self) -> str:
        return self.finding.word


@dataclass(frozen=True, slots=True)
class Volunteer:
    """Somebody who visits people of an alert's thread. ``phone``: their own, E.164.

    ``streets``: those given to them (``store.register.visits.Visit.place``). ``unconfirmed``: also people who were told
    and have not confirmed. ``confirmation_id``: of the last code sent to them.
    """

    id: int
    alert_id: int
    station_id: int
    name: str
    phone: str
    streets: tuple[str, ...]
    unconfirmed: bool
    added_at: datetime
    revoked_at: datetime | None
    confirmation_id: int | None
