"""/me, the reader's own subscription, and /here, the alerts at their position.

Both are the same page for everybody: identity and position are known only to the device.
"""

from typing import Any

from aiohttp import web

from broadcaster.domain.stations import Station
from broadcaster.http.keys import FRANCECONNECT
from broadcaster.http.people.subscribers import profile_of
from broadcaster.http.route import Call
from broadcaster.store.register import own_data
from broadcaster.store.stations import stations
from broadcaster.web.assets import ASSETS
from broadcaster.web.i18n import Words
from broadcaster.web.resident import data_page
from broadcaster.web.resident.frame import page, words_of


async def me(call: Call[None, None]) -> web.Response:
    """Show followed stations and contacts, once loaded by the script."""
    words = words_of(call)
    async with call.services.store.read() as unit:
        known = await stations.listed(unit)
    names = {each.slug: each.name for each in known}
    centres = {each.slug: _centre(each, words) for each in known if each.lon is not None}
    given = {"stations": names, "centres": centres, "mapCss": call.request.app[ASSETS].url("map.css")}
    return page(
        call, "resident/me.html", words, {"franceconnect": call.request.app[FRANCECONNECT] is not None}, given=given
    )


def _centre(station: Station, words: Words) -> dict[str, Any]:
    """Return a station's place, and the words for a place there and for one farther away, which a script fills."""
    later = {"distance": "%(distance)s", "side": "%(side)s"}
    return {
        "at": [station.lon, station.lat],
        "in": words("in the centre of %(station)s", station=station.name),
        "from": words("%(distance)s %(side)s of the centre of %(station)s", station=station.name, **later),
    }


async def data(call: Call[None, None]) -> web.Response:
    """Return all that is kept of a subscriber, to read or to print: one file, without scripts."""
    words = words_of(call)
    async with call.services.store.read() as unit:
        profile = await profile_of(unit, call.subscriber_id)
        found = await own_data.collect(unit, call.subscriber_id)
        return await data_page.show(unit, call, profile, found, words)


async def here(call: Call[None, None]) -> web.Response:
    """The alerts at this place, for visitors."""
    return page(call, "resident/here.html", words_of(call), {})
