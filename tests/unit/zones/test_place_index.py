"""The place index answers as a plain dict and a loop would, after whatever was loaded, put, moved and removed."""

from __future__ import annotations

import math
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from zones import Area, Circle, InvalidPoint, PlaceIndex, leaves

LAIGLE = (0.6283, 48.7631)
SITES = [LAIGLE, (55.45, -20.88), (179.99, -16.8), (-179.99, -16.8), (180.0, -16.8), (30.0, 89.97), (0.0, 0.0)]
SQUARE = {"type": "Polygon", "coordinates": [[[0.6, 48.75], [0.66, 48.75], [0.66, 48.78], [0.6, 48.78], [0.6, 48.75]]]}
SEAM = {
    "type": "Polygon",
    "coordinates": [[[179.97, -16.83], [180.02, -16.83], [180.02, -16.77], [179.97, -16.77], [179.97, -16.83]]],
}


def on_map(lons, lats):
    return (np.asarray(lons) + 180) % 360 - 180, np.clip(lats, -90, 90)


def cloud(seed, number, spread):
    """Points about the sites; with no spread they lie in one spot each."""
    rng = np.random.default_rng(seed)
    middles = np.array(SITES)[rng.integers(0, len(SITES), number)]
    lons, lats = on_map(middles[:, 0] + rng.normal(0, spread, number), middles[:, 1] + rng.normal(0, spread, number))
    return rng.integers(-300, 300, number), rng.integers(0, 40, number), lons, lats


seeds = st.integers(0, 2**32 - 1)
spreads = st.sampled_from([0.0, 0.005, 0.03, 1.0])
keys = st.integers(-300, 300)
owners = st.integers(0, 40)
areas = st.one_of(
    st.builds(lambda site, radius: Area((Circle(*site, radius),)), st.sampled_from(SITES), st.floats(300, 5000)),
    st.sampled_from([{"polygons": SQUARE}, {"polygons": SEAM}]).map(Area.from_json),
    st.just(Area((Circle(*LAIGLE, 2000), Circle(0.64, 48.77, 2000)), Area.from_json({"polygons": SQUARE}).polygons)),
)


class Both(RuleBasedStateMachine):
    """The index and a dict live through the same; small leaves, so that they overflow and are planted anew."""

    def __init__(self):
        super().__init__()
        self.small = patch.object(leaves, "LEAF_POINTS", 8)
        self.small.start()
        self.index, self.model = PlaceIndex(), {}

    def teardown(self):
        self.small.stop()

    @initialize(seed=seeds, number=st.integers(0, 500), spread=spreads)
    def load(self, seed, number, spread):
        columns = cloud(seed, number, spread)
        self.index.load(*columns)
        self.model = as_dict(columns)

    @rule(seed=seeds, number=st.integers(0, 500), spread=spreads)
    def put_many(self, seed, number, spread):
        columns = cloud(seed, number, spread)
        self.index.put_many(*columns)
        self.model.update(as_dict(columns))

    @rule(key=keys, owner=owners, site=st.sampled_from(SITES), step=st.floats(-0.05, 0.05))
    def put(self, key, owner, site, step):
        lon, lat = (float(part) for part in on_map(site[0] + step, site[1]))
        self.index.put(key, owner, lon, lat)
        self.model[key] = (owner, lon, lat)

    @rule(key=keys)
    def remove(self, key):
        assert self.index.remove(key) == (self.model.pop(key, None) is not None)

    @rule(gone=st.lists(keys, max_size=400))
    def remove_many(self, gone):
        there = set(gone) & set(self.model)
        assert self.index.remove_many(gone) == len(there)
        for key in there:
            del self.model[key]

    @rule(several=st.sets(owners))
    def of_owners(self, several):
        assert self.index.of_owners(sorted(several)).tolist() == sorted(
            key for key, (its, _, _) in self.model.items() if its in several
        )

    @rule(area=areas, other=areas)
    def within(self, area, other):
        known = np.array(list(self.model), dtype=np.int64)
        its, lons, lats = np.array(list(self.model.values()), dtype=np.float64).reshape(-1, 3).T
        inside = area.covers(lons, lats)
        hits = self.index.within(area)
        found = {key: rest for key, *rest in zip(*(column.tolist() for column in hits), strict=True)}
        assert len(found) == len(hits.keys)
        assert found == {int(key): list(self.model[int(key)]) for key in known[inside]}
        assert self.index.owners_within(area).tolist() == sorted({int(owner) for owner in its[inside]})
        only_here = known[inside & ~other.covers(lons, lats)]
        assert sorted(self.index.within(area, other).keys.tolist()) == sorted(only_here.tolist())

    @invariant()
    def as_many(self):
        assert len(self.index) == len(self.model)


def as_dict(columns):
    return {key: tuple(rest) for key, *rest in zip(*(column.tolist() for column in columns), strict=True)}


Both.TestCase.settings = settings(max_examples=60, stateful_step_count=25)
TestIndexAndDict = Both.TestCase


