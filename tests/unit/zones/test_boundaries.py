"""Boundary files as people have them: read, with a question where a person must say what they mean."""

from __future__ import annotations

import pytest

from broadcaster.domain.refusals import sentence
from zones import Area, CrossingOutline, InvalidArea, SwappedCoordinates, ZoneError, read_boundary, unpacked_boundary

SQUARE = [[0.61, 48.755], [0.64, 48.755], [0.64, 48.77], [0.61, 48.77], [0.61, 48.755]]
BOW_TIE = [[0.61, 48.75], [0.64, 48.77], [0.64, 48.75], [0.61, 48.77], [0.61, 48.75]]
TOUCHING = [[0.0, 48.0], [0.4, 48.0], [0.2, 48.2], [0.15, 48.1], [0.25, 48.1], [0.2, 48.2], [0.0, 48.0]]
POINT = {"type": "Point", "coordinates": [0.63, 48.76]}


def polygon(ring):
    return {"type": "Polygon", "coordinates": [ring]}


def features(*geometries):
    return {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "properties": {}, "geometry": each} for each in geometries],
    }


def swapped(ring):
    return [[lat, lon] for lon, lat in ring]


def test_points_lines_and_null_geometries_beside_a_polygon_are_left_out_and_counted():
    line = {"type": "LineString", "coordinates": [[0, 48], [1, 49]]}
    found = read_boundary(features(POINT, None, POINT, polygon(SQUARE), line), region="FR")
    assert found.left_out == {"Point": 2, "nothing": 1, "LineString": 1}
    assert found.shape.bounds == (0.61, 48.755, 0.64, 48.77)


def test_polygons_in_collections_within_collections_are_found():
    inner = {"type": "GeometryCollection", "geometries": [polygon(SQUARE), POINT]}
    found = read_boundary({"type": "GeometryCollection", "geometries": [inner]}, region="FR")
    assert (found.parts, found.left_out) == (1, {"Point": 1})


def test_an_endless_nest_of_collections_is_refused():
    nest = polygon(SQUARE)
    for _ in range(50):
        nest = {"type": "GeometryCollection", "geometries": [nest]}
    with pytest.raises(InvalidArea):
        read_boundary(nest, region="FR")


def test_an_altitude_and_a_measure_are_passed_over():
    assert read_boundary(polygon([[*at, 210.5, 7] for at in SQUARE]), region="FR").shape.bounds[0] == 0.61
    assert read_boundary(polygon([[*at, None] for at in SQUARE]), region="FR").shape.bounds[0] == 0.61


@pytest.mark.parametrize(
    "crs",
    [
        {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}},
        {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4171"}},
        {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG:9.0:4258"}},
        {"type": "name", "properties": {"name": "EPSG:4326"}},
        {"type": "name", "properties": {"name": "http://www.opengis.net/def/crs/EPSG/0/4326"}},
        {"type": "name", "properties": {"name": "http://www.opengis.net/def/crs/OGC/1.3/CRS84h"}},
        {"type": "name", "properties": {"name": "RGF93"}},
        {"type": "name", "properties": {"name": "WGS 84"}},
        {"type": "EPSG", "properties": {"code": 4627}},
        "EPSG:4326",
    ],
)
def test_every_name_of_wgs_84_and_what_is_within_metres_of_it_is_taken(crs):
    assert read_boundary({**polygon(SQUARE), "crs": crs}, region="FR").parts == 1
    Area.from_json({"polygons": {**polygon(SQUARE), "crs": crs}})


@pytest.mark.parametrize("name", ["EPSG:2154", "urn:ogc:def:crs:EPSG::3857", "EPSG:14326", "Lambert 93", "", None])
def test_any_other_system_is_refused(name):
    with pytest.raises(InvalidArea) as refused:
        read_boundary({**polygon(SQUARE), "crs": {"properties": {"name": name}}}, region="FR")
    assert refused.value.field == "boundary.crs"


def test_an_outline_that_crosses_itself_is_mended_only_when_that_was_accepted():
    with pytest.raises(CrossingOutline) as doubt:
        read_boundary(polygon(BOW_TIE), region="FR")
    assert "near longitude 0.625, latitude 48.76" in sentence(doubt.value)
    assert "(parts: 2)" in sentence(doubt.value)
    proposal = doubt.value.proposal
    found = read_boundary(polygon(BOW_TIE), region="FR", mend=True)
    assert found.shape == proposal.shape
    assert found.area_km2 == pytest.approx(read_boundary(polygon(SQUARE), region="FR").area_km2 * 2 / 3, rel=0.01)


def test_a_ring_that_touches_itself_keeps_its_hole():
    found = read_boundary(polygon(TOUCHING), region="FR", mend=True)
    assert found.shape.is_valid
    assert len(found.shape.geoms[0].interiors) == 1


def test_an_alerts_polygon_is_never_mended_nor_a_point_in_it_passed_over():
    for document in (polygon(BOW_TIE), features(POINT, polygon(SQUARE))):
        with pytest.raises(InvalidArea):
            Area.from_json({"polygons": document})
    assert Area.from_json({"polygons": features(None, polygon(SQUARE))}).polygons is not None


def test_swapped_coordinates_are_asked_about_with_where_they_lie():
    with pytest.raises(SwappedCoordinates) as doubt:
        read_boundary(polygon(swapped(SQUARE)), region="FR")
    assert "latitude 0.62, longitude 48.76, near Somalia" in sentence(doubt.value)
    assert sentence(doubt.value).endswith("Swap them?")
    assert read_boundary(polygon(swapped(SQUARE)), region="FR", swap=True).shape.bounds[:2] == (0.61, 48.755)
    assert read_boundary(polygon(swapped(SQUARE)), region="FR", swap=False).shape.bounds[:2] == (48.755, 0.61)


@pytest.mark.parametrize(
    ("lon", "lat", "words"),
    [
        (55.5, -21.1, "south of Iceland"),
        (-61.5, 16.2, "Southern Ocean"),
        (45.2, -12.8, "off Spain"),
        (166.4, -22.2, "nowhere on the Earth"),
    ],
)
def test_swapped_coordinates_overseas_are_asked_about_too(lon, lat, words):
    ring = [[lon, lat], [lon + 0.02, lat], [lon + 0.02, lat + 0.02], [lon, lat]]
    with pytest.raises(SwappedCoordinates, match=words):
        read_boundary(polygon(swapped(ring)), region="FR")


def test_a_boundary_abroad_is_asked_about_only_where_swapping_would_bring_it_home():
    somalia = swapped(SQUARE)
    assert read_boundary(polygon(somalia), region="SO").shape.bounds[0] == 48.755  # no region of ours: nothing to say
    assert read_boundary(polygon([[179, -17], [179.5, -17], [179.5, -16.5], [179, -17]]), region="FR").parts == 1
    assert read_boundary(polygon(SQUARE), region="FR").swapped is False


def test_a_packed_boundary_is_unpacked_as_it_was_and_anything_else_is_refused():
    found = read_boundary(polygon(SQUARE), region="FR")
    assert read_boundary(unpacked_boundary(found.packed()), region="FR").shape.equals(found.shape)
    for text in ("", "abc", "é", "eJwDAAAAAAE=", found.packed()[:-20]):
        with pytest.raises(ZoneError):
            unpacked_boundary(text)
