"""Cells that a spreadsheet doesn't run, whichever sign it cuts lines at, and that come back as they were."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.register.sheets import as_meant, csv_text, inert

FORMULAS = ["=1+1", "+33639981234", "+1-1", "+1 (2)", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", ' ="x"']


def runs(cell: str) -> bool:
    return re.match(r"[\s\"]*[=+\-@]", cell) is not None and re.fullmatch(r"-?[\d.]+(e-?\d+)?", cell) is None


@pytest.mark.parametrize("cell", FORMULAS)
@pytest.mark.parametrize("separator", ["", ";", ",", "\t", "|", "Martin;", "Martin; ", "Martin,\n"])
def test_no_spreadsheet_runs_a_cell_whatever_it_cuts_lines_at(cell, separator):
    written = inert(separator + cell)
    for part in re.split(r"[;,\t|\n\r]", written):
        assert not runs(part), written
    assert as_meant(written) == separator + cell


@pytest.mark.parametrize(
    "cell", ["-61.5", "48.76", "-1e-05", "06 39 98 12 34", "Jean-Pierre", "a@b.example | c@d.example", "O'Neill"]
)
def test_what_no_spreadsheet_runs_stays_as_it_is(cell):
    assert inert(cell) == cell == as_meant(cell)


@given(st.text(alphabet="=+-@'\"; ,|\t\r\n1a", max_size=12))
def test_a_cell_comes_back_as_it_was(text):
    assert as_meant(inert(text)) == text


def test_every_cell_of_a_table_is_guarded_its_headings_too():
    assert csv_text([["=a", 1, -2.5]]) == "'=a,1,-2.5\r\n"
