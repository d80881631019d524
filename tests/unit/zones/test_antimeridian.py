"""A polygon across the antimeridian is the same one however it is written, and poles are inside when drawn to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zones import Area, Circle, InvalidArea

WAYS = {
    "split, as RFC 7946 has it": [
        [[[179.5, -17.5], [180, -17.5], [180, -16.5], [179.5, -16.5], [179.5, -17.5]]],
        [[[-180, -17.5], [-179.2, -17.5], [-179.2, -16.5], [-180, -16.5], [-180, -17.5]]],
    ],
    "going on past 180": [[[[179.5, -17.5], [180.8, -17.5], [180.8, -16.5], [179.5, -16.5], [179.5, -17.5]]]],
    "going on past -180": [[[[-180.5, -17.5], [-179.2, -17.5], [-179.2, -16.5], [-180.5, -16.5], [-180.5, -17.5]]]],
    "jumping": [[[[179.5, -17.5], [-179.2, -17.5], [-179.2, -16.5], [179.5, -16.5], [179.5, -17.5]]]],
    "jumping, from the east": [[[[-179.2, -16.5], [179.5, -16.5], [179.5, -17.5], [-179.2, -17.5], [-179.2, -16.5]]]],
    "jumping with both names of the seam": [
        [
            [
                [179.5, -17.5],
                [180, -17.5],
                [-180, -17.5],
                [-179.2, -17.5],
                [-179.2, -16.5],
                [-180, -16.5],
                [180, -16.5],
                [179.5, -16.5],
                [179.5, -17.5],
            ]
        ]
    ],
}


def read(coordinates):
    return Area.from_json({"polygons": {"type": "MultiPolygon", "coordinates": coordinates}})


@pytest.mark.parametrize("coordinates", WAYS.values(), ids=WAYS)
def test_each_way_of_writing_it_covers_the_same_points(coordinates):
    area = read(coordinates)
    lons = np.array([179.4, 179.5, 179.9, 180, -180, -179.9, -179.2, -179.1, 0])
    inside = [False, True, True, True, True, True, True, False, False]
    assert area.covers(lons, np.full(9, -17.0)).tolist() == inside
    assert not area.covers(lons, np.full(9, -17.6)).any()


@pytest.mark.parametrize("coordinates", WAYS.values(), ids=WAYS)
def test_each_way_of_writing_it_is_kept_split_and_as_large(coordinates):
    area = read(coordinates)
    assert sorted(part.bounds for part in area.polygons.geoms) == [
        (-180, -17.5, -179.2, -16.5),
        (179.5, -17.5, 180, -16.5),
    ]
    alike = Area.from_json(
        {
            "polygons": {
                "type": "Polygon",
                "coordinates": [[[0, -17.5], [1.3, -17.5], [1.3, -16.5], [0, -16.5], [0, -17.5]]],
            }
        }
    )
    assert area.area_m2 == pytest.approx(alike.area_m2, rel=1e-9)


@pytest.mark.parametrize("hole", [[[179.8, 0.4], [-179.8, 0.4], [-179.8, 0.6], [179.8, 0.6], [179.8, 0.4]]])
@pytest.mark.parametrize("shell", [[[179, 0], [-179, 0], [-179, 1], [179, 1], [179, 0]]])
def test_a_hole_across_the_antimeridian_stays_a_hole(shell, hole):
    area = read([[shell, hole]])
    assert area.covers([179.9, 180, -179.9, 179.7, -179.7], [0.5] * 5).tolist() == [False] * 3 + [True] * 2


def test_a_hole_beyond_the_antimeridian_stays_in_its_shell():
    area = read([[[[179, 0], [-179, 0], [-179, 1], [179, 1], [179, 0]],
                  [[-179.8, 0.4], [-179.6, 0.4], [-179.6, 0.6], [-179.8, 0.6], [-179.8, 0.4]]]])  # fmt: skip
    assert area.covers([-179.7, 179.7], [0.5, 0.5]).tolist() == [False, True]


def test_a_polygon_drawn_to_the_pole_holds_it():
    cap = [[-180, 89.5], [-90, 89.5], [0, 89.5], [90, 89.5], [180, 89.5], [180, 90], [-180, 90], [-180, 89.5]]
    area = read([[cap]])
    assert area.covers([0, 123, -180, 180, 45], [90, 89.7, 89.6, 89.6, 89.4]).tolist() == [True] * 4 + [False]


def test_a_ring_round_a_pole_that_is_not_drawn_to_it_is_refused():
    with pytest.raises(InvalidArea, match="ring-round-pole"):
        read([[[[0, 89.5], [120, 89.5], [-120, 89.5], [0, 89.5]]]])


lons = st.floats(-180, 180, exclude_max=True)
sizes = st.tuples(st.floats(0.01, 1), st.floats(0.01, 1))
steps = st.tuples(st.floats(-2, 2), st.floats(-2, 2))


@given(lons, st.floats(-60, 60), sizes, steps)
@example(179.99999999999997, 0.0, (1.0, 1.0), (0.5, 0.5))
def test_bounds_hold_every_point_that_is_covered(lon, lat, size, step):
    (width, height), (east, north) = size, step
    ring = [[lon, lat], [lon + width, lat], [lon + width, lat + height], [lon, lat + height], [lon, lat]]
    area = read([[ring]])
    x, y = lon + east * width, lat + north * height
    x = (x + 180) % 360 - 180
    if area.covers(x, y):
        assert any(w <= x <= e and s <= y <= n for w, s, e, n in area.bounds())


def test_bounds_name_both_sides_of_the_seam():
    assert [box[0] for box in Area((Circle(-180, 0, 300),)).bounds()] == [-180, pytest.approx(179.997, abs=1e-3)]
    touching = read([WAYS["split, as RFC 7946 has it"][0]])
    assert (-180, -17.5, -180, -16.5) in touching.bounds()


def test_a_circle_at_the_pole_is_bounded_all_round():
    assert [box[::2] for box in Area((Circle(12, 89.99, 5000),)).bounds()] == [(-180, 180)]
