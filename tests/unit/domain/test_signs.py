"""Which signs no text may hold, by whichever door it comes."""

from __future__ import annotations

import re

import pytest

from broadcaster.domain.signs import LINE, PROSE, unfit

TURNING = [chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))]
MARKS_AND_JOINERS = ["\u200e", "\u200f", "\u200c", "\u200d", "\u061c"]


@pytest.mark.parametrize("sign", TURNING, ids=lambda sign: f"U+{ord(sign):04X}")
def test_what_turns_the_direction_of_writing_is_refused_and_named(sign):
    for one_line in (False, True):
        refused = unfit(f"Crue {sign}elpmaxe", one_line=one_line)
        assert refused is not None
        assert refused.code == "turning-sign"
        assert f"U+{ord(sign):04X}" in str(refused)
    assert not re.fullmatch(LINE, f"a{sign}")
    assert not re.fullmatch(PROSE, f"a{sign}")


@pytest.mark.parametrize("sign", MARKS_AND_JOINERS, ids=lambda sign: f"U+{ord(sign):04X}")
def test_marks_and_joiners_that_languages_are_written_with_stay(sign):
    assert unfit(f"نص{sign}عربي", one_line=True) is None
    assert re.fullmatch(LINE, f"a{sign}b")


def test_a_line_break_is_in_place_in_prose_and_not_in_a_line():
    assert unfit("one\ntwo\tthree", one_line=False) is None
    assert "U+000A" in str(unfit("one\ntwo", one_line=True))
