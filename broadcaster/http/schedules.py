"""/v1/schedules: alerts for later; and a station's public calendar."""

import json
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from typing import Any

from aiohttp import web

from broadcaster.domain.alerts import Alert
from broadcaster.domain.audience import AudienceKind
from broadcaster.domain.refusals import Refused, located
from broadcaster.domain.schedules import LASTS, Kind, Schedule
from broadcaster.domain.stations import Station
from broadcaster.domain.zones import zone_of
from broadcaster.http.alerts import idempotency_key, request_hash, show_alert
from broadcaster.http.answers import answer
from broadcaster.http.messages import message_of, show_message, texts_of
from broadcaster.http.reading import checked, number_of
from broadcaster.http.route import Call
from broadcaster.http.schemas.schedules import (
    AnswerIn,
    OccurrenceOut,
    Occurrences,
    OccurrencesQuery,
    ScheduleIn,
    ScheduleOut,
    SchedulePage,
    SchedulePatch,
    SchedulesQuery,
)
from broadcaster.http.stations import station_asked, station_given, station_named, with_station
from broadcaster.http.templates import kept_of, named, written_from
from broadcaster.ids import new_id
from broadcaster.pipeline import scheduling
from broadcaster.pipeline.schedule import answer_missed
from broadcaster.pipeline.services import Services
from broadcaster.store import schedules
from broadcaster.store.alerts import alerts
from broadcaster.store.stations import stations
from schedules import PublicDate, feed

_MINUTE = timedelta(minutes=1)
_PUBLISHED_FOR = timedelta(days=366)
_PUBLISHED_DATES = 100
_NOT_CONTENT = frozenset({"occurrence", "following", "paused"})
_OWN_TEXT = ("headline", "description", "instruction", "sms", "easy")


async def create(call: Call[ScheduleIn, None]) -> web.Response:
    """Store a schedule. Idempotent by Idempotency-Key and body."""
    key = idempotency_key(call.request)
    station = await station_asked(call, call.body.station)
    asked = await planned(call, call.body, station)
    hashed = None if key is None else request_hash(call.body)
    made = await scheduling.write(
        call.services, station, asked, actor=call.actor, idempotency_key=key, request_hash=hashed
    )
    return answer(await _shown(call, made, station), 201, {"Location": f"/v1/schedules/{made.id}"})


async def planned(call: Call[Any, Any], given: ScheduleIn, station: Station) -> Schedule:
    """Return the requested schedule of the caller, with a new id. Raises ``Refused``, ``NotFound``, ``Forbidden``."""
    number, services = new_id(), call.services
    reminded = None if given.reminds is None else await _reminded(services, given.reminds, station)
    template = await named(services, given, station)
    given = await written_from(services, given, station, template)
    texts = texts_of(given, station, needed=reminded is None)
    if reminded is not None:
        message = replace(reminded.message, texts=texts or reminded.texts, own_policy=None)
    else:
        message = replace(message_of(given, station, texts), **kept_of(given, template))
    zone = given.zone or zone_of(station.region).key
    return Schedule(
        id=number,
        station_id=station.id,
        key_id=call.need(station.id).key_id,
        kind=Kind.REMINDER if reminded is not None else Kind(given.kind),
        message=message,
        starts=scheduling.starts_at(given.at, zone),
        zone=zone,
        rule=given.repeat,
        public_holidays=given.skip_public_holidays,
        school_zone=given.skip_school_holidays,
        lasts=_minutes(given.lasts_minutes) or LASTS,
        onset=_minutes(given.onset_minutes),
        grace=_minutes(given.grace_minutes),
        reason=given.reason,
        public=given.public,
        reminds=None if reminded is None else reminded.id,
    )


async def _reminded(services: Services, alert_id: str, station: Station) -> Alert:
    async with services.store.read() as unit:
        alert = await alerts.by_id(unit, number_of(alert_id) or 0)
    if alert is None or alert.station_id != station.id:
        raise Refused("reminds-of-others", "reminds")
    if not alert.active(services.clock.now()) or alert.audience.kind is AudienceKind.TOLD:
        raise Refused("reminds-of-nothing", "reminds")
    return alert


