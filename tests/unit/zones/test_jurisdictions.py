"""An area must lie in the boundary and its margin, measured on the ground, wherever that is."""

from __future__ import annotations

import math

import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import given, settings
from hypothesis import strategies as st

from broadcaster.domain.refusals import sentence
from zones import Area, Circle, Communes, InvalidArea, Jurisdiction, OutsideJurisdiction, parse_boundary

WGS84 = Geodesic.WGS84


def box(west, south, east, north):
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


SQUARE = box(0.5, 48.7, 0.7, 48.8)


@pytest.fixture(scope="module")
def laigle():
    return Communes().find("61214")


def refusal(jurisdiction, area):
    with pytest.raises(OutsideJurisdiction) as refused:
        jurisdiction.check(area)
    return refused.value


def test_without_a_boundary_everywhere_is_allowed():
    anywhere = Jurisdiction(None, 0)
    anywhere.check(Area((Circle(123, -45, 5000),)))
    assert anywhere.bounds is None
    assert anywhere.centre is None
    assert anywhere.boundary_geojson is None


def test_a_circle_inside_is_allowed_and_one_that_sticks_out_is_named_with_how_far():
    jurisdiction = Jurisdiction.from_geojson(SQUARE, 0)
    inside = Circle(0.6, 48.75, 5000)
    jurisdiction.check(Area((inside,)))
    refused = refusal(jurisdiction, Area((inside, Circle(0.7, 48.75, 1000))))
    assert refused.field == "area.circles[1]"
    assert "goes 1 km beyond" in sentence(refused)


@settings(max_examples=50)
@given(
    st.sampled_from([(0.6, 48.7), (55.5, -21.2), (179.5, -17.0), (-179.9, -17.0), (15.0, 78.0)]),
    st.floats(300, 5000),
    st.floats(0, 3000),
    st.sampled_from([-5.0, 5.0]),
    st.booleans(),
)
def test_the_margin_is_metres_on_the_ground(corner, radius_m, margin_m, by_m, eastward):
    west, south = corner
    jurisdiction = Jurisdiction.from_geojson(box(west, south, west + 1, south + 0.8), margin_m)
    edge = (west + 1, south + 0.4) if eastward else (west + 0.5, south)
    inward = -90 if eastward else 0
    centre = WGS84.Direct(edge[1], edge[0], inward, radius_m - margin_m - by_m)
    area = Area((Circle(centre["lon2"], centre["lat2"], radius_m),))
    if by_m < 0:
        jurisdiction.check(area)
    else:
        refusal(jurisdiction, area)


def test_a_circle_over_a_hole_in_the_territory_is_outside():
    holed = {
        "type": "Polygon",
        "coordinates": [*SQUARE["coordinates"], box(0.59, 48.74, 0.61, 48.76)["coordinates"][0]],
    }
    refused = refusal(Jurisdiction.from_geojson(holed, 100), Area((Circle(0.6, 48.75, 5000),)))
    assert refused.field == "area.circles[0]"
    Jurisdiction.from_geojson(holed, 1200).check(Area((Circle(0.6, 48.75, 5000),)))


def test_a_polygon_that_sticks_out_is_named():
    jurisdiction = Jurisdiction.from_geojson(SQUARE, 500)
    jurisdiction.check(Area.from_json({"polygons": box(0.55, 48.7, 0.6, 48.75)}))
    jurisdiction.check(Area.from_json({"polygons": box(0.55, 48.697, 0.6, 48.75)}))
    refused = refusal(jurisdiction, Area.from_json({"polygons": box(0.55, 48.69, 0.6, 48.75)}))
    assert refused.field == "area.polygons"
    assert "margin of 500 m" in sentence(refused)


def test_an_area_on_the_other_side_of_the_world_is_far_outside():
    assert refusal(Jurisdiction.from_geojson(SQUARE, 500), Area((Circle(-120, 10, 300),))).code == "area-far"


def test_a_territory_across_the_antimeridian_is_one():
    jurisdiction = Jurisdiction.from_geojson(box(179, -18, 181, -16), 0)
    jurisdiction.check(Area((Circle(180, -17, 5000),)))
    jurisdiction.check(Area((Circle(-179.95, -17, 5000),)))
    refusal(jurisdiction, Area((Circle(-178.98, -17, 5000),)))
    assert jurisdiction.bounds == (179, -18, 181, -16)


def test_a_territory_of_several_parts_allows_each_and_not_between():
    parts = [box(0.5, 48.7, 0.7, 48.8), box(55.2, -21.4, 55.8, -20.9)]
    jurisdiction = Jurisdiction.from_geojson(parts, 300)
    jurisdiction.check(Area((Circle(0.6, 48.75, 3000), Circle(55.5, -21.1, 3000))))
    refusal(jurisdiction, Area((Circle(20, 20, 300),)))


def test_the_market_square_of_laigle_is_within_its_real_boundary(laigle):
    Jurisdiction(laigle.boundary, 0).check(Area((Circle(*laigle.centre, 500),)))


def test_a_circle_of_1500_metres_on_laigle_needs_a_margin_for_it_lies_at_the_towns_edge(laigle):
    area = Area((Circle(0.6283, 48.7631, 1500),))
    refusal(Jurisdiction(laigle.boundary, 500), area)
    Jurisdiction(laigle.boundary, 1000).check(area)


def test_what_is_told_of_laigle_lies_in_it(laigle):
    jurisdiction = Jurisdiction(laigle.boundary, 0)
    west, south, east, north = jurisdiction.bounds
    lon, lat = jurisdiction.centre
    assert west < lon < east
    assert south < lat < north
    again = Jurisdiction.from_geojson(jurisdiction.boundary_geojson, 0)
    assert again.boundary == laigle.boundary


@pytest.mark.parametrize("margin_m", [-1, math.nan, math.inf, "500", None, True])
def test_a_margin_that_is_none_is_refused(margin_m):
    with pytest.raises(InvalidArea) as refused:
        Jurisdiction(None, margin_m)
    assert refused.value.field == "margin_m"


def test_a_boundary_may_be_a_country_but_not_the_world():
    assert parse_boundary(box(-5, 42, 8, 51)).area == 13 * 9
    with pytest.raises(InvalidArea) as refused:
        parse_boundary(box(-180, -90, 180, 90))
    assert refused.value.field == "boundary"
    with pytest.raises(InvalidArea, match="not-geojson"):
        parse_boundary("61214")


def test_a_boundary_of_too_many_rings_is_refused_before_one_is_read():
    rings = [["no position"]] * 20_001
    with pytest.raises(InvalidArea, match="too-many-rings most=20000"):
        parse_boundary({"type": "MultiPolygon", "coordinates": [rings[:10_000], rings[10_000:]]})


def test_an_area_whose_coordinates_are_swapped_is_asked_whether_they_are():
    jurisdiction = Jurisdiction.from_geojson(SQUARE, 500)
    assert refusal(jurisdiction, Area((Circle(48.75, 0.6, 300),))).code == "area-swapped"
    swapped = box(48.71, 0.55, 48.72, 0.56)
    assert refusal(jurisdiction, Area.from_json({"polygons": swapped})).code == "area-swapped"
    assert refusal(jurisdiction, Area((Circle(-120, 10, 300),))).code == "area-far"
