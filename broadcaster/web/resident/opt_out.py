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
from broadcaster.web.resident.public import known

USE = "optout"


async def ask(call: Call[None, None]) -> web.Response:
    """No more messages? Changes nothing."""
    number = await _number(call)
    async with call.services.store.read() as unit:
        _, station = await _owner(unit, number)
    return _page(call, station, done=False)


async def do(call: Call[None, None]) -> web.Response:
    """No more messages to this contact (RFC 8058)."""
    number = await _number(call)

    async def keep(unit: Unit) -> Station:
        contact_id, station = await _owner(unit, number)
        by = Consent(Way.LINK, call.actor)
        await contacts.opt_out(unit, contact_id, station.id, by.actor.at, by)
        return station

    return _page(call, await call.services.store.transact(keep), done=True)


async def _number(call: Call[None, None]) -> int:
    number = call.services.store.vault.unlink(USE, call.request.match_info["token"])
    if number is None:
        await count(call.request)
    return known(number)


async def _owner(unit: Unit, delivery_id: int) -> tuple[int, Station]:
    """Return the contact of a message, and the station that sent it. Raises ``Unknown``."""
    contact_id, station_id, _ = known(await deliveries.contact_of(unit, delivery_id))
    return contact_id, known(await stations.by_id(unit, station_id))


def _page(call: Call[None, None], station: Station, *, done: bool) -> web.Response:
    words = catalogs().words(language_of(call.request, station.languages[0]))
    return render(call.request, "opt_out.html", words, {"station": station.name, "done": done})
