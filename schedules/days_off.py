"""Days on which a schedule does not run: public holidays of France, and school holidays by zone.

Metropolitan zones A, B and C come from ``vacances-scolaires-france``; other zones, and years that it lacks, from a file
with the columns ``zone,first,last`` (days as 2027-08-14, both included).
"""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import holidays
from vacances_scolaires_france import SchoolHolidayDates

from schedules.errors import BadSchedule

ZONES = ("A", "B", "C")
_ZONE = re.compile(r"[A-Za-z0-9-]{1,20}")
_LONGEST = 200
"""Longest holiday in days; a longer one in a file is an error."""
_SUBDIVISIONS = {"67": "6AE", "68": "6AE", "975": "PM", "977": "BL", "978": "MF", "986": "WF", "987": "PF", "988": "NC"}


class SchoolCalendar:
    """School holidays, by zone."""

    def __init__(self, days: Mapping[str, frozenset[date]], *, metropolitan: bool = False) -> None:
        """``metropolitan``: also zones A, B and C, which are read on first use; that takes half a second."""
        self._days = days
        self._metropolitan = ZONES if metropolitan else ()

    @classmethod
    def load(cls, file: Path | None = None) -> "SchoolCalendar":
        """Return the metropolitan zones, and those of ``file``. Raises ``BadSchedule``, or ``OSError``."""
        days = {} if file is None else {zone: frozenset(found) for zone, found in _from_file(file).items()}
        return cls(days, metropolitan=True)

    @property
    def zones(self) -> tuple[str, ...]:
        return tuple(sorted({*self._days, *self._metropolitan}))

    def days(self, zone: str) -> frozenset[date]:
        """Return a zone's holidays. Raises ``BadSchedule``."""
        if zone not in self.zones:
            raise BadSchedule("school-zone-unknown", "school_zone", known=", ".join(self.zones))
        found = self._days.get(zone, frozenset())
        return found | _metropolitan()[zone] if zone in self._metropolitan else found

    def known_until(self, zone: str) -> date:
        """Return the last known holiday; later days count as school days."""
        return max(self.days(zone))


@cache
def _metropolitan() -> dict[str, frozenset[date]]:
    known = SchoolHolidayDates()
    return {zone: frozenset(day for day in known.data if known.is_holiday_for_zone(day, zone)) for zone in ZONES}


def _from_file(file: Path) -> dict[str, set[date]]:
    found: dict[str, set[date]] = {}
    with file.open(encoding="utf-8-sig", newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines), start=2):
            try:
                zone, first, last = row["zone"], date.fromisoformat(row["first"]), date.fromisoformat(row["last"])
            except (KeyError, TypeError, ValueError) as error:
                raise BadSchedule("holidays-columns", f"line {number}") from error
            if not _ZONE.fullmatch(zone) or not timedelta(0) <= last - first <= timedelta(days=_LONGEST):
                raise BadSchedule("holidays-line", f"line {number}")
            found.setdefault(zone, set()).update(first + timedelta(days=n) for n in range((last - first).days + 1))
    return found


@dataclass(frozen=True, slots=True)
class DaysOff:
    """The days to skip. ``insee``: a commune, whose département may have its own public holidays."""

    public: bool = False
    insee: str | None = None
    school: frozenset[date] = frozenset()

    def __contains__(self, day: date) -> bool:
        return day in self.school or (self.public and day in _public(day.year, _subdivision(self.insee or "")))


@cache
def _subdivision(insee: str) -> str | None:
    department = insee[:3] if insee.startswith(("97", "98")) else insee[:2]
    found = _SUBDIVISIONS.get(department, department)
    return found if found in holidays.country_holidays("FR").subdivisions else None


@cache
def _public(year: int, subdivision: str | None) -> frozenset[date]:
    return frozenset(holidays.country_holidays("FR", subdiv=subdivision, years=year))
