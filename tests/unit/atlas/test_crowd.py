"""Counts of people whom the station did not register: about right for all, and telling of none."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from broadcaster.atlas.crowd import LEVELS, Crowd
from broadcaster.atlas.lattice import STEP, width_at
from broadcaster.store import Vault
from broadcaster.store.engine.rounding import TENS
from zones import Area, Circle, PlaceIndex

LON, LAT = 0.6283, 48.7631
WHICH = (1, "followers")
METRE = 1 / 111_320
SECRETS = [bytes([n]) * 32 for n in range(12)]


def index_of(points):
    index = PlaceIndex()
    if len(points):
        lons, lats = np.array(points).T
        index.load(range(1, len(points) + 1), range(1, len(points) + 1), lons, lats)
    return index


def everyone(hits):
    return np.ones(len(hits.owners), np.bool_)


def square(size_m, lon=LON, lat=LAT):
    east, north = size_m / 2 * METRE / np.cos(np.radians(lat)), size_m / 2 * METRE
    ring = [[lon - east, lat - north], [lon + east, lat - north], [lon + east, lat + north], [lon - east, lat + north]]
    return Area.from_json({"polygons": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}})


def about(points, area, secret=SECRETS[0]):
    return Crowd(Vault([secret])).within(area, WHICH, index_of(points), everyone)


def spread(n, seed=0, width=0.05):
    chance = np.random.default_rng(seed)
    return np.column_stack((LON + chance.uniform(-width, width, n) * 1.5, LAT + chance.uniform(-width, width, n)))


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("size_m", [5, 50, 250])
def test_one_person_more_or_less_in_a_small_square_is_never_seen(secret, size_m):
    assert {about([(LON, LAT)] * n, square(size_m), secret) for n in range(10)} == {0}


@pytest.mark.parametrize("secret", SECRETS[:4])
def test_no_set_of_areas_finds_one_person_among_others(secret):
    """Every small square and every difference of circles around a home says the same with them and without them.

    Unless their being there moves the count of a whole square of the table: then all areas of it move alike.
    """
    others = spread(300)
    there, away = (Crowd(Vault([secret])) for _ in range(2))
    with_them, without = index_of([*others, (LON, LAT)]), index_of(others)
    areas = [square(size) for size in (5, 40, 120, 240)]
    areas += [Area(circles=(Circle(LON + d * METRE, LAT, r),)) for d in (0, 150, 299) for r in (300.0, 301.0, 450.0)]
    table = [crowd.squares(areas[-1], WHICH, index, everyone) for crowd, index in ((there, with_them), (away, without))]
    seen = [
        [crowd.within(area, WHICH, index, everyone) for area in areas]
        for crowd, index in ((there, with_them), (away, without))
    ]
    if table[0] == table[1]:
        assert seen[0] == seen[1]
    assert seen[0][:4] == seen[1][:4]


def test_answers_are_made_of_the_table_alone_however_people_are_moved_within_a_cell():
    west, south = np.floor(LON / float(width_at(np.array([LAT]))[0])), np.floor(LAT / STEP)
    at = float(width_at(np.array([LAT]))[0])
    chance = np.random.default_rng(1)
    areas = [Area(circles=(Circle(LON, LAT, r),)) for r in (300.0, 330.0, 700.0)] + [square(30), square(200)]
    told = set()
    for _ in range(6):
        points = np.column_stack(((west + chance.uniform(0, 1, 60)) * at, (south + chance.uniform(0, 1, 60)) * STEP))
        told.add(tuple(about(points, area) for area in areas))
    assert len(told) == 1


def test_asking_again_tells_the_same_and_so_does_a_second_process_with_the_secret():
    points = spread(500)
    area = Area(circles=(Circle(LON, LAT, 1500.0),))
    crowd = Crowd(Vault([SECRETS[0]]))
    asked = {crowd.within(area, WHICH, index_of(points), everyone) for _ in range(5)}
    assert asked == {about(points, area)}


def test_nothing_is_told_of_fewer_than_ten_people_but_of_a_whole_tile():
    for secret, n in itertools.product(SECRETS, (3, 40, 200, 900)):
        for each in Crowd(Vault([secret])).squares(square(3000), WHICH, index_of(spread(n)), everyone):
            west, south, east, north = each.box
            lons, lats = spread(n).T
            inside = int(((lons >= west) & (lons < east) & (lats >= south) & (lats < north)).sum())
            assert inside > TENS or each.level == LEVELS
            assert each.people % TENS == 0


def test_over_a_town_and_over_the_country_the_estimate_is_about_right():
    for n, width, radius_m in ((6000, 0.05, 2000.0), (2000, 0.05, 1500.0), (900, 0.2, 5000.0)):
        area = Area(circles=(Circle(LON, LAT, radius_m),))
        found, really = [], []
        for seed in range(4):
            points = spread(n, seed, width)
            really.append(int(area.covers(points[:, 0], points[:, 1]).sum()))
            found.append(about(points, area, SECRETS[seed]))
        assert abs(np.mean(found) - np.mean(really)) < 0.15 * np.mean(really) + TENS, (found, really)


def test_anybody_who_comes_or_goes_is_seen_a_quarter_of_an_hour_later():
    now = [0.0]
    crowd = Crowd(Vault([SECRETS[0]]), lambda: now[0])
    area = Area(circles=(Circle(LON, LAT, 1000.0),))
    assert crowd.within(area, WHICH, index_of([]), everyone) == 0
    points = spread(900, width=0.005)
    assert crowd.within(area, WHICH, index_of(points), everyone) == 0
    now[0] = 901.0
    assert crowd.within(area, WHICH, index_of(points), everyone) > 500


def test_the_antimeridian_the_poles_and_the_edges_of_degrees_have_squares_too():
    for lon, lat in ((179.999, -17.0), (-179.999, -17.0), (0.0, 89.9), (10.0, 49.0), (10.0, -0.0001)):
        points = [(lon, lat)] * 300
        area = Area(circles=(Circle(lon, lat, 3000.0),))
        assert abs(about(points, area) - 300) <= 20, (lon, lat)
