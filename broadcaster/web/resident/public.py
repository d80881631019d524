"""Public pages: the first page, and one for each alert."""

import gzip
import re
from datetime import datetime
from email.utils import format_datetime
from typing import Any, TypeVar

import orjson
from aiohttp import web
from pydantic import Field

from broadcaster.domain.alerts import ENDINGS, Alert, MsgType, Status, ThreadRole
from broadcaster.domain.answers import asks
from broadcaster.domain.refusals import NotFound
from broadcaster.domain.spelling import folded, searched
from broadcaster.domain.stations import Station
from broadcaster.domain.templates import easy_in
from broadcaster.domain.zones import zone_of
from broadcaster.http.auth import count
from broadcaster.http.route import Call
from broadcaster.http.schemas.base import Query
from broadcaster.http.stations import station_named
from broadcaster.languages import DEFAULT
from broadcaster.store import Unit, polls
from broadcaster.store.alerts import alerts, threads
from broadcaster.store.stations import stations
from broadcaster.web.assets import reads_gzip
from broadcaster.web.ground import picture_of
from broadcaster.web.i18n import Words, catalogs, ranked
from broadcaster.web.kept import KEPT_PAGES
from broadcaster.web.pages import (
    headers_of,
    is_known,
    language_of,
    render,
    rendered,
    tag_of,
    with_etag,
    written_region,
    written_time,
)
from broadcaster.web.resident.frame import page, words_of
from broadcaster.web.severities import look_of, severity_words
from broadcaster.web.whereabouts import whereabouts
from zones import Area, simplified

T = TypeVar("T")
_FRESH = "public, max-age=15, must-revalidate"
_UNCHANGED = ("Cache-Control", "Content-Language", "ETag", "Last-Modified", "Vary")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,40}")
_MOST_ALERTS = 50
_MOST_STATIONS, _FEW_STATIONS = 100, 8
_MOST_SHAPE = 10_000


class Unknown(Exception):
    """The link of a page leads nowhere."""


def known(found: T | None) -> T:
    """Return what a page's link leads to. Raises ``Unknown`` if there is nothing."""
    if found is None:
        raise Unknown
    return found


async def station_of_page(unit: Unit, call: Call[Any, Any]) -> Station:
    """Return the station in a page's path. Raises ``Unknown``."""
    try:
        return await station_named(unit, call.request.match_info["slug"])
    except NotFound:
        raise Unknown from None


class LandingQuery(Query):
    """``q``: part of a station's name; ``lang``: the requested language."""

    q: str = Field("", max_length=100)
    lang: str = Field("", max_length=20)


async def landing(call: Call[None, LandingQuery]) -> web.StreamResponse:
    """Show what this is, the stations, and active alerts."""
    request, services = call.request, call.services
    words = words_of(call)
    async with services.store.read() as unit:
        known = {station.id: station for station in await stations.listed(unit)}
        found = await alerts.page(unit, stations=None, before=None, limit=_MOST_ALERTS, public_at=services.clock.now())
    found.sort(key=lambda alert: (alert.rank, -alert.id))
    wanted = [each for each in known.values() if searched(call.query.q) in searched(each.name)]
    wanted.sort(key=lambda station: folded(station.name))
    facts = {
        "stations": wanted[:_MOST_STATIONS],
        "more": len(wanted) > _MOST_STATIONS,
        "many": len(known) > _FEW_STATIONS,
        "q": call.query.q,
        "alerts": [entry(alert, known[alert.station_id], words) for alert in found],
    }
    return with_etag(request, page(call, "landing.html", words, facts, cache_control=_FRESH))


def entry(alert: Alert, station: Station, words: Words) -> dict[str, str]:
    language, text = alert.text_in(words.language, station.languages[0])
    return {
        "token": alert.token,
        "language": language,
        "headline": text.headline,
        "mark": mark_of(alert, words),
        "look": look_of(alert),
        "severity_word": severity_words(words)[alert.severity],
        "station": station.name,
        "until": written_time(alert.expires_at, zone_of(station.region), words),
    }


async def alert_page(call: Call[None, None]) -> web.StreamResponse:
    """Show an alert to anybody with its link.

    Valid links are not rate-limited, since a whole town may share a mobile carrier's address; wrong links are.
    """
    request, services = call.request, call.services
    token = request.match_info["token"]
    kept, active = request.app[KEPT_PAGES], services.active
    packed = reads_gzip(request)
    # Normalized, since arbitrary spellings would bypass the cache.
    known = catalogs().languages
    key = (token, language_of(request, ""), ranked(request.headers.get("Accept-Language", ""), known), packed)

    def is_active(number: int) -> bool:
        return bool(active.alerts([number]))

    found = kept.find(key, is_active)
    if found is None:
        async with kept.making(key):
            found = kept.find(key, is_active)
            if found is None:
                made = await _made(call, token)
                if made is None:
                    await count(request)
                    raise Unknown
                alert_id, body, headers = made
                if packed:
                    body = gzip.compress(body, mtime=0)
                    headers["Content-Encoding"] = "gzip"
                headers["ETag"] = f'"{tag_of(body)}"'
                found = kept.keep(key, body, headers, alert_id, active=is_active(alert_id))
    if request.headers.get("If-None-Match") and is_known(request, found.headers["ETag"].strip('"')):
        return web.Response(status=304, headers={name: found.headers[name] for name in _UNCHANGED})
    return web.Response(body=found.body, headers=found.headers)


