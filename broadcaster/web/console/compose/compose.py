"""/console/new: a new alert in four steps, which also serve to change a scheduled one.

The page contains all steps; its script shows one at a time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from broadcaster.domain.alerts import GRAVE, MAX_EVENT, RULES, TEXT_LIMITS, Severity
from broadcaster.domain.answers import LONGEST_QUESTION
from broadcaster.domain.approvals import LEAST_APPROVERS
from broadcaster.domain.escalation import PAID
from broadcaster.domain.people import CHANNELS
from broadcaster.domain.policies import policy_of
from broadcaster.domain.stations import Station, StationKind
from broadcaster.domain.templates import Template
from broadcaster.domain.zones import zone_of
from broadcaster.http.route import Call
from broadcaster.languages import LANGUAGES, direction, own_name
from broadcaster.pipeline.duty import is_off_duty
from broadcaster.pipeline.templates import offered
from broadcaster.store import Unit
from broadcaster.store.alerts import approvals
from broadcaster.store.stations import stations
from broadcaster.web.console.alerts.live_words import span
from broadcaster.web.console.compose import offered as compose_offered
from broadcaster.web.console.compose import words as compose_words
from broadcaster.web.console.frame import show, stations_of, words_of
from broadcaster.web.i18n import Words
from broadcaster.web.names import first_large
from broadcaster.web.severities import severity_words
from broadcaster.web.topics import topics_of
from zones import MAX_CIRCLES, MAX_RADIUS_M, MIN_RADIUS_M, simplified

_USUAL = sorted(LANGUAGES, key="en".__ne__)
"""The languages of Tocsin; English, which most visitors read, first."""


async def page(call: Call[None, None]) -> web.Response:
    """Show the page, or how to add a station if there is none."""
    request = call.request
    words = words_of(request)
    async with call.services.store.read() as unit:
        theirs = await stations_of(unit, call)
        wanted = request.query.get("station", "")
        station = next((each for each in theirs if each.slug == wanted or not wanted), None)
        templates = await offered(unit, station) if station is not None else {}
        alone = await alone_facts(call, unit, station) if station is not None else {}
    if station is None:
        return show(request, "compose/nowhere.html", words, {"lost": wanted[:60]}, tab="new")
    people = await people_of(call, station)
    facts = {"stations": theirs, **facts_of(call, station, people, words, None, templates=templates.values()), **alone}
    return show(request, "compose/compose.html", words, facts, tab="new", where=station)


async def alone_facts(call: Call[Any, Any], unit: Unit, station: Station) -> dict[str, bool]:
    """Return whether the caller's message may need approval, or somebody on duty, before it is sent."""
    four_eyes = len(await approvals.approvers(unit, station.id)) >= LEAST_APPROVERS
    return {"four_eyes": four_eyes, "off_duty": await is_off_duty(call.services, station.id, call.actor)}


@dataclass(frozen=True)
class People:
    """A station's groups, and about how many of its followers read each language, most first."""

    groups: list[dict[str, str]]
    readers: Mapping[str, int]


async def people_of(call: Call[Any, Any], station: Station) -> People:
    known = await call.services.store.run_read(lambda unit: stations.group_list(unit, station.id))
    groups = [{"slug": slug, "name": name} for slug, name, _ in known]
    return People(groups, await call.services.readers(station.id))


def facts_of(
    call: Call[Any, Any],
    station: Station,
    people: People,
    words: Words,
    editing: dict[str, Any] | None,
    *,
    templates: Iterable[Template] = (),
) -> dict[str, Any]:
    """Return the page's facts. ``editing``: the scheduled alert to change (``editing.page``)."""
    known = dict.fromkeys((*people.readers, *_USUAL))
    more = [each for each in known if each in LANGUAGES and each not in station.languages]
    languages = [*station.languages, *more]
    beginnings = compose_offered.shown(templates, words)
    return {
        "editing": editing,
        "four_eyes": False,
        "off_duty": False,
        "steps": _steps(words, editing, station),
        "holds": _holds(words, None if editing is None else editing["draft"]["hours"]),
        "beginnings": beginnings,
        "severities": compose_words.severities(words),
        "channels": compose_words.channels(words),
        "groups": people.groups,
        "school_zones": call.services.school.zones,
        "topics": topics_of(station, words),
        "languages_written": [(each, own_name(each)) for each in languages],
        "languages_more": [
            (each, first_large(words.locale.languages[each]), people.readers.get(each, 0)) for each in more
        ],
        "authority": station.kind is StationKind.AUTHORITY,
        "school": station.kind is StationKind.SCHOOL,
        "limits": TEXT_LIMITS | {"event": MAX_EVENT},
        "given": {
            "editing": editing,
            "station": station.slug,
            "name": station.name,
            "centre": None if station.lon is None or station.lat is None else [station.lon, station.lat],
            "territory": station.boundary is not None,
            "boundary": None if station.boundary is None else simplified(station.boundary),
            "authority": station.kind is StationKind.AUTHORITY,
            "grave": sorted(GRAVE),
            "own": station.languages[0],
            "languages": languages,
            "station_languages": list(station.languages),
            "directions": {each: direction(each) for each in languages},
            "groups": people.groups,
            "topics": list(station.topics),
            "channels": list(CHANNELS),
            "paid": list(PAID),
            "by_severity": {severity: policy_of(station, severity).channels for severity in RULES},
            "sandbox": list(call.services.sandboxed),
            "beginnings": beginnings,
            "radius": [MIN_RADIUS_M, MAX_RADIUS_M],
            "circles": MAX_CIRCLES,
            "limits": TEXT_LIMITS | {"question": LONGEST_QUESTION},
            "zone": zone_of(station.region).key,
            "severities": severity_words(words),
            "words": compose_words.for_script(words, authority=station.kind is StationKind.AUTHORITY),
        },
        "default_severity": Severity.SEVERE,
    }


def _steps(words: Words, editing: dict[str, Any] | None, station: Station) -> list[tuple[str, str]]:
    where = words("Where?") if station.kind is StationKind.AUTHORITY else words("For whom?")
    titles = {"kind": words("What?"), "where": where, "words": words("Message"), "check": words("Check")}
    names = list(titles) if editing is None else editing["steps"]
    return [(name, titles[name]) for name in names]


def _holds(words: Words, hours: str | None) -> list[tuple[str, str]]:
    """Return the choices for how long an alert lasts: hours and their words, including a schedule's own."""
    usual = {"1": words("1 hour"), "3": words("3 hours"), "12": words("12 hours"), "24": words("1 day")}
    own = {} if hours is None or hours in ("date", *usual) else {hours: span(float(hours) * 3600, words)}
    return list((own | usual).items())
