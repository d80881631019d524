"""POST /console/people/{id}/signed: record a signed request, which undoes an opt-out."""

from aiohttp import web

from broadcaster.domain.audit import Action
from broadcaster.http.reading import form_of, number_of
from broadcaster.http.route import Call
from broadcaster.register import left_out
from broadcaster.store import Unit
from broadcaster.store.register import by_hand
from broadcaster.web.console.frame import station_chosen
from broadcaster.web.pages import to


async def record(call: Call[None, None]) -> web.Response:
    """Record a request; requires the day and where the paper is filed."""
    given, now = await form_of(call.request), call.services.clock.now()
    station = await station_chosen(call)
    caller = call.need(station.id)
    subscriber_id = call.number()
    contact_id = number_of(given.get("contact", "")) or 0
    signed = left_out.paper_of(given.get("on", ""), given.get("kept", ""), now, caller.key_id)

    async def keep(unit: Unit) -> bool:
        if not await by_hand.record_signed(unit, station.id, subscriber_id, contact_id, signed, actor=call.actor):
            return False
        await call.record(
            unit, Action.OPT_OUT_UNDONE, subscriber_id, station_id=station.id, contact=contact_id, signed_on=signed.on
        )
        return True

    done = await call.services.store.transact(keep)
    path = f"/console/people/{subscriber_id}?station={station.slug}" + ("&done=signed" if done else "")
    return to(path)