def _minutes(given: int | None) -> timedelta | None:
    return None if given is None else given * _MINUTE


async def listing(call: Call[None, SchedulesQuery]) -> web.Response:
    """Return the schedules of a station, or of all stations that the key may see, newest first."""
    query, theirs = call.query, call.stations()
    async with call.services.store.read() as unit:
        if query.station is not None:
            station = await station_given(unit, query.station)
            call.need(station.id)
            theirs = frozenset({station.id})
        before = None if query.before is None else int(query.before)
        found = await schedules.page(unit, stations=theirs, ended=query.ended, before=before, limit=query.limit)
        names = await schedules.authors(unit, found)
        known = {each.id: each for each in await stations.by_ids(unit, {each.station_id for each in found})}
    shown = tuple(show_schedule(call.services, each, known[each.station_id], names) for each in found)
    return answer(SchedulePage(schedules=shown, next=str(found[-1].id) if len(found) == query.limit else None))


async def show(call: Call[None, None]) -> web.Response:
    """Return one schedule."""
    return answer(await _shown(call, *await schedule_of(call)))


async def change(call: Call[SchedulePatch, None]) -> web.Response:
    """Apply a patch; its author becomes the schedule's author."""
    was, station = await schedule_of(call)
    given = call.body
    asked = given.model_dump(mode="json", exclude_unset=True, exclude=set(_NOT_CONTENT))
    if asked:
        whole = await checked(call.request, ScheduleIn, json.dumps(merged(was, station, asked)).encode())
        changed = await changed_to(call, was, station, whole)
    else:
        changed = was
    if given.paused is not None:
        changed = replace(changed, paused=given.paused)
    number = was.id if given.occurrence is None else new_id()
    changed = replace(changed, id=number)
    made = await scheduling.change(
        call.services, station, was, changed, given.occurrence, actor=call.actor, following=given.following
    )
    return answer(await _shown(call, made, station))


async def changed_to(call: Call[Any, Any], was: Schedule, station: Station, given: ScheduleIn) -> Schedule:
    """Return an edited schedule, with a new id; its editor becomes its author."""
    edited = await planned(call, given, station)
    said, before = edited.message, was.message
    return replace(
        edited,
        message=replace(said, prepared=said.prepared or before.prepared, quietly=said.quietly or before.quietly),
        except_on=was.except_on,
        paused=was.paused,
        kind=was.kind,
        next_at=was.next_at,
        version=was.version,
    )


def merged(was: Schedule, station: Station, asked: dict[str, Any]) -> dict[str, Any]:
    """Return a schedule in the form of a request, with the changes merged."""
    said, own = was.message, station.languages[0]
    content = {name: value for name, value in said.to_json().items() if name in ScheduleIn.model_fields}
    texts = content["texts"]
    if not asked.keys().isdisjoint(_OWN_TEXT) and own in texts:
        asked = {**texts.pop(own), **asked}
    whole: dict[str, Any] = {
        "station": station.slug,
        **content,
        "channels": said.channels or None,
        "policy": None if said.own_policy is None else said.own_policy.to_json(),
        "audience": {"kind": said.audience.kind, "groups": said.audience.groups},
        "at": was.starts.isoformat(timespec="minutes"),
        "repeat": was.rule,
        "zone": was.zone,
        "skip_public_holidays": was.public_holidays,
        "skip_school_holidays": was.school_zone,
        "lasts_minutes": was.lasts // _MINUTE,
        "onset_minutes": None if was.onset is None else was.onset // _MINUTE,
        "grace_minutes": None if was.grace is None else was.grace // _MINUTE,
        "reason": was.reason,
        "public": was.public,
        "reminds": None if was.reminds is None else str(was.reminds),
    }
    for name, other in (("channels", "policy"), ("policy", "channels")):
        if asked.get(name):
            del whole[other]
    return {name: value for name, value in (whole | asked).items() if value is not None}


