"""/console/people/import: upload a list, preview its changes and errors, then apply it.

A preview is bound to the file and the register's state (``uploads.stamp``): if that has changed, a new preview is
shown. Applying twice has no further effect.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from broadcaster.domain.audit import Action
from broadcaster.domain.permissions import Permission
from broadcaster.domain.refusals import Conflict, NotFound, sentence
from broadcaster.domain.stations import Station
from broadcaster.http.reading import form_of
from broadcaster.http.route import Call
from broadcaster.register.applying import apply as carry_out
from broadcaster.register.mending import to_mend
from broadcaster.register.planning import Plan
from broadcaster.register.refusals import LineRefusal, ListRefused
from broadcaster.store.register import uploads
from broadcaster.store.register.uploads import Upload, UploadState
from broadcaster.store.stations import stations
from broadcaster.web.console.downloads import saved
from broadcaster.web.console.frame import chosen_station, show, words_of
from broadcaster.web.console.people.importing_file import looked_at, report_of
from broadcaster.web.console.uploading import LARGEST, FileTooLarge, NoFile, as_file, received
from broadcaster.web.i18n import Words
from broadcaster.web.pages import to

_LONGEST_TOKEN = 60


async def ask(call: Call[None, None]) -> web.Response:
    """Show the upload form."""
    async with call.services.store.read() as unit:
        station, theirs = await chosen_station(unit, call)
    return _asking(call, station, theirs)


async def upload(call: Call[None, None]) -> web.Response:
    """Store a file, plan its import, and keep both until confirmed."""
    store, words = call.services.store, words_of(call.request)
    async with store.read() as unit:
        station, theirs = await chosen_station(unit, call)
        caller = call.need(station.id)
        stamp = await uploads.stamp(unit, station.id)
    try:
        sent = await received(call.request)
        with as_file(sent.pieces) as path, await _plan(call, station, path, sent.clears) as made:
            report = report_of(made, sent.name, stamp, clears=sent.clears)
    except NoFile:
        return _asking(call, station, theirs, words("Choose a file first."))
    except FileTooLarge:
        return _asking(call, station, theirs, words("This file is larger than %(n)s MB: split it.", n=LARGEST >> 20))
    except ListRefused as error:
        return _asking(call, station, theirs, sentence(error, words))
    if not report["lines"]:
        return _asking(call, station, theirs, words("There is a header, and no line below it."))
    async with store.write() as unit:
        token = await uploads.keep(unit, caller, station.id, sent.pieces, report=report, now=call.services.clock.now())
        lines = int(report["lines"])
        await call.record(unit, Action.LIST_UPLOADED, station_id=station.id, lines=lines)
    return to(f"/console/people/import/{token}?station={station.slug}")


async def preview(call: Call[None, None]) -> web.Response:
    """Show the planned changes, or that they are being or have been applied."""
    found, station = await _found(call)
    changed = call.request.query.get("changed") == "1"
    if found.state is UploadState.READY and await _stamp(call, station) != found.report["stamp"]:
        found, changed = await _anew(call, found, station), True
    return _shown(call, found, station, changed=changed)


async def apply(call: Call[None, None]) -> web.Response:
    """Apply the list, if the plan is still the one shown."""
    found, station = await _found(call)
    form = await form_of(call.request)
    here = f"{call.request.path}?station={station.slug}"
    services = call.services
    if found.state is not UploadState.READY:
        return to(here)
    unsaid = bool(found.report["refused"]) and form.get("skip") != "1"
    unsure = bool(found.report.get("asks")) and form.get("remove") != "1"
    if unsaid or unsure:
        return _shown(call, found, station, unsaid=unsaid, unsure=unsure)
    if await _stamp(call, station) != form.get("seen", ""):
        await _anew(call, found, station)
        return to(f"{here}&changed=1")
    async with services.store.write() as unit:
        taken = await uploads.take(unit, found.id, services.clock.now())
    if not taken:
        return to(here)
    try:
        report, left_out = await _carried_out(call, found, station)
    except Conflict:
        await _given_back(call, found)
        await _anew(call, found, station)
        return to(f"{here}&changed=1")
    except BaseException:
        await _given_back(call, found)
        raise
    async with services.store.write() as unit:
        await uploads.done(unit, found.id, report, left_out)
    return to(here)


async def forget(call: Call[None, None]) -> web.Response:
    found, station = await _found(call)
    async with call.services.store.write() as unit:
        await uploads.forget(unit, found.id)
        await call.record(unit, Action.LIST_FORGOTTEN, station_id=station.id)
    return to(f"/console/people/import?station={station.slug}")


async def refused(call: Call[None, None]) -> web.Response:
    """Return the refused lines, with reasons, as a list to correct."""
    found, station = await _found(call)
    words = words_of(call.request)
    if found.state is UploadState.DONE:
        body = b"".join(await _pieces(call, found))
    else:
        async with _looked_at(call, found, station) as made:
            body = to_mend(made, words)
    return saved(words("to-mend.csv"), body, "text/csv")


async def _carried_out(call: Call[Any, Any], found: Upload, station: Station) -> tuple[dict[str, Any], bytes]:
    """Apply the list; return the result, and the lines left out."""
    services, before = call.services, found.report
    async with _looked_at(call, found, station) as made:
        await carry_out(services.store, made, call.actor)
        left_out = to_mend(made, words_of(call.request)) if made.refusals else b""
        return report_of(made, before["name"], before["stamp"], clears=before.get("clears", False)), left_out


@asynccontextmanager
async def _looked_at(call: Call[Any, Any], found: Upload, station: Station) -> AsyncIterator[Plan]:
    clears = found.report.get("clears", False)
    with as_file(await _pieces(call, found)) as path, await _plan(call, station, path, clears) as made:
        yield made


async def _plan(call: Call[Any, Any], station: Station, path: Path, clears: bool) -> Plan:  # noqa: FBT001
    may = call.may(Permission.VULNERABLE, station.id)
    return await looked_at(call.services.store, station, path, clears=clears, vulnerable=may)


async def _given_back(call: Call[Any, Any], found: Upload) -> None:
    async with call.services.store.write() as unit:
        await uploads.give_back(unit, found.id)


async def _anew(call: Call[Any, Any], found: Upload, station: Station) -> Upload:
    """Plan a list again, as the register has changed."""
    store = call.services.store
    stamp = await _stamp(call, station)
    async with _looked_at(call, found, station) as made:
        report = report_of(made, found.report["name"], stamp, clears=found.report.get("clears", False))
    async with store.write() as unit:
        await uploads.report_on(unit, found.id, report)
    return (await _found(call))[0]


async def _stamp(call: Call[Any, Any], station: Station) -> str:
    async with call.services.store.read() as unit:
        return await uploads.stamp(unit, station.id)


async def _pieces(call: Call[Any, Any], found: Upload) -> list[bytes]:
    async with call.services.store.read() as unit:
        return [piece async for piece in uploads.pieces_of(unit, found.id)]


async def _found(call: Call[Any, Any]) -> tuple[Upload, Station]:
    token = call.request.match_info["token"]
    async with call.services.store.read() as unit:
        found = None
        if len(token) <= _LONGEST_TOKEN:
            found = await uploads.find(unit, token, call.services.clock.now())
        station = None if found is None else await stations.by_id(unit, found.station_id)
    if found is None or station is None or call.caller is None or found.key_id != call.caller.key_id:
        raise NotFound("list-forgotten")
    call.need(station.id)
    return found, station


def _asking(
    call: Call[Any, Any], station: Station, theirs: list[Station], wrong: str = "", *, clears: bool = False
) -> web.Response:
    facts = {"station": station, "stations": theirs, "wrong": wrong, "most": LARGEST >> 20, "clears": clears}
    return show(call.request, "people/import.html", words_of(call.request), facts, tab="people")


def _shown(
    call: Call[Any, Any],
    found: Upload,
    station: Station,
    *,
    changed: bool = False,
    unsaid: bool = False,
    unsure: bool = False,
) -> web.Response:
    words = words_of(call.request)
    report = found.report
    facts = {
        "token": call.request.match_info["token"],
        "report": report,
        "state": found.state.name.lower(),
        "refusals": [
            {"line": each.line, "who": each.who, "field": each.field, "why": sentence(each, words)}
            for each in (LineRefusal(*raw) for raw in report["refusals"])
        ],
        "changed": changed,
        "unsaid": unsaid,
        "unsure": unsure,
        "geocoder": bool(call.services.settings.geocoder_url),
        "removed": _removed(report.get("removed", (0, 0, 0)), words),
        "number": words.number,
    }
    response = show(
        call.request,
        "people/import_preview.html",
        words,
        facts,
        tab="people",
        where=station,
        status=422 if unsaid or unsure else 200,
    )
    if found.state is UploadState.APPLYING:
        response.headers["Refresh"] = "2"
    return response


def _removed(counts: Sequence[int], words: Words) -> list[str]:
    contacts, homes, memberships = counts
    told = (
        words.many("%(n)s contact", "%(n)s contacts", contacts) if contacts else "",
        words.many("%(n)s home", "%(n)s homes", homes) if homes else "",
        words.many("%(n)s membership of a group", "%(n)s memberships of groups", memberships) if memberships else "",
    )
    return [each for each in told if each]
