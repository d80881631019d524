"""Quiet hours in wall-clock time: across midnight, across a change of the clocks, of zero length."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules import QuietHours, next_time

PARIS = ZoneInfo("Europe/Paris")
NIGHT = QuietHours.read("22:00-07:00")


def paris(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-07-01T21:59:59", None),
        ("2026-07-01T22:00", "2026-07-02T07:00"),
        ("2026-07-01T23:59:59", "2026-07-02T07:00"),
        ("2026-07-02T00:00", "2026-07-02T07:00"),
        ("2026-07-02T06:59:59", "2026-07-02T07:00"),
        ("2026-07-02T07:00", None),
        ("2026-03-28T23:00", "2026-03-29T07:00"),  # eight hours on the clock, seven in truth
        ("2026-10-24T23:00", "2026-10-25T07:00"),  # and nine
        ("2026-12-31T23:30", "2027-01-01T07:00"),
    ],
)
def test_a_night_ends_when_the_clock_on_the_wall_says_so(now, until):
    assert NIGHT.until(paris(now), PARIS) == (None if until is None else paris(until))


def test_quiet_hours_of_one_day_end_that_day():
    nap = QuietHours.read("13:00-15:30")
    assert nap.until(paris("2026-07-01T14:00"), PARIS) == paris("2026-07-01T15:30")
    assert nap.until(paris("2026-07-01T15:30"), PARIS) is None
    assert nap.until(paris("2026-07-01T23:00"), PARIS) is None


@pytest.mark.parametrize("text", ["00:00-00:00", "22:00-22:00"])
def test_quiet_hours_of_zero_length_are_none(text):
    hours = QuietHours.read(text)
    assert all(hours.until(paris("2026-07-01T00:00") + timedelta(minutes=n), PARIS) is None for n in range(1440))


def test_an_end_in_the_missing_hour_is_right_after_it():
    hours = QuietHours.read("22:00-02:30")
    assert hours.until(paris("2026-03-29T01:59"), PARIS) == paris("2026-03-29T03:00")
    assert hours.until(paris("2026-03-29T03:00"), PARIS) is None


def test_an_end_in_the_hour_that_comes_twice_is_the_first_that_is_still_to_come():
    hours = QuietHours.read("22:00-02:30")
    assert hours.until(paris("2026-10-25T02:10"), PARIS) == paris("2026-10-25T02:30")
    assert hours.until(paris("2026-10-25T02:10", fold=1), PARIS) == paris("2026-10-25T02:30", fold=1)


@given(
    begin=st.integers(0, 1439),
    end=st.integers(0, 1439),
    now=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),
    zone=st.sampled_from(["Europe/Paris", "Indian/Reunion", "Australia/Lord_Howe", "America/St_Johns"]).map(ZoneInfo),
)
def test_they_end_after_now_and_within_a_day_and_nobody_is_quiet_at_their_end(begin, end, now, zone):
    until = QuietHours(begin, end).until(now, zone)
    if until is not None:
        assert now < until <= now + timedelta(hours=25)
        assert next_time(end, now, zone) == until


@pytest.mark.parametrize("text", ["", "22-7", "24:00-07:00", "22:00", "22:00-07:60", "22:00/07:00"])
def test_what_can_not_be_read_is_refused(text):
    with pytest.raises(ValueError, match="quiet-hours"):
        QuietHours.read(text)
