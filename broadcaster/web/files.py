"""Serves what pages load: scripts and styles, map data, place search."""

import re
from collections.abc import Mapping
from functools import partial

import mercantile
from aiohttp import web
from mercantile import Tile
from pydantic import Field

from broadcaster.domain.refusals import NotFound
from broadcaster.geocoding.client import Geocoder, GeocoderDisabled, GeocoderUnavailable
from broadcaster.http.answers import answer
from broadcaster.http.auth import count_miss
from broadcaster.http.keys import TERRITORIES
from broadcaster.http.problems import HttpProblem
from broadcaster.http.route import Access, Call, Route
from broadcaster.http.schemas.base import Query, Shown, Slug
from broadcaster.http.stations import station_given, station_named
from broadcaster.palette import PALETTE
from broadcaster.tiles import NoTile, TilesDisabled, TilesUnavailable
from broadcaster.tiles.source import FINEST, picture_type
from broadcaster.tiles.territory import Box, grown
from broadcaster.web.assets import ASSETS
from broadcaster.web.ground import GROUND, TILES
from broadcaster.web.pages import with_etag

_RETRY_S = 30
_AROUND_M = 20_000.0
_NUMBER = re.compile(r"[0-9]{1,6}")
_A_WEEK = "public, max-age=604800"
_A_DAY = "public, max-age=86400"
_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    f'<rect width="32" height="32" rx="7" fill="{PALETTE["icon"]}"/>'
    f'<g transform="translate(4.8 4.6) scale(.7)" fill="{PALETTE["icon-bell"]}">'
    '<path d="M16 2.5a2.3 2.3 0 0 1 2.3 2.3v.7c4.6 1 7.4 4.7'
    " 7.4 9.9 0 5.2 1.3 7.2 2.9 8.8.9.9.3 2.3-1 2.3H4.4c-1.3 0-1.9-1.4-1-2.3 1.6-1.6 2.9-3.6 2.9-8.8 0-5.2 2.8-8.9"
    ' 7.4-9.9v-.7A2.3 2.3 0 0 1 16 2.5z"/><path d="M12.4 28h7.2a3.6 3.6 0 0 1-7.2 0z"/></g></svg>'
)


class PlacesQuery(Query):
    """``q``: an address or place name; near ``station``."""

    q: str = Field(min_length=3, max_length=200)
    station: Slug | None = None


class Place(Shown):
    label: str
    lon: float
    lat: float


class Places(Shown):
    places: tuple[Place, ...]


async def static(call: Call[None, None]) -> web.Response:
    """Return a script, a style or a picture."""
    return call.request.app[ASSETS].respond(call.request, call.request.match_info["name"])


async def icon(_call: Call[None, None]) -> web.Response:
    """Return the bell icon."""
    return web.Response(text=_ICON, content_type="image/svg+xml", headers={"Cache-Control": _A_DAY})


async def ground(call: Call[None, None]) -> web.StreamResponse:
    """Return a station's map data."""
    async with call.services.store.read() as unit:
        station = await station_named(unit, call.request.match_info["slug"])
    body = await call.request.app[GROUND].under(station)
    made = web.Response(body=body, content_type="application/json", headers={"Cache-Control": _A_DAY, "Vary": "Accept"})
    made.headers["Content-Language"] = station.languages[0]
    made.enable_compression()
    return with_etag(call.request, made)


async def tiles(call: Call[None, None]) -> web.StreamResponse:
    """Return ranges of the service's own map file (RFC 9110 section 14, range requests)."""
    path = call.services.settings.tiles_file
    if path is None:
        raise NotFound("map-missing")
    return web.FileResponse(path, headers={"Cache-Control": _A_DAY, "Content-Type": "application/octet-stream"})


async def tile(call: Call[None, None]) -> web.StreamResponse:
    """Return one tile of the map; tiles far from all stations are never fetched."""
    tiles = call.request.app[TILES]
    wanted = _tile_of(call.request.match_info)
    try:
        body = await tiles.kept(wanted)
        if body is None:
            await count_miss(call.request)
            async with call.services.store.read() as unit:
                if not await call.request.app[TERRITORIES].near(unit, *_about(wanted)):
                    raise NotFound("map-missing")
            body = await tiles.get(wanted)
    except (NoTile, TilesDisabled) as error:
        raise NotFound("map-missing") from error
    except TilesUnavailable as error:
        raise _away("tiles-away") from error
    made = web.Response(body=body, content_type=picture_type(body), headers={"Cache-Control": _A_WEEK})
    return with_etag(call.request, made)


def _tile_of(given: Mapping[str, str]) -> Tile:
    """Return the tile that a path names. Raises ``NotFound`` beyond the grid."""
    x, y, zoom = (int(given[each]) if _NUMBER.fullmatch(given[each]) else -1 for each in ("x", "y", "z"))
    if not (0 <= zoom <= FINEST and 0 <= x < 1 << zoom and 0 <= y < 1 << zoom):
        raise NotFound("map-missing")
    return Tile(x, y, zoom)


def _about(wanted: Tile) -> Box:
    """Return a tile's bounding box, widened by what a screen shows around it: four tiles, and at least 20 km."""
    box = mercantile.bounds(wanted)
    wide, high = 4 * (box.east - box.west), 4 * (box.north - box.south)
    west, south, east, north = grown(box, _AROUND_M)
    return (
        min(west, box.west - wide),
        min(south, box.south - high),
        max(east, box.east + wide),
        max(north, box.north + high),
    )


async def places(call: Call[None, PlacesQuery]) -> web.Response:
    """Return addresses and places, found by what people write."""
    near: tuple[float, float] | None = None
    if call.query.station is not None:
        async with call.services.store.read() as unit:
            station = await station_given(unit, call.query.station)
        if station.lon is not None and station.lat is not None:
            near = (station.lon, station.lat)
    try:
        found = await Geocoder(call.services.settings.geocoder_url).find(call.query.q, near)
    except GeocoderDisabled as error:
        raise _away("no-geocoder") from error
    except GeocoderUnavailable as error:
        raise _away("geocoder-away") from error
    return answer(Places(places=tuple(Place(label=each.label, lon=each.lon, lat=each.lat) for each in found)))


def _away(code: str) -> HttpProblem:
    return HttpProblem("unavailable", code, headers={"Retry-After": str(_RETRY_S)})


_FILE = partial(Route, access=Access.OPEN, tag="pages")

ROUTES: tuple[Route, ...] = (
    _FILE("GET", "/static/{name}", static, {200: "text/javascript"}),
    _FILE("GET", "/icon.svg", icon, {200: "image/svg+xml"}),
    _FILE("GET", "/map/{slug}.json", ground, {200: "application/json"}, access=Access.PUBLIC),
    _FILE("GET", "/tiles/{z}/{x}/{y}", tile, {200: "image/png"}),
    _FILE("GET", "/tiles.pmtiles", tiles, {200: "application/octet-stream"}),
    Route("GET", "/places", places, {200: Places}, access=Access.PUBLIC, tag="public"),
)
