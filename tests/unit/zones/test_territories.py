"""The boxes of territories: whoever may hold a point is found, whatever was read of the others."""

from __future__ import annotations

import json

import numpy as np

from zones import Jurisdiction, TerritoryIndex


def box(west, south, east, north):
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def held(**by_id):
    index = TerritoryIndex()
    index.put_many([int(each[1:]) for each in by_id], [json.dumps(shape) for shape in by_id.values()])
    return index


def test_a_point_is_held_by_all_whose_box_it_is_in_and_the_edge_is_inside():
    index = held(_7=box(0, 45, 1, 46), _3=box(1, 45, 2, 46), _5=box(3, 45, 4, 46))
    assert index.at(0.5, 45.5) == [7]
    assert index.at(1.0, 46.0) == [3, 7]
    assert index.at(2.5, 45.5) == []


def test_what_is_no_boundary_holds_nothing_and_harms_nobody():
    index = TerritoryIndex()
    index.put_many([1, 2, 3, 4], ["null", '{"type": "Polygon", "coordinates": 3}', "{", json.dumps(box(0, 45, 1, 46))])
    index.put_many([], [])
    assert (len(index), index.at(0.5, 45.5)) == (1, [4])


def test_a_territory_across_the_antimeridian_is_found_on_both_sides():
    halves = box(179, -18, 180, -16), box(-180, -18, -179, -16)
    index = held(_1={"type": "MultiPolygon", "coordinates": [each["coordinates"] for each in halves]})
    assert index.at(179.5, -17) == index.at(-179.5, -17) == [1]


def test_no_territory_that_holds_a_point_is_missed():
    rng = np.random.default_rng(4)
    corners = rng.uniform((-4, 43), (7, 50), (200, 2))
    shapes = [
        {"type": "Polygon", "coordinates": [[[x, y], [x + 1, y + 0.2], [x + 0.4, y + 1], [x, y]]]}
        for x, y in corners.tolist()
    ]
    index = TerritoryIndex()
    for part in (range(150), range(150, 200)):
        index.put_many(part, [json.dumps(shapes[number]) for number in part])
    exact = [Jurisdiction.from_geojson(shape) for shape in shapes]
    for lon, lat in rng.uniform((-4, 43), (7, 50), (100, 2)).tolist():
        holding = {number for number, each in enumerate(exact) if each.holds(lon, lat)}
        assert holding <= set(index.at(lon, lat))
