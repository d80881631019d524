"""The frame of console pages: signed-in operator, navigation, language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from broadcaster.domain.refusals import NotFound
from broadcaster.domain.stations import Role
from broadcaster.http.keys import SESSION
from broadcaster.http.sessions import PATH, csrf_of
from broadcaster.store.stations import stations
from broadcaster.web.i18n import catalogs
from broadcaster.web.pages import language_of, render

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from broadcaster.domain.stations import Caller, Station
    from broadcaster.http.route import Call
    from broadcaster.store import Unit
    from broadcaster.web.i18n import Words

LANGUAGE = "tocsin_language"
_YEAR_S = 365 * 86_400


def words_of(request: web.Request, default: str = "fr") -> Words:
    """Return the reader's words: ``?lang=``, else the language chosen earlier, else the browser's."""
    chosen = request.cookies.get(LANGUAGE, "")
    known = catalogs().languages
    if "lang" not in request.query and chosen in known:
        return catalogs().words(chosen)
    return catalogs().words(language_of(request, default))


def show(
    request: web.Request,
    template: str,
    words: Words,
    facts: Mapping[str, Any],
    *,
    tab: str = "",
    where: str = "",
    status: int = 200,
) -> web.Response:
    """Render a console page. ``where``: the station it concerns; ``tab``: its active tab."""
    session = request.get(SESSION)
    signed_in = session is not None
    response = render(
        request,
        f"console/{template}",
        words,
        {
            "me": {"where": where, "role": session.caller.role} if session is not None else None,
            "csrf": csrf_of(request) if signed_in else "",
            "tab": tab,
            "tabs": _tabs(words, session.caller.role if session is not None else Role.READ),
            "request_path": request.path,
            **facts,
        },
        status=status,
    )
    if request.query.get("lang", "") in catalogs().languages:
        response.set_cookie(LANGUAGE, words.language, max_age=_YEAR_S, path=PATH, httponly=True, samesite="Lax")
    return response


def _tabs(words: Words, role: Role) -> list[tuple[str, str, str, str]]:
    tabs = [
        ("home", "/console", "home", words("Home")),
        ("new", "/console/new", "plus", words("Alert now")),
        ("alerts", "/console/alerts", "bell", words("Alerts")),
        ("people", "/console/people", "people", words("Residents")),
    ]
    return tabs if role.may(Role.PUBLISH) else [tab for tab in tabs if tab[0] != "new"]


async def stations_of(unit: Unit, caller: Caller | None, role: Role = Role.READ) -> list[Station]:
    """Return the stations that a caller may act for, by name."""
    if caller is None:
        return []
    # A town's operator need not wait for a whole nation's towns.
    own = caller.station_id
    known = await (stations.all_stations(unit) if own is None else stations.by_ids(unit, [own]))
    found = [each for each in known if caller.may(role, each.id)]
    return sorted(found, key=lambda station: station.name.casefold())


async def chosen_station(unit: Unit, call: Call[Any, Any], role: Role = Role.READ) -> tuple[Station, list[Station]]:
    """Return the station in ``?station=``, else the first, and all that may be chosen.

    Raises ``NotFound`` for another's station, and without any.
    """
    theirs = await stations_of(unit, call.caller, role)
    wanted = call.request.query.get("station", "")
    for station in theirs:
        if station.slug == wanted or not wanted:
            return station, theirs
    raise NotFound("station-missing", slug=wanted[:60]) if wanted else NotFound("no-station")
