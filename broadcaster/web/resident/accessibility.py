"""/accessibility: the accessibility statement that French law requires of public bodies (RGAA, decree 2019-768)."""

from aiohttp import web

from broadcaster.http.route import Call
from broadcaster.web.resident.frame import page, words_of


async def show(call: Call[None, None]) -> web.Response:
    """How accessible these pages are (RGAA)."""
    host = call.services.links.host
    return page(call, "resident/accessibility.html", words_of(call), {"host": host})
