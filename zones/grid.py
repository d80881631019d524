"""Coordinates of European statistical grids: ETRS89-LAEA (EPSG:3035), as in INSPIRE's square identifiers."""

from functools import cache

from pyproj import Transformer


@cache
def _to_degrees() -> Transformer:
    return Transformer.from_crs(3035, 4326, always_xy=True)


def from_grid(east_m: float, north_m: float) -> tuple[float, float]:
    """Return longitude and latitude (WGS 84 degrees) of a point of the grid, in metres."""
    lon, lat = _to_degrees().transform(east_m, north_m)
    return float(lon), float(lat)
