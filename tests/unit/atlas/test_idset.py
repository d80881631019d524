"""A set of numbers read as a sorted array, judged by a set."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.atlas.idset import IdSet, common, looked_up, without

IDS = st.integers(1, 30)


@given(st.lists(IDS), st.lists(st.tuples(st.sampled_from(["add", "discard", "read"]), IDS)))
def test_after_any_changes_it_holds_what_a_set_would(begun, steps):
    model, ours = set(begun), IdSet(np.array(begun, np.int64))
    for step, member in steps:
        if step == "read":
            assert ours.array().tolist() == sorted(model)
        else:
            getattr(model, step)(member)
            getattr(ours, step)(member)
    assert ours.array().tolist() == sorted(model)
    assert ours.array().dtype == np.int64
    assert len(ours) == len(model)


@given(st.lists(IDS), st.sets(IDS), st.sampled_from([1, 2000]), st.sampled_from([1, 10**6, 10**13]))
def test_those_among_the_members_keep_their_order(ids, members, times, apart):
    """Few and many ids, close together and far apart: a table serves where it has room."""
    ids, members = [each * apart for each in ids] * times, {each * apart for each in members}
    asked, known = np.array(ids, np.int64), np.array(sorted(members), np.int64)
    assert common(asked, known).tolist() == [each for each in ids if each in members]
    assert without(asked, known).tolist() == [each for each in ids if each not in members]
    assert looked_up(known)(asked).tolist() == [each in members for each in ids]


def test_an_array_that_was_read_is_not_changed_by_what_comes_after():
    ours = IdSet(np.array([1, 2, 3], np.int64))
    read = ours.array()
    ours.discard(2)
    ours.add(9)
    assert read.tolist() == [1, 2, 3]
    assert ours.array().tolist() == [1, 3, 9]
