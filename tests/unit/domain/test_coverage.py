"""What is shown of who is not enrolled: whole cells of enough households, in tens."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from broadcaster.domain.coverage import LEAST_HOUSEHOLDS, Coverage, Covered, Figures, Homes, estimated

CELLS = st.tuples(st.integers(0, 3), st.integers(0, 3))
FIGURES = st.dictionaries(CELLS, st.builds(Figures, st.integers(0, 60)))
HOMES = st.dictionaries(CELLS, st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda n: Homes(min(n), max(n))))


@given(FIGURES, HOMES, st.booleans())
def test_no_cell_below_the_threshold_is_shown_and_every_figure_is_a_ten(figures, homes, open_figures):
    found = estimated(figures, homes, open_figures=open_figures)
    for each in found.cells:
        real = figures[each.cell].households if open_figures else homes[each.cell].known
        assert real >= LEAST_HOUSEHOLDS
        assert each.households == real // 10 * 10
        assert 0 <= each.missing <= each.households
        assert 0 <= each.quarter <= 3
    assert all(n % 10 == 0 for each in (*found.cells, found) for n in (each.households,))
    assert found.enrolled % 10 == 0
    assert [each.missing for each in found.cells] == sorted((each.missing for each in found.cells), reverse=True)


def test_by_open_figures_those_who_are_not_known_at_all_are_counted():
    figures = {(0, 0): Figures(40, ("rue Haute",)), (0, 1): Figures(10), (0, 2): Figures(20)}
    homes = {(0, 0): Homes(9, 12), (0, 2): Homes(30, 30), (5, 5): Homes(20, 20)}
    found = estimated(figures, homes, open_figures=True)
    assert found.cells == (Covered((0, 0), 40, 40, 0, ("rue Haute",)), Covered((0, 2), 20, 0, 3, ()))
    assert (found.households, found.enrolled, found.small) == (70, 20, 1)
    known = estimated({}, homes, open_figures=False)
    assert [(each.cell, each.households, each.missing) for each in known.cells] == [
        ((0, 0), 10, 10), ((0, 2), 30, 0), ((5, 5), 20, 0),
    ]  # fmt: skip
    assert estimated({}, {(0, 0): Homes(3, 10)}, open_figures=False) == Coverage()
