"""Simplified outlines for maps, small enough for a phone."""

from collections.abc import Mapping
from typing import Any

import shapely
from shapely.geometry import mapping, shape

_TOLERANCE_DEG = 0.0002
"""About 20 m: barely visible where a commune fills a screen."""
_DECIMALS = 5


def simplified(boundary: Mapping[str, Any]) -> dict[str, Any]:
    """Return a GeoJSON (multi)polygon with fewer vertices, none moved by more than about 20 m; WGS 84 degrees."""
    return outlined(shape(boundary))


def outlined(found: Any) -> dict[str, Any]:
    """Return a shapely (multi)polygon as simplified GeoJSON."""
    thin = shapely.simplify(found, _TOLERANCE_DEG, preserve_topology=True)
    return _rounded(mapping(thin))


def _rounded(geometry: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": geometry["type"], "coordinates": _lists(geometry["coordinates"])}


def _lists(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return [_lists(each) for each in value]
    return round(float(value), _DECIMALS)