async def _made(call: Call[None, None], token: str) -> tuple[int, bytes, dict[str, str]] | None:
    """Render an alert's page. Return (its id, the page, its headers); None if unknown.

    ``Last-Modified`` says when it was rendered, for devices that show a saved copy.
    """
    services = call.services
    async with services.store.read() as unit:
        alert = await alerts.by_token(unit, token) if _TOKEN.fullmatch(token) else None
        station = None if alert is None else await stations.by_id(unit, alert.station_id)
    if alert is None or station is None:
        return None
    words, facts = await page_facts(call, alert, station)
    body = rendered(call.request, "alert.html", words, facts)
    headers = {
        **headers_of(words.language, cache_control=_FRESH),
        "Content-Type": "text/html; charset=utf-8",
        "Last-Modified": format_datetime(services.clock.now(), usegmt=True),
    }
    return facts["alert"].id, body, headers


async def page_facts(call: Call[Any, Any], alert: Alert, station: Station) -> tuple[Words, dict[str, Any]]:
    """Return the facts for an alert's public page in the reader's language, without anybody's answer.

    The page of an earlier version shows the current one.
    """
    request, services = call.request, call.services
    async with services.store.read() as unit:
        alert, ending, left = await _as_it_stands(unit, alert)
        poll = await polls.by_alert(unit, alert.id)
    default = station.languages[0]
    # A page in a language that the alert lacks would be a mix of two.
    readable = [language for language in catalogs().languages if language in alert.texts]
    words = catalogs().words(language_of(request, default, readable or None))
    language, text = alert.text_in(words.language, default)
    zone = zone_of(station.region)

    def written(moment: datetime | None) -> str | None:
        return None if moment is None else written_time(moment, zone, words)

    return words, {
        "alert": alert,
        "station": station,
        "text": text,
        "text_language": language,
        "languages": readable or catalogs().languages,
        "mark": mark_of(alert, words),
        "word": severity_words(words)[alert.severity],
        "look": look_of(alert),
        "ended": _ended(alert, services.clock.now(), words),
        "ending": ending,
        "left": left,
        "url": f"{services.base_url}/a/{alert.token}",
        "base_url": services.base_url,
        "sandbox_names": [words.channel(each, inside=True) for each in alert.sandbox],
        "shape": "" if alert.area is None else _shape(alert.area),
        "middle": "" if alert.area is None else "{:.6f} {:.6f}".format(*alert.area.centre),
        "distance_words": words("You are %(distance)s from the area.", distance="%(distance)s"),
        "sent": written(alert.sent_at),
        "onset": written(alert.onset_at),
        "expires": written(alert.expires_at),
        "cancelled": written(alert.cancelled_at),
        "zone": written_region(station.region, words),
        "picture": picture_of(services.settings, alert, station, town=True),
        "places": whereabouts(alert, station, words),
        "poll": poll,
        "answering": None,
        "easy": easy_in(alert.prepared, alert.role, alert.texts).get(language),
        "asks": asks(alert) and alert.active(services.clock.now()),
        "answer_to": f"/v1/subscribers/me/answers/{alert.token}",
    }


async def _as_it_stands(unit: Unit, alert: Alert) -> tuple[Alert, Alert | None, bool]:
    """Return (the current or last version; its ending; whether the link was for people outside the update's area).

    Links to an earlier version, and to a message that it no longer applies, lead to the current version.
    """
    if alert.role in ENDINGS or (alert.role is ThreadRole.FIRST and alert.followed_by is None):
        return alert, None, False
    thread = await threads.alerts_of(unit, alert)
    versions = [each for each in thread if each.role in (ThreadRole.FIRST, ThreadRole.UPDATE)]
    ending = next((each for each in thread if each.role in ENDINGS), None)
    if alert.role is ThreadRole.REMINDER:
        return alert, ending, False
    return versions[-1] if versions else alert, ending, alert.role is ThreadRole.LEFT


def unknown(request: web.Request) -> web.Response:
    """Show that the page does not exist: the answer to ``Unknown``."""
    words = catalogs().words(language_of(request, DEFAULT))
    facts = {
        "heading": words("There is nothing here"),
        "sentence": words("This link leads nowhere: it may have been cut off in a message. Copy it whole."),
    }
    return render(request, "words.html", words, facts, status=404)


def mark_of(alert: Alert, words: Words) -> str:
    """Return a headline's prefix; empty for a real alert."""
    return {Status.EXERCISE: f"[{words('EXERCISE')}] ", Status.TEST: f"[{words('TEST')}] "}.get(alert.status, "")


def _shape(area: Area) -> str:
    """Return an area as JSON, by which devices check whether they are inside; long outlines are simplified."""
    shape = area.to_json()
    if shape["polygons"] is not None and len(orjson.dumps(shape["polygons"])) > _MOST_SHAPE:
        shape["polygons"] = simplified(shape["polygons"])
    return orjson.dumps(shape).decode()


def _ended(alert: Alert, now: datetime, words: Words) -> str | None:
    if alert.role is ThreadRole.MISTAKE:
        return words("SENT BY MISTAKE")
    if alert.msg_type is MsgType.CANCEL:
        return words("ALL CLEAR")
    if alert.cancelled_at is not None:
        return words("This alert has ended.")
    if now >= alert.expires_at:
        return words("This alert is over.")
    return None
