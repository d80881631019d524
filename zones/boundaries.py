"""A station's boundary out of a file as people have them, and what they must be asked before it is taken."""

from __future__ import annotations

import base64
import binascii
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import shapely
from shapely.geometry import mapping

from zones.errors import InvalidArea
from zones.geojson import Limits, polygons_area_m2, read_drawing
from zones.regions import lies_in, whereabouts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapely.geometry import MultiPolygon

# A station may be a whole country with its overseas parts, drawn finely; Russia has 17 million km².
BOUNDARY_LIMITS = Limits(vertices=500_000, rings=20_000, area_km2=20_000_000)
_LARGEST_PACKED = 20 << 20


@dataclass(frozen=True, slots=True)
class Boundary:
    """A boundary that can be used.

    ``shape`` is in WGS 84 degrees, valid, within -180..180. ``left_out`` counts what holds no ground by its GeoJSON
    type, features without a geometry as ``nothing``. ``crossings`` are the places (lon, lat) where an outline crossed
    or touched itself and was mended. ``swapped``: the file has latitude before longitude.
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
        """A point (lon, lat) inside, near the middle of the largest part."""
        inside = max(self.shape.geoms, key=lambda part: part.area).representative_point()
        return inside.x, inside.y

    def packed(self) -> str:
        """Return the shape as text, to a centimetre, small enough for a field of a form."""
        fine = shapely.set_precision(self.shape, 1e-7, mode="pointwise")
        return base64.urlsafe_b64encode(zlib.compress(shapely.to_wkb(fine))).decode()


def unpacked_boundary(text: str) -> dict[str, Any]:
    """Return the GeoJSON of what ``Boundary.packed`` made. Raises ``InvalidArea`` for anything else."""
    try:
        wkb = zlib.decompressobj().decompress(base64.urlsafe_b64decode(text.encode()), _LARGEST_PACKED)
        return dict(mapping(shapely.from_wkb(wkb)))
    except (ValueError, binascii.Error, zlib.error, shapely.errors.ShapelyError, AttributeError) as error:
        raise InvalidArea("boundary", "This is no boundary that was packed here.") from error


class BoundaryDoubtful(InvalidArea):
    """A person must say whether ``proposal`` is what they mean. ``code`` names the doubt."""

    code = ""

    def __init__(self, field: str, problem: str, proposal: Boundary) -> None:
        super().__init__(field, problem)
        self.proposal = proposal


class SwappedCoordinates(BoundaryDoubtful):
    """As written it lies elsewhere than the station; with latitude and longitude swapped it does not.

    ``given`` is the boundary as written, None where that is not on the Earth; ``place`` says in words where that is.
    """

    code = "swapped"

    def __init__(self, field: str, proposal: Boundary, given: Boundary | None) -> None:
        lon, lat = proposal.middle
        self.given, self.place = given, ""
        if given is None:
            now = "As it is written, this boundary is nowhere on the Earth"
        else:
            lon_now, lat_now = given.middle
            self.place = whereabouts(lon_now, lat_now)
            now = f"As it is written, this boundary lies at latitude {lat_now:.2f}, longitude {lon_now:.2f}"
            now += f", {self.place}" if self.place else ""
        problem = (
            f"{now}. With latitude and longitude swapped it lies at latitude {lat:.2f}, longitude {lon:.2f}. Swap them?"
        )
        super().__init__(field, problem, proposal)


class CrossingOutline(BoundaryDoubtful):
    """An outline crosses or touches itself; ``proposal`` is the boundary as it was mended."""

    code = "crosses-itself"

    def __init__(self, field: str, proposal: Boundary) -> None:
        lon, lat = proposal.crossings[0]
        more = len(proposal.crossings) - 1
        places = f"near longitude {lon:.6g}, latitude {lat:.6g}" + (f" and in {more} other outlines" if more else "")
        parts = "one part" if proposal.parts == 1 else f"{proposal.parts} parts"
        problem = (
            f"The outline crosses or touches itself {places}. Mended, it holds {proposal.area_km2:,.2f} km² in {parts}:"
            " is that right?"
        )
        super().__init__(field, problem, proposal)


def read_boundary(
    obj: Any, *, region: str, field: str = "boundary", swap: bool | None = None, mend: bool = False
) -> Boundary:
    """Read a boundary from GeoJSON: polygons of 500,000 vertices and 20 million km² at most.

    What holds no ground is left out. ``region`` (ISO 3166) is where the station is: a boundary elsewhere that would be
    there with its coordinates swapped raises ``SwappedCoordinates``, unless ``swap`` says yes or no. An outline that
    crosses itself raises ``CrossingOutline``, unless ``mend``. Raises ``InvalidArea``, the parent of both, for what
    can't be used, its field beginning with ``field``.
    """
    if swap is None:
        _doubt_order(obj, region, field)
    found = _read(obj, field, swapped=bool(swap))
    if found.crossings and not mend:
        raise CrossingOutline(field, found)
    return found


def _read(obj: Any, field: str, *, swapped: bool) -> Boundary:
    reading = read_drawing(obj, field, BOUNDARY_LIMITS, swapped=swapped)
    return Boundary(reading.shape, reading.left_out, reading.crossings, swapped)


def _doubt_order(obj: Any, region: str, field: str) -> None:
    try:
        given = _read(obj, field, swapped=False)
    except InvalidArea:
        given = None  # perhaps a latitude above 90
    if given is not None and lies_in(given.shape, region) is not False:
        return
    try:
        other = _read(obj, field, swapped=True)
    except InvalidArea:
        return
    if lies_in(other.shape, region):
        raise SwappedCoordinates(field, other, given)
