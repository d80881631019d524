"""/console/schedules: scheduled alerts as a list, a month or an agenda; one schedule; and unsent occurrences."""

import asyncio
import calendar
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby, islice, takewhile
from typing import Any, Literal
from zoneinfo import ZoneInfo

from aiohttp import web
from babel.dates import format_date, format_time, get_day_names
from pydantic import Field

from broadcaster.domain.alerts import RULES
from broadcaster.domain.permissions import Permission
from broadcaster.domain.refusals import Conflict, Refused, sentence
from broadcaster.domain.schedules import OPEN, Occurrence, Outcome, Schedule, needs_reason
from broadcaster.domain.stations import Station
from broadcaster.domain.zones import zone_of
from broadcaster.http.reading import form_of
from broadcaster.http.route import Call
from broadcaster.http.schedules import schedule_of
from broadcaster.http.schemas.base import PageQuery
from broadcaster.ids import new_id
from broadcaster.pipeline import scheduling
from broadcaster.pipeline.schedule import answer_missed
from broadcaster.pipeline.services import Services
from broadcaster.store import Unit, schedules
from broadcaster.web.console.alerts.live_words import span
from broadcaster.web.console.frame import show, stations_of, words_of
from broadcaster.web.console.schedules import drills
from broadcaster.web.i18n import Words
from broadcaster.web.names import author_word
from broadcaster.web.pages import to, written_time
from broadcaster.web.severities import look_of

_Days = dict[date, list[tuple[datetime, Schedule, Station]]]
_Events = Mapping[date, list[dict[str, Any]]]

_MOST = 200
_AHEAD = 10
_AGENDA = timedelta(days=60)
_NOT_SENT = 40
_SOON = timedelta(hours=1)
_PATH = "/console/schedules"


class SchedulesPageQuery(PageQuery):
    """``month``: its first day."""

    view: Literal["list", "month", "agenda"] = "list"
    month: str = Field("", pattern=r"^(20\d\d-(0[1-9]|1[0-2]))?$")


async def listing(call: Call[None, SchedulesPageQuery]) -> web.Response:
    words, services, query = words_of(call.request), call.services, call.query
    async with services.store.read() as unit:
        known, found = await _known(unit, call)
        names = await schedules.authors(unit, found)
        open_ones = await not_sent(unit, call, known, words)
        groups = await drills.groups(unit, known)
    cards = [card(each, known[each.station_id], words, names) for each in found]
    facts: dict[str, Any] = {
        "view": query.view,
        "schedules": cards,
        "not_sent": open_ones,
        "groups": groups,
        "may_send": call.may_somewhere(Permission.SEND),
        "several": len(known) > 1,
    }
    if query.view != "list":
        zone = zone_of(next(iter(known.values())).region) if known else ZoneInfo("UTC")
        today = services.clock.now().astimezone(zone).date()
        first = date.fromisoformat(f"{query.month}-01") if query.month else today.replace(day=1)
        last = first + timedelta(days=calendar.monthrange(first.year, first.month)[1] - 1)
        if query.view == "agenda":
            first, last = today, today + _AGENDA
        days = await asyncio.to_thread(_days, services, found, known, (first, last), zone)
        events = {day: [_event(*each, words, names) for each in found] for day, found in days.items()}
        facts |= _month(events, first, last, words) if query.view == "month" else {"days": _agenda(events, words)}
    return show(call.request, "schedules/schedules.html", words, facts, tab="alerts")


async def _known(unit: Unit, call: Call[Any, Any]) -> tuple[dict[int, Station], list[Schedule]]:
    known = {station.id: station for station in await stations_of(unit, call)}
    found = await schedules.page(unit, stations=call.stations(), limit=_MOST)
    return known, [each for each in found if each.station_id in known]


async def not_sent(
    unit: Unit, call: Call[Any, Any], known: Mapping[int, Station], words: Words
) -> list[dict[str, Any]]:
    """Return occurrences awaiting a decision, for a list with two buttons each."""
    found = await schedules.not_sent(unit, call.stations(), _NOT_SENT)
    return [
        card(each, known[each.station_id], words) | _past(occurrence, each, words)
        for each, occurrence in found
        if each.station_id in known
    ]


async def changed_soon(
    unit: Unit, call: Call[Any, Any], known: Mapping[int, Station], words: Words
) -> list[dict[str, Any]]:
    """Return schedules due soon whose reach has changed since they were written."""
    soon = call.services.clock.now() + _SOON
    found = await schedules.to_come(unit, list(known), soon, _NOT_SENT)
    return [card(each, known[each.station_id], words) for each in found if each.reach_changed]


