"""GET /v1/alerts/{id}/visits; GET, POST and DELETE /v1/alerts/{id}/volunteers."""

from typing import Any

from aiohttp import web

from broadcaster.domain.permissions import Permission
from broadcaster.domain.refusals import NotFound
from broadcaster.domain.visits import Volunteer
from broadcaster.http.alerts import alert_of
from broadcaster.http.answers import answer, nothing
from broadcaster.http.people.confirmations import telephone
from broadcaster.http.route import Call
from broadcaster.http.schemas.visits import StreetOut, VisitsOut, VisitsQuery, VolunteerIn, VolunteerOut, VolunteersOut
from broadcaster.pipeline import visiting
from broadcaster.store.register import visits, volunteers


async def listing(call: Call[None, VisitsQuery]) -> web.Response:
    """Return whom to visit, by street, and who was visited."""
    alert, _ = await alert_of(call)
    async with call.services.store.read() as unit:
        register, only = call.may(Permission.VULNERABLE, alert.station_id), {call.query.street} - {""}
        streets = await visits.streets_of(unit, alert, unconfirmed=call.query.who == "unconfirmed", only=only or None)
        found = await visits.shown(unit, alert, streets, register=register)
    call.seen(people=sum(len(each.people) for each in found), visits=True)
    shown = tuple(StreetOut.model_validate(each) for each in found)
    return answer(VisitsOut(streets=shown, cut=visits.cut(streets)))


async def who_visits(call: Call[None, None]) -> web.Response:
    """Return the volunteers who visit them."""
    alert, _ = await alert_of(call)
    async with call.services.store.read() as unit:
        found = await volunteers.of(unit, alert.first_id)
    return answer(VolunteersOut(volunteers=tuple(_volunteer(call, each) for each in found)))


async def add(call: Call[VolunteerIn, None]) -> web.Response:
    """Give streets to a volunteer, and send them their link."""
    alert, station = await alert_of(call)
    given = call.body
    made = await visiting.share(
        call.services,
        alert,
        station,
        call.actor,
        name=given.name,
        phone=telephone(call.services, station, given.phone),
        streets=given.streets,
        unconfirmed=given.who == "unconfirmed",
    )
    return answer(_volunteer(call, made), 201)


async def revoke(call: Call[None, None]) -> web.Response:
    """End a volunteer's access."""
    await visiting.revoke(call.services, await volunteer_of(call), call.actor)
    return nothing()


async def volunteer_of(call: Call[Any, Any]) -> Volunteer:
    """Return the path's volunteer, who must be one of the path's alert. Raises ``NotFound``."""
    alert, _ = await alert_of(call)
    async with call.services.store.read() as unit:
        found = await volunteers.by_id(unit, call.number("volunteer"))
    if found is None or found.alert_id != alert.first_id:
        raise NotFound("volunteer-missing")
    return found


def _volunteer(call: Call[Any, Any], each: Volunteer) -> VolunteerOut:
    return VolunteerOut.of(each, url=visiting.url_of(call.services, each))
