"""/u/{token}: opt one contact out of a station's messages.

Mail clients post here directly (RFC 8058: no session, no cookie, no hidden field), so the token is sufficient. A GET
changes nothing, since mail scanners follow every link.
"""

from aiohttp import web

from broadcaster.domain.consents import Consent, Way
from broadcaster.domain.stations import Station
from broadcaster.http.auth import count
from broadcaster.http.route import Call
from broadcaster.store import Unit
from broadcaster.store.alerts import deliveries
from broadcaster.store.people import contacts
from broadcaster.store.stations import stations
from broadcaster.web.i18n import catalogs
from broadcaster.web.pages import language_of, render
from broadcaster.web.resident.public import unknown

USE = "optout"


async def ask(call: Call[None, None]) -> web.Response:
    """No more messages? Changes nothing."""
    number = await _number(call)
    async with call.services.store.read() as unit:
        found = None if number is None else await deliveries.contact_of(unit, number)
        station = None if found is None else await stations.by_id(unit, found[1])
    if station is None:
        return unknown(call)
    return _page(call, station.name, station.languages[0], done=False)


async def do(call: Call[None, None]) -> web.Response:
    """No more messages to this contact (RFC 8058)."""
    number = await _number(call)
    if number is None:
        return unknown(call)

    async def keep(unit: Unit) -> Station | None:
        found = await deliveries.contact_of(unit, number)
        station = None if found is None else await stations.by_id(unit, found[1])
        if found is not None and station is not None:
            by = Consent(Way.LINK, call.actor)
            await contacts.opt_out(unit, found[0], station.id, by.actor.at, by)
        return station

    station = await call.services.store.transact(keep)
    if station is None:
        return unknown(call)
    return _page(call, station.name, station.languages[0], done=True)


async def _number(call: Call[None, None]) -> int | None:
    number = call.services.store.vault.unlink(USE, call.request.match_info["token"])
    if number is None:
        await count(call.request)
    return number


def _page(call: Call[None, None], station: str, default: str, *, done: bool) -> web.Response:
    words = catalogs().words(language_of(call.request, default))
    return render(call.request, "opt_out.html", words, {"station": station, "done": done})
