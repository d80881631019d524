"""The picture of where followers live: what it tells, and what it never does."""

from __future__ import annotations

import numpy as np

from broadcaster.atlas.density import Density, around, seen
from broadcaster.atlas.lattice import STEP, width_at
from zones import Hits, PlaceIndex

LON, LAT = 0.6283, 48.7631
METRE = 1 / 111_320


def corner(lon=LON, lat=LAT):
    """The south-western corner of the cell of a point."""
    width = float(width_at(np.array([lat]))[0])
    return np.floor(lon / width) * width, np.floor(lat / STEP) * STEP, width


def settled(homes, *, start=1):
    """An index and its owners: each home is (lon, lat, how many live there)."""
    index = PlaceIndex()
    points = [(lon, lat) for lon, lat, people in homes for _ in range(people)]
    owners = np.arange(start, start + len(points))
    lons, lats = zip(*points, strict=True)
    index.load(owners, owners, lons, lats)
    return index, owners


def town(*people):
    """Homes 30 m apart, from a cell's corner to the north-east."""
    west, south, _ = corner()
    return [(west + 1e-4 + at * 45 * METRE, south + 1e-4 + at * 30 * METRE, n) for at, n in enumerate(people)]


def picture(homes, followers=None, clock=lambda: 0.0):
    index, owners = settled(homes)
    return Density(clock).picture(1, around(None, (LON, LAT)), index, owners if followers is None else followers)


def test_a_cell_is_told_from_five_people_in_three_homes_on():
    assert len(picture(town(2, 2, 1))) == 1
    assert picture(town(2, 1, 1)) == []


def test_a_large_family_alone_in_its_cell_is_not_shown():
    assert picture(town(9)) == []
    assert picture(town(9, 9)) == []


def test_a_cell_tells_a_class_and_no_number():
    levels = [
        picture(town(*people))[0].level for people in ((3, 3, 3), (4, 3, 3), (7, 7, 6), (20, 20, 10), (40, 40, 40))
    ]
    assert levels == [1, 2, 3, 4, 5]
    one_more = [picture(town(3, 3, each))[0] for each in (1, 2, 3)]
    assert len(set(one_more)) == 1


def test_a_home_where_one_person_has_two_places_is_one_person():
    west, south, _ = corner()
    index = PlaceIndex()
    lons = [west + 1e-4 + at * 45 * METRE for at in range(6)]
    index.load(range(6), [1, 1, 1, 2, 2, 3], lons, [south + 1e-4] * 6)
    assert Density().picture(1, around(None, (LON, LAT)), index, np.array([1, 2, 3])) == []


def test_only_followers_count():
    homes = town(3, 3, 3)
    assert len(picture(homes)) == 1
    assert picture(homes, np.array([1, 2, 4, 5])) == []


def test_the_cells_are_the_same_for_everybody():
    """A second station's picture has no other lattice, with which one could cut the first one's cells."""
    index, owners = settled(town(3, 3, 3))
    here = Density().picture(1, around(None, (LON, LAT)), index, owners)
    there = Density().picture(2, around(None, (LON + 0.0113, LAT - 0.0071)), index, owners)
    assert here == there
    west, south, width = corner()
    assert here[0][:4] == (round(west, 6), round(south, 6), round(west + width, 6), round(south + STEP, 6))


def test_a_picture_stays_as_it_is_while_somebody_comes():
    now = [0.0]
    made = Density(lambda: now[0])
    area = around(None, (LON, LAT))
    first = made.picture(1, area, *settled(town(2, 1, 1)))
    assert first == []
    assert made.picture(1, area, *settled(town(2, 2, 1))) == []
    now[0] = 901.0
    assert len(made.picture(1, area, *settled(town(2, 2, 1)))) == 1


def test_every_point_stands_in_a_cell_that_holds_it():
    random = np.random.default_rng(7)
    lons, lats = random.uniform(-180, 179, 3000), random.uniform(-89, 89, 3000)
    near = np.repeat(np.arange(0, 3000, 6), 6)
    lons, lats = lons[near] + np.tile(np.arange(6) * 1e-4, 500), lats[near]
    cells = seen(Hits(np.arange(3000), np.arange(3000), lons, lats), np.arange(3000))
    assert len(cells) > 300
    for cell in cells:
        inside = (lons >= cell.west) & (lons < cell.east) & (lats >= cell.south) & (lats < cell.north)
        assert inside.sum() >= 5


def test_a_station_that_is_nowhere_has_no_picture():
    index, owners = settled(town(3, 3, 3))
    assert around(None, None) is None
    assert Density().picture(1, None, index, owners) == []
