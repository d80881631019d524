"""/console/inbox: SMS from people that are neither a command nor an answer."""

from aiohttp import web
from pydantic import Field

from broadcaster.domain.audit import Action
from broadcaster.domain.refusals import Conflict
from broadcaster.domain.zones import zone_of
from broadcaster.http.route import Call
from broadcaster.http.schemas.base import PageQuery
from broadcaster.store import inbox
from broadcaster.store.alerts import breakdown
from broadcaster.web.console.frame import chosen_station, show, words_of
from broadcaster.web.pages import to, written_short

PAGE = 50


class InboxQuery(PageQuery):
    """``before``: the last text of the previous page."""

    station: str = Field("", max_length=60)
    before: int | None = Field(None, ge=1, le=(1 << 63) - 1)


async def page(call: Call[None, InboxQuery]) -> web.Response:
    """Show a station's texts, newest first."""
    words = words_of(call.request)
    async with call.services.store.read() as unit:
        station, theirs = await chosen_station(unit, call)
        found = await inbox.page(unit, station.id, before=call.query.before, limit=PAGE + 1)
        readers = {each.read_by for each in found if each.read_by is not None}
        names = {each: await breakdown.label_of(unit, each) for each in readers}
    call.seen(station_id=station.id, people=len(found))
    zone = zone_of(station.region)
    facts = {
        "stations": theirs,
        "texts": [
            (each, written_short(each.at, zone, words), names.get(each.read_by or 0, "")) for each in found[:PAGE]
        ],
        "next": found[PAGE - 1].id if len(found) > PAGE else None,
    }
    return show(call.request, "inbox/inbox.html", words, facts, tab="people", where=station)


async def read(call: Call[None, None]) -> web.Response:
    """Record that a text is dealt with. Raises ``Conflict`` if it already is."""
    number = call.number()
    async with call.services.store.write() as unit:
        station, _ = await chosen_station(unit, call)
        if not await inbox.read(unit, station.id, number, call.need(station.id).key_id):
            raise Conflict("help-taken")
        await call.record(unit, Action.TEXT_READ, number, station_id=station.id)
    return to(f"/console/inbox?station={station.slug}")
