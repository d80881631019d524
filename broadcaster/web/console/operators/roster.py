"""/console/stations/{slug}/roster: who may send in which week."""

from aiohttp import web

from broadcaster.domain.audit import Action
from broadcaster.domain.duty import weeks_from
from broadcaster.domain.operators import Operator
from broadcaster.domain.permissions import Permission
from broadcaster.domain.stations import Station
from broadcaster.domain.zones import zone_of
from broadcaster.http.reading import form_of
from broadcaster.http.route import Call
from broadcaster.http.stations import station_in
from broadcaster.store import Unit, duties
from broadcaster.store.operators import operators
from broadcaster.web.console.frame import show, words_of
from broadcaster.web.pages import to

_WEEKS = 8


async def page(call: Call[None, None]) -> web.Response:
    """Show this week and the next ones."""
    words, now = words_of(call.request), call.services.clock.now()
    async with call.services.store.read() as unit:
        station = await station_in(unit, call)
        named = await duties.roster(unit, station.id)
        people = await _people(unit, station)
    zone = zone_of(station.region)
    facts = {
        "people": [(each.id, each.name) for each in people],
        "weeks": [
            (each.code, words.day(each.since.astimezone(zone)), named.get(each.code, set()))
            for each in weeks_from(now, zone, _WEEKS)
        ],
        "may_change": call.may(Permission.OPERATORS, station.id),
        "done": words("The change was saved.") if call.request.query.get("done") == "changed" else "",
    }
    return show(call.request, "operators/roster.html", words, facts, where=station)


async def change(call: Call[None, None]) -> web.Response:
    """Set the weeks that the page shows."""
    form, now = await form_of(call.request), call.services.clock.now()
    async with call.services.store.write() as unit:
        station = await station_in(unit, call)
        known = {each.id for each in await _people(unit, station)}
        before = await duties.roster(unit, station.id)
        for week in weeks_from(now, zone_of(station.region), _WEEKS):
            chosen = {each for each in known if str(each) in form.getall(week.code, [])}
            if chosen != before.get(week.code, set()):
                await duties.set_week(unit, station.id, week, chosen)
                here, code = station.id, week.code.lower()
                await call.record(unit, Action.ROSTER_SET, here, station_id=here, week=code, people=len(chosen))
    call.services.duty_changed(station.id)
    return to(f"/console/stations/{station.slug}/roster?done=changed")


async def _people(unit: Unit, station: Station) -> list[Operator]:
    """Return the people whose role lets them send for a station."""
    found = await operators.listed(unit, [station.id])
    return [each for each in found if not each.disabled and each.caller.may(Permission.SEND, station.id)]
