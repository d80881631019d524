"""An area is read from JSON, or refused whole with the field and the reason, and covers what its shapes do."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import shapely
from geographiclib.geodesic import Geodesic
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import shape

from broadcaster.domain.refusals import sentence
from zones import MAX_AREA_KM2, MAX_CIRCLES, MAX_VERTICES, Area, Circle, InvalidArea

CIRCLE = {"lon": 0.6283, "lat": 48.7631, "radius_m": 1500}
SQUARE = [[0.6, 48.7], [0.7, 48.7], [0.7, 48.8], [0.6, 48.8], [0.6, 48.7]]
HOLE = [[0.64, 48.74], [0.66, 48.74], [0.66, 48.76], [0.64, 48.76], [0.64, 48.74]]
OTHER = [[0.8, 48.7], [0.9, 48.7], [0.9, 48.8], [0.8, 48.7]]


def polygon(*rings):
    return {"type": "Polygon", "coordinates": list(rings)}


def box(west, south, east, north):
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def read(polygons):
    return Area.from_json({"polygons": polygons})


def refusal(document):
    with pytest.raises(InvalidArea) as refused:
        Area.from_json(document)
    return refused.value


GOOD = {
    "a circle": {"circles": [CIRCLE]},
    "two circles": {"circles": [CIRCLE, CIRCLE | {"lon": 0.7}], "polygons": None},
    "a polygon": {"polygons": polygon(SQUARE)},
    "a polygon with a hole": {"polygons": polygon(SQUARE, HOLE)},
    "a multipolygon": {"polygons": {"type": "MultiPolygon", "coordinates": [[SQUARE, HOLE], [OTHER]]}},
    "a feature": {"polygons": {"type": "Feature", "properties": {}, "geometry": polygon(SQUARE)}},
    "a collection": {
        "polygons": {
            "type": "FeatureCollection",
            "features": [
                {"type": "Feature", "properties": None, "geometry": polygon(SQUARE)},
                {"type": "Feature", "properties": None, "geometry": polygon(OTHER)},
            ],
        }
    },
    "a list": {"polygons": [polygon(SQUARE), {"type": "Feature", "properties": {}, "geometry": polygon(OTHER)}]},
    "both": {"circles": [CIRCLE], "polygons": polygon(OTHER)},
    "altitudes": {"polygons": polygon([[*position, 200.0] for position in SQUARE])},
    "WGS 84 named": {"polygons": polygon(SQUARE) | {"crs": {"properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}}},
    "across the antimeridian": {"polygons": polygon(box(179.5, -17, 180.5, -16))},
}


@pytest.mark.parametrize("document", GOOD.values(), ids=GOOD)
def test_what_is_written_reads_back_equal(document):
    area = Area.from_json(document)
    written = json.loads(json.dumps(area.to_json()))
    assert Area.from_json(written) == area


@pytest.mark.parametrize("document", GOOD.values(), ids=GOOD)
def test_what_is_drawn_is_valid_geojson_wound_counter_clockwise(document):
    drawn = json.loads(json.dumps(Area.from_json(document).geojson()))
    assert drawn["type"] == "FeatureCollection"
    for feature in drawn["features"]:
        geometry = shape(feature["geometry"])
        assert geometry.is_valid
        assert all(part.exterior.is_ccw for part in shapely.get_parts(geometry))


def test_overlapping_polygons_are_joined():
    area = read([polygon(box(0, 0, 0.2, 0.1)), polygon(box(0.1, 0, 0.3, 0.1))])
    assert len(area.polygons.geoms) == 1
    assert area.polygons.bounds == (0, 0, 0.3, 0.1)


REFUSED = {
    "no object": ([], "area"),
    "null": (None, "area"),
    "no area": ({}, "area"),
    "nothing in it": ({"circles": [], "polygons": None}, "area"),
    "no polygons in it": ({"circles": [], "polygons": []}, "area"),
    "an unknown key": ({"circles": [CIRCLE], "radius": 3}, "area.radius"),
    "circles that are none": ({"circles": "all"}, "area.circles"),
    "a circle that is none": ({"circles": [3]}, "area.circles[0]"),
    "a radius too small": ({"circles": [CIRCLE, CIRCLE | {"radius_m": 299}]}, "area.circles[1].radius_m"),
    "a radius too large": ({"circles": [CIRCLE | {"radius_m": 5001}]}, "area.circles[0].radius_m"),
    "a radius in words": ({"circles": [CIRCLE | {"radius_m": "1500"}]}, "area.circles[0].radius_m"),
    "a radius that is NaN": ({"circles": [CIRCLE | {"radius_m": math.nan}]}, "area.circles[0].radius_m"),
    "a longitude of 181": ({"circles": [CIRCLE | {"lon": 181}]}, "area.circles[0].lon"),
    "an infinite latitude": ({"circles": [CIRCLE | {"lat": math.inf}]}, "area.circles[0].lat"),
    "no radius": ({"circles": [{"lon": 0, "lat": 0}]}, "area.circles[0].radius_m"),
    "an unknown key of a circle": ({"circles": [CIRCLE | {"label": "x"}]}, "area.circles[0].label"),
    "too many circles": ({"circles": [CIRCLE] * (MAX_CIRCLES + 1)}, "area.circles"),
    "no GeoJSON": ({"polygons": 3}, "area.polygons"),
    "no type": ({"polygons": {}}, "area.polygons.type"),
    "a point": ({"polygons": {"type": "Point", "coordinates": [0, 0]}}, "area.polygons.type"),
    "an empty polygon": ({"polygons": polygon()}, "area.polygons.coordinates"),
    "an empty ring": ({"polygons": polygon([])}, "area.polygons.coordinates[0]"),
    "no coordinates": ({"polygons": {"type": "Polygon"}}, "area.polygons.coordinates"),
    "no features": ({"polygons": {"type": "FeatureCollection", "features": []}}, "area.polygons.features"),
    "a feature of nothing": ({"polygons": {"type": "Feature", "geometry": None}}, "area.polygons"),
    "a ring left open": ({"polygons": polygon(SQUARE[:-1])}, "area.polygons.coordinates[0]"),
    "a line": ({"polygons": polygon([[0, 0], [1, 1], [0, 0]])}, "area.polygons.coordinates[0]"),
    "a flat ring": ({"polygons": polygon([[0, 0], [1, 1], [2, 2], [0, 0]])}, "area.polygons.coordinates"),
    "a bow tie": ({"polygons": polygon([[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]])}, "area.polygons.coordinates"),
    "a hole outside": ({"polygons": polygon(SQUARE, OTHER)}, "area.polygons.coordinates"),
    "latitude 91": ({"polygons": polygon(box(0, 90, 1, 91))}, "area.polygons.coordinates[0][2][1]"),
    "a longitude beyond the map": ({"polygons": polygon(box(181, 0, 182, 1))}, "area.polygons.coordinates[0]"),
    "longitude 400": ({"polygons": polygon(box(399, 0, 400, 1))}, "area.polygons.coordinates[0][0][0]"),
    "a position of words": ({"polygons": polygon([["0.6", 48.7], *SQUARE[1:]])}, "area.polygons.coordinates[0][0][0]"),
    "a position of one": ({"polygons": polygon([[0.6], *SQUARE[1:]])}, "area.polygons.coordinates[0][0]"),
    "the world": ({"polygons": polygon(box(-180, -90, 180, 90))}, "area.polygons"),
    "the map's world": ({"polygons": polygon(box(-180, -85, 180, 85))}, "area.polygons"),
    "a continent": ({"polygons": polygon(box(-10, 36, 30, 60))}, "area.polygons"),
    "Lambert 93": ({"polygons": polygon(SQUARE) | {"crs": {"properties": {"name": "EPSG:2154"}}}}, "area.polygons.crs"),
    "the second of a list": ({"polygons": [polygon(SQUARE), None]}, "area.polygons[1]"),
}


@pytest.mark.parametrize(("document", "field"), REFUSED.values(), ids=REFUSED)
def test_a_wrong_area_is_refused_naming_the_field(document, field):
    assert refusal(document).field == field


def test_a_self_crossing_polygon_is_told_where():
    assert "longitude 0.5, latitude 0.5" in sentence(refusal(REFUSED["a bow tie"][0]))


def test_the_vertices_are_counted_before_they_are_read():
    many = [["no number", None]] * (MAX_VERTICES + 1)
    assert "10,000 vertices" in sentence(refusal({"polygons": polygon(many)}))


def test_as_many_vertices_as_allowed_are_taken():
    turns = np.linspace(0, 2 * np.pi, MAX_VERTICES, endpoint=True)
    ring = np.column_stack((0.6 + 0.1 * np.cos(turns), 48.7 + 0.1 * np.sin(turns))).tolist()
    ring[-1] = ring[0]
    assert shapely.get_num_coordinates(read(polygon(ring)).polygons) == MAX_VERTICES


def test_french_guiana_as_a_whole_is_not_too_large():
    area = read(polygon(box(-54.6, 2.1, -52.1, 4.8)))
    assert 80_000 < area.area_m2 / 1e6 < MAX_AREA_KM2


WORDS = (
    "circles polygons type coordinates geometry features lon lat radius_m crs properties name other "
    "Polygon MultiPolygon Feature FeatureCollection"
)
words = st.sampled_from(WORDS.split())
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.floats(-200, 200) | st.text(max_size=5) | words
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(words, inner, max_size=5), max_leaves=25
)
positions = st.tuples(st.integers(-200, 200), st.integers(-95, 95)).map(list) | st.lists(anything, max_size=3)
rings = st.lists(positions, max_size=8).flatmap(lambda ring: st.sampled_from([ring, ring + ring[:1]]))


def outcome(document):
    try:
        return Area.from_json(document)
    except InvalidArea as refused:
        return refused


@given(anything)
def test_no_json_raises_anything_but_invalid_area(document):
    answer = outcome(document)
    assert isinstance(answer, Area) or (answer.field.startswith("area") and sentence(answer))


@given(st.sampled_from(list(GOOD.values())), anything, st.randoms())
def test_no_damaged_area_raises_anything_but_invalid_area(document, damage, random):
    document = json.loads(json.dumps(document))
    node, path = document, []
    while isinstance(node, dict | list) and node and random.random() < 0.9:
        key = random.choice(list(node) if isinstance(node, dict) else range(len(node)))
        path.append((node, key))
        node = node[key]
    if path:
        parent, key = path[-1]
        parent[key] = damage
    answer = outcome(document)
    assert isinstance(answer, Area) or answer.field.startswith("area")


@given(st.lists(st.lists(rings, max_size=3), max_size=3))
def test_no_ring_of_any_shape_raises_anything_but_invalid_area(coordinates):
    area = outcome({"polygons": {"type": "MultiPolygon", "coordinates": coordinates}})
    assert isinstance(area, InvalidArea) or Area.from_json(area.to_json()) == area


def test_an_edge_and_a_corner_of_a_polygon_are_inside_and_its_hole_is_not():
    area = read(polygon(SQUARE, HOLE))
    points = {(0.6, 48.75): True, (0.6, 48.7): True, (0.65, 48.75): False, (0.64, 48.75): True, (0.59, 48.75): False}
    lons, lats = zip(*points, strict=True)
    assert area.covers(lons, lats).tolist() == list(points.values())


def test_an_area_covers_what_any_of_its_shapes_does():
    area = Area.from_json(GOOD["both"])
    assert area.covers([0.6283, 0.88, 0.75], [48.7631, 48.75, 48.75]).tolist() == [True, True, False]


def test_points_may_come_as_a_grid():
    assert Area((Circle(0, 0, 300),)).covers([[0.0, 1.0], [2.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]).tolist() == [
        [True, False],
        [False, True],
    ]


def test_a_polygons_area_is_geographiclibs():
    turns = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    lons, lats = 55.5 + 0.3 * np.cos(turns), -21.1 + 0.3 * np.sin(turns)
    theirs = Geodesic.WGS84.Polygon()
    for lon, lat in zip(lons.tolist(), lats.tolist(), strict=True):
        theirs.AddPoint(lat, lon)
    ring = np.column_stack((lons, lats)).tolist()
    assert read(polygon([*ring, ring[0]])).area_m2 == pytest.approx(abs(theirs.Compute()[2]), rel=1e-6)


def test_ground_held_twice_is_counted_once():
    alone = Area((Circle(0.6283, 48.7631, 2000),))
    twice = Area((Circle(0.6283, 48.7631, 2000), Circle(0.6283, 48.7631, 2000)))
    apart = Area((Circle(0.6283, 48.7631, 2000), Circle(2.6283, 48.7631, 2000)))
    assert twice.area_m2 == pytest.approx(alone.area_m2, rel=1e-6)
    assert apart.area_m2 == pytest.approx(2 * alone.area_m2, rel=1e-6)


def test_the_centre_of_two_like_circles_lies_between_them_across_the_antimeridian():
    lon, lat = Area((Circle(179.9, -17, 500), Circle(-179.9, -17, 500))).centre
    assert abs(lon) == pytest.approx(180)
    assert lat == pytest.approx(-17, abs=1e-3)


def test_distances_are_to_the_nearest_centre(judge):
    area = Area((Circle(0, 0, 300), Circle(1, 0, 300)))
    lons, lats = np.array([0.1, 0.9, 0.5]), np.array([0.0, 0.1, 0.2])
    nearest = np.minimum(judge(0, 0, lons, lats), judge(1, 0, lons, lats))
    assert area.distance_m(lons, lats) == pytest.approx(nearest, rel=0.006)


def test_an_area_made_without_a_shape_is_refused():
    with pytest.raises(InvalidArea, match="area-empty"):
        Area((), None)
