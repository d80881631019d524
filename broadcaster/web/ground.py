"""Map data from our own files: a territory, the communes around it, and their names.

So there is always a map: no tiles, no third party, some tens of kilobytes.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from zones import Communes, CommunesMissing, simplified

if TYPE_CHECKING:
    from broadcaster.domain.stations import Station

_MOST = 64
_AROUND_M = 9000.0


class Ground:
    """Builds a station's map data once, in a thread (it reads the data of all communes), and keeps the last 64."""

    def __init__(self, communes: Communes | None = None) -> None:
        """``communes`` are France's by default."""
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
            return []  # the territory alone will do
        return [
            {"name": each.name, "centre": each.centre, "boundary": each.boundary}
            for each in found
            if each.insee != station.insee
        ]


GROUND: web.AppKey[Ground] = web.AppKey("ground")
