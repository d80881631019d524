"""Operators' drills: a monthly request to practise, response times, and stations that have not practised for long."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from broadcaster.domain.alerts import Category, Severity, Status
from broadcaster.domain.people import ChannelName
from broadcaster.domain.refusals import Refused
from broadcaster.domain.stations import Station
from broadcaster.domain.zones import zone_of
from broadcaster.http.reading import form_of
from broadcaster.http.route import Call
from broadcaster.http.schedules import planned
from broadcaster.http.schemas.alerts import AudienceIn, TextIn
from broadcaster.http.schemas.schedules import ScheduleIn
from broadcaster.http.stations import station_asked
from broadcaster.pipeline import scheduling
from broadcaster.store import Unit, drills
from broadcaster.store.stations import stations
from broadcaster.web.i18n import Words, catalogs
from broadcaster.web.pages import to

_SHOWN = 6
_MOST_STATIONS = 50
_PRACTISE_EVERY = timedelta(days=91)
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


async def facts(unit: Unit, known: Mapping[int, Station], now: datetime, words: Words) -> dict[str, Any]:
    """Return data for the first page: recent drills, and stations without practice for three months."""
    ids = list(known)[:_MOST_STATIONS]
    found = await drills.latest(unit, ids, _SHOWN)
    late = await drills.unpractised(unit, ids, now - _PRACTISE_EVERY)
    return {
        "drills": [
            {
                "day": words.day(each.at.astimezone(zone_of(known[each.station_id].region))),
                "minutes": None if each.took is None else max(1, round(each.took / timedelta(minutes=1))),
                "station": known[each.station_id].name,
            }
            for each in found
        ],
        "unpractised": sorted(known[each].name for each in late),
    }


async def groups(unit: Unit, known: Mapping[int, Station]) -> list[tuple[str, str]]:
    """Return (station/group, name) of the groups that a drill may go to."""
    return [
        (f"{each.slug}/{slug}", f"{each.name} – {name}")
        for each in list(known.values())[:_MOST_STATIONS]
        for slug, name, _ in await stations.group_list(unit, each.id)
    ]


async def schedule(call: Call[None, None]) -> web.StreamResponse:
    """Schedule a monthly drill for a group of operators."""
    form = await form_of(call.request)
    slug, _, group = form.get("group", "").partition("/")
    station = await station_asked(call, slug)
    at = scheduling.starts_at(form.get("at", ""), zone_of(station.region).key)
    if not group:
        raise Refused("needed", "group")
    asked = ScheduleIn(
        station=station.slug,
        status=Status.EXERCISE,
        severity=Severity.MINOR,
        category=Category.OTHER,
        texts={each: _text(catalogs().words(each, *station.languages)) for each in station.languages},
        audience=AudienceIn(kind="groups", groups=(group,)),
        channels=(ChannelName.PUSH, ChannelName.SMS, ChannelName.EMAIL),
        at=at.isoformat(timespec="minutes"),
        repeat=f"FREQ=MONTHLY;BYDAY={(at.day - 1) // 7 + 1}{_DAYS[at.weekday()]}",
        kind="drill",
    )
    made = await scheduling.write(call.services, station, await planned(call, asked, station), actor=call.actor)
    return to(f"/console/schedules/{made.id}")


def _text(words: Words) -> TextIn:
    return TextIn(
        headline=words("Operators' drill: send an alert as an exercise, now"),
        description=words("It goes to operators only. How long it takes until the exercise is sent is measured."),
    )