async def end(call: Call[None, None]) -> web.Response:
    """Send nothing more of a schedule."""
    was, _ = await schedule_of(call)
    await scheduling.end(call.services, was, actor=call.actor)
    return web.Response(status=204)


async def occurrences(call: Call[None, OccurrencesQuery]) -> web.Response:
    """Return a schedule's next due times and past occurrences."""
    found, station = await schedule_of(call)
    coming = tuple(islice(scheduling.upcoming(call.services, found, station), call.query.count))
    async with call.services.store.read() as unit:
        past = await schedules.past(unit, found.id, call.query.count)
    shown = tuple(
        OccurrenceOut(
            at=each.at,
            outcome=each.outcome,
            alert=None if each.alert_id is None else str(each.alert_id),
            code=each.why and each.why.code,
            params={} if each.why is None else each.why.params,
            problem="" if each.why is None else located(each.why),
        )
        for each in past
    )
    return answer(Occurrences(coming=coming, past=shown))


async def settle(call: Call[AnswerIn, None]) -> web.Response:
    """Send or dismiss an occurrence that was not sent."""
    found, station = await schedule_of(call)
    alert = await answer_missed(call.services, found, call.body.at, actor=call.actor, send=call.body.send)
    if alert is None:
        return web.Response(status=204)
    return answer(show_alert(alert, station, call.services.base_url), 202, {"Location": f"/v1/alerts/{alert.id}"})


async def schedule_of(call: Call[Any, Any]) -> tuple[Schedule, Station]:
    """Return the path's schedule and its station, as ``with_station`` does."""
    return await with_station(call, "schedule-missing", schedules.by_id, lambda schedule: schedule.station_id)


async def calendar(call: Call[None, None]) -> web.Response:
    """Return a station's public dates of the next year as iCalendar."""
    services = call.services
    async with services.store.read() as unit:
        station = await station_named(unit, call.request.match_info["slug"])
        found = await schedules.public(unit, station.id)
    until = services.clock.now() + _PUBLISHED_FOR
    dates = []
    for each in found:
        text = each.message.texts.get(station.languages[0]) or next(iter(each.message.texts.values()))
        for at in islice(scheduling.upcoming(services, each, station), _PUBLISHED_DATES):
            if at > until:
                break
            uid = f"{each.id}-{at:%Y%m%dT%H%M%SZ}@{station.slug}.tocsin"
            dates.append(PublicDate(uid, at, services.clock.now(), text.headline, text.description))
    return web.Response(body=feed(station.name, dates), content_type="text/calendar", charset="utf-8")


async def _shown(call: Call[Any, Any], schedule: Schedule, station: Station) -> ScheduleOut:
    async with call.services.store.read() as unit:
        names = await schedules.authors(unit, [schedule])
    return show_schedule(call.services, schedule, station, names)


def show_schedule(services: Services, schedule: Schedule, station: Station, names: dict[int, str]) -> ScheduleOut:
    """Return a schedule for the API; ``names``: authors by key."""
    zone = schedule.school_zone
    known = zone is not None and zone in services.school.zones
    return ScheduleOut.of(
        schedule,
        **show_message(schedule.message),
        station=station.slug,
        author=names.get(schedule.key_id),
        at=schedule.starts.isoformat(timespec="minutes"),
        repeat=schedule.rule,
        except_on=tuple(sorted(each.isoformat(timespec="minutes") for each in schedule.except_on)),
        skip_public_holidays=schedule.public_holidays,
        skip_school_holidays=zone,
        school_holidays_known_until=services.school.known_until(zone) if zone is not None and known else None,
        lasts_minutes=schedule.lasts // _MINUTE,
        onset_minutes=None if schedule.onset is None else schedule.onset // _MINUTE,
        grace_minutes=schedule.late // _MINUTE,
        awaiting_approval=schedule.unapproved,
        next=schedule.next_at,
    )
