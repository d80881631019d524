"""A delivery only moves forward, and a person's standing is always what their deliveries say."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.domain.deliveries import CHOSEN, DeliveryState, Person, PersonState, may_move

STATES = list(DeliveryState)
FAILURES = [state for state in STATES if state.failure]


def recomputed(states: list[DeliveryState]) -> PersonState:
    """A person's state from nothing but the states of their deliveries."""
    seen = [state for state in states if state >= DeliveryState.DELIVERED]
    if seen:
        return PersonState(int(max(seen)))
    if any(state is DeliveryState.ACCEPTED for state in states):
        return PersonState.ACCEPTED
    return PersonState.PENDING if DeliveryState.QUEUED in states else PersonState.UNREACHED


def test_the_failures_are_the_five_words_for_not_reached():
    assert {state.word for state in FAILURES} == {"expired", "cancelled", "failed", "gone", "dead_letter"}


@pytest.mark.parametrize("state", STATES)
def test_a_state_never_moves_to_itself(state):
    assert not may_move(state, state)


@pytest.mark.parametrize(("old", "new"), list(itertools.permutations(FAILURES, 2)))
def test_one_failure_never_becomes_another(old, new):
    assert not may_move(old, new)


@pytest.mark.parametrize(("old", "new"), [(a, b) for a, b in itertools.product(STATES, repeat=2) if b < a])
def test_nothing_moves_backwards(old, new):
    assert not may_move(old, new)


@pytest.mark.parametrize("failure", FAILURES)
def test_an_accepted_message_may_still_fail_and_a_failed_one_may_still_be_seen(failure):
    assert may_move(DeliveryState.ACCEPTED, failure)
    assert may_move(failure, DeliveryState.DELIVERED)
    assert not may_move(failure, DeliveryState.ACCEPTED)


@pytest.mark.parametrize("state", STATES)
def test_each_delivery_state_is_exactly_one_of_held_queued_and_failed(state):
    assert [state.held, state is DeliveryState.QUEUED, state.failure].count(True) == 1


@given(st.lists(st.sampled_from(STATES), max_size=30))
def test_whatever_is_reported_in_whatever_order_a_delivery_never_decreases(reports):
    state = DeliveryState.QUEUED
    for report in reports:
        if may_move(state, report):
            assert report > state
            state = report
    beyond = [report for report in reports if not report.failure]
    assert state >= max(beyond, default=DeliveryState.QUEUED), "the best news that came is never lost"


@given(st.integers(1, 5), st.lists(st.tuples(st.integers(0, 4), st.sampled_from(STATES)), max_size=40))
def test_a_person_stands_where_their_deliveries_say_after_any_reports(n, reports):
    states = [DeliveryState.QUEUED] * n
    person = Person(1, PersonState.PENDING, pending=n, held=0)
    for which, report in reports:
        old = states[which % n]
        if not may_move(old, report):
            continue
        states[which % n] = report
        person.moved(old, report)
        assert person.state is recomputed(states)
        assert person.pending == states.count(DeliveryState.QUEUED)
        assert person.held == sum(state.held for state in states)


@given(st.lists(st.sampled_from(STATES), max_size=5))
def test_a_person_who_joins_with_deliveries_under_way_stands_where_these_say(states):
    person = Person(1, PersonState.PENDING, 0, 0)
    for state in states:  # as dispatching does with a contact that others share
        person.pending += int(state is DeliveryState.QUEUED)
        person.held += int(state.held)
        person.settle(state)
    person.settle()
    assert person.state is recomputed(states)


def test_a_call_that_is_made_again_takes_the_person_back_to_pending():
    person = Person(1, PersonState.PENDING, pending=1, held=0)
    person.moved(DeliveryState.QUEUED, DeliveryState.ACCEPTED)
    assert person.state is PersonState.ACCEPTED
    person.moved(DeliveryState.ACCEPTED, DeliveryState.QUEUED)
    assert (person.state, person.pending, person.held) == (PersonState.PENDING, 1, 0)


def test_every_state_of_a_person_who_is_sent_something_is_one_of_a_delivery():
    words = {state.word for state in PersonState if state not in CHOSEN} - {"pending", "unreached"}
    assert words <= {state.word for state in DeliveryState}
    for word in words:
        assert PersonState[word.upper()] == DeliveryState[word.upper()]
