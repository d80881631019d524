"""When a fix was taken, and whether it is an entry."""

from __future__ import annotations

from datetime import timedelta

import pytest

from broadcaster.domain.fixes import Age, Sighting, taken_at
from tests.contract.stores import NOW, an_alert


@pytest.mark.parametrize(
    ("seconds", "taken", "age"),
    [
        (None, 0, Age.ON_TIME),
        (0, 0, Age.ON_TIME),
        (60, 60, Age.ON_TIME),
        (61, 0, Age.ON_TIME),
        (86_400, 0, Age.ON_TIME),
        (-10, -10, Age.ON_TIME),
        (-11, -11, Age.LATE),
        (-900, -900, Age.LATE),
        (-901, -901, Age.STALE),
    ],
)
def test_a_fix_is_on_time_late_or_stale_by_when_it_was_taken(seconds, taken, age):
    given = None if seconds is None else NOW + timedelta(seconds=seconds)
    assert taken_at(given, NOW) == (NOW + timedelta(seconds=taken), age)


@pytest.mark.parametrize(
    ("seconds", "late", "enters"), [(-1, True, False), (0, True, True), (1, True, True), (-1, False, True)]
)
def test_a_late_fix_enters_only_what_had_begun_when_it_was_taken(seconds, late, enters):
    alert = an_alert(1)
    sighting = Sighting(0.6, 48.7, alert.sent_at + timedelta(seconds=seconds), late)
    assert sighting.enters(alert) is enters
