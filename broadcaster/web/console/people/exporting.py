"""/console/people/export: the register as CSV, in the columns that an import reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from aiohttp import web
from babel.numbers import format_decimal

from broadcaster.domain.people import ChannelName
from broadcaster.domain.spelling import group_slug
from broadcaster.domain.stations import Role
from broadcaster.domain.zones import zone_of
from broadcaster.register.parsing import MAX_VALUES
from broadcaster.register.sheets import csv_text, delimiter_of
from broadcaster.store.register import register
from broadcaster.store.register.register import Only
from broadcaster.web.console.frame import chosen_station, show, words_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from broadcaster.http.route import Call
    from broadcaster.store.register.register import Person
    from broadcaster.web.i18n import Words

log = structlog.get_logger(__name__)

PLACES = 5
_BATCH = 500
_FRANCE = "+33"
_OVERSEAS = ("+262", "+590", "+594", "+596")
_HEADINGS = {
    "fr": (
        "identifiant",
        "nom",
        "langue",
        "portable",
        "fixe",
        "courriel",
        "groupes",
        "vulnérable",
        "adresse",
        "code postal",
        "commune",
    ),
    "en": (
        "external_id",
        "name",
        "locale",
        "mobile",
        "landline",
        "email",
        "groups",
        "vulnerable",
        "address",
        "postcode",
        "city",
    ),
}
_OF_PLACE = {"fr": ("libellé", "longitude", "latitude"), "en": ("label", "lon", "lat")}


async def ask(call: Call[None, None]) -> web.Response:
    """Say what the file will hold, and of whom."""
    words = words_of(call.request)
    async with call.services.store.read() as unit:
        station, theirs = await chosen_station(unit, call)
        call.need(Role.PUBLISH, station.id)
        facts = {
            "station": station,
            "stations": theirs,
            "followers": await register.count(unit, station.id, Only()),
            "number": lambda n: format_decimal(n, locale=words.locale),
        }
    return show(call.request, "people/export.html", words, facts, tab="people", where=station.name)


async def download(call: Call[None, None]) -> web.StreamResponse:
    """Return the register, and write into the log who took it.

    ``who=all``: those who signed up by themselves too. They have no number in the register, without which a list can't
    be imported again.
    """
    store, words = call.services.store, words_of(call.request)
    async with store.read() as unit:
        station, _ = await chosen_station(unit, call)
    caller = call.need(Role.PUBLISH, station.id)
    everyone = call.request.query.get("who") == "all"
    day = call.services.clock.now().astimezone(zone_of(station.region)).date().isoformat()
    name = f"{words('register')}-{station.slug}-{day}.csv"
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        }
    )
    await response.prepare(call.request)
    await response.write(_rows([_header(words)], words).encode("utf-8-sig"))
    after: int | None = None
    written = 0
    while True:
        async with store.read() as unit:
            ids, after = await register.page(unit, station.id, Only(), after=after, limit=_BATCH)
            found = await register.people_of(unit, station.id, ids)
        rows = [_cells(each, words) for each in found if everyone or each.external_id is not None]
        written += len(rows)
        if rows:
            await response.write(_rows(rows, words).encode())
        if after is None:
            break
    log.info("the register was exported", station=station.slug, key=caller.key_id, people=written, everyone=everyone)
    await response.write_eof()
    return response


def _header(words: Words) -> list[str]:
    language = words.language if words.language in _HEADINGS else "en"
    places = [
        f"{heading} {number}" if number > 1 else heading
        for number in range(1, PLACES + 1)
        for heading in _OF_PLACE[language]
    ]
    return [*_HEADINGS[language], *places]


def _rows(rows: list[list[str]], words: Words) -> str:
    return csv_text(rows, delimiter_of(words.language))


def _cells(person: Person, words: Words) -> list[str]:
    def of(channel: ChannelName) -> str:
        kept = [each.address for each in person.contacts if each.channel is channel and each.address]
        if channel is not ChannelName.EMAIL:
            kept = [written_phone(each) for each in kept]
        return " | ".join(kept[:MAX_VALUES])

    address = None if person.address is None else person.address.address
    cells = [
        person.external_id or "",
        person.name or "",
        person.locale,
        of(ChannelName.SMS),
        of(ChannelName.VOICE),
        of(ChannelName.EMAIL),
        " | ".join(_groups(person.groups)),
        _yes_or_no(words, truth=person.vulnerable),
        *(("", "", "") if address is None else (address.street, address.postcode, address.city)),
    ]
    for place in list(person.places.values())[:PLACES]:
        cells += [place.label, repr(place.lon), repr(place.lat)]
    return cells


def _yes_or_no(words: Words, *, truth: bool) -> str:
    if words.language == "fr":
        return "oui" if truth else "non"
    return "yes" if truth else "no"


def _groups(groups: Mapping[str, str]) -> list[str]:
    """Return what an import reads as the same groups: the name, unless it was changed since, or holds a separator."""
    return [name if group_slug(name) == slug and not set(name) & set(";|") else slug for slug, name in groups.items()]


def written_phone(e164: str) -> str:
    """Write a number so that a spreadsheet keeps it as text and an import reads it: ``06 39 98 00 01``."""
    if e164.startswith(_FRANCE):
        return _in_pairs(f"0{e164.removeprefix(_FRANCE)}")
    for code in _OVERSEAS:
        if e164.startswith(code):
            return _in_pairs(f"0{e164.removeprefix(code)}")
    return _in_pairs(f"00{e164.removeprefix('+')}")


def _in_pairs(digits: str) -> str:
    return " ".join(digits[at : at + 2] for at in range(0, len(digits), 2))
