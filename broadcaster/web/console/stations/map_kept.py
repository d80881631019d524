"""/console/stations/{slug}/map: the territory's map, fetched in advance and kept on this machine."""

import asyncio
from typing import Any

import structlog
from aiohttp import web

from broadcaster.domain.audit import Action
from broadcaster.domain.refusals import NotFound
from broadcaster.domain.stations import Station
from broadcaster.http.answers import answer
from broadcaster.http.route import Call
from broadcaster.http.schemas.base import Shown
from broadcaster.http.stations import own_station
from broadcaster.tiles import TilesUnavailable
from broadcaster.tiles.territory import TerritoryFetch, wanted_of
from broadcaster.web.console.frame import show, words_of
from broadcaster.web.ground import TILES, tiled
from broadcaster.web.pages import to

log = structlog.get_logger(__name__)


class Progress(Shown):
    """``held`` of ``total`` tiles are here; ``running``: more are being fetched."""

    held: int
    total: int
    running: bool


class MapFetches:
    """The running fetches of this process, one per territory."""

    def __init__(self) -> None:
        self._running: dict[int, tuple[TerritoryFetch, asyncio.Task[None]]] = {}

    def of(self, station: Station) -> TerritoryFetch | None:
        return self._running[station.id][0] if station.id in self._running else None

    def begin(self, station: Station, fetching: TerritoryFetch) -> None:
        if station.id in self._running:
            return
        task = asyncio.create_task(self._run(station, fetching))
        self._running[station.id] = (fetching, task)
        task.add_done_callback(lambda _: self._running.pop(station.id, None))

    async def close(self) -> None:
        tasks = [task for _, task in self._running.values()]
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, station: Station, fetching: TerritoryFetch) -> None:
        try:
            await fetching.run()
        except (TilesUnavailable, OSError) as error:
            log.warning("the map of a territory was not fetched whole", station=station.slug, problem=str(error))


FETCHES: web.AppKey[MapFetches] = web.AppKey("fetches")


async def page(call: Call[None, None]) -> web.Response:
    """Show how much of the map is here, and the size of the rest."""
    words = words_of(call.request)
    station = await _station(call)
    running = call.request.app[FETCHES].of(station)
    fetching = running or await _counted(call, station)
    held_mb, more_mb = await fetching.megabytes(fetching.total - fetching.held)
    facts = {
        "held": fetching.held,
        "total": fetching.total,
        "running": running is not None,
        "held_mb": words.number(round(held_mb)),
        "more_mb": words.number(max(1, round(more_mb))),
        "number": words.number,
    }
    return show(call.request, "stations/map_kept.html", words, facts, where=station)


async def progress(call: Call[None, None]) -> web.Response:
    station = await _station(call)
    running = call.request.app[FETCHES].of(station)
    fetching = running or await _counted(call, station)
    return answer(Progress(held=fetching.held, total=fetching.total, running=running is not None))


async def begin(call: Call[None, None]) -> web.Response:
    """Fetch the missing tiles in the background."""
    station = await _station(call)
    wanted = await _counted(call, station)
    async with call.services.store.write() as unit:
        await call.record(unit, Action.MAP_FETCHED, station.id, station_id=station.id)
    call.request.app[FETCHES].begin(station, wanted)
    return to(f"/console/stations/{station.slug}/map")


async def _counted(call: Call[None, None], station: Station) -> TerritoryFetch:
    wanted = await asyncio.to_thread(wanted_of, station)
    fetching = TerritoryFetch(call.request.app[TILES], wanted)
    await fetching.missing()
    return fetching


async def _station(call: Call[Any, Any]) -> Station:
    if not tiled(call.services.settings):
        raise NotFound("map-missing")
    return await own_station(call)
