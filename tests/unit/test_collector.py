"""The collector of garbage is at rest where it was told to be, and nowhere else."""

from __future__ import annotations

import gc

import pytest

from broadcaster import collector


@pytest.fixture
def as_it_was():
    threshold = gc.get_threshold()
    yield
    gc.enable()
    gc.unfreeze()
    gc.set_threshold(*threshold)


@pytest.mark.usefixtures("as_it_was")
def test_within_the_block_it_rests_and_after_it_works_again_whatever_came_between():
    with collector.at_rest():
        assert not gc.isenabled()
        with collector.at_rest():
            assert not gc.isenabled()
        assert not gc.isenabled(), "the inner block does not end the outer one"
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError), collector.at_rest():
        raise ZeroDivisionError
    assert gc.isenabled()


@pytest.mark.usefixtures("as_it_was")
def test_what_stands_is_not_looked_through_again_and_new_garbage_still_is():
    collector.spare()
    assert gc.get_freeze_count() > 10_000

    class Cycle:
        left = 0

        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            Cycle.left += 1

    for _ in range(100_000):
        Cycle()
    assert Cycle.left > 50_000
