"""/console/stations/new: add a commune, by name or INSEE code, or a school or association."""

import asyncio
from typing import Any

from aiohttp import web

from broadcaster.domain.audit import Action
from broadcaster.domain.refusals import Conflict, NotFound, sentence
from broadcaster.domain.stations import Station, StationKind
from broadcaster.http.answers import answer
from broadcaster.http.reading import form_of
from broadcaster.http.route import Call
from broadcaster.http.schemas.base import MAX_NAME, Shown
from broadcaster.languages import DEFAULT
from broadcaster.store.stations import stations
from broadcaster.web.console.frame import show, words_of
from broadcaster.web.console.stations import boundary as station_boundary
from broadcaster.web.console.stations import form as station_form
from broadcaster.web.console.stations.form import StationForm
from broadcaster.web.console.stations.stations import languages_known
from broadcaster.web.ground import GROUND
from broadcaster.web.i18n import Words
from broadcaster.web.pages import to
from channels.sms import written
from zones import Commune, CommuneName, Communes, CommunesMissing, Jurisdiction, UnknownCommune

_COMMUNES = Communes()  # opens nothing before the first query
_MOST = 12
_SHORTEST = 2


class CommuneFound(Shown):
    insee: str
    name: str
    where: str


class CommunesFound(Shown):
    communes: tuple[CommuneFound, ...]


async def ask(call: Call[None, None]) -> web.Response:
    """Ask for the commune, or show the chosen one, or the form of a school or association."""
    words = words_of(call.request)
    insee = call.request.query.get("insee", "").strip()[:10]
    kind = call.request.query.get("kind", "")
    if insee:
        return await _of_commune(call, insee, None)
    if kind in (StationKind.SCHOOL, StationKind.ASSOCIATION):
        return _of_others(call, StationForm(kind=kind))
    text = _asked(call)
    found = await _search(text, words)
    if len(found) == 1 and found[0].insee == text.upper():
        return to(f"/console/stations/new?insee={found[0].insee}")
    return show(call.request, "stations/new.html", words, {"q": text, "found": found})


async def find(call: Call[None, None]) -> web.Response:
    """Return communes whose name begins like this."""
    return answer(CommunesFound(communes=tuple(await _search(_asked(call), words_of(call.request)))))


async def ground(call: Call[None, None]) -> web.Response:
    """Return the map data of a commune that is not a station yet."""
    commune = await _commune(call.request.match_info["insee"])
    body = await call.request.app[GROUND].under(_as_station(commune))
    return web.Response(body=body, content_type="application/json", headers={"Cache-Control": "no-store"})


async def add(call: Call[None, None]) -> web.Response:
    """Add a station. Idempotent: its slug is unique."""
    services, words = call.services, words_of(call.request)
    given = station_form.read(await form_of(call.request))
    fields = await asyncio.to_thread(station_form.made, given, words, services.settings.margin_m)
    if fields is not None:
        async with services.store.write() as unit:
            made = await stations.add(unit, fields, services.clock.now())
            known = await stations.by_slug(unit, given.slug)
            if made is not None:
                await call.record(unit, Action.STATION_ADDED, made.id, station_id=made.id)
        if made is not None or (known is not None and (known.name, known.insee) == (fields["name"], fields["insee"])):
            return to(f"/console/stations/{given.slug}?done=added")
        given.wrong["slug"] = sentence(Conflict("slug-taken", slug=given.slug), words)
    if given.insee:
        return await _of_commune(call, given.insee, given)
    if given.boundary and "form" not in given.wrong:
        return await station_boundary.shown(call, given)
    return _of_others(call, given)


async def _of_commune(call: Call[Any, Any], insee: str, given: StationForm | None) -> web.Response:
    words = words_of(call.request)
    try:
        commune = await _commune(insee)
    except NotFound:
        found = await _search(insee, words)
        return show(call.request, "stations/new.html", words, {"q": insee, "found": found}, status=404)
    if given is None:
        given = StationForm(
            insee=commune.insee,
            slug=commune.slug[:60],
            email=commune.email or "",
            phone=written(commune.phone or ""),
            margin=f"{call.services.settings.margin_m:g}",
        )
    facts = {
        "commune": commune,
        "people": commune.population,
        "given": given,
        "known_languages": languages_known(words, given),
    }
    return show(call.request, "stations/commune.html", words, facts, status=422 if given.wrong else 200)


def _of_others(call: Call[Any, Any], given: StationForm) -> web.Response:
    words = words_of(call.request)
    facts = {"given": given, "known_languages": languages_known(words, given)}
    return show(call.request, "stations/other.html", words, facts, status=422 if given.wrong else 200)


async def _search(text: str, words: Words) -> list[CommuneFound]:
    if len(text) < _SHORTEST:
        return []

    def work() -> list[CommuneName]:
        try:
            named = _COMMUNES.search(text, _MOST)
            if named:
                return named
            found = _COMMUNES.find(text)
        except (UnknownCommune, CommunesMissing):
            return []
        return [_named(found)]

    def where(each: CommuneName) -> str:
        people = (
            ""
            if each.population is None
            else f" · {words.many('%(n)s inhabitant', '%(n)s inhabitants', each.population)}"
        )
        return f"{each.departement} · {each.insee}{people}"

    found = await asyncio.to_thread(work)
    return [CommuneFound(insee=each.insee, name=each.name, where=where(each)) for each in found]


def _named(commune: Commune) -> CommuneName:
    return _COMMUNES.search(commune.name, 1)[0]._replace(
        insee=commune.insee, name=commune.name, departement=commune.departement, population=commune.population
    )


async def _commune(insee: str) -> Commune:
    try:
        return await asyncio.to_thread(_COMMUNES.find, insee[:10])
    except (UnknownCommune, CommunesMissing) as error:
        raise NotFound("commune-unknown", insee=insee[:10]) from error


def _as_station(commune: Commune) -> Station:
    return Station(
        id=0,
        slug=f"insee {commune.insee}",
        name=commune.name,
        kind=StationKind.AUTHORITY,
        languages=(DEFAULT,),
        boundary=Jurisdiction(commune.boundary).boundary_geojson,
        margin_m=0.0,
        insee=commune.insee,
        lon=commune.centre[0],
        lat=commune.centre[1],
    )


def _asked(call: Call[Any, Any]) -> str:
    return " ".join(call.request.query.get("q", "").split())[:MAX_NAME]
