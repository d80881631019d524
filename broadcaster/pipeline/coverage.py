"""Homes of a station's followers per cell; answered by processes with indexes."""

import orjson

from broadcaster.atlas.density import around
from broadcaster.domain.coverage import CellId, Homes
from broadcaster.domain.stations import Station
from broadcaster.pipeline.reach_density import ASKED
from broadcaster.pipeline.services import Services

QUESTION = "homes"
_ANSWER_S = 10.0


async def homes(services: Services, station: Station) -> dict[CellId, Homes]:
    """Return the homes of each cell, exact: only ``domain.coverage`` may be shown. Raises ``NoAnswer`` on timeout."""
    if services.atlas is not None:
        return await counted(services, station)
    said = await services.bus.ask(ASKED, orjson.dumps({QUESTION: station.id}), _ANSWER_S)
    return {(row, column): Homes(*n) for row, column, *n in orjson.loads(said)}


async def counted(services: Services, station: Station) -> dict[CellId, Homes]:
    """Return the homes from this process's indexes."""
    atlas = services.here
    await atlas.follow()
    centre = None if station.lon is None or station.lat is None else (station.lon, station.lat)
    area = around(station.boundary, centre)
    return {} if area is None else atlas.homes(station.id, area)


async def answer(services: Services, station: Station) -> bytes:
    """Answer another process's question."""
    found = await counted(services, station)
    return orjson.dumps([(*cell, each.enrolled, each.known) for cell, each in found.items()])
