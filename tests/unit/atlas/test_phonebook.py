"""Who has which contacts, in arrays, judged by dicts."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.atlas import phonebook
from broadcaster.atlas.phonebook import Phonebook
from broadcaster.store.people.feed import EVERY_STATION

PEOPLE = range(1, 9)
STATIONS = (1, 2)
CONTACTS = st.lists(st.integers(1, 12), unique=True, max_size=4)
STEP = st.tuples(st.sampled_from(PEOPLE), CONTACTS)
REFUSALS = st.sets(st.tuples(st.sampled_from((*STATIONS, EVERY_STATION)), st.integers(1, 12)))


def channel_of(contact_id):
    return contact_id % 4


def check(ours, has, refused):
    """All that ``ways`` says of any people, in any order, for each station."""
    for station_id in STATIONS:
        for ids in (sorted(PEOPLE), sorted(PEOPLE, reverse=True), [5], [], [2, 900, 3]):
            ways = ours.contacts_of(np.array(ids, np.int64), station_id)
            wanted = [
                (index, contact_id)
                for index, each in enumerate(ids)
                for contact_id in has.get(each, ())
                if not {(station_id, contact_id), (EVERY_STATION, contact_id)} & refused
            ]
            had = [(index, contact_id) for index, each in enumerate(ids) for contact_id in has.get(each, ())]
            found = list(zip(ways.people.tolist(), ways.contacts.tolist(), strict=True))
            assert sorted(found) == sorted(wanted)
            assert ways.people.tolist() == sorted(ways.people.tolist())
            assert ways.channels.tolist() == [channel_of(each) for each in ways.contacts.tolist()]
            firsts = [pair for pair, first in zip(found, ways.first.tolist(), strict=True) if first]
            assert sorted(each for _, each in firsts) == sorted({each for _, each in wanted})
            for index, contact_id in firsts:
                assert index == min(at for at, each in wanted if each == contact_id)
            counts = ways.counts(len(ids))
            assert counts.shape == (len(ids), 4)
            assert counts.sum() == len(wanted)
            assert ways.counts(len(ids), first=True).sum() == len(firsts)
            said_no = Counter((index, channel_of(each)) for index, each in had if (index, each) not in wanted)
            assert {at: n for at, n in np.ndenumerate(ways.refusals(len(ids))) if n} == said_no


@pytest.mark.parametrize("many", [10_000, 2])
@given(st.dictionaries(st.sampled_from(PEOPLE), CONTACTS), REFUSALS, st.lists(st.one_of(STEP, REFUSALS), max_size=12))
def test_after_any_changes_it_knows_the_ways_that_dicts_would(many, has, refused, steps):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(phonebook, "_MANY", many)
        ours = Phonebook()
        pairs = [(each, contact, channel_of(contact)) for each in sorted(has) for contact in has[each]]
        ours.load(np.array(pairs, np.int64).reshape(-1, 3).T, sorted(refused))
        check(ours, has, refused)
        for step in steps:
            changed = [step[0]] if isinstance(step, tuple) else list(PEOPLE)
            if isinstance(step, tuple):
                has[step[0]] = step[1]
            else:
                refused = step
            for each in changed:
                mine = has.get(each, [])
                ours.put(
                    each,
                    [(contact, channel_of(contact)) for contact in mine],
                    {(station, contact) for station, contact in refused if contact in mine},
                )
        check(ours, has, refused)


def test_one_that_was_never_loaded_has_no_ways():
    ways = Phonebook().contacts_of(np.array([1, 2, 3], np.int64), 1)
    assert len(ways.people) == 0
    assert ways.counts(3).tolist() == [[0, 0, 0, 0]] * 3
