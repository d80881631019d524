"""Words for an alert's area: an address, or a distance from the station."""

import math

from broadcaster.domain.alerts import Alert
from broadcaster.domain.stations import Station, StationKind
from broadcaster.web.drawing import METRES_A_DEGREE, written_point
from broadcaster.web.i18n import Words
from broadcaster.web.names import first_large
from zones import Circle

_MOST_LINES = 20
_AT_IT_M, _TOO_FAR_M = 120.0, 30_000.0
_KILOMETRES_FROM_M = 950.0


def whereabouts(alert: Alert, station: Station, words: Words) -> list[tuple[str, str]]:
    """Return a sentence and coordinates for each circle, at most twenty, and for the outline."""
    if alert.area is None:
        return []
    circles = alert.area.circles[:_MOST_LINES]
    named = (alert.places or ()) + ("",) * len(circles)
    lines = [
        (first_large(_around(circle, place, station, words)), written_point(circle.lon, circle.lat))
        for circle, place in zip(circles, named, strict=False)
    ]
    if alert.area.polygons is not None:
        lines.append((words("The outline drawn above"), written_point(*alert.area.centre)))
    return lines


def written_place(lon: float, lat: float, station: Station, words: Words) -> str:
    """Name a point (WGS 84 degrees) by its distance from the station's centre; far away, by its coordinates."""
    way = _way(lon, lat, station, words)
    if way is None:
        return written_point(lon, lat)
    far, side = way
    if not far:
        return words("in the centre of %(station)s", station=station.name)
    return words("%(distance)s %(side)s of the centre of %(station)s", distance=far, side=side, station=station.name)


def _around(circle: Circle, place: str, station: Station, words: Words) -> str:
    radius = f"{words.number(round(circle.radius_m))}\u202fm"
    if place:
        return words("within %(radius)s of %(place)s", radius=radius, place=place)
    way = _way(circle.lon, circle.lat, station, words)
    if way is None:
        return words("within %(radius)s of a point", radius=radius)
    far, side = way
    gaps = {"radius": radius, "far": far, "side": side, "station": station.name}
    if station.kind is StationKind.AUTHORITY:
        if not far:
            return words("within %(radius)s of the town hall", **gaps)
        return words("within %(radius)s of a point %(far)s %(side)s of the town hall", **gaps)
    if not far:
        return words("within %(radius)s of %(station)s", **gaps)
    return words("within %(radius)s of a point %(far)s %(side)s of %(station)s", **gaps)


def _way(lon: float, lat: float, station: Station, words: Words) -> tuple[str, str] | None:
    """Return the distance and direction from the station; empty if at the station, None if too far away."""
    if station.lon is None or station.lat is None:
        return None
    east = (lon - station.lon) * METRES_A_DEGREE * math.cos(math.radians(lat))
    north = (lat - station.lat) * METRES_A_DEGREE
    metres = math.hypot(east, north)
    if metres > _TOO_FAR_M:
        return None
    if metres < _AT_IT_M:
        return "", ""
    sides = words("north|north-east|east|south-east|south|south-west|west|north-west").split("|")
    side = sides[round((math.degrees(math.atan2(east, north)) + 360) / 45) % 8]
    if metres < _KILOMETRES_FROM_M:
        return f"{words.number(round(metres / 50) * 50)}\u202fm", side
    return f"{words.number(round(metres / 1000, 1))}\u202fkm", side
