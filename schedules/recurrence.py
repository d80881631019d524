"""Recurrence: RFC 5545's RRULE and EXDATE, in wall-clock time of a zone.

``dateutil.rrule`` computes wall-clock times, ``zoneinfo`` their instants: 7:30 stays 7:30 all year. A time in the hour
missing in spring runs right after it; a time in the hour repeated in autumn runs once, the first time.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.rrule import rrule, rrulestr

from schedules.days_off import DaysOff
from schedules.errors import BadSchedule

LEAST = timedelta(hours=1)
MOST = 10_000
"""The most occurrences of a finite rule."""
HORIZON = timedelta(days=3653)
"""How far ahead occurrences are computed; a rule that does not fire in ten years counts as never firing."""
LONGEST_RULE = 500

_KNOWN = frozenset(
    {
        "FREQ",
        "INTERVAL",
        "COUNT",
        "UNTIL",
        "WKST",
        "BYDAY",
        "BYMONTHDAY",
        "BYMONTH",
        "BYSETPOS",
        "BYYEARDAY",
        "BYWEEKNO",
    }
    | {"BYHOUR", "BYMINUTE", "BYSECOND"}
)
_UNTIL = re.compile(r"\d{8}(T\d{6}Z?)?")
_MOST_INTERVAL = 1000
_STAMP = "%Y%m%dT%H%M%S"
_CYCLES = timedelta(days=19 * 146_097)
_LAST = datetime(2398, 1, 1)  # noqa: DTZ001  a wall-clock time


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Times in a zone. ``start`` (naive) is the first candidate; without a ``rule`` the only one.

    ``except_on``: wall-clock times to skip (EXDATE); ``off``: days to skip. Raises ``BadSchedule`` on construction.
    """

    start: datetime
    zone: str
    rule: str | None = None
    except_on: frozenset[datetime] = frozenset()
    off: DaysOff = field(default_factory=DaysOff)

    def __post_init__(self) -> None:
        _zone(self.zone)
        if self.start.tzinfo is not None or self.start > _LAST:
            raise BadSchedule("not-a-local-time", "at")
        if self.rule is not None:
            _checked(self.rule, self.start.time(), self.zone)

    def after(self, moment: datetime, *, inclusive: bool = False) -> Iterator[datetime]:
        """Yield the instants (aware, UTC) after ``moment``, in order, within the horizon from it."""
        zone, last = _zone(self.zone), None
        # Start a day earlier, so that a time moved by the missing hour is not lost in any zone.
        since = moment.astimezone(zone).replace(tzinfo=None) - timedelta(days=1)
        end = since + HORIZON
        for local in self._local(since, end):
            instant = instant_of(local, self.zone)
            if (instant > moment or (inclusive and instant == moment)) and instant != last:
                last = instant
                yield instant

    def next_after(self, moment: datetime, *, inclusive: bool = False) -> datetime | None:
        """Return the first instant after ``moment``; None if there is none within ten years."""
        return next(self.after(moment, inclusive=inclusive), None)

    def between(self, first: datetime, last: datetime) -> Iterator[datetime]:
        """Yield the instants from ``first`` to ``last``, both included."""
        for instant in self.after(first, inclusive=True):
            if instant > last:
                return
            yield instant

    def check(self, now: datetime) -> None:
        """Raise ``BadSchedule`` unless it fires after ``now``, not too often, and an hour lies between occurrences."""
        if self.rule is None:
            if self.next_after(now) is None:
                raise BadSchedule("at-past", "at")
            return
        parts = _parts(self.rule)
        unit = {"SECONDLY": timedelta(seconds=1), "MINUTELY": timedelta(minutes=1)}.get(parts["FREQ"], LEAST)
        if unit * int(parts.get("INTERVAL", "1")) < LEAST:
            raise BadSchedule("repeat-too-often", "repeat")
        today = now.astimezone(_zone(self.zone)).replace(tzinfo=None)
        found = list(islice(self._local(today, today + HORIZON), MOST + 1))
        if not found:
            raise BadSchedule("repeat-never", "repeat")
        if any(later - earlier < LEAST for earlier, later in pairwise(found)):
            raise BadSchedule("repeat-too-often", "repeat")
        if len(found) > MOST and "UNTIL" in parts:
            raise BadSchedule("repeat-too-many", "repeat", most=MOST)

    def without(self, instant: datetime) -> "Recurrence":
        """Return the recurrence without the occurrence at ``instant``."""
        return replace(self, except_on=self.except_on | set(self._named(instant)))

    def split(self, instant: datetime) -> tuple["Recurrence | None", "Recurrence"]:
        """Return the part before the occurrence at ``instant`` (None if empty), and the part from it on.

        Raises ``BadSchedule`` if there is no occurrence at that instant.
        """
        at = min(self._named(instant), default=None)
        if at is None:
            raise BadSchedule("occurrence-unknown", "occurrence")
        if self.rule is None:
            return None, self
        parts = _parts(self.rule)
        ended = {**parts, "UNTIL": (at - timedelta(seconds=1)).strftime(_STAMP)}
        if "COUNT" in parts:
            gone = sum(1 for _ in takewhile(lambda local: local < at, self._candidates(self.start)))
            parts["COUNT"] = str(int(parts["COUNT"]) - gone)
            del ended["COUNT"]
        earlier = replace(self, rule=_written(ended))
        before = any(local < at for local in self._local(self.start, at))
        return earlier if before else None, replace(self, start=at, rule=_written(parts))

    def _named(self, instant: datetime) -> list[datetime]:
        """Return the wall-clock times of this instant: two if one is in a missing hour."""
        about = instant.astimezone(_zone(self.zone)).replace(tzinfo=None)
        near = self._local(about - timedelta(days=1), about + timedelta(days=1))
        return [local for local in near if instant_of(local, self.zone) == instant]

    def _local(self, since: datetime, end: datetime) -> Iterator[datetime]:
        """Yield the wall-clock times from ``since`` to ``end``, without exceptions."""
        last = min(end, _until(self.rule, self.zone))
        for local in takewhile(lambda local: local <= last, self._candidates(since)):
            if local >= since and local not in self.except_on and local.date() not in self.off:
                yield local

    def _candidates(self, since: datetime) -> Iterator[datetime]:
        """Yield the rule's times from ``since`` or earlier on, also after its UNTIL."""
        if self.rule is None:
            return iter((self.start,))
        parts = _parts(self.rule)
        parts.pop("UNTIL", None)
        return (local - _CYCLES for local in _rrule(_written(parts), self._start_near(since, parts)))

    def _start_near(self, since: datetime, parts: Mapping[str, str]) -> datetime:
        """Return a later start with the same times from ``since`` on, as dateutil goes through all earlier times.

        At least one whole interval before ``since``: BYSETPOS counts from the start in the first week.
        """
        if "COUNT" in parts or parts["FREQ"] in ("YEARLY", "MONTHLY"):
            return self.start
        interval = timedelta(weeks=int(parts.get("INTERVAL", "1")))
        return self.start + max(0, (since - self.start) // interval - 1) * interval


def instant_of(local: datetime, zone: str) -> datetime:
    """Return the instant (UTC) of a wall-clock time: the first of two, and right after a missing hour."""
    aware = local.replace(tzinfo=_zone(zone))
    first, second = aware.astimezone(UTC), aware.replace(fold=1).astimezone(UTC)
    if second >= first:
        return first
    before, low, high = aware.utcoffset(), second, first  # the clock changes somewhere between the two
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(aware.tzinfo).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadSchedule("zone-unknown", "zone") from error


@lru_cache(maxsize=1024)
def _checked(rule: str, at: time, zone: str) -> None:
    """Raise ``BadSchedule`` unless a rule can be read for a start at this time of day."""
    parts = _parts(rule)
    until = parts.pop("UNTIL", None)
    try:
        if until is not None:
            _end_of(until, zone)
        _rrule(_written(parts), datetime.combine(_LAST, at))
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise BadSchedule("repeat-unreadable", "repeat") from error


@lru_cache(maxsize=1024)
def _rrule(rule: str, start: datetime) -> rrule:
    """Return a rule without UNTIL, shifted 7,600 years into the future.

    dateutil tries a rule that never fires up to the year 9999, so that is made near. The calendar, including weekdays,
    repeats every 400 years.
    """
    found: rrule = rrulestr(rule, dtstart=start + _CYCLES)
    return found


def _until(rule: str | None, zone: str) -> datetime:
    """Return the wall-clock time until which a rule fires."""
    until = None if rule is None else _parts(rule).get("UNTIL")
    return _LAST if until is None else _end_of(until, zone)


def _end_of(said: str, zone: str) -> datetime:
    """Return the wall-clock time of an UNTIL; a date means its end."""
    day = datetime.strptime(said[:8], "%Y%m%d")  # noqa: DTZ007  a wall-clock time
    if len(said) == len("20271231"):
        return day.replace(hour=23, minute=59, second=59)
    time = datetime.strptime(said[:15], _STAMP)  # noqa: DTZ007
    return time.replace(tzinfo=UTC).astimezone(_zone(zone)).replace(tzinfo=None) if said.endswith("Z") else time


def _parts(rule: str) -> dict[str, str]:
    """Return a rule's parts. Raises ``BadSchedule`` if RFC 5545 lacks them or dateutil would not terminate."""
    said = rule.strip().upper().removeprefix("RRULE:")
    pairs = [part.partition("=")[::2] for part in said.split(";") if part]
    parts = dict(pairs)
    if len(rule) > LONGEST_RULE:
        raise BadSchedule("text-too-long", "repeat", n=len(rule) - LONGEST_RULE, most=LONGEST_RULE)
    if len(parts) < len(pairs) or not parts.keys() <= _KNOWN or "FREQ" not in parts:
        raise BadSchedule("repeat-unreadable", "repeat")
    if "COUNT" in parts and "UNTIL" in parts:
        raise BadSchedule("repeat-two-ends", "repeat")
    if "UNTIL" in parts and not _UNTIL.fullmatch(parts["UNTIL"]):
        raise BadSchedule("repeat-until", "repeat")
    for name, most in (("INTERVAL", _MOST_INTERVAL), ("COUNT", MOST)):
        given = parts.get(name, "1")
        if not (given.isascii() and given.isdigit()) or not 1 <= int(given) <= most:
            raise BadSchedule("repeat-out-of-range", "repeat", part=name, most=most)
    return parts


def _written(parts: dict[str, str]) -> str:
    return ";".join(f"{name}={value}" for name, value in parts.items())
