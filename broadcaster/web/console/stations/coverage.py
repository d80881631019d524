"""/console/stations/{slug}/coverage: households that nothing would reach, by cell; letters to their streets."""

import asyncio
from collections.abc import Sequence
from typing import Any

import aiohttp_jinja2
import segno
from aiohttp import web
from babel.dates import format_date
from markupsafe import Markup

from broadcaster.atlas.homes import box_of, cell_of
from broadcaster.domain.audit import Action
from broadcaster.domain.coverage import LEAST_HOUSEHOLDS, CellId, Covered, by_month, streets_of
from broadcaster.domain.refusals import Refused, sentence
from broadcaster.domain.stations import Station
from broadcaster.domain.zones import zone_of
from broadcaster.http.route import Call
from broadcaster.http.stations import own_station
from broadcaster.pipeline.coverage import estimate
from broadcaster.register.households import figures_in
from broadcaster.store.people import coverage
from broadcaster.web.console.alerts.printing import pdf_file
from broadcaster.web.console.alerts.report_pdf import PACKAGES, NoPdf
from broadcaster.web.console.frame import show, words_of
from broadcaster.web.console.stations.poster import reachable
from broadcaster.web.console.stations.poster_drawing import address_of
from broadcaster.web.console.uploading import LARGEST, FileTooLarge, NoFile, received
from broadcaster.web.i18n import Words, catalogs
from broadcaster.web.pages import to

_MOST_CELLS = 200
_SIDE = 600.0


async def page(call: Call[None, None]) -> web.Response:
    """Show the estimate, and enrolment over time."""
    return await _shown(call, await own_station(call))


async def upload(call: Call[None, None]) -> web.Response:
    """Take open figures of households in place of those before."""
    station, words = await own_station(call), words_of(call.request)
    try:
        sent = await received(call.request)
        figures = await asyncio.to_thread(figures_in, b"".join(sent.pieces), cell_of)
    except NoFile:
        return await _shown(call, station, words("Choose a file first."))
    except FileTooLarge:
        return await _shown(call, station, words("This file is larger than %(n)s MB: split it.", n=LARGEST >> 20))
    except Refused as error:
        return await _shown(call, station, sentence(error, words))
    async with call.services.store.write() as unit:
        await coverage.replace(unit, station.id, figures)
        await call.record(unit, Action.FIGURES_REPLACED, station.id, station_id=station.id)
    return to(f"/console/stations/{station.slug}/coverage")


async def letter(call: Call[None, None]) -> web.Response:
    """Return the letter to the households of the chosen cells, as PDF: one for all, to be copied."""
    station = await own_station(call)
    found, _ = await estimate(call.services, station)
    chosen = {_cell(each) for each in call.request.query.getall("cell", [])[:_MOST_CELLS]}
    cells = [each for each in found.cells if each.cell in chosen]
    words = words_of(call.request)
    if not cells:
        return await _shown(call, station, words("Choose at least one square."), of_letter=True)
    try:
        html = _written(call, station, cells)
        return await pdf_file(call.request, html, f"letter-{station.slug}.pdf", inline=True)
    except NoPdf as problem:
        lacking = words("On the service's machine these packages are missing: %(packages)s.", packages=PACKAGES)
        return await _shown(call, station, lacking if problem.lacking else words("Try again."), of_letter=True)


def _written(call: Call[Any, Any], station: Station, cells: Sequence[Covered]) -> str:
    address = address_of(call.services.base_url, station.slug)
    own = catalogs().words(*station.languages)
    other = next((each for each in map(catalogs().words, station.languages[1:]) if each != own), None)
    facts = {
        "station": station,
        "streets": streets_of(cells),
        "address": address.partition("://")[2],
        "code": segno.make_qr(address, error="q").svg_data_uri(border=4, light="#fff"),
        "readers": [each for each in (own, other) if each is not None],
    }
    return aiohttp_jinja2.render_string("letter.html", call.request, facts)


async def _shown(call: Call[Any, Any], station: Station, wrong: str = "", *, of_letter: bool = False) -> web.Response:
    words = words_of(call.request)
    found, is_open = await estimate(call.services, station)
    async with call.services.store.read() as unit:
        days = await coverage.enrolled_by_day(unit, station.id)
    facts = {
        "wrong": wrong,
        "of_letter": of_letter,
        "found": found,
        "is_open": is_open,
        "share": round(100 * found.enrolled / found.households) if found.households else None,
        "number": words.number,
        "least": LEAST_HOUSEHOLDS,
        "quarters": _quarters(words),
        "months": [
            (format_date(each.first, "MMMM y", locale=words.locale), each)
            for each in by_month(days, call.services.clock.now(), zone_of(station.region))
        ],
        "picture": _picture(found.cells),
        "most": LARGEST >> 20,
        "unreachable": not reachable(call.services.base_url),
    }
    return show(call.request, "stations/coverage.html", words, facts, where=station)


def _quarters(words: Words) -> tuple[str, str, str, str]:
    return words("under a quarter"), words("a quarter to a half"), words("a half to three quarters"), words("most")


def _picture(cells: Sequence[Covered]) -> Markup:
    """Return the cells as SVG, numbered as in the table; empty without any."""
    if not cells:
        return Markup()
    boxes = [box_of(each.cell) for each in cells]
    west, south = min(each[0] for each in boxes), min(each[1] for each in boxes)
    east, north = max(each[2] for each in boxes), max(each[3] for each in boxes)
    wide, high = boxes[0][2] - boxes[0][0], boxes[0][3] - boxes[0][1]
    across, down = (east - west) / wide, (north - south) / high  # cells are about square on the ground
    side = _SIDE / max(across, down, 4)
    parts = []
    for number, (each, box) in enumerate(zip(cells, boxes, strict=True), start=1):
        x, y = (box[0] - west) / wide * side, (north - box[3]) / high * side
        parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{side:.1f}" height="{side:.1f}" class="quarter-{each.quarter}"/>'
            f'<text x="{x + side / 2:.1f}" y="{y + side * 0.65:.1f}" font-size="{side * 0.4:.1f}">{number}</text>'
        )
    whole = f'viewBox="0 0 {max(1, across * side):.0f} {max(1, down * side):.0f}"'
    return Markup(f'<svg class="cells" {whole} aria-hidden="true">{"".join(parts)}</svg>')  # noqa: S704  figures only


def _cell(text: str) -> CellId | None:
    row, _, column = text.partition(".")
    try:
        return int(row), int(column)
    except ValueError:
        return None
