"""Where a station's followers live, for who draws an area: asked of whoever holds the indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from broadcaster.atlas.density import Cell, around

if TYPE_CHECKING:
    from broadcaster.domain.stations import Station
    from broadcaster.pipeline.services import Services

ASKED = "reach"
QUESTION = "density"
_ANSWER_S = 5.0


async def density(services: Services, station: Station) -> list[Cell]:
    """Return the cells that may be told. Raises ``NoAnswer`` where nobody who knows answers in time."""
    if services.atlas is not None:
        return await foresee(services, station)
    said = await services.bus.ask(ASKED, orjson.dumps({QUESTION: station.id}), _ANSWER_S)
    return [Cell(*each) for each in orjson.loads(said)]


async def foresee(services: Services, station: Station) -> list[Cell]:
    """Return the cells from the indexes of this process."""
    atlas = services.here
    await atlas.follow()
    centre = None if station.lon is None or station.lat is None else (station.lon, station.lat)
    area = around(station.boundary, centre)
    return atlas.followers_seen(station.id, area)
