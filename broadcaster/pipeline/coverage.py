"""Coverage of a station, from the homes of its followers per cell; answered by processes with indexes."""

import orjson

from broadcaster.atlas.density import around
from broadcaster.atlas.homes import cell_of
from broadcaster.domain.coverage import CellId, Coverage, Homes, estimated
from broadcaster.domain.stations import Station
from broadcaster.pipeline.reach_density import ASKED
from broadcaster.pipeline.services import Services
from broadcaster.store.people import coverage

QUESTION = "homes"
_ANSWER_S = 10.0


async def estimate(services: Services, station: Station) -> tuple[Coverage, bool]:
    """Return what may be shown, and whether it is by open figures. Raises ``NoAnswer`` on timeout."""
    async with services.store.read() as unit:
        figures = await coverage.figures_of(unit, station.id)
        known = await coverage.streets_known(unit, station.id, cell_of)
    found = await homes(services, station)
    return estimated(figures or known, found, open_figures=bool(figures)), bool(figures)


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
