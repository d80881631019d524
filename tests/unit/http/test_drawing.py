"""The picture of an area."""

from __future__ import annotations

import re

import pytest
from pyproj import Geod

from broadcaster.domain.stations import Station, StationKind
from broadcaster.languages import catalogs
from broadcaster.web.drawing import draw, written_point
from broadcaster.web.whereabouts import written_place
from zones import Area

CORNER = re.compile(r"(-?\d+) (-?\d+)")


def corners(path):
    return [(float(x), float(y)) for x, y in CORNER.findall(path)]


@pytest.mark.parametrize(("lon", "lat"), [(0.6283, 48.7631), (55.45, -20.88), (179.999, -17.0), (2.35, 70.0)])
@pytest.mark.parametrize("radius_m", [300, 5000])
def test_a_circle_is_drawn_as_large_as_it_is(lon, lat, radius_m):
    area = Area.from_json({"circles": [{"lon": lon, "lat": lat, "radius_m": radius_m}]})
    picture = draw(area, None)
    # The circle crosses the antimeridian in two pieces; their seam lies inside of it.
    distances = [(x * x + y * y) ** 0.5 for x, y in corners(picture.area)]
    assert max(distances) == pytest.approx(radius_m, rel=0.01)
    assert all(picture.left <= x <= picture.left + picture.width for x, _ in corners(picture.area))
    assert all(picture.top <= y <= picture.top + picture.height for _, y in corners(picture.area))


def test_north_is_up_and_east_is_right():
    area = Area.from_json(
        {"circles": [{"lon": 0.60, "lat": 48.76, "radius_m": 300}, {"lon": 0.64, "lat": 48.78, "radius_m": 300}]}
    )
    first, second = (corners(ring) for ring in draw(area, None).area.split("Z")[:2])
    assert first[0][0] < second[0][0]
    assert first[0][1] > second[0][1]
    east = Geod(ellps="WGS84").inv(0.60, 48.77, 0.64, 48.77)[2]
    assert second[0][0] - first[0][0] == pytest.approx(east, rel=0.01)


def test_a_boundary_of_many_corners_stays_light():
    ring = [[0.5 + 0.2 * (n % 7) / 70 + n / 100_000, 48.7 + (n % 11) / 200] for n in range(20_000)]
    area = Area.from_json({"circles": [{"lon": 0.6, "lat": 48.76, "radius_m": 1000}]})
    picture = draw(area, {"type": "Polygon", "coordinates": [[*ring, ring[0]]]})
    assert len(picture.boundary) < 60_000


def test_a_point_is_written_with_its_hemispheres():
    assert written_point(0.6283, 48.7631) == "48.76310° N, 0.62830° E"
    assert written_point(-61.5, -20.1) == "20.10000° S, 61.50000° W"


def test_a_place_is_named_from_the_centre_and_by_coordinates_only_far_away():
    town = Station(1, "laigle", "Rugles", StationKind.AUTHORITY, ("fr",), None, 0.0, lon=0.63, lat=48.76)
    for lat, french, english in (
        (48.7601, "au centre de Rugles", "in the centre of Rugles"),
        (48.7546, "à 600\u202fm au sud du centre de Rugles", "600\u202fm south of the centre of Rugles"),
        (45.0, "45.00000° N, 0.63000° E", "45.00000° N, 0.63000° E"),
    ):
        assert written_place(0.63, lat, town, catalogs().words("fr")) == french
        assert written_place(0.63, lat, town, catalogs().words("en")) == english
