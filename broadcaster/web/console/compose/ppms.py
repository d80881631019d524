"""/console/ppms: holding one button alerts a school's staff and the town hall (PPMS)."""

import secrets
from dataclasses import replace
from datetime import timedelta

from aiohttp import web

from broadcaster.domain.alerts import Message, Status, Text
from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.domain.audit import Action
from broadcaster.domain.people import CHANNELS
from broadcaster.domain.refusals import NotFound, Refused
from broadcaster.domain.stations import Station
from broadcaster.domain.templates import Template, still_blank
from broadcaster.http.reading import form_of
from broadcaster.http.route import Call
from broadcaster.languages import catalogs
from broadcaster.pipeline import approving, issue
from broadcaster.pipeline.templates import offered
from broadcaster.store.operations import audit
from broadcaster.store.stations import ppms, stations
from broadcaster.web.console.compose.offered import title_of
from broadcaster.web.console.frame import chosen_station, show, words_of
from broadcaster.web.pages import to


async def page(call: Call[None, None]) -> web.Response:
    """Show the buttons, or the form to choose the groups if that is not done yet."""
    words = words_of(call.request)
    async with call.services.store.read() as unit:
        station, theirs = await chosen_station(unit, call)
        groups = await stations.group_list(unit, station.id)
        chosen = await ppms.chosen(unit, station.id)
        known = await offered(unit, station)
    facts = {
        "station": station,
        "stations": theirs,
        "groups": groups,
        "chosen": chosen,
        "names": {slug: name for slug, name, _ in groups},
        "presses": [
            (each, title_of(each, words)) for each in known.values() if each.ppms and not list(still_blank(each.texts))
        ],
        "key": secrets.token_urlsafe(12),
    }
    return show(call.request, "compose/ppms.html", words, facts, tab="new", where=station.name)


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
        await audit.record(unit, call.actor, Action.STATION_CHANGED, station.id, station_id=station.id)
    return to(f"/console/ppms?station={station.slug}")


async def press(call: Call[None, None]) -> web.Response:
    """Alert the staff, and the town hall by all channels. A repeated request counts once."""
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
    number = 0
    for whom, message in (("staff", staff), ("town-hall", outside)):
        command = issue.IssueAlert(
            station=station,
            actor=call.actor,
            message=message,
            expires_at=call.services.clock.now() + timedelta(hours=template.hours),
            idempotency_key=f"ppms-{whom}-{form.get('key', '')[:40]}",
            request_hash=template.name.encode(),
        )
        alert, _ = await approving.submit(call.services, command, life_at_stake=f"PPMS: {template.name}")
        number = number or alert.id
    return to(f"/console/alerts/{number}")


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