async def to_approve(
    unit: Unit, call: Call[Any, Any], known: Mapping[int, Station], words: Words
) -> list[dict[str, Any]]:
    """Return the schedules that wait for a second person."""
    found = await schedules.unapproved(unit, call.stations(), _NOT_SENT)
    names = await schedules.authors(unit, found)
    return [card(each, known[each.station_id], words, names) for each in found if each.station_id in known]


async def orphaned(
    unit: Unit, call: Call[Any, Any], known: Mapping[int, Station], words: Words
) -> list[dict[str, Any]]:
    """Return the schedules whose author may send no more."""
    found = await schedules.orphaned(unit, call.stations(), call.services.clock.now(), _NOT_SENT)
    names = await schedules.authors(unit, found)
    return [card(each, known[each.station_id], words, names) for each in found if each.station_id in known]


def card(schedule: Schedule, station: Station, words: Words, names: Mapping[int, str] | None = None) -> dict[str, Any]:
    language, text = schedule.message.text_in(words.language, station.languages[0])
    at = schedule.next_at
    return {
        "id": schedule.id,
        "path": f"{_PATH}/{schedule.id}",
        "look": look_of(schedule.message),
        "headline": text.headline,
        "language": language,
        "station": station.name,
        "author": author_word((names or {}).get(schedule.key_id) or words("somebody whose key is gone"), words),
        "next": "" if at is None else written_time(at, ZoneInfo(schedule.zone), words),
        "paused": schedule.paused,
        "waits": schedule.unapproved,
        "repeats": _often(schedule, words),
        "reach": (schedule.reach, schedule.reach_now) if schedule.reach_changed else None,
    }


def _often(schedule: Schedule, words: Words) -> str:
    if schedule.rule is None:
        return words("once")
    often = {
        "HOURLY": words("every hour"),
        "DAILY": words("every day"),
        "WEEKLY": words("every week"),
        "MONTHLY": words("every month"),
        "YEARLY": words("every year"),
    }
    rule = schedule.rule.upper()
    plain = "INTERVAL=" not in rule
    return next((said for name, said in often.items() if plain and f"FREQ={name}" in rule), schedule.rule)


def _past(occurrence: Occurrence, schedule: Schedule, words: Words) -> dict[str, Any]:
    said = {
        Outcome.ISSUED: words("sent"),
        Outcome.MISSED: words("not sent: the service was down"),
        Outcome.REFUSED: words("not sent: it could not be"),
        Outcome.CANCELLED: words("dropped"),
    }
    return {
        "at": occurrence.at.isoformat(),
        "when": written_time(occurrence.at, ZoneInfo(schedule.zone), words),
        "outcome": said[occurrence.outcome],
        "problem": "" if occurrence.why is None else sentence(occurrence.why, words),
        "alert_id": occurrence.alert_id,
        "open": occurrence.outcome in OPEN,
    }


def _days(
    services: Services,
    found: Iterable[Schedule],
    known: Mapping[int, Station],
    within: tuple[date, date],
    zone: ZoneInfo,
) -> _Days:
    end = datetime.combine(within[1] + timedelta(days=1), datetime.min.time(), zone)
    begin = datetime.combine(within[0], datetime.min.time(), zone)
    every = []
    for each in found:
        station = known[each.station_id]
        ahead = takewhile(lambda at: at < end, scheduling.upcoming(services, each, station))
        every += [(at.astimezone(zone), each, station) for at in islice(ahead, _MOST) if at >= begin]
    every.sort(key=lambda one: one[0])
    return {day: list(ones) for day, ones in groupby(every, key=lambda one: one[0].date())}


def _event(
    at: datetime, schedule: Schedule, station: Station, words: Words, names: Mapping[int, str]
) -> dict[str, Any]:
    time = format_time(at, "short", tzinfo=at.tzinfo, locale=words.locale)
    return card(schedule, station, words, names) | {"time": time}


