"""/c/{token}: the mailed link that confirms an address.

A GET changes nothing, since mail scanners follow every link. The token is sufficient proof, and valid for a quarter of
an hour.
"""

from aiohttp import web

from broadcaster.domain.stations import Station
from broadcaster.http.people.confirmations import by_link
from broadcaster.http.route import Call
from broadcaster.register import left_out
from broadcaster.store.people import confirmations
from broadcaster.store.people.confirmations import Confirmation, State
from broadcaster.web.pages import render
from broadcaster.web.resident.frame import words_of
from broadcaster.web.resident.public import known


async def ask(call: Call[None, None]) -> web.Response:
    """Is this address mine? Changes nothing."""
    return _page(call, *known(await by_link(call)))


async def do(call: Call[None, None]) -> web.Response:
    """This address is mine."""
    confirmation, station = known(await by_link(call))
    now = call.services.clock.now()
    async with call.services.store.write() as unit:
        await left_out.log(unit, await confirmations.confirm(unit, confirmation.id, now, call.actor, by_link=True))
        confirmation = await confirmations.by_id(unit, confirmation.id, now) or confirmation
    return _page(call, confirmation, station)


def _page(call: Call[None, None], confirmation: Confirmation, station: Station) -> web.Response:
    words = words_of(call, station.languages[0])
    confirmed = confirmation.state is State.CONFIRMED
    facts = {"station": station, "confirmed": confirmed, "over": confirmation.over and not confirmed}
    return render(call.request, "resident/confirm.html", words, facts)
