"""/console/stations/boundary: a territory from a file, shown on a map with what was ignored or repaired, then added.

Between requests the territory is in the page, packed, so nothing is stored.
"""

import asyncio
import json
from typing import Any

from aiohttp import web
from babel.numbers import format_decimal
from markupsafe import Markup

from broadcaster import territory
from broadcaster.domain.refusals import located
from broadcaster.domain.stations import Station, StationKind
from broadcaster.http.reading import form_of
from broadcaster.http.route import Call
from broadcaster.languages import DEFAULT
from broadcaster.web.console.frame import show, words_of
from broadcaster.web.console.stations.form import StationForm
from broadcaster.web.console.stations.stations import languages_known
from broadcaster.web.console.uploading import FileTooLarge, NoFile, received
from broadcaster.web.ground import GROUND
from broadcaster.web.i18n import Words
from zones import Boundary, Jurisdiction, SwappedCoordinates, ZoneError, unpacked_boundary

LONGEST_PACKED = 600_000
_REGION = "FR"


async def ask(call: Call[None, None]) -> web.Response:
    """Show the upload form."""
    return _asking(call)


async def look(call: Call[None, None]) -> web.Response:
    """Read a file, or the page's packed boundary, and show the result."""
    words = words_of(call.request)
    try:
        if call.request.content_type == "multipart/form-data":
            uploaded = b"".join((await received(call.request)).pieces)
            document, swap = await asyncio.to_thread(json.loads, uploaded.decode("utf-8-sig")), None
        else:
            document, swap = unpacked_boundary((await form_of(call.request)).get("as_written", "")), False
        found, doubt = await asyncio.to_thread(_read, document, swap=swap)
    except NoFile:
        return _asking(call, words("Choose a file first."))
    except FileTooLarge:
        return _asking(call, words("This file is too large: simplify the outline."))
    except (ValueError, RecursionError) as error:  # includes ZoneError
        return _asking(call, _told(error, words))
    packed = found.packed()
    if len(packed) > LONGEST_PACKED:
        return _asking(call, words("This file is too large: simplify the outline."))
    given = StationForm(kind=call.request.query.get("kind", ""), margin=f"{call.services.settings.margin_m:g}")
    given.boundary = packed
    return await shown(call, given, found=found, doubt=doubt)


async def shown(
    call: Call[Any, Any], given: StationForm, *, found: Boundary | None = None, doubt: SwappedCoordinates | None = None
) -> web.Response:
    """Show a territory on a map, the repairs, and the station's form."""
    words = words_of(call.request)
    seen = await asyncio.to_thread(Jurisdiction.from_geojson, unpacked_boundary(given.boundary))
    body = await call.request.app[GROUND].under(_as_station(seen, given.name or words("The territory")))
    facts = {
        "given": given,
        "ground": Markup(body.decode().replace("<", "\\u003c")),  # noqa: S704  JSON of ours, for a script element
        "notes": [] if found is None else _notes(found, words),
        "doubt": None if doubt is None else _doubt(doubt, words),
        "as_written": "" if doubt is None or doubt.given is None else doubt.given.packed(),
        "known_languages": languages_known(words, given),
    }
    return show(call.request, "stations/territory.html", words, facts, status=422 if given.wrong else 200)


def _read(document: Any, *, swap: bool | None) -> tuple[Boundary, SwappedCoordinates | None]:
    """Return the proposed boundary, and the doubt about swapped coordinates if there is one; the map shows repairs."""
    try:
        return territory.read(document, _REGION, swap=swap, mend=True), None
    except SwappedCoordinates as doubt:
        return doubt.proposal, doubt


def _asking(call: Call[Any, Any], wrong: str = "") -> web.Response:
    facts = {"wrong": wrong, "kind": call.request.query.get("kind", "")}
    return show(call.request, "stations/boundary.html", words_of(call.request), facts)


def _told(error: Exception, words: Words) -> str:
    if not isinstance(error, ZoneError):
        return words("This file is no GeoJSON. Save the outline as GeoJSON, for example with uMap or geojson.io.")
    return words("This can't be read as an outline: %(why)s", why=located(error, words))


def _notes(found: Boundary, words: Words) -> list[str]:
    told = []
    drawn = sum(number for kind, number in found.left_out.items() if kind != "nothing")
    nothing = found.left_out.get("nothing", 0)
    if drawn:
        told.append(words("Points and lines left out, because they cover no ground: %(n)s.", n=drawn))
    if nothing:
        told.append(words("Entries left out, because nothing is drawn in them: %(n)s.", n=nothing))
    if found.crossings:
        told.append(words("The outline crossed or touched itself. It was repaired: check that the map is right."))
    return told


def _doubt(doubt: SwappedCoordinates, words: Words) -> str:
    if doubt.given is None:
        return words("Latitude and longitude are swapped in this file. The map shows them corrected.")
    lon, lat = doubt.given.middle
    place = _place(doubt.place, words)
    where = words("latitude %(lat)s, longitude %(lon)s", lat=_degrees(lat, words), lon=_degrees(lon, words))
    if place is not None:
        where = f"{place} ({where})"
    return words("As it is written, this territory lies %(where)s. The map shows it with the two swapped.", where=where)


def _degrees(value: float, words: Words) -> str:
    return format_decimal(value, "0.00", locale=words.locale)


def _place(place: str, words: Words) -> str | None:
    return {
        "near Somalia": words("near Somalia"),
        "in the Atlantic, south of Iceland": words("in the Atlantic, south of Iceland"),
        "in the Atlantic, off Spain": words("in the Atlantic, off Spain"),
        "in the Southern Ocean": words("in the Southern Ocean"),
    }.get(place)


def _as_station(territory: Jurisdiction, name: str) -> Station:
    lon, lat = territory.centre or (None, None)
    return Station(
        id=0,
        slug="a file",
        name=name,
        kind=StationKind.AUTHORITY,
        languages=(DEFAULT,),
        boundary=territory.boundary_geojson,
        margin_m=0.0,
        lon=lon,
        lat=lat,
    )
