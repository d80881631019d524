"""A circle holds what geographiclib says is near enough, everywhere on the Earth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import example, given
from hypothesis import strategies as st

from zones import Circle, InvalidArea
from zones.drawing import drawn_circle
from zones.geojson import polygons_area_m2

WGS84 = Geodesic.WGS84
LAIGLE = (0.6283, 48.7631)
SITES = {
    "L'Aigle": LAIGLE,
    "Réunion": (55.4504, -20.8789),
    "Fiji, just west of the antimeridian": (179.9999, -16.8),
    "Fiji, on the antimeridian": (180.0, -16.8),
    "Fiji, just east of the antimeridian": (-179.98, -16.8),
    "the equator and Greenwich": (0.0, 0.0),
    "near the north pole": (30.0, 89.98),
    "the north pole": (0.0, 90.0),
    "the south pole": (-120.0, -90.0),
    "Svalbard": (15.6, 78.2),
}

sites = st.sampled_from(sorted(SITES.values()))
radii = st.sampled_from([300.0, 1500.0, 5000.0]) | st.floats(300, 5000)
azimuths = st.floats(-180, 180)


def far(lon, lat, azimuth, metres):
    there = WGS84.Direct(lat, lon, azimuth, metres)
    return there["lon2"], there["lat2"]


@given(sites, radii, azimuths, st.sampled_from([-1.0, -0.001, 0.001, 1.0]))
@example(LAIGLE, 300.0, 0.0, 1.0)
@example(LAIGLE, 5000.0, 90.0, -1.0)
def test_a_point_beyond_the_radius_is_out_and_one_within_is_in(site, radius_m, azimuth, by_m):
    lon, lat = far(*site, azimuth, radius_m + by_m)
    assert Circle(*site, radius_m).covers(np.array([lon]), np.array([lat])).tolist() == [by_m < 0]


@given(sites, radii, azimuths)
def test_a_point_on_the_edge_is_in(site, radius_m, azimuth):
    lon, lat = far(*site, azimuth, radius_m)
    assert Circle(*site, radius_m).covers(np.array([lon]), np.array([lat])).all()


@pytest.mark.parametrize("site", SITES.values(), ids=SITES)
def test_a_cloud_of_points_is_judged_as_geographiclib_does(site, judge):
    rng = np.random.default_rng(61214)
    circle = Circle(*site, 4321)
    cloud = [far(*site, a, r) for a, r in zip(rng.uniform(-180, 180, 500), rng.uniform(0, 9000, 500), strict=True)]
    lons, lats = np.array(cloud).T
    inside = circle.covers(lons, lats)
    assert inside.tolist() == (judge(*site, lons, lats) <= 4321).tolist()
    assert 0 < inside.sum() < 500


@given(sites, radii, azimuths, st.floats(0, 1))
def test_its_boxes_hold_every_point_of_it(site, radius_m, azimuth, share):
    lon, lat = far(*site, azimuth, radius_m * share)
    boxes = Circle(*site, radius_m).boxes()
    assert any(w <= lon <= e and s <= lat <= n for w, s, e, n in boxes)
    assert all(-180 <= w <= e <= 180 and -90 <= s <= n <= 90 for w, s, e, n in boxes)


@given(sites, radii, azimuths, st.floats(0, 1.1), st.randoms())
def test_a_box_said_to_be_inside_holds_no_point_that_is_out(site, radius_m, azimuth, share, random):
    width, height = 10 ** random.uniform(-6, -1), 10 ** random.uniform(-6, -1)
    west, south = far(*site, azimuth, radius_m * share)
    east, north = min(west + width, 180.0), min(south + height, 90.0)
    proven = Circle(*site, radius_m).covers_boxes(*(np.array([side]) for side in (west, south, east, north)))[0]
    corners = [(x, y) for x in (west, east) for y in (south, north)]
    within = [(random.uniform(west, east), random.uniform(south, north)) for _ in range(4)]
    if proven:
        assert max(WGS84.Inverse(site[1], site[0], y, x)["s12"] for x, y in corners + within) <= radius_m + 1e-6


def test_a_small_box_at_the_centre_is_proven_inside():
    lon, lat = LAIGLE
    box = (np.array([lon - 0.001]), np.array([lat - 0.001]), np.array([lon + 0.001]), np.array([lat + 0.001]))
    assert Circle(lon, lat, 300).covers_boxes(*box).all()


def test_a_box_round_the_world_is_not_inside_a_circle_on_the_antimeridian():
    world = (np.array([-179.999]), np.array([-0.001]), np.array([179.999]), np.array([0.001]))
    assert not Circle(180, 0, 5000).covers_boxes(*world).any()


def test_what_is_not_a_number_is_in_no_circle():
    lons, lats = np.array([math.nan, 0.6283, math.nan, math.inf]), np.array([48.7631, math.nan, math.nan, 48.7631])
    assert not Circle(*LAIGLE, 5000).covers(lons, lats).any()


@pytest.mark.parametrize("radius_m", [300, 5000, 300.0, 4999.999])
def test_radii_from_300_to_5000_metres_are_taken(radius_m):
    assert Circle(*LAIGLE, radius_m).radius_m == radius_m


@pytest.mark.parametrize(
    "radius_m",
    [299, 299.999, 5001, 5000.001, 0, -300, math.nan, math.inf, -math.inf, "1500", True, None, [1500], 10**400],
)
def test_any_other_radius_is_refused_by_name(radius_m):
    with pytest.raises(InvalidArea) as refused:
        Circle(*LAIGLE, radius_m)
    assert refused.value.field == "radius_m"


@pytest.mark.parametrize(
    ("lon", "lat", "field"),
    [
        (181, 0, "lon"),
        (-180.0001, 0, "lon"),
        (math.nan, 0, "lon"),
        ("0", 0, "lon"),
        (False, 0, "lon"),
        (0, 90.0001, "lat"),
        (0, -91, "lat"),
        (0, math.inf, "lat"),
        (0, None, "lat"),
    ],
)
def test_a_centre_that_is_not_on_the_earth_is_refused_by_name(lon, lat, field):
    with pytest.raises(InvalidArea) as refused:
        Circle(lon, lat, 300)
    assert refused.value.field == field


@pytest.mark.parametrize("site", SITES.values(), ids=SITES)
def test_a_drawn_circle_is_valid_stays_on_the_map_and_holds_as_much_ground(site):
    circle = Circle(*site, 5000)
    drawn = drawn_circle(circle, 256)
    assert drawn.is_valid
    west, south, east, north = drawn.bounds
    assert west >= -180
    assert east <= 180
    assert south >= -90
    assert north <= 90
    assert polygons_area_m2(drawn) == pytest.approx(circle.area_m2, rel=1e-3)


@given(sites, radii)
def test_the_corners_of_a_drawn_circle_lie_on_its_edge(site, radius_m):
    lons, lats = Circle(*site, radius_m).ring(16)
    metres = [WGS84.Inverse(site[1], site[0], y, x)["s12"] for x, y in zip(lons, lats, strict=True)]
    assert metres == pytest.approx([radius_m] * 16, abs=1e-6)
