"""Density of a station's followers, for drawing an area; answered by processes with indexes."""

import orjson

from broadcaster.atlas.density import Cell, around
from broadcaster.domain.stations import Station
from broadcaster.pipeline.services import Services

ASKED = "reach"
QUESTION = "density"
_ANSWER_S = 5.0


async def density(services: Services, station: Station) -> list[Cell]:
    """Return the cells that may be shown. Raises ``NoAnswer`` on timeout."""
    if services.atlas is not None:
        return await foresee(services, station)
    said = await services.bus.ask(ASKED, orjson.dumps({QUESTION: station.id}), _ANSWER_S)
    return [Cell(*each) for each in orjson.loads(said)]


async def foresee(services: Services, station: Station) -> list[Cell]:
    """Return the cells from this process's indexes."""
    atlas = services.here
    await atlas.follow()
    centre = None if station.lon is None or station.lat is None else (station.lon, station.lat)
    area = around(station.boundary, centre)
    return atlas.followers_seen(station.id, area)
