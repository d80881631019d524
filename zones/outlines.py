"""Outlines for maps: thinned to what an eye can tell, and light enough for a telephone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import shapely
from shapely.geometry import mapping, shape

if TYPE_CHECKING:
    from collections.abc import Mapping

_TOLERANCE_DEG = 0.0002
"""About 20 m: a hair's breadth where a commune fills a screen."""
_DECIMALS = 5


def simplified(boundary: Mapping[str, Any]) -> dict[str, Any]:
    """Return a GeoJSON (multi)polygon with fewer corners, none moved by more than about 20 m; WGS 84 degrees."""
    return outlined(shape(boundary))


def outlined(found: Any) -> dict[str, Any]:
    """Return a shapely (multi)polygon as thinned GeoJSON."""
    thin = shapely.simplify(found, _TOLERANCE_DEG, preserve_topology=True)
    return _rounded(mapping(thin))


def _rounded(geometry: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": geometry["type"], "coordinates": _lists(geometry["coordinates"])}


def _lists(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return [_lists(each) for each in value]
    return round(float(value), _DECIMALS)
