"""/console/alerts/{id}/volunteers: give the streets of a visit list to volunteers, and take them back."""

from typing import Any

from aiohttp import web
from multidict import MultiDict

from broadcaster.domain.refusals import Refused, sentence
from broadcaster.http.alerts import alert_of
from broadcaster.http.people.confirmations import telephone
from broadcaster.http.reading import form_of
from broadcaster.http.route import Call
from broadcaster.http.visits import volunteer_of
from broadcaster.pipeline import visiting
from broadcaster.store.register import visits, volunteers
from broadcaster.web.console.alerts.live import asked, heading
from broadcaster.web.console.alerts.visits import VisitsQuery
from broadcaster.web.console.frame import show, words_of
from broadcaster.web.pages import to


async def page(call: Call[None, VisitsQuery]) -> web.Response:
    """Show the volunteers, and a form to add one."""
    return await _page(call, MultiDict(who=call.query.who), "")


async def add(call: Call[None, None]) -> web.Response:
    """Give streets to a volunteer; what is wrong is said above the form."""
    alert, station = await alert_of(call)
    form = await form_of(call.request)
    try:
        await visiting.share(
            call.services,
            alert,
            station,
            call.actor,
            name=form.get("name", ""),
            phone=telephone(call.services, station, form.get("phone", "")),
            streets=form.getall("streets", []),
            unconfirmed=form.get("who") == "unconfirmed",
        )
    except Refused as refused:
        return await _page(call, form, sentence(refused, words_of(call.request)))
    return to(f"/console/alerts/{alert.id}/volunteers?who={form.get('who', '')[:20]}")


async def revoke(call: Call[None, None]) -> web.Response:
    """End a volunteer's access at once."""
    found = await volunteer_of(call)
    await visiting.revoke(call.services, found, call.actor)
    return to(f"/console/alerts/{call.request.match_info['id']}/volunteers")


async def _page(call: Call[Any, Any], form: MultiDict[str], wrong: str) -> web.Response:
    alert, station, words = await asked(call)
    unconfirmed = form.get("who") == "unconfirmed"
    async with call.services.store.read() as unit:
        streets = await visits.streets_of(unit, alert, unconfirmed=unconfirmed)
        known = await volunteers.of(unit, alert.first_id)
    named = {street.place: street.name for street in streets}
    taken = {place: each.name for each in known if each.revoked_at is None for place in each.streets}
    facts = {
        **heading(alert, station, words, call.services.clock.now()),
        "volunteers": [
            {
                "id": each.id,
                "name": each.name,
                "phone": each.phone,
                "url": visiting.url_of(call.services, each),
                "revoked": each.revoked_at is not None,
                "streets": [named.get(place) or place.strip("|").replace("|", " ") for place in each.streets],
            }
            for each in known
        ],
        "streets": [(each.place, each.name, each.listed, each.done, taken.get(each.place)) for each in streets],
        "chosen": form.getall("streets", []),
        "given": {name: form.get(name, "") for name in ("name", "phone")},
        "who": "unconfirmed" if unconfirmed else "unreached",
        "active": alert.active(call.services.clock.now()),
        "wrong": wrong,
    }
    return show(call.request, "alerts/volunteers.html", words, facts, tab="alerts", where=station)
