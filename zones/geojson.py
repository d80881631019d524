"""Reads polygons from GeoJSON (RFC 7946); errors name the field and the reason.

Also reads files as people have them: features without a geometry, geometry collections, altitudes and measures, and the
``crs`` member that RFC 7946 removed, if it means WGS 84 or a system within a metre or two of it.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import shapely
from shapely.geometry import MultiPolygon, Polygon

from zones.ellipsoid import ring_area_m2
from zones.errors import InvalidArea
from zones.rings import Rings, listed, polygons_of
from zones.rings import is_list as _is_list

_LIKE_WGS84 = frozenset(
    # EPSG codes of WGS 84 and ETRS89, and of aligned systems in France and its overseas territories: two dimensions,
    # three, and longitude first.
    {
        *(4326, 4979, 4258, 4937),
        *(4171, 4965, 7084, 9777, 9776, 9779, 9782, 9781, 9784),  # RGF93: metropolitan France
        *(5489, 5488, 7086, 4624, 4967, 7041, 4627, 4971, 7037),  # RGAF09, RGFG95, RGR92: Antilles, Guiana, Réunion
        *(4470, 4469, 7039, 10671, 10670, 10673, 4463, 4466, 7035),  # RGM04, RGM23, RGSPM06: Mayotte, Saint-Pierre
        *(4749, 4907, 10307, 4687, 4999, 8900, 8899, 8902),  # RGNC91-93, RGPF, RGWF96: the Pacific
    }
)
_EPSG = re.compile(r"epsg\W.*?(\d{4,6})\W*$", re.IGNORECASE)
_NAMES = re.compile(r"(?:.*\W)?(?:crs84h?|wgs\W?84|wgs\W?1984|rgf\W?93|etrs\W?89)\W*", re.IGNORECASE)
_NO_AREAS = ("Point", "MultiPoint", "LineString", "MultiLineString")
_NOTHING = "nothing"
_DEEPEST = 8  # nested collections


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits per document: vertices, rings (each costs as much as some 50 vertices), km²."""

    vertices: int
    rings: int
    area_km2: float


@dataclass(frozen=True, slots=True)
class Reading:
    """A document's polygons, and what was changed to get them.

    ``shape``: valid, within -180..180 and split at the antimeridian. ``left_out``: ignored geometries without area by
    GeoJSON type, features without a geometry as ``nothing``. ``crossings``: places (lon, lat) where an outline crossed
    or touched itself, and was repaired.
    """

    shape: MultiPolygon
    left_out: Mapping[str, int]
    crossings: tuple[tuple[float, float], ...]


def read_polygons(obj: Any, field: str, limits: Limits) -> MultiPolygon:
    """Return the polygons of a GeoJSON geometry, Feature or FeatureCollection, or of a list of them.

    One valid MultiPolygon within -180..180, split at the antimeridian; overlapping polygons are joined. Null geometries
    are skipped; points and lines are refused, since their author expects them to count. Raises ``InvalidArea``, its
    field beginning with ``field``.
    """
    return _read(obj, field, limits, Rings(limits.vertices, field), strict=True).shape


def read_drawing(obj: Any, field: str, limits: Limits, *, swapped: bool = False) -> Reading:
    """Like ``read_polygons``, but ignore points and lines and repair outlines; the reading says so.

    ``swapped``: positions have latitude before longitude.
    """
    return _read(obj, field, limits, Rings(limits.vertices, field, swapped=swapped, mend=True), strict=False)


def _read(obj: Any, field: str, limits: Limits, rings: Rings, *, strict: bool) -> Reading:
    left_out: Counter[str] = Counter()
    polygons = list(_polygons(obj, field, left_out, strict=strict))
    if sum(len(drawn) for drawn, _ in polygons if _is_list(drawn)) > limits.rings:
        raise InvalidArea("too-many-rings", field, most=limits.rings)
    pieces: list[Polygon] = []
    for drawn, path in polygons:
        pieces.extend(rings.polygon(drawn, path))
    if not pieces:
        drawn = ", ".join(f"{number} {kind}" for kind, number in left_out.items() if kind != _NOTHING)
        raise InvalidArea("only-points-and-lines", field, drawn=drawn) if drawn else InvalidArea("no-polygon", field)
    joined = MultiPolygon(pieces)
    if not joined.is_valid:  # each part is valid: they overlap or share an edge
        joined = polygons_of(shapely.union_all(pieces))
    area_km2 = polygons_area_m2(joined) / 1e6
    if area_km2 > limits.area_km2:
        raise InvalidArea("area-too-large", field, km2=round(area_km2), most=limits.area_km2)
    return Reading(joined, dict(left_out), tuple(rings.crossings))


