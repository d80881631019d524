"""Figures as a person says them."""

from __future__ import annotations

import pytest

from broadcaster.commands.showing import money, seconds


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "—"),
        (0.44, "0.4 s"),
        (12.4, "12 s"),
        (59.7, "1 min 00 s"),
        (200, "3 min 20 s"),
        (7_530, "2 h 05 min"),
        (200_000, "2 d 7 h"),
    ],
)
def test_a_length_of_time_is_said_in_two_units(value: float | None, said: str):
    assert seconds(value) == said


def test_minor_units_become_the_currencys_own():
    assert money(123_456, "EUR") == "€1,234.56"
