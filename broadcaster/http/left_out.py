"""POST /v1/stations/{slug}/signed-requests: somebody who asked to be left out signed that they want to be in again."""

from aiohttp import web

from broadcaster.domain.refusals import NotFound
from broadcaster.http.answers import nothing
from broadcaster.http.route import Call
from broadcaster.http.schemas.subscribers import SignedIn
from broadcaster.http.stations import station_named
from broadcaster.register import left_out
from broadcaster.store import Unit


async def undo(call: Call[SignedIn, None]) -> web.Response:
    """Record the signed request of somebody who wants to be in again, and take its owner off the station's list."""
    given = call.body

    async def keep(unit: Unit) -> bool:
        station = await station_named(unit, call.request.match_info["slug"])
        caller = call.need(station.id)
        signed = left_out.paper_of(given.on, given.kept, call.services.clock.now(), caller.key_id)
        return await left_out.undo(unit, station, given.who, signed, call.actor)

    if not await call.services.store.transact(keep):
        raise NotFound("not-left-out")
    return nothing()
