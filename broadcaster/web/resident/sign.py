"""/sign/{slug}: a station's alerts, full-screen, for a display in a town hall or at a stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from broadcaster.errors import NotFound
from broadcaster.http.cells import station_alerts
from broadcaster.http.stations import station_named
from broadcaster.web.pages import zone_of
from broadcaster.web.public import unknown
from broadcaster.web.resident.frame import page, words_of

if TYPE_CHECKING:
    from aiohttp import web

    from broadcaster.http.route import Call


async def show(call: Call[None, None]) -> web.Response:
    """Show what holds now; the script keeps it so."""
    async with call.services.store.read() as unit:
        try:
            station = await station_named(unit, call.request.match_info["slug"])
        except NotFound:
            return unknown(call)
        now = await station_alerts(unit, call.services, station)
    words = words_of(call, station.languages[0])
    given = {
        "station": station.slug,
        "languages": station.languages,
        "zone": zone_of(station.region).key,
        "now": now.model_dump(mode="json"),
    }
    return page(call, "resident/sign.html", words, {"station": station}, given=given)
