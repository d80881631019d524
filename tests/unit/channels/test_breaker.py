"""When a provider is left alone, and when it is asked again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.errors import Gone, Misconfigured, Permanent, Transient
from channels.transport.breaker import Breaker, BreakerState, is_about_receiver


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def breaker(clock):
    return Breaker(window_s=30, least=4, rest_s=5, longest_rest_s=20, clock=clock)


def answer(breaker, *, well):
    ticket = breaker.enter()
    assert ticket is not None
    breaker.leave(ticket, well=well)


def opened(breaker):
    for _ in range(4):
        answer(breaker, well=False)
    assert breaker.state is BreakerState.OPEN


def test_a_few_failures_do_not_open_it_and_enough_do(breaker):
    for _ in range(3):
        answer(breaker, well=False)
    assert breaker.state is BreakerState.CLOSED
    answer(breaker, well=False)
    assert breaker.state is BreakerState.OPEN
    assert breaker.enter() is None


def test_failures_among_many_good_answers_do_not_open_it(breaker):
    for _ in range(50):
        for well in (True, True, False):
            answer(breaker, well=well)
    assert breaker.state is BreakerState.CLOSED


def test_what_happened_long_ago_does_not_count(breaker, clock):
    for _ in range(20):
        answer(breaker, well=False)
        clock.now += 11
    assert breaker.state is BreakerState.CLOSED


def test_after_its_rest_one_goes_and_the_others_wait_for_what_comes_of_it(breaker, clock):
    opened(breaker)
    assert breaker.wait_s() == 5
    clock.now += 5
    assert breaker.state is BreakerState.HALF_OPEN
    ticket = breaker.enter()
    assert ticket is not None
    assert breaker.enter() is None
    assert breaker.wait_s() > 0
    breaker.leave(ticket, well=True)
    assert breaker.state is BreakerState.CLOSED
    assert breaker.enter() is not None


def test_a_trial_that_fails_doubles_the_rest_up_to_the_longest(breaker, clock):
    opened(breaker)
    rests = []
    for _ in range(4):
        clock.now += breaker.wait_s()
        answer(breaker, well=False)
        rests.append(breaker.wait_s())
    assert rests == [10, 20, 20, 20]


def test_a_trial_of_which_nothing_is_known_lets_the_next_one_try(breaker, clock):
    opened(breaker)
    clock.now += 5
    answer(breaker, well=None)
    assert breaker.state is BreakerState.HALF_OPEN
    answer(breaker, well=True)
    assert breaker.state is BreakerState.CLOSED


@pytest.mark.parametrize("well", [True, False])
def test_an_answer_to_what_began_before_it_opened_changes_nothing(breaker, clock, well):
    early = breaker.enter()
    opened(breaker)
    clock.now += 5
    trial = breaker.enter()
    breaker.leave(early, well=well)
    assert (breaker.state, breaker.enter()) == (BreakerState.HALF_OPEN, None)
    breaker.leave(trial, well=True)
    assert breaker.state is BreakerState.CLOSED


@given(st.lists(st.tuples(st.sampled_from(["enter", "well", "ill", "unknown", "trip"]), st.floats(0, 40)), max_size=80))
def test_half_open_lets_one_through_at_a_time_whatever_happens(steps):
    clock = Clock()
    breaker = Breaker(window_s=30, least=3, rest_s=5, longest_rest_s=20, clock=clock)
    out = []
    for what, seconds in steps:
        clock.now += seconds
        if what == "enter":
            before = breaker.state
            ticket = breaker.enter()
            assert ticket is None or before is not BreakerState.OPEN
            if before is BreakerState.HALF_OPEN:
                trials = [each for each in out if each[0] == breaker._round]
                assert (ticket is None) == bool(trials)
            if ticket is not None:
                out.append((ticket,))
        elif what == "trip":
            breaker.trip()
        elif out:
            breaker.leave(out.pop(0)[0], well={"well": True, "ill": False, "unknown": None}[what])
        assert 0 <= breaker.wait_s() <= 20.001


@pytest.mark.parametrize(
    ("error", "its_own"),
    [
        (Gone("push:410", ""), True),
        (Permanent("smtp:550 5.7.1", ""), True),
        (Transient("smtp:452 4.2.2", ""), True),
        (Transient("smtp:451 4.7.1", ""), True),
        (Transient("smtp:450", ""), True),
        (Transient("push:throttled", ""), True),
        (Transient("smtp:421 4.7.0", ""), False),
        (Transient("smtp:451 4.3.0", ""), False),
        (Transient("smtp:timeout", ""), False),
        (Transient("push:503", ""), False),
        (Transient("push:429", ""), False),
        (Transient("smpp:0x58", ""), False),
        (Misconfigured("twilio:20003", ""), False),
    ],
)
def test_a_provider_is_none_the_worse_for_what_is_one_receivers(error, its_own):
    assert is_about_receiver(error) is its_own
