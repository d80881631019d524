"""/me, the reader's own subscription, and /here, the alerts at their position.

Both are the same page for everybody: identity and position are known only to the device.
"""

from aiohttp import web

from broadcaster.http.keys import FRANCECONNECT
from broadcaster.http.route import Call
from broadcaster.store.stations import stations
from broadcaster.web.assets import ASSETS
from broadcaster.web.resident.frame import page, words_of


async def me(call: Call[None, None]) -> web.Response:
    """Show followed stations and contacts, once loaded by the script."""
    words = words_of(call)
    async with call.services.store.read() as unit:
        known = await stations.listed(unit)
    names = {each.slug: each.name for each in known}
    centres = {each.slug: [each.lon, each.lat] for each in known if each.lon is not None}
    given = {"stations": names, "centres": centres, "mapCss": call.request.app[ASSETS].url("map.css")}
    return page(
        call, "resident/me.html", words, {"franceconnect": call.request.app[FRANCECONNECT] is not None}, given=given
    )


async def here(call: Call[None, None]) -> web.Response:
    """Show the button."""
    return page(call, "resident/here.html", words_of(call), {})
