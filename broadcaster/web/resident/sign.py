"""/sign/{slug}: a station's alerts, full-screen, for a public display."""

import segno
from aiohttp import web

from broadcaster.domain.alerts import Severity
from broadcaster.domain.zones import zone_of
from broadcaster.http.cells import station_alerts
from broadcaster.http.route import Call
from broadcaster.web.i18n import catalogs
from broadcaster.web.resident.frame import page, words_of
from broadcaster.web.resident.public import station_of_page
from broadcaster.web.resident.script_words import script_words

_IN_EACH = ("exercise", "test", *map(str, Severity), "since", "until")


async def show(call: Call[None, None]) -> web.Response:
    """Show active alerts; the script keeps the page current."""
    async with call.services.store.read() as unit:
        station = await station_of_page(unit, call)
        now = await station_alerts(unit, call.services, station)
    words = words_of(call, station.languages[0])
    given = {
        "station": station.slug,
        "languages": station.languages,
        "in": {each: _said(each) for each in catalogs().languages},
        "zone": zone_of(station.region).key,
        "now": now.model_dump(mode="json"),
    }
    address = f"{call.services.base_url}/s/{station.slug}"
    code = segno.make_qr(address, error="q").svg_data_uri(border=4, light="#fff")
    facts = {"station": station, "address": address.partition("://")[2], "code": code}
    return page(call, "resident/sign.html", words, facts, given=given)


def _said(language: str) -> dict[str, str]:
    """Return the fixed words beside an alert's text, in its language."""
    known = script_words(catalogs().words(language))
    return {name: known[name] for name in _IN_EACH}
