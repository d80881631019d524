"""/console/stations/{slug}/poster: the poster with the station's QR code, as a page, SVG and PDF."""

import asyncio
import ipaddress
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from broadcaster.domain.stations import Station
from broadcaster.http.route import Call
from broadcaster.http.stations import own_station
from broadcaster.http.templates import territory
from broadcaster.web.console.alerts.printing import pdf_file
from broadcaster.web.console.alerts.report_pdf import PACKAGES, NoPdf
from broadcaster.web.console.frame import show, words_of
from broadcaster.web.console.stations.poster_drawing import address_of, poster
from broadcaster.web.drawing import Picture, draw
from broadcaster.web.ground import TILES, embedded, tiled
from broadcaster.web.i18n import catalogs
from zones import Area

_MARGIN = 0.08
_PAGE = (
    "<!doctype html><html><head><title>{title}</title><style>@page{{size:A4;margin:0}}body{{margin:0}}"
    "svg{{display:block;width:210mm;height:297mm}}</style></head><body>{svg}</body></html>"
)


async def page(call: Call[None, None]) -> web.Response:
    """Show the poster, with download links."""
    return _shown(call, await own_station(call))


async def svg(call: Call[None, None]) -> web.Response:
    station = await own_station(call)
    return web.Response(
        text=await _drawn(call, station), content_type="image/svg+xml", headers={"Cache-Control": "no-store"}
    )


async def pdf(call: Call[None, None]) -> web.Response:
    """Return the poster as PDF, A4."""
    station = await own_station(call)
    title, drawn = address_of(call.services.base_url, station.slug), await _drawn(call, station)
    try:
        page = _PAGE.format(title=title, svg=drawn)
        return await pdf_file(call.request, page, f"poster-{station.slug}.pdf", inline=True)
    except NoPdf as problem:
        words = words_of(call.request)
        lacking = words("On the service's machine these packages are missing: %(packages)s.", packages=PACKAGES)
        return _shown(call, station, trouble=lacking if problem.lacking else words("Try again, or take the SVG."))


async def _drawn(call: Call[Any, Any], station: Station) -> str:
    own = catalogs().words(*station.languages)
    others = (*station.languages[1:], *catalogs().languages)
    other = next(words for words in map(catalogs().words, others) if words != own)
    picture, by = await _picture(call, station), call.services.settings.tiles_by
    return poster(station, call.services.base_url, own, other, picture=picture, map_by=by)


async def _picture(call: Call[Any, Any], station: Station) -> Picture | None:
    """Return the station's territory over the map, with its tiles embedded; None without a boundary."""
    if station.boundary is None:
        return None
    on_tiles = tiled(call.services.settings)

    def drawn() -> Picture:
        area = Area.from_json({"polygons": territory(station)})
        return draw(area, None, (station.lon, station.lat), tiled=on_tiles, margin=_MARGIN)

    return await embedded(call.request.app[TILES], await asyncio.to_thread(drawn))


def _shown(call: Call[Any, Any], station: Station, trouble: str = "") -> web.Response:
    base_url = call.services.base_url
    facts = {"address": address_of(base_url, station.slug), "unreachable": not reachable(base_url), "trouble": trouble}
    return show(
        call.request,
        "stations/poster.html",
        words_of(call.request),
        facts,
        where=station,
        status=503 if trouble else 200,
    )


def reachable(base_url: str) -> bool:
    """Return whether other people's phones can open an address: it is https and not local."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost" or host.endswith(".localhost")
    return parts.scheme == "https" and not local