@pytest.mark.parametrize("site", [LAIGLE, (55.45, -20.88), (180.0, -16.8), (20.0, 89.98)])
def test_the_index_finds_what_geographiclib_says_is_near(site, judge):
    rng = np.random.default_rng(7)
    lons, lats = on_map(site[0] + rng.normal(0, 0.05, 3000), site[1] + rng.normal(0, 0.02, 3000))
    index = PlaceIndex()
    index.load(np.arange(3000), np.arange(3000), lons, lats)
    near = np.flatnonzero(judge(*site, lons, lats) <= 3000)
    assert np.sort(index.within(Area((Circle(*site, 3000),))).keys).tolist() == near.tolist()
    assert near.size


def test_an_owner_of_many_places_in_the_area_is_one():
    index = PlaceIndex()
    index.load([1, 2, -1, 4], [7, 7, 7, 3], [0.6283, 0.6284, 0.6285, 0.63], [48.7631] * 4)
    assert index.owners_within(Area((Circle(*LAIGLE, 1500),))).tolist() == [3, 7]


def test_the_last_of_a_repeated_key_counts():
    index = PlaceIndex()
    index.put_many([5, 5, 5], [1, 2, 3], [10.0, 20.0, 0.6283], [0.0, 0.0, 48.7631])
    assert len(index) == 1
    assert index.within(Area((Circle(*LAIGLE, 300),))).owners.tolist() == [3]


def test_keys_at_the_ends_of_int64_are_kept_apart():
    index = PlaceIndex()
    ends = [2**63 - 1, -(2**63), 0, -1]
    index.load(ends, [1, 2, 3, 4], [0.0] * 4, [0.0] * 4)
    index.put(-(2**63), 9, 0.0, 0.0)
    assert index.of_owners([9]).tolist() == [-(2**63)]
    assert index.remove(2**63 - 1)
    assert len(index) == 3


def test_a_town_in_one_spot_is_held_and_found_and_can_leave():
    index = PlaceIndex()
    index.load(np.arange(5000), np.arange(5000), np.full(5000, LAIGLE[0]), np.full(5000, LAIGLE[1]))
    index.put_many(np.arange(5000, 7000), np.arange(2000), np.full(2000, LAIGLE[0]), np.full(2000, LAIGLE[1]))
    here = Area((Circle(*LAIGLE, 300),))
    assert len(index.within(here).keys) == 7000
    index.put_many(np.arange(6999), np.arange(6999), np.full(6999, 2.0), np.full(6999, 47.0))
    assert index.within(here).keys.tolist() == [6999]


def test_points_that_come_in_order_keep_the_tree_straight():
    index = PlaceIndex()
    index.load(np.arange(300), np.arange(300), np.linspace(-4, -3.9, 300), np.full(300, 47.0))
    for start in range(300, 30_000, 200):
        them = np.arange(start, start + 200)
        index.put_many(them, them, -4 + them / 5000, np.full(200, 47.0))
    assert len(index) == 30_100
    assert index._leaves._deepest < 100  # 235 if it were never planted anew


def test_most_points_leaving_gives_their_memory_back():
    index = PlaceIndex()
    rng = np.random.default_rng(1)
    index.load(np.arange(20_000), np.arange(20_000), rng.uniform(-4, 7, 20_000), rng.uniform(43, 50, 20_000))
    before = index._leaves.nbytes
    index.remove_many(np.arange(19_000))
    assert len(index) == 1000
    assert index._leaves.nbytes < before / 4


@pytest.mark.parametrize(
    ("lon", "lat", "field"),
    [(181, 0, "lon"), (math.nan, 0, "lon"), (0, 90.5, "lat"), (0, math.nan, "lat"), (0, -math.inf, "lat")],
)
def test_a_point_that_is_not_on_the_earth_is_refused_and_changes_nothing(lon, lat, field):
    index = PlaceIndex()
    index.put(1, 1, 0.0, 0.0)
    with pytest.raises(InvalidPoint) as refused:
        index.put(1, 1, lon, lat)
    assert refused.value.field == field
    with pytest.raises(InvalidPoint) as refused:
        index.put_many([2, 1], [1, 1], [0.0, lon], [0.0, lat])
    assert refused.value.field == f"{field}s[1]"
    with pytest.raises(InvalidPoint):
        index.load([2, 1], [1, 1], [0.0, lon], [0.0, lat])
    assert index.of_owners([1]).tolist() == [1]


def test_columns_of_unequal_length_are_refused():
    with pytest.raises(InvalidPoint):
        PlaceIndex().load([1, 2], [1], [0.0, 0.0], [0.0, 0.0])


def test_an_empty_index_answers_nothing():
    index = PlaceIndex()
    area = Area((Circle(*LAIGLE, 5000),))
    assert len(index) == 0
    assert len(index.within(area).keys) == 0
    assert index.owners_within(area).tolist() == []
    assert index.of_owners([1]).tolist() == []
    assert index.remove(1) is False
    index.load([], [], [], [])
    index.put_many([], [], [], [])
    assert len(index) == 0


def test_owners_just_put_are_found_at_once():
    """They wait to be merged, and the first question merges them."""
    index = PlaceIndex()
    for owner in range(1, 200):
        index.put(owner, owner, *LAIGLE)
        assert index.owners_within(Area((Circle(*LAIGLE, 300),))).tolist() == list(range(1, owner + 1))
