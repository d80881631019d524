"""Integers without repetitions, judged by a set."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from zones import distinct

INT64 = st.integers(-(2**63), 2**63 - 1)


@given(st.lists(st.integers(-5, 5) | INT64))
def test_each_number_comes_once_ascending(numbers):
    found = distinct(np.array(numbers, np.int64))
    assert found.tolist() == sorted(set(numbers))
    assert found.dtype == np.int64


def test_the_array_given_stays_as_it_was():
    given = np.array([3, 1, 3])
    distinct(given)
    assert given.tolist() == [3, 1, 3]
