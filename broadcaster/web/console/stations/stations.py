"""/console/stations: list; one station with its territory on a map; edit contact, languages and margin."""

from datetime import date
from typing import Any

from aiohttp import web
from babel.dates import format_date
from babel.numbers import format_percent

from broadcaster.domain.audit import Action
from broadcaster.domain.permissions import Permission
from broadcaster.domain.refusals import Refused, sentence
from broadcaster.domain.stations import Station, StationKind
from broadcaster.http.reading import form_of
from broadcaster.http.route import Call
from broadcaster.http.stations import own_station
from broadcaster.languages import LANGUAGES
from broadcaster.store.people import wishes
from broadcaster.store.stations import stations
from broadcaster.web.console.frame import show, stations_of, words_of
from broadcaster.web.console.stations import form as station_form
from broadcaster.web.console.stations.form import StationForm
from broadcaster.web.i18n import Words
from broadcaster.web.names import language_word
from broadcaster.web.pages import to
from broadcaster.web.topics import topics_of

_MONTHS = 6


async def listing(call: Call[None, None]) -> web.Response:
    words = words_of(call.request)
    async with call.services.store.read() as unit:
        theirs = await stations_of(unit, call)
        shown = [
            {
                "slug": each.slug,
                "name": each.name,
                "kind": kind_word(each.kind, words),
                "followers": await stations.followers_count(unit, each.id),
                "bounded": each.boundary is not None,
            }
            for each in theirs
        ]
    facts = {"stations": shown, "may_add": call.may_somewhere(Permission.STATIONS), "number": words.number}
    return show(call.request, "stations/stations.html", words, facts)


async def one(call: Call[None, None]) -> web.Response:
    words = words_of(call.request)
    station = await own_station(call)
    async with call.services.store.read() as unit:
        followers = await stations.followers_count(unit, station.id)
        muted = await wishes.shares(unit, station.id)
    months = list(muted)[:_MONTHS]
    facts = {
        "kind": kind_word(station.kind, words),
        "followers": followers,
        "months": [_month(each, words) for each in months],
        "muted": [
            (
                name,
                [
                    format_percent(muted[each][slug], locale=words.locale) if slug in muted[each] else "–"
                    for each in months
                ],
            )
            for slug, name in topics_of(station, words)
        ],
        "languages_told": ", ".join(language_word(each, words) for each in station.languages),
        "margin": words.number(round(station.margin_m)),
        "may_change": call.may(Permission.SETTINGS, station.id),
        "done": {"added": words("The station was added."), "changed": words("The change was saved.")}.get(
            call.request.query.get("done", ""), ""
        ),
    }
    return show(call.request, "stations/station.html", words, facts, where=station)


def _month(name: str, words: Words) -> str:
    return format_date(date.fromisoformat(f"{name}-01"), "MMM y", locale=words.locale)


async def edit(call: Call[None, None]) -> web.Response:
    station = await own_station(call)
    return _editing(call, station, station_form.filled(station, words_of(call.request)))


async def change(call: Call[None, None]) -> web.Response:
    """Change a station's contact, languages and margin."""
    given = station_form.read(await form_of(call.request))
    station = await own_station(call)
    words = words_of(call.request)
    given.slug = station.slug
    fields = station_form.changes(given, station, words)
    if fields is None:
        return _editing(call, station, given)
    try:
        async with call.services.store.write() as unit:
            await stations.change(unit, station.id, fields, sure=given.sure)
            await call.record(unit, Action.STATION_CHANGED, station.id, station_id=station.id)
    except Refused as error:
        asks = error.code == "topic-chosen"
        given.wrong["topics"] = sentence(error, words)
        return _editing(call, station, given, asks=asks)
    return to(f"/console/stations/{station.slug}?done=changed")


def _editing(call: Call[Any, Any], station: Station, given: StationForm, *, asks: bool = False) -> web.Response:
    words = words_of(call.request)
    facts = {"given": given, "known_languages": languages_known(words, given), "asks": asks}
    status = 422 if given.wrong else 200
    return show(call.request, "stations/edit.html", words, facts, where=station, status=status)


def kind_word(kind: StationKind, words: Words) -> str:
    return {
        StationKind.AUTHORITY: words("public authority"),
        StationKind.SCHOOL: words("school"),
        StationKind.ASSOCIATION: words("association"),
    }[kind]


def languages_known(words: Words, given: StationForm) -> list[tuple[str, str]]:
    """Return the languages that a form offers: tag and name."""
    return [(each, language_word(each, words)) for each in dict.fromkeys((*LANGUAGES, *given.languages))]
