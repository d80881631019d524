"""A new station's fields from its commune, or from a boundary file.

This reads the data of all communes, which takes seconds: call it from a thread if there is an event loop.
"""

from collections.abc import Callable, Mapping
from typing import Any

from channels.sms import region_of_insee
from zones import Boundary, Coast, Communes, CommunesMissing, Jurisdiction, read_boundary

NO_SEA: dict[str, Any] = {"type": "MultiPolygon", "coordinates": []}


def of_commune(insee: str) -> dict[str, Any]:
    """Return a commune's name, boundary (GeoJSON), town hall, contact and region.

    Raises ``zones.UnknownCommune`` and ``zones.CommunesMissing``.
    """
    commune = Communes().find(insee)
    lon, lat = commune.centre
    return {
        "name": commune.name,
        "boundary": Jurisdiction(commune.boundary).boundary_geojson,
        "region": region_of_insee(insee),
        "insee": commune.insee,
        "lon": lon,
        "lat": lat,
        "email": commune.email,
        "phone": commune.phone,
    }


def of_boundary(found: Boundary) -> dict[str, Any]:
    lon, lat = found.middle
    return {"boundary": Jurisdiction(found.shape).boundary_geojson, "lon": lon, "lat": lat}


def read(document: Any, region: str, *, swap: bool | None = None, mend: bool = False) -> Boundary:
    """Read a boundary from GeoJSON. Raises like ``zones.read_boundary``."""
    return read_boundary(document, region=region, swap=swap, mend=mend)


def _english(sentence: str, /, **gaps: object) -> str:
    return sentence % gaps if gaps else sentence


def left_out(found: Boundary, words: Callable[..., str] = _english) -> list[str]:
    """Return sentences about repairs and ignored parts of the file. ``words`` translates them."""
    told = []
    nothing = found.left_out.get("nothing", 0)
    drawn = [f"{number} × {kind}" for kind, number in found.left_out.items() if kind != "nothing"]
    if drawn:
        told.append(words("Left out, because it has no area: %(what)s.", what=", ".join(drawn)))
    if nothing:
        told.append(words("Left out, because it has no geometry: %(n)s × Feature.", n=nothing))
    if found.swapped:
        told.append(words("Latitude and longitude were swapped."))
    if found.crossings:
        told.append(words("Outlines that crossed or touched themselves were mended: %(n)s.", n=len(found.crossings)))
    return told


def sea_of(boundary: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the sea near a boundary as GeoJSON, without polygons if unknown."""
    territory = Jurisdiction.from_geojson(boundary).boundary
    if territory is None:
        return NO_SEA
    try:
        found = Coast().sea_near(territory)
    except CommunesMissing:
        return NO_SEA
    return NO_SEA if found.is_empty else Jurisdiction(found).boundary_geojson or NO_SEA
