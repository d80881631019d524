"""The alert index names the areas that hold a point, as asking each of them would."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zones import Area, AreaIndex, Circle

LAIGLE = (0.6283, 48.7631)
SITES = [LAIGLE, (55.45, -20.88), (179.99, -16.8), (180.0, -16.8), (-179.99, -16.8), (20.0, 89.99)]


def square(lon, lat, half):
    ring = [[lon - half, lat - half], [lon + half, lat - half], [lon + half, lat + half], [lon - half, lat + half]]
    return Area.from_json({"polygons": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}})


def circles(draw_site):
    return st.builds(lambda site, radius_m: Area((Circle(*site, radius_m),)), draw_site, st.floats(300, 5000))


sites = st.sampled_from(SITES)
squares = st.builds(lambda site, half: square(site[0], min(site[1], 89.9), half), sites, st.floats(0.001, 0.05))
both = st.builds(lambda one, other: Area(one.circles, other.polygons), circles(sites), squares)
areas = circles(sites) | squares | both


@given(st.lists(st.tuples(st.integers(-5, 15), areas | st.none()), max_size=30), st.integers(0, 2**32 - 1))
def test_after_any_coming_and_going_it_answers_as_each_area_would(steps, seed):
    index, model = AreaIndex(), {}
    for area_id, area in steps:
        if area is None:
            assert index.remove(area_id) == (model.pop(area_id, None) is not None)
        else:
            index.put(area_id, area)
            model[area_id] = area
    rng = np.random.default_rng(seed)
    middles = np.array(SITES)[rng.integers(0, len(SITES), 200)]
    lons = (middles[:, 0] + rng.normal(0, 0.03, 200) + 180) % 360 - 180
    lats = np.clip(middles[:, 1] + rng.normal(0, 0.02, 200), -90, 90)
    lons[:20] = rng.choice([180.0, -180.0], 20)
    points, ids = index.at_many(lons, lats)
    expected = sorted((at, each) for each, area in model.items() for at in np.flatnonzero(area.covers(lons, lats)))
    assert list(zip(points.tolist(), ids.tolist(), strict=True)) == expected
    few = [index.at_many(lons[at : at + 40], lats[at : at + 40]) for at in range(0, 200, 40)]  # by the tree
    found = [(at * 40 + point, each) for at, pair in enumerate(few) for point, each in zip(*pair, strict=True)]
    assert found == expected
    assert index.at(lons[0], lats[0]).tolist() == [each for at, each in expected if at == 0]
    assert len(index) == len(model)


def test_a_point_a_metre_inside_is_held_and_a_metre_outside_is_not(judge):
    index = AreaIndex()
    index.put(1, Area((Circle(*LAIGLE, 1500),)))
    rng = np.random.default_rng(2)
    lons, lats = LAIGLE[0] + rng.uniform(-0.03, 0.03, 2000), LAIGLE[1] + rng.uniform(-0.02, 0.02, 2000)
    points, _ = index.at_many(lons, lats)
    assert points.tolist() == np.flatnonzero(judge(*LAIGLE, lons, lats) <= 1500).tolist()


def test_an_area_as_wide_as_a_country_is_found_among_many_points():
    index = AreaIndex()
    index.put(1, square(2.0, 46.0, 1.5))
    index.put(2, Area((Circle(2.0, 46.0, 5000),)))
    index.put(3, Area((Circle(20.0, 89.99, 5000),)))
    lons, lats = np.linspace(0, 4, 400), np.full(400, 46.0)
    points, ids = index.at_many(lons, lats)
    wide = np.flatnonzero((lons >= 0.5) & (lons <= 3.5)).tolist()
    assert points[ids == 1].tolist() == wide
    assert points[ids == 2].tolist() == np.flatnonzero(index_of(Circle(2.0, 46.0, 5000), lons, lats)).tolist()
    assert index.at_many(np.linspace(-180, 180, 400), np.full(400, 89.99))[1].tolist() == [3] * 400


def index_of(circle, lons, lats):
    return Area((circle,)).covers(lons, lats)


def test_an_area_that_comes_or_goes_is_known_to_the_next_question_of_many_points():
    index = AreaIndex()
    index.put(1, Area((Circle(*LAIGLE, 300),)))
    lons, lats = np.full(500, LAIGLE[0]), np.full(500, LAIGLE[1])
    assert set(index.at_many(lons, lats)[1].tolist()) == {1}
    index.put(2, Area((Circle(*LAIGLE, 400),)))
    assert set(index.at_many(lons, lats)[1].tolist()) == {1, 2}
    index.remove(1)
    assert set(index.at_many(lons, lats)[1].tolist()) == {2}


def test_an_area_put_again_replaces_the_one_of_its_id():
    index = AreaIndex()
    index.put(1, Area((Circle(*LAIGLE, 300),)))
    index.put(1, Area((Circle(55.45, -20.88, 300),)))
    assert index.at(*LAIGLE).tolist() == []
    assert index.at(55.45, -20.88).tolist() == [1]
    assert len(index) == 1


def test_the_largest_ids_are_kept():
    index = AreaIndex()
    index.put(2**63 - 1, Area((Circle(*LAIGLE, 300),)))
    assert index.at(*LAIGLE).tolist() == [2**63 - 1]


@pytest.mark.parametrize("point", [(math.nan, 0), (0, math.nan), (math.inf, 0), (181, 0), (0, -91)])
def test_what_is_not_on_the_earth_is_in_no_area(point):
    index = AreaIndex()
    index.put(1, square(0, 0, 0.4))
    assert index.at(*point).tolist() == []
    assert index.at_many([point[0], 0.0], [point[1], 0.0])[0].tolist() == [1]


def test_an_empty_index_holds_nothing():
    points, ids = AreaIndex().at_many([0.0], [0.0])
    assert points.dtype == ids.dtype == np.int64
    assert len(points) == len(ids) == 0
    assert AreaIndex().remove(3) is False
