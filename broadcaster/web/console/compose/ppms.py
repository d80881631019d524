"""/console/ppms: holding one button alerts a school's staff and the town hall (PPMS).

Several people press at once when something happens: a press that another one came before shows that alert instead, and
offers to send a second one.
"""

import secrets
from dataclasses import replace
from datetime import datetime, timedelta

from aiohttp import web

from broadcaster.domain.alerts import ENDINGS, Alert, Message, Status, Text
from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.domain.audit import Action
from broadcaster.domain.people import CHANNELS
from broadcaster.domain.refusals import NotFound, Refused
from broadcaster.domain.stations import Station
from broadcaster.domain.templates import Template, still_blank
from broadcaster.domain.zones import zone_of
from broadcaster.http.reading import form_of, number_of
from broadcaster.http.route import Call
from broadcaster.languages import catalogs
from broadcaster.pipeline import approving, issue
from broadcaster.pipeline.templates import offered
from broadcaster.store import Unit
from broadcaster.store.alerts import alerts, threads
from broadcaster.store.stations import ppms, stations
from broadcaster.web.console.alerts.live_words import clock_time
from broadcaster.web.console.compose.offered import title_of
from broadcaster.web.console.frame import chosen_station, show, words_of
from broadcaster.web.pages import to

_RECENT = timedelta(minutes=10)
"""A press this long after another of the same button is taken for the same event."""
_STAFF, _TOWN_HALL = "ppms-staff-", "ppms-town-hall-"
"""Beginnings of the idempotency keys of a press's two alerts."""


class _Pressed(Exception):
    """Another press of the same button runs. ``key``: the end of its alerts' idempotency keys."""

    def __init__(self, alert: Alert, key: str) -> None:
        super().__init__(alert.id)
        self.alert = alert
        self.key = key


async def page(call: Call[None, None]) -> web.Response:
    """Show the buttons, or the form to choose the groups if that is not done yet."""
    words = words_of(call.request)
    async with call.services.store.read() as unit:
        station, theirs = await chosen_station(unit, call)
        groups = await stations.group_list(unit, station.id)
        chosen = await ppms.chosen(unit, station.id)
        known = await offered(unit, station)
        running = await alerts.by_id(unit, number_of(call.request.query.get("running", "")) or 0)
    if running is not None and running.station_id != station.id:
        running = None
    facts = {
        "stations": theirs,
        "groups": groups,
        "chosen": chosen,
        "names": {slug: name for slug, name, _ in groups},
        "presses": [
            (each, title_of(each, words)) for each in known.values() if each.ppms and not list(still_blank(each.texts))
        ],
        "key": secrets.token_urlsafe(12),
        "running": running,
        "again": known.get(call.request.query.get("press", "")),
        "exercise": "exercise" in call.request.query,
        "sent": running and clock_time(running.sent_at, zone_of(station.region), words),
        "headline": running and running.text_in(words.language, station.languages[0])[1].headline,
    }
    return show(call.request, "compose/ppms.html", words, facts, tab="new", where=station)


async def choose(call: Call[None, None]) -> web.Response:
    """Store the groups to alert."""
    form = await form_of(call.request)
    async with call.services.store.write() as unit:
        station, _ = await chosen_station(unit, call)
        known = await stations.group_ids(unit, station.id)
        groups = ppms.Chosen(form.get("staff", ""), form.get("town_hall", ""))
        if not known.keys() >= set(groups):
            raise Refused("ppms-groups", "staff")
        await ppms.choose(unit, station.id, known, groups)
        await call.record(unit, Action.STATION_CHANGED, station.id, station_id=station.id)
    return to(f"/console/ppms?station={station.slug}")


async def press(call: Call[None, None]) -> web.Response:
    """Alert the staff, and the town hall by all channels. A repeated request counts once.

    If the same button was pressed just before, show that alert instead, unless a second one is asked for.
    """
    form = await form_of(call.request)
    async with call.services.store.read() as unit:
        station, _ = await chosen_station(unit, call)
        groups = await ppms.chosen(unit, station.id)
        template = (await offered(unit, station)).get(call.request.match_info["name"])
    if template is None or not template.ppms:
        raise NotFound("template-missing", name=call.request.match_info["name"][:60])
    for blank in still_blank(template.texts):
        raise blank
    if groups is None:
        raise Refused("ppms-groups", "staff")
    status = Status.EXERCISE if form.get("exercise") else Status.ACTUAL
    staff = _message(template, status, groups.staff)
    outside = replace(
        staff,
        texts={language: _for_town_hall(template, text, language, station) for language, text in staff.texts.items()},
        audience=Audience(AudienceKind.GROUPS, (groups.town_hall,)),
        channels=CHANNELS,
        own_policy=None,
        quietly=False,
    )

    async def send(key: str, *, alone: bool = False) -> int:
        """Return the id of the staff's alert. ``alone``: raise ``_Pressed`` if another press runs."""

        async def first(unit: Unit, alert: Alert) -> None:
            await _check_alone(unit, station, template, status, alert.sent_at)

        number = 0
        for prefix, message in ((_STAFF, staff), (_TOWN_HALL, outside)):
            command = issue.IssueAlert(
                station=station,
                actor=call.actor,
                message=message,
                expires_at=call.services.clock.now() + timedelta(hours=template.hours),
                idempotency_key=f"{prefix}{key}",
                request_hash=template.name.encode(),
            )
            stake, check = f"PPMS: {template.name}", first if alone and not number else None
            alert, _ = await approving.submit(call.services, command, life_at_stake=stake, first=check)
            number = number or alert.id
        return number

    try:
        number = await send(form.get("key", "")[:40], alone="second" not in form)
    except _Pressed as other:
        if other.alert.status is status:
            await send(other.key)  # nothing, unless it was interrupted before the town hall was alerted
        exercise = "&exercise=1" if status is Status.EXERCISE else ""
        return to(f"/console/ppms?station={station.slug}&running={other.alert.id}&press={template.name}{exercise}")
    return to(f"/console/alerts/{number}")


async def _check_alone(unit: Unit, station: Station, template: Template, status: Status, now: datetime) -> None:
    """Raise ``_Pressed`` if a press of this button in the last minutes still holds; an actual one also for an exercise.

    Presses at the same time wait for each other here.
    """
    await unit.in_turn("ppms", station.id)
    for key, name, alert in await alerts.keyed_since(unit, station.id, _STAFF, now - _RECENT):
        if name == template.name.encode() and alert.status in (Status.ACTUAL, status):
            newest = await threads.current(unit, alert)
            if newest.role not in ENDINGS and newest.active(now):
                raise _Pressed(newest, key.removeprefix(_STAFF))


def _message(template: Template, status: Status, group: str) -> Message:
    return Message(
        status=status,
        severity=template.severity,
        urgency=template.urgency,
        certainty=template.certainty,
        category=template.category,
        event=next(iter(template.events.values())),
        texts=template.texts,
        audience=Audience(AudienceKind.GROUPS, (group,)),
        channels=template.channels or (),
        own_policy=template.policy,
        prepared=template.prepared,
        quietly=template.silent,
    )


def _for_town_hall(template: Template, text: Text, language: str, station: Station) -> Text:
    words = catalogs().words(language, *station.languages)
    quiet = words.typed("Call 17. Do not telephone the school: a ringing telephone gives people away.")
    call = quiet if template.silent else words.typed("Call 112, then the school.")
    return Text(headline=text.headline, description=text.description, instruction=call)
