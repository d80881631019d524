"""/console: what holds now, what went wrong, and the large button."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broadcaster.web.console.frame import show, stations_of, words_of

if TYPE_CHECKING:
    from aiohttp import web

    from broadcaster.http.route import Call


async def page(call: Call[None, None]) -> web.Response:
    """Show the first page."""
    words = words_of(call.request)
    async with call.services.store.read() as unit:
        theirs = await stations_of(unit, call.caller)
    return show(call.request, "home.html", words, {"stations": theirs}, tab="home")
