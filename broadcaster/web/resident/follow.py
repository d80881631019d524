"""/s/{slug}: the target of a station's QR code, where people sign up: introduction, channels, home."""

from aiohttp import web

from broadcaster.http.people.consents import agreed
from broadcaster.http.route import Call
from broadcaster.store.alerts import alerts
from broadcaster.web.assets import ASSETS
from broadcaster.web.resident.frame import page, words_of
from broadcaster.web.resident.public import entry, station_of_page

_MOST_ALERTS = 20


async def page_of_station(call: Call[None, None]) -> web.Response:
    """Follow a station: where its QR code leads."""
    now = call.services.clock.now()
    async with call.services.store.read() as unit:
        station = await station_of_page(unit, call)
        held = await alerts.page(unit, stations=[station.id], before=None, limit=_MOST_ALERTS, public_at=now)
    held.sort(key=lambda alert: (alert.rank, -alert.id))
    words = words_of(call, station.languages[0])
    given = {
        "station": station.slug,
        "name": station.name,
        "centre": None if station.lon is None else [station.lon, station.lat],
        "mapCss": call.request.app[ASSETS].url("map.css"),
    }
    facts = {
        "station": station,
        "agreed": agreed(station, words),
        "alerts": [entry(alert, station, words) for alert in held],
    }
    return page(call, "resident/follow.html", words, facts, given=given)
