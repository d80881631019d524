"""The frame of console pages: signed-in operator, navigation, language."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from broadcaster.domain.permissions import Permission
from broadcaster.domain.refusals import NotFound
from broadcaster.domain.stations import Station
from broadcaster.http.keys import OPENID, SERVICES, SESSION
from broadcaster.http.route import Call
from broadcaster.http.sessions import PATH, csrf_of
from broadcaster.languages import CONSOLE, DEFAULT
from broadcaster.store import Unit
from broadcaster.store.operations.sessions import Session
from broadcaster.store.stations import stations
from broadcaster.web.i18n import Words, catalogs
from broadcaster.web.pages import language_of, render

LANGUAGE = "tocsin_language"
_YEAR_S = 365 * 86_400


def words_of(request: web.Request, default: str = DEFAULT) -> Words:
    """Return the reader's words: ``?lang=``, else the language chosen earlier, else the browser's."""
    chosen = request.cookies.get(LANGUAGE, "")
    if "lang" not in request.query and chosen in CONSOLE:
        return catalogs().words(chosen)
    return catalogs().for_operators(language_of(request, default, CONSOLE))


def show(
    request: web.Request,
    template: str,
    words: Words,
    facts: Mapping[str, Any],
    *,
    tab: str = "",
    where: Station | None = None,
    status: int | None = None,
) -> web.Response:
    """Render a console page. ``where``: the station it concerns, its fact ``station``; ``tab``: its active tab.

    ``status``: by default 422 if there is a fact ``wrong`` that is not empty, else 200.
    """
    session = request.get(SESSION)
    signed_in = session is not None
    response = render(
        request,
        f"console/{template}",
        words,
        {
            "me": None
            if session is None
            else {
                "where": "" if where is None else where.name,
                "manages": session.caller.may_somewhere(Permission.OPERATORS),
                "training": session.training,
                "proves_by_password": session.trusted and session.has_password,
                "proves_by_openid": _openid(request) if session.trusted else "",
            },
            "csrf": csrf_of(request) if signed_in else "",
            "tab": tab,
            "tabs": _tabs(words, session),
            "request_path": request.path,
            "languages": CONSOLE,
            **({} if where is None else {"station": where}),
            **facts,
        },
        status=status or (422 if facts.get("wrong") else 200),
    )
    if request.query.get("lang", "") in CONSOLE:
        response.set_cookie(LANGUAGE, words.language, max_age=_YEAR_S, path=PATH, httponly=True, samesite="Lax")
    return response


def _openid(request: web.Request) -> str:
    """Return the name of the OpenID Connect provider; empty if there is none."""
    return "" if request.app[OPENID] is None else request.app[SERVICES].settings.openid_name


def _tabs(words: Words, session: Session | None) -> list[tuple[str, str, str, str]]:
    tabs = [
        ("home", "/console", "home", words("Home")),
        ("new", "/console/new", "plus", words("Alert now")),
        ("alerts", "/console/alerts", "bell", words("Alerts")),
        ("people", "/console/people", "people", words("Residents")),
    ]
    sends = session is not None and session.caller.may_somewhere(Permission.SEND)
    return tabs if sends else [tab for tab in tabs if tab[0] != "new"]


async def stations_of(unit: Unit, call: Call[Any, Any]) -> list[Station]:
    """Return the stations for which the caller holds the route's permission, by name."""
    own = call.stations()
    # Read only these, so that a town's operator does not wait for a whole nation's towns.
    known = await (stations.all_stations(unit) if own is None else stations.by_ids(unit, own))
    return sorted(known, key=lambda station: station.name.casefold())


async def station_chosen(call: Call[Any, Any]) -> Station:
    """Return the station of ``chosen_station`` alone. Raises likewise."""
    async with call.services.store.read() as unit:
        return (await chosen_station(unit, call))[0]


async def chosen_station(unit: Unit, call: Call[Any, Any]) -> tuple[Station, list[Station]]:
    """Return the station in ``?station=`` or else the first, and all that may be chosen.

    Raises ``NotFound`` for another's station, or if there are none; ``Forbidden`` for one that they may only view.
    """
    theirs = await stations_of(unit, call)
    wanted = call.request.query.get("station", "")
    for station in theirs:
        if station.slug == wanted or not wanted:
            call.seen(station_id=station.id)
            return station, theirs
    there = await stations.by_slug(unit, wanted)
    if there is not None and call.may(Permission.LOOK, there.id):
        call.need(there.id)
    raise NotFound("station-missing", slug=wanted[:60]) if wanted else NotFound("no-station")
