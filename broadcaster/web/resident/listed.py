"""/s/{slug}/listed: people of a station's list see what it keeps of them; POST /listed/data: that, to read or print."""

from aiohttp import web

from broadcaster.http.people.listed import kept
from broadcaster.http.route import Call
from broadcaster.http.schemas.residents import ConfirmedIn
from broadcaster.web.resident import data_page
from broadcaster.web.resident.frame import page, words_of
from broadcaster.web.resident.public import station_of_page


async def ask(call: Call[None, None]) -> web.Response:
    """Ask for a code; it shows what the station keeps of who gives it back."""
    async with call.services.store.read() as unit:
        station = await station_of_page(unit, call)
    words = words_of(call, station.languages[0])
    return page(call, "resident/listed.html", words, {"station": station}, given={"station": station.slug})


async def read(call: Call[ConfirmedIn, None]) -> web.Response:
    """Return what a station keeps of who proved a contact of its list, to read or to print."""
    name, profile, found = await kept(call)
    async with call.services.store.read() as unit:
        return await data_page.show(unit, call, profile, found, words_of(call), by=name)
