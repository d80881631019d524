"""Builds map data from our own files: a territory, the communes around it, and their names.

So there is always a map, of some tens of kilobytes, without third parties. Tiles, if there are any, are drawn over it.
"""

import asyncio
import base64
from collections import OrderedDict
from dataclasses import replace
from typing import Any

import orjson
from aiohttp import web

from broadcaster.config import Settings
from broadcaster.domain.alerts import Alert
from broadcaster.domain.stations import Station
from broadcaster.tiles import NoTile, Tiles, TilesUnavailable
from broadcaster.tiles.source import picture_type
from broadcaster.web.drawing import Picture, PlacedTile, draw
from zones import Communes, CommunesMissing, simplified

_MOST = 64
_AROUND_M = 9000.0


class Ground:
    """Builds a station's map data once, in a thread (it reads the data of all communes), and keeps the last 64."""

    def __init__(self, communes: Communes | None = None) -> None:
        """``communes``: by default, those of France."""
        self._communes = Communes() if communes is None else communes
        self._kept: OrderedDict[tuple[Any, ...], asyncio.Task[bytes]] = OrderedDict()

    async def under(self, station: Station) -> bytes:
        """Return JSON: name, centre (lon, lat), boundary (GeoJSON or null), neighbours (name, centre, boundary)."""
        key = (station.slug, station.name, station.insee, station.lon, station.lat, str(station.boundary)[:2000])
        task = self._kept.get(key)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = asyncio.create_task(asyncio.to_thread(self._made, station))
            self._kept[key] = task
            if len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return await asyncio.shield(task)

    def _made(self, station: Station) -> bytes:
        centre = None if station.lon is None or station.lat is None else (station.lon, station.lat)
        boundary = None if station.boundary is None else simplified(station.boundary)
        return orjson.dumps(
            {
                "name": station.name,
                "centre": centre,
                "boundary": boundary,
                "neighbours": self._neighbours(station, centre),
            }
        )

    def _neighbours(self, station: Station, centre: tuple[float, float] | None) -> list[dict[str, Any]]:
        try:
            found = self._communes.around(station.boundary, centre, _AROUND_M)
        except CommunesMissing:
            return []  # show the territory alone
        return [
            {"name": each.name, "centre": each.centre, "boundary": each.boundary}
            for each in found
            if each.insee != station.insee
        ]


def map_address(settings: Settings) -> str:
    """Return the address of the map: a PMTiles file, or tiles at ``{z}``, ``{x}``, ``{y}``; empty for none."""
    if settings.tiles_file is not None:
        return "/tiles.pmtiles"
    return "/tiles/{z}/{x}/{y}" if settings.tiles_url else ""


def tiled(settings: Settings) -> bool:
    """Return whether there are tiles to draw a picture on."""
    return bool(settings.tiles_url) and settings.tiles_file is None


def picture_of(settings: Settings, alert: Alert, station: Station, *, town: bool = False) -> Picture | None:
    """Return an alert's area as a picture, over the map if there is one. ``town``: also show the station's position."""
    if alert.area is None:
        return None
    at = (station.lon, station.lat) if town else (None, None)
    return draw(alert.area, station.boundary, at, tiled=tiled(settings))


async def embedded(tiles: Tiles, picture: Picture) -> Picture:
    """Return a picture with its tiles embedded, for readers that fetch nothing; missing tiles are left out."""

    async def held(placed: PlacedTile) -> PlacedTile | None:
        try:
            body = await tiles.get(placed.tile)
        except (NoTile, TilesUnavailable):
            return None
        return replace(placed, href=f"data:{picture_type(body)};base64,{base64.b64encode(body).decode()}")

    found = await asyncio.gather(*map(held, picture.tiles))
    return replace(picture, tiles=tuple(each for each in found if each is not None))


GROUND: web.AppKey[Ground] = web.AppKey("ground")
TILES: web.AppKey[Tiles] = web.AppKey("tiles")
