"""Rough extents of countries and territories, to detect boundaries in the wrong place.

Boxes in WGS 84 degrees (west, south, east, north) by ISO 3166 code, rounded outwards.
"""

import shapely

from zones.circles import Box

_FRANCE: dict[str, Box] = {
    "FR": (-5.3, 41.2, 9.8, 51.2),
    "GP": (-62.0, 15.8, -60.9, 16.6),
    "MQ": (-61.3, 14.3, -60.7, 15.0),
    "GF": (-54.8, 2.0, -51.5, 6.0),
    "RE": (55.1, -21.5, 56.0, -20.8),
    "YT": (44.9, -13.1, 45.4, -12.5),
    "PM": (-56.6, 46.7, -56.0, 47.2),
    "BL": (-63.0, 17.8, -62.7, 18.1),
    "MF": (-63.2, 18.0, -62.9, 18.2),
    "NC": (158.0, -23.0, 173.0, -17.5),
    "PF": (-155.0, -28.0, -134.0, -7.0),
    "WF": (-178.3, -14.5, -176.0, -13.0),
}
_OTHERS: dict[str, Box] = {
    "AD": (1.4, 42.4, 1.8, 42.7),
    "BE": (2.5, 49.4, 6.5, 51.6),
    "CH": (5.9, 45.8, 10.6, 47.9),
    "DE": (5.8, 47.2, 15.1, 55.1),
    "ES": (-18.3, 27.5, 4.4, 43.9),
    "GB": (-8.8, 49.8, 1.9, 61.0),
    "IE": (-10.8, 51.3, -5.9, 55.5),
    "IT": (6.6, 35.4, 18.6, 47.2),
    "LU": (5.7, 49.4, 6.6, 50.3),
    "MC": (7.3, 43.7, 7.5, 43.8),
    "NL": (3.3, 50.7, 7.3, 53.6),
    "PT": (-31.4, 30.0, -6.1, 42.2),
}
_SWAPPED_LIES = (  # (west, south, east, north) and its place, in the words of a sentence
    ((34.0, -6.0, 56.0, 12.0), "near Somalia"),
    ((-26.0, 50.0, -16.0, 60.0), "in the Atlantic, south of Iceland"),
    ((-14.0, 44.0, -12.0, 46.0), "in the Atlantic, off Spain"),
    ((-180.0, -90.0, 180.0, -45.0), "in the Southern Ocean"),
)


def lies_in(shape: shapely.Geometry, region: str) -> bool | None:
    """Return whether a shape may be in a region (ISO 3166); None for an unknown region.

    FR includes all its territories: it is the default of a station's region.
    """
    boxes = list(_FRANCE.values()) if region == "FR" else [_FRANCE.get(region) or _OTHERS.get(region)]
    known = [box for box in boxes if box is not None]
    if not known:
        return None
    return any(bool(shapely.intersects(shapely.box(*box), shape)) for box in known)


def whereabouts(lon: float, lat: float) -> str:
    """Return in words where a point is, for places where swapped coordinates often are; else empty."""
    return next(
        (words for (west, south, east, north), words in _SWAPPED_LIES if west <= lon <= east and south <= lat <= north),
        "",
    )
