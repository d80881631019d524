"""A year of "every school Monday", day by day, for the three zones; public holidays where a commune is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from schedules import BadSchedule, DaysOff, Recurrence, SchoolCalendar

CALENDAR = SchoolCalendar.load()
# The ministry's calendar of 2026–2027: the first day off and the day when lessons begin again.
COMMON = [
    ("2026-10-17", "2026-11-02"),
    ("2026-12-19", "2027-01-04"),
    ("2027-05-06", "2027-05-10"),
    ("2027-07-03", "2027-09-01"),
]
HOLIDAYS = {
    "A": [*COMMON, ("2027-02-13", "2027-03-01"), ("2027-04-10", "2027-04-26")],
    "B": [*COMMON, ("2027-02-20", "2027-03-08"), ("2027-04-17", "2027-05-03")],
    "C": [*COMMON, ("2027-02-06", "2027-02-22"), ("2027-04-03", "2027-04-19")],
}
PUBLIC_MONDAYS = {date(2027, 3, 29), date(2027, 5, 17)}


@pytest.mark.parametrize("zone", ["A", "B", "C"])
def test_every_school_monday_of_a_year_is_right_day_by_day(zone):
    off = DaysOff(public=True, school=CALENDAR.days(zone))
    mondays = Recurrence(datetime(2026, 9, 7, 7, 30), "Europe/Paris", "FREQ=WEEKLY;BYDAY=MO", off=off)
    fired = {
        each.date() for each in mondays.between(datetime(2026, 9, 1, tzinfo=UTC), datetime(2027, 8, 31, tzinfo=UTC))
    }
    day = date(2026, 9, 7)
    while day < date(2027, 8, 31):
        in_school = not any(date.fromisoformat(a) <= day < date.fromisoformat(b) for a, b in HOLIDAYS[zone])
        expected = day.weekday() == 0 and in_school and day not in PUBLIC_MONDAYS
        assert (day in fired) == expected, day
        day += timedelta(days=1)
    assert len(fired) > 30


def test_public_holidays_are_those_of_the_commune():
    good_friday = date(2027, 3, 26)
    assert good_friday in DaysOff(public=True, insee="67482"), "Strasbourg"
    assert good_friday in DaysOff(public=True, insee="57463"), "Metz"
    assert good_friday not in DaysOff(public=True, insee="61214"), "L'Aigle"
    assert date(2027, 12, 20) in DaysOff(public=True, insee="97411"), "Saint-Denis of Réunion: the end of slavery"
    assert date(2027, 7, 14) not in DaysOff(), "nothing is left out unasked"


def test_it_is_known_how_far_the_school_calendar_goes():
    assert CALENDAR.known_until("B") == date(2028, 8, 31)


def test_overseas_zones_come_from_a_file(tmp_path):
    file = tmp_path / "school.csv"
    file.write_text("zone,first,last\nReunion,2026-12-19,2027-01-24\nA,2028-10-21,2028-11-05\n")
    calendar = SchoolCalendar.load(file)
    assert calendar.zones == ("A", "B", "C", "Reunion")
    assert date(2027, 1, 24) in calendar.days("Reunion")
    assert date(2027, 1, 25) not in calendar.days("Reunion")
    assert calendar.known_until("A") == date(2028, 11, 5)


@pytest.mark.parametrize(
    "line", ["X,2027-01-02,2027-01-01", "X,tomorrow,2027-01-01", "X,2027-01-01", ",2027-01-01,2027-01-02"]
)
def test_a_file_with_a_wrong_line_is_refused_and_the_line_named(tmp_path, line):
    file = tmp_path / "school.csv"
    file.write_text(f"zone,first,last\n{line}\n")
    with pytest.raises(BadSchedule, match="line 2"):
        SchoolCalendar.load(file)


def test_an_unknown_zone_is_refused():
    with pytest.raises(BadSchedule, match="A, B, C"):
        CALENDAR.days("D")