def _month(events: _Events, first: date, last: date, words: Words) -> dict[str, Any]:
    weeks = calendar.Calendar().monthdatescalendar(first.year, first.month)
    names = get_day_names("abbreviated", locale=words.locale)
    return {
        "title": format_date(first, "LLLL yyyy", locale=words.locale),
        "before": (first - timedelta(days=1)).strftime("%Y-%m"),
        "after": (last + timedelta(days=1)).strftime("%Y-%m"),
        "weekdays": [names[n] for n in range(7)],
        "weeks": [
            [{"number": day.day if first <= day <= last else "", "events": events.get(day, ())} for day in week]
            for week in weeks
        ],
    }


def _agenda(events: _Events, words: Words) -> list[dict[str, Any]]:
    return [{"day": words.day(day, "full"), "events": found} for day, found in events.items()]


async def one(call: Call[None, None]) -> web.Response:
    """Show a schedule: its due times, past occurrences, and how to change it."""
    found, station = await schedule_of(call)
    return await _one(call, found, station)


async def _one(
    call: Call[Any, Any],
    found: Schedule,
    station: Station,
    *,
    wrong: str = "",
    status: int | None = None,
    asks: dict[str, Any] | None = None,
) -> web.Response:
    """``asks``: a missed occurrence of a severe alert; sending it late needs a second confirmation."""
    words, services = words_of(call.request), call.services
    async with services.store.read() as unit:
        names = await schedules.authors(unit, [found])
        past = await schedules.past(unit, found.id, _AHEAD)
    zone = ZoneInfo(found.zone)
    coming = islice(scheduling.upcoming(services, found, station), _AHEAD)
    facts = {
        "schedule": found,
        "card": card(found, station, words, names),
        "coming": [(each.isoformat(), written_time(each, zone, words)) for each in coming],
        "past": [_past(each, found, words) for each in past],
        "late": None if RULES[found.message.severity].grace is None else span(found.late.total_seconds(), words),
        "wrong": wrong,
        "asks": asks,
        "may_send": call.may(Permission.SEND, station.id),
        "may_approve": call.may(Permission.APPROVE, station.id),
    }
    return show(call.request, "schedules/schedule.html", words, facts, tab="alerts", where=station, status=status)


async def _sure(call: Call[Any, Any], found: Schedule, station: Station, at: datetime) -> web.Response:
    """Ask again before a severe alert is sent late, showing whom it reaches now."""
    words = words_of(call.request)
    asks = {
        "at": at.isoformat(),
        "when": written_time(at, ZoneInfo(found.zone), words),
        "people": await scheduling.counted(call.services, found, {station.id: station}),
    }
    return await _one(call, found, station, asks=asks)


async def act(call: Call[None, None]) -> web.StreamResponse:
    was, station = await schedule_of(call)
    form = await form_of(call.request)
    action, at = form.get("action", ""), _instant(form.get("occurrence", ""))
    sure = form.get("sure") or not needs_reason(was.message.severity, was.message.status)
    try:
        if action == "send" and at is not None and not sure:
            return await _sure(call, was, station, at)
        there = await _done(call, was, station, action, at)
    except Refused as error:
        return await _one(call, was, station, wrong=sentence(error, words_of(call.request)))
    except Conflict:
        words = words_of(call.request)
        said = words("It was changed, sent or answered just now: this is how it stands.")
        return await _one(call, *(await schedule_of(call)), wrong=said, status=409)
    return to(there)


async def _done(call: Call[Any, Any], was: Schedule, station: Station, action: str, at: datetime | None) -> str:
    """Carry out a form; return the address of the page to show next."""
    services, actor = call.services, call.actor
    if action in ("send", "let_go") and at is not None:
        alert = await answer_missed(services, was, at, actor=actor, send=action == "send")
        return _PATH if alert is None else f"/console/alerts/{alert.id}"
    if action == "approve":
        await scheduling.approve(services, was, actor=actor)
        return f"{_PATH}/{was.id}"
    if action == "end":
        await scheduling.end(services, was, actor=actor)
        return _PATH
    if action in ("skip", "pause_on") and at is not None:
        becomes, following = replace(was, paused=True, id=new_id()), action == "pause_on"
    elif action in ("pause", "resume"):
        becomes = replace(was, paused=True) if action == "pause" else replace(was, paused=False, key_id=actor.key_id)
        at, following = None, False
    else:
        raise Refused("form-unknown", "action")
    changed = await scheduling.change(services, station, was, becomes, at, actor=actor, following=following)
    return f"{_PATH}/{changed.id}"


def _instant(said: str) -> datetime | None:
    try:
        return datetime.fromisoformat(said).astimezone(UTC) if said else None
    except (ValueError, OverflowError):
        return None
