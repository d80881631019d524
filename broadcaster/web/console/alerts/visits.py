"""/console/alerts/{id}/visits: people to visit, by street and number, as a page to print, as PDF and as CSV."""

from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web

from broadcaster.domain.alerts import Alert
from broadcaster.domain.audit import Action
from broadcaster.domain.permissions import Permission
from broadcaster.domain.reasons import sentence
from broadcaster.domain.stations import Station
from broadcaster.domain.zones import zone_of
from broadcaster.http.alerts import alert_of
from broadcaster.http.route import Call
from broadcaster.http.schemas.base import Query
from broadcaster.store.alerts import visited
from broadcaster.store.register import visits, volunteers
from broadcaster.store.register.visits import Street, Visit
from broadcaster.web.console.alerts.live import asked, heading
from broadcaster.web.console.alerts.printing import printed
from broadcaster.web.console.alerts.unreached import visited_words
from broadcaster.web.console.downloads import csv_of, streamed
from broadcaster.web.console.frame import show
from broadcaster.web.i18n import Words
from broadcaster.web.pages import written_short, written_time
from channels.sms import written

_AT_ONCE = 500


class VisitsQuery(Query):
    """``who``: *unreached*, or *unconfirmed*, which adds people told who have not confirmed. ``street``: its place."""

    who: str = "unreached"
    street: str = ""
    lang: str = ""


async def page(call: Call[None, VisitsQuery]) -> web.Response:
    """Show the list; the audit log records it."""
    alert, station, words = await asked(call)
    facts = await _facts(call, alert, station, words)
    async with call.services.store.read() as unit:
        mark = await visited.mark_of(unit, alert.first_id)
    facts["news"] = {"news": f"/console/alerts/{alert.id}/visits/news", "mark": mark}
    return show(call.request, "alerts/visits.html", words, facts, tab="alerts", where=station)


async def news(call: Call[None, None]) -> web.Response:
    """Return a mark that changes with each visit: the page's script then reads the list anew."""
    alert, _ = await alert_of(call)
    async with call.services.store.read() as unit:
        mark = await visited.mark_of(unit, alert.first_id)
    return web.json_response({"mark": mark}, headers={"Cache-Control": "no-store"})


async def pdf(call: Call[None, VisitsQuery]) -> web.Response:
    """Return the list as PDF; the audit log records it first."""
    alert, station, words = await asked(call)
    facts = await _facts(call, alert, station, words)
    await _taken(call, alert, facts["people"])
    name, without = _name(alert, station, words, "pdf"), ("alerts/report_no_pdf.html", {"alert": alert})
    return await printed(call.request, "alerts/visits_print.html", words, facts, name, without=without)


async def table(call: Call[None, VisitsQuery]) -> web.StreamResponse:
    """Return the whole list as CSV (RFC 4180), never cut; the audit log records it first."""
    alert, station, words = await asked(call)
    streets, register = await _streets(call, alert), call.may(Permission.VULNERABLE, alert.station_id)
    ids = [each for street in streets for each in street.ids]
    await _taken(call, alert, len(ids))
    header = [
        words("Town"),
        words("Street"),
        words("House number"),
        words("Name"),
        words("Telephones"),
        words("First"),
        words("Last contact"),
        words("Reason"),
        words("Visited"),
        words("External id"),
    ]
    zone = zone_of(station.region)

    async def lines() -> AsyncIterator[list[list[str]]]:
        yield [header]
        for start in range(0, len(ids), _AT_ONCE):
            # One transaction per part, since a single one for a slow reader's download would block the store.
            async with call.services.store.read() as unit:
                people = await visits.opened(unit, alert, ids[start : start + _AT_ONCE], register=register)
            yield [
                [
                    f"{each.address.postcode} {each.address.city}".strip(),
                    each.street,
                    each.number,
                    each.name or "",
                    " · ".join(map(written, each.phones)),
                    words("yes") if each.first else "",
                    "" if each.told_at is None else written_short(each.told_at, zone, words),
                    _why(each, words),
                    visited_words(each.visited, station, words),
                    each.external_id or "",
                ]
                for each in people
            ]

    return await streamed(call.request, _name(alert, station, words, "csv"), csv_of(lines(), words))


async def _streets(call: Call[None, VisitsQuery], alert: Alert) -> list[Street]:
    only = {call.query.street} if call.query.street else None
    async with call.services.store.read() as unit:
        return await visits.streets_of(unit, alert, unconfirmed=call.query.who == "unconfirmed", only=only)


async def _taken(call: Call[None, VisitsQuery], alert: Alert, people: int) -> None:
    async with call.services.store.write() as unit:
        about, station_id = alert.id, alert.station_id
        await call.record(unit, Action.UNREACHED_EXPORTED, about, station_id=station_id, people=people, visits=True)


def _name(alert: Alert, station: Station, words: Words, ending: str) -> str:
    return f"{words('visits')}-{station.slug}-{alert.id}.{ending}"


async def _facts(call: Call[None, VisitsQuery], alert: Alert, station: Station, words: Words) -> dict[str, Any]:
    found, zone = await _streets(call, alert), zone_of(station.region)
    people = sum(each.listed for each in found)
    async with call.services.store.read() as unit:
        register = call.may(Permission.VULNERABLE, alert.station_id)
        found = await visits.shown(unit, alert, found, register=register)
        visitors = [each for each in await volunteers.of(unit, alert.first_id) if each.revoked_at is None]
    streets = [
        {
            "place": street.place,
            "name": street.name,
            "listed": words.number(street.listed),
            "left_out": street.listed > len(street.people),
            "done": street.done,
            "visitors": [each.name for each in visitors if street.place in each.streets],
            "people": [
                {
                    "number": each.number,
                    "name": each.name or words("Without a name"),
                    "phones": each.phones,
                    "first": each.first,
                    "told": "" if each.told_at is None else written_short(each.told_at, zone, words),
                    "why": _why(each, words),
                    "visited": visited_words(each.visited, station, words),
                }
                for each in street.people
            ],
        }
        for street in found
    ]
    return {
        **heading(alert, station, words, call.services.clock.now()),
        "people": sum(len(each.people) for each in found),
        "streets": streets,
        "count": words.number(people),
        "done": sum(each.done for each in found),
        "cut": words.number(visits.MOST) if visits.cut(found) else "",
        "street": call.query.street,
        "who": "unconfirmed" if call.query.who == "unconfirmed" else "unreached",
        "printed": written_time(call.services.clock.now(), zone, words),
    }


def _why(each: Visit, words: Words) -> str:
    return sentence(each.reasons, words) if each.reasons else words("has not confirmed")
