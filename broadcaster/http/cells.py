"""Alerts of a coarse cell, and of a station: the same for everybody, and cacheable for some seconds.

A request for a cell of some 5 by 7 km does not reveal the position in it: devices check themselves whether they are
inside the returned circles and polygons.
"""

import math

from aiohttp import web

from broadcaster.domain.alerts import Alert
from broadcaster.domain.refusals import Refused
from broadcaster.domain.stations import Station
from broadcaster.http.alerts import station_of
from broadcaster.http.answers import answer
from broadcaster.http.nearby import show_one
from broadcaster.http.route import Call
from broadcaster.http.schemas.residents import CellAlert, CellOut, CellQuery, StationAlerts
from broadcaster.http.stations import station_named
from broadcaster.pipeline.services import Services
from broadcaster.store import Unit
from broadcaster.store.alerts import alerts

CELL_LON, CELL_LAT = 0.1, 0.05
"""Cell size in degrees: at 48° N 7.4 km by 5.6 km."""

_SLIGHT = 1e-6
_MARGIN = 0.001
_NEAR = 0.046
_FRESH = {"Cache-Control": "public, max-age=15"}
_MOST = 50


async def cell(call: Call[None, CellQuery]) -> web.Response:
    """Return the alerts that reach into a coarse cell."""
    services, query = call.services, call.query
    west, south = _corner(query.lon, CELL_LON, "lon"), _corner(query.lat, CELL_LAT, "lat")
    box = (west, south, round(west + CELL_LON, 2), round(south + CELL_LAT, 2))
    found = [each for each in services.active.reaching(box, _near(south)) if each.public]
    found.sort(key=lambda alert: (alert.rank, -alert.id))
    reaching = {each.id for each in services.active.reaching(box, (_MARGIN, _MARGIN))}
    async with services.store.read() as unit:
        owners = {alert.station_id: await station_of(unit, alert) for alert in found}
    here: list[CellAlert] = []
    near: list[CellAlert] = []
    for alert in found:
        (here if alert.id in reaching else near).append(_shown(alert, owners[alert.station_id], services.base_url))
    made = CellOut(west=box[0], south=box[1], east=box[2], north=box[3], alerts=tuple(here), near=tuple(near))
    return answer(made, headers=_FRESH)


async def of_station(call: Call[None, None]) -> web.Response:
    """Return a station's active alerts."""
    async with call.services.store.read() as unit:
        station = await station_named(unit, call.request.match_info["slug"])
        found = await station_alerts(unit, call.services, station)
    return answer(found, headers=_FRESH)


async def station_alerts(unit: Unit, services: Services, station: Station) -> StationAlerts:
    now = services.clock.now()
    found = await alerts.page(unit, stations=[station.id], before=None, limit=_MOST, public_at=now)
    found.sort(key=lambda alert: (alert.rank, -alert.id))
    shown = tuple(_shown(alert, station, services.base_url) for alert in found)
    return StationAlerts(station=station.slug, name=station.name, at=now, alerts=shown)


def _near(south: float) -> tuple[float, float]:
    """Return some 5 km in degrees of longitude and latitude, wide enough to be near any point of the cell."""
    nearest_pole = min(88.0, max(abs(south), abs(south + CELL_LAT)))
    return _NEAR / math.cos(math.radians(nearest_pole)), _NEAR


def _corner(given: float, step: float, field: str) -> float:
    """Return an exact corner. Raises ``Refused`` for any other point, which would reveal more than the cell."""
    corner = round(given / step) * step
    if abs(corner - given) > _SLIGHT:
        raise Refused("not-a-corner", field, step=step)
    return round(corner, 2)


def _shown(alert: Alert, station: Station, base_url: str) -> CellAlert:
    near = show_one(alert, station, base_url)
    shape = None if alert.area is None else alert.area.to_json()
    return CellAlert(**dict(near), id=str(alert.id), shape=shape)