def _polygons(obj: Any, field: str, left_out: Counter[str], *, strict: bool) -> Iterator[tuple[Any, str]]:
    """Yield each polygon's ``coordinates`` with its path; others are counted in ``left_out``, or refused."""
    for geometry, path in _geometries(obj, field):
        if geometry is None:
            left_out[_NOTHING] += 1
            continue
        kind = geometry["type"]
        if kind == "Polygon":
            yield geometry.get("coordinates"), f"{path}.coordinates"
        elif kind == "MultiPolygon":
            parts = listed(geometry.get("coordinates"), f"{path}.coordinates")
            yield from ((part, f"{path}.coordinates[{at}]") for at, part in enumerate(parts))
        elif kind in _NO_AREAS and not strict:
            left_out[kind] += 1
        else:
            raise InvalidArea("not-a-polygon", f"{path}.type", kind=kind[:40])


def polygons_area_m2(shape: Polygon | MultiPolygon) -> float:
    """Return the area on the ellipsoid without holes; parts must not overlap."""
    total = 0.0
    for part in shapely.get_parts(shape):
        rings = [shapely.get_coordinates(ring) for ring in (part.exterior, *part.interiors)]
        areas = [ring_area_m2(ring[:, 0], ring[:, 1]) for ring in rings]
        total += areas[0] - sum(areas[1:])
    return total


def _geometries(obj: Any, field: str) -> Iterator[tuple[Mapping[str, Any] | None, str]]:
    """Yield each geometry of a document with its path; None for a feature without one."""
    if _is_list(obj):
        for at, item in enumerate(obj):
            yield from _one_geojson(item, f"{field}[{at}]")
    else:
        yield from _one_geojson(obj, field)


def _one_geojson(obj: Any, field: str) -> Iterator[tuple[Mapping[str, Any] | None, str]]:
    kind = _kind(obj, field)
    _refuse_other_crs(obj, field)
    if kind == "FeatureCollection":
        for at, item in enumerate(listed(obj.get("features"), f"{field}.features")):
            yield from _feature(item, f"{field}.features[{at}]")
    elif kind == "Feature":
        yield from _feature(obj, field)
    else:
        yield from _geometry(obj, field)


def _feature(obj: Any, field: str) -> Iterator[tuple[Mapping[str, Any] | None, str]]:
    if _kind(obj, field) != "Feature":
        raise InvalidArea("not-a-feature", f"{field}.type")
    _refuse_other_crs(obj, field)
    if obj.get("geometry") is None:  # RFC 7946 section 3.2: an unlocated feature
        yield None, f"{field}.geometry"
    else:
        yield from _geometry(obj["geometry"], f"{field}.geometry")


def _geometry(obj: Any, field: str, depth: int = 0) -> Iterator[tuple[Mapping[str, Any] | None, str]]:
    kind = _kind(obj, field)
    _refuse_other_crs(obj, field)
    if kind != "GeometryCollection":
        yield obj, field
        return
    members = obj.get("geometries")
    if not _is_list(members) or depth == _DEEPEST:
        raise InvalidArea("not-a-list", f"{field}.geometries")
    for at, member in enumerate(members):
        yield from _geometry(member, f"{field}.geometries[{at}]", depth + 1)


def _kind(obj: Any, field: str) -> str:
    if not isinstance(obj, Mapping):
        raise InvalidArea("not-geojson", field)
    kind = obj.get("type")
    if not isinstance(kind, str):
        raise InvalidArea("not-geojson", f"{field}.type")
    return kind


def _refuse_other_crs(obj: Mapping[str, Any], field: str) -> None:
    """Refuse other systems: metres taken for degrees would be somewhere else."""
    crs = obj.get("crs")
    if crs is not None and not _is_wgs84(crs):
        raise InvalidArea("not-wgs84", f"{field}.crs")


def _is_wgs84(crs: Any) -> bool:
    """Return whether ``crs`` means degrees of longitude and latitude within a metre or two of WGS 84."""
    properties = crs.get("properties") if isinstance(crs, Mapping) else {"name": crs}
    if not isinstance(properties, Mapping):
        return False
    named = properties.get("name", properties.get("code"))  # a name, or as in {"type": "EPSG", … {"code": 4326}}
    if isinstance(named, int):
        return named in _LIKE_WGS84
    if not isinstance(named, str) or len(named) > 100:  # noqa: PLR2004  a name
        return False
    number = _EPSG.search(named)
    if number is not None:
        return int(number[1]) in _LIKE_WGS84
    return (named.isdecimal() and int(named) in _LIKE_WGS84) or _NAMES.fullmatch(named) is not None
