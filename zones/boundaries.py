"""Reads a station's boundary from files as people have them, with doubts that a person must confirm."""

import base64
import binascii
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import shapely
from shapely.geometry import MultiPolygon, mapping

from zones.errors import InvalidArea
from zones.geojson import Limits, polygons_area_m2, read_drawing
from zones.regions import lies_in, whereabouts

# A station may be a whole country with overseas parts in fine detail; Russia has 17 million km².
BOUNDARY_LIMITS = Limits(vertices=500_000, rings=20_000, area_km2=20_000_000)
_LARGEST_PACKED = 20 << 20


@dataclass(frozen=True, slots=True)
class Boundary:
    """A usable boundary.

    ``shape``: WGS 84 degrees, valid, within -180..180. ``left_out``: ignored geometries without area by GeoJSON type,
    features without a geometry as ``nothing``. ``crossings``: places (lon, lat) where an outline crossed or touched
    itself and was repaired. ``swapped``: the file has latitude before longitude.
    """

    shape: MultiPolygon
    left_out: Mapping[str, int] = field(default_factory=dict)
    crossings: tuple[tuple[float, float], ...] = ()
    swapped: bool = False

    @property
    def area_km2(self) -> float:
        return polygons_area_m2(self.shape) / 1e6

    @property
    def parts(self) -> int:
        return len(self.shape.geoms)

    @property
    def middle(self) -> tuple[float, float]:
        """Return a point (lon, lat) inside, near the middle of the largest part."""
        inside = max(self.shape.geoms, key=lambda part: part.area).representative_point()
        return inside.x, inside.y

    def packed(self) -> str:
        """Return the shape as compact text with centimetre precision, for a form field."""
        fine = shapely.set_precision(self.shape, 1e-7, mode="pointwise")
        return base64.urlsafe_b64encode(zlib.compress(shapely.to_wkb(fine))).decode()


def unpacked_boundary(text: str) -> dict[str, Any]:
    """Return the GeoJSON of ``Boundary.packed``. Raises ``InvalidArea`` for anything else."""
    try:
        wkb = zlib.decompressobj().decompress(base64.urlsafe_b64decode(text.encode()), _LARGEST_PACKED)
        return dict(mapping(shapely.from_wkb(wkb)))
    except (ValueError, binascii.Error, zlib.error, shapely.errors.ShapelyError, AttributeError) as error:
        raise InvalidArea("not-packed", "boundary") from error


class BoundaryDoubtful(InvalidArea):
    """A person must confirm whether ``proposal`` is meant."""

    def __init__(self, code: str, proposal: Boundary, **params: object) -> None:
        super().__init__(code, "boundary", **params)
        self.proposal = proposal


class SwappedCoordinates(BoundaryDoubtful):
    """The boundary is not where the station is, but would be with latitude and longitude swapped.

    ``given``: the boundary as written, None if not on the Earth; ``place``: that place in words.
    """

    def __init__(self, proposal: Boundary, given: Boundary | None) -> None:
        lon, lat = proposal.middle
        self.given, self.place, where = given, "", "nowhere on the Earth"
        if given is not None:
            lon_now, lat_now = given.middle
            self.place = whereabouts(lon_now, lat_now)
            where = f"at latitude {lat_now:.2f}, longitude {lon_now:.2f}" + (f", {self.place}" if self.place else "")
        super().__init__("swapped", proposal, where=where, lat=f"{lat:.2f}", lon=f"{lon:.2f}")


class CrossingOutline(BoundaryDoubtful):
    """An outline crosses or touches itself; ``proposal`` is the repaired boundary."""

    def __init__(self, proposal: Boundary) -> None:
        lon, lat = proposal.crossings[0]
        km2, places = round(proposal.area_km2, 2), len(proposal.crossings)
        params = {"lon": lon, "lat": lat, "places": places, "km2": km2, "parts": proposal.parts}
        super().__init__("crosses-itself", proposal, **params)


def read_boundary(obj: Any, *, region: str, swap: bool | None = None, mend: bool = False) -> Boundary:
    """Read a boundary from GeoJSON: polygons of 500,000 vertices and 20 million km² at most.

    Geometries without area are ignored. ``region`` (ISO 3166): where the station is; a boundary elsewhere that would be
    there with swapped coordinates raises ``SwappedCoordinates``, unless ``swap`` decides. A self-crossing outline
    raises ``CrossingOutline``, unless ``mend``. Raises ``InvalidArea``, the parent of both, for unusable input.
    """
    if swap is None:
        _doubt_order(obj, region)
    found = _read(obj, swapped=bool(swap))
    if found.crossings and not mend:
        raise CrossingOutline(found)
    return found


def _read(obj: Any, *, swapped: bool) -> Boundary:
    reading = read_drawing(obj, "boundary", BOUNDARY_LIMITS, swapped=swapped)
    return Boundary(reading.shape, reading.left_out, reading.crossings, swapped)


def _doubt_order(obj: Any, region: str) -> None:
    try:
        given = _read(obj, swapped=False)
    except InvalidArea:
        given = None  # perhaps a latitude above 90
    if given is not None and lies_in(given.shape, region) is not False:
        return
    try:
        other = _read(obj, swapped=True)
    except InvalidArea:
        return
    if lies_in(other.shape, region):
        raise SwappedCoordinates(other, given)
