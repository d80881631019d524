"""What an alert's steps probably come to, for people whose reactions are known."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest

from broadcaster.domain.alerts import RULES, Severity
from broadcaster.domain.escalation import Policy, Step, Until
from broadcaster.domain.people import CHANNELS, ChannelName
from broadcaster.domain.reactions import DEFAULTS, POINTS, Reactions, observed
from broadcaster.pipeline.expected import simulate

P, S, V = ChannelName.PUSH, ChannelName.SMS, ChannelName.VOICE
SEVERE = RULES[Severity.SEVERE].policy


def reacts(displayed: float, confirmed: float, *, after_s: float, accepted: float = 1.0) -> Reactions:
    """These shares of people react, all after as many seconds."""

    def at(share: float) -> tuple[float, ...]:
        return (after_s,) * round(share * POINTS) + (inf,) * (POINTS - round(share * POINTS))

    return Reactions(accepted, at(displayed), at(confirmed))


def course(policy, people, reactions, *, rate=1e6, ends_s=7200.0):
    """``people``: (push, sms, voice, mail) contacts of each."""
    contacts = np.array(people, np.int64)
    rates = dict.fromkeys(CHANNELS, rate)
    return simulate(policy.rounds, contacts, contacts, reactions={**DEFAULTS, **reactions}, rates=rates, ends_s=ends_s)


def test_each_step_is_sent_to_those_who_have_not_reacted_by_then_and_no_others():
    everyone = [(1, 1, 1, 0)] * 400
    found = course(SEVERE, everyone, {P: reacts(0.7, 0.4, after_s=5), S: reacts(0, 0.5, after_s=30)})
    assert found.sent[P] == 1
    assert found.sent[S] == pytest.approx(0.3, abs=0.01), "nothing was displayed"
    assert found.sent[V] == pytest.approx(0.6 - 0.15, abs=0.03), "confirmed neither by push nor by SMS"
    # The slow never confirm in time for a step, but do for the figures.
    slow = {P: reacts(1, 1, after_s=3600), S: reacts(0, 0, after_s=1)}
    late = course(SEVERE, everyone, slow)
    assert (late.sent[S], late.sent[V]) == (1, 1)
    assert late.reached[Until.CONFIRMED].share == 1.0
    assert course(SEVERE, everyone, slow, ends_s=200).sent[V] == 0, "over before the call"


def test_repetitions_failures_and_people_with_one_channel():
    calls = Policy((Step((P,)), Step((V,), 120, Until.CONFIRMED, repeat=2, every_s=180)))
    found = course(calls, [(1, 0, 1, 0)] * 20, {P: reacts(0, 0, after_s=1), V: reacts(0.5, 0.5, after_s=10)})
    assert found.sent[V] == pytest.approx(1 + 0.5 + 0.25, abs=0.05)
    # Whose push fails is called at once; who has a telephone alone too.
    dead = {P: reacts(0, 0, after_s=1, accepted=0), V: reacts(1, 1, after_s=10)}
    for people in ([(1, 0, 1, 0)] * 20, [(0, 0, 1, 0)] * 20):
        at_once = course(calls, people, dead)
        assert at_once.sent[V] == 1
        assert at_once.reached[Until.CONFIRMED].seconds_to_95 == pytest.approx(10, abs=1)
    nobody = course(calls, [(0, 1, 0, 0)] * 3, {})
    assert (nobody.seconds_to_95, nobody.sent[V], nobody.reached[Until.DISPLAYED].share) == (None, 0, 0)
    assert course(calls, np.empty((0, 4), np.int64), {}).seconds_to_95 is None


@pytest.mark.parametrize("people", [1, 3, 100, 700, 5000])
def test_time_to_95_percent_comes_from_rates_and_reactions_for_few_and_many(people):
    only_sms = Policy((Step((S,)),))
    found = course(only_sms, [(0, 1, 0, 0)] * people, {S: reacts(0.96, 0.4, after_s=60)}, rate=10.0, ends_s=1e5)
    assert found.seconds_to_95 == pytest.approx(0.95 * people / 10, rel=0.02, abs=0.11)
    assert found.reached[Until.CONFIRMED].seconds_to_95 is None
    assert found.reached[Until.CONFIRMED].share == pytest.approx(0.4, abs=0.01)
    assert found.reached[Until.DISPLAYED].share == pytest.approx(0.96, abs=0.01)
    assert 60 < found.reached[Until.DISPLAYED].seconds_to_95 <= 60.1 + people / 10


def test_past_messages_give_shares_and_times():
    found = observed(
        [(True, 4.0, inf)] * 5 + [(True, inf, 8.0)] * 3 + [(True, inf, inf)] * 2 + [(False, inf, inf)] * 10
    )
    assert (found.accepted, found.messages) == (0.5, 20)
    assert found.displayed_s.count(4.0) == 50
    assert found.displayed_s.count(8.0) == 30, "who confirms has seen it"
    assert found.confirmed_s.count(8.0) == 30
    for name, usual in DEFAULTS.items():
        assert usual.confirmed_s.count(inf) > usual.displayed_s.count(inf), name
