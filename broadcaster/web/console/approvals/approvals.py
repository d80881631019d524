"""/console/approvals: an alert that waits for approval, opened on the approver's phone, and their decision."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from aiohttp import web

from broadcaster.bus import NoAnswer
from broadcaster.domain.alerts import TEXT_LIMITS, Alert, Text, content_hash
from broadcaster.domain.approvals import OPEN, Approval, ApprovalState
from broadcaster.domain.permissions import Permission
from broadcaster.domain.policies import channels_for
from broadcaster.domain.refusals import Conflict, Refused, sentence
from broadcaster.domain.report import Reach
from broadcaster.domain.stations import Station
from broadcaster.domain.zones import zone_of
from broadcaster.http.alerts import approval_of
from broadcaster.http.reading import form_of
from broadcaster.http.route import Call
from broadcaster.http.sessions import PATH
from broadcaster.pipeline import approving
from broadcaster.pipeline.reach import Question, reach
from broadcaster.pipeline.rules import check_message
from broadcaster.store import Unit, polls
from broadcaster.store.alerts import alerts, approvals
from broadcaster.store.operations import audit_reading
from broadcaster.store.stations import stations
from broadcaster.web.console.alerts.live import heading, what_differs
from broadcaster.web.console.frame import show, words_of
from broadcaster.web.ground import picture_of
from broadcaster.web.i18n import Words
from broadcaster.web.pages import to, written_short
from broadcaster.web.severities import look_of
from broadcaster.web.whereabouts import whereabouts

APPROVALS = f"{PATH}/approvals"


async def one(call: Call[None, None]) -> web.Response:
    """Show a pending alert to its approvers and its author."""
    approval, station = await approval_of(call)
    return await _page(call, approval, station)


async def act(call: Call[None, None]) -> web.Response:
    """Approve, refuse or withdraw an alert, or send it alone."""
    approval, station = await approval_of(call)
    form = await form_of(call.request)
    approver = call.may(Permission.APPROVE, station.id)
    services, why = call.services, form.get("why", "")
    if form.get("seen", _seen(approval)) != _seen(approval):
        raise Conflict("approval-decided")
    try:
        if form.get("do") == "refuse":
            await approving.refuse(services, approval, call.actor, why, approver=approver)
            return to(f"{APPROVALS}/{approval.id}")
        if form.get("do") == "alone":
            await approving.send_alone(services, approval, call.actor, why)
        else:
            await approving.approve(services, approval, call.actor, approver=approver)
    except Refused as error:
        return await _page(call, approval, station, wrong=sentence(error, words_of(call.request)))
    return to(f"{PATH}/alerts/{approval.id}")


async def edit(call: Call[None, None]) -> web.Response:
    """Show the texts in a form, to change them and return the alert to its author."""
    approval, station = await approval_of(call)
    return _editing(call, approval, station, {})


async def save(call: Call[None, None]) -> web.Response:
    """Store the changed texts, and return the alert to its author."""
    approval, station = await approval_of(call)
    form = await form_of(call.request)
    texts = {language: _changed(text, language, form) for language, text in approval.alert.texts.items()}
    message = replace(approval.alert.message, texts=texts)
    try:
        async with call.services.store.read() as unit:
            check_message(station, message, await stations.group_ids(unit, station.id))
        await approving.hand_back(call.services, approval, call.actor, message, form.get("why", ""))
    except Refused as error:
        changed = replace(approval, alert=replace(approval.alert, **message.content()))
        name = ".".join(reversed(error.field.removeprefix("texts.").split(".")))
        wrong = {name: sentence(error, words_of(call.request))}
        return _editing(call, changed, station, wrong, why=form.get("why", ""))
    return to(f"{APPROVALS}/{approval.id}")


async def waiting(
    unit: Unit, call: Call[Any, Any], known: Mapping[int, Station], now: datetime, words: Words
) -> list[dict[str, Any]]:
    """Return pending approvals at these stations, for the console's first page."""
    found = [each for each in await approvals.waiting(unit, call.stations(), now) if each.alert.station_id in known]
    names = await audit_reading.names(unit, approvals.ids(found))
    return [
        {
            "path": f"{APPROVALS}/{each.id}",
            "look": look_of(each.alert),
            "headline": each.alert.text_in(words.language, known[each.alert.station_id].languages[0])[1].headline,
            "author": names.get(each.author, ""),
            "station": known[each.alert.station_id].name,
        }
        for each in found
    ]


def _seen(approval: Approval) -> str:
    """Return a mark of the content that the page shows: nobody approves what was changed meanwhile."""
    return content_hash(approval.alert).hex()


def _changed(text: Text, language: str, form: Mapping[str, str]) -> Text:
    said = {name: form.get(f"{name}.{language}", getattr(text, name)) for name in TEXT_LIMITS}
    return replace(text, **{name: each.replace("\r\n", "\n").strip() for name, each in said.items()})


async def _page(call: Call[Any, Any], approval: Approval, station: Station, *, wrong: str = "") -> web.Response:
    words, now = words_of(call.request, station.languages[0]), call.services.clock.now()
    me = 0 if call.caller is None else call.caller.key_id
    async with call.services.store.read() as unit:
        names = await audit_reading.names(unit, approvals.ids([approval]))
        rules = await approvals.rules_of(unit, station.id)
        able = await approvals.approvers(unit, station.id)
        poll = await polls.by_alert(unit, approval.id)
        before = None if approval.replaces is None else await alerts.by_id(unit, approval.replaces)
    approver = call.may(Permission.APPROVE, station.id)
    is_open = approval.state in OPEN and approval.alert.expires_at > now
    zone = zone_of(station.region)
    foreseen = await _foreseen(call, approval, station) if is_open else None
    facts = {
        **heading(approval.alert, station, words, now),
        "approval": approval,
        "seen": _seen(approval),
        "update": None if before is None else _update(before, approval.alert, words),
        "delta": None if foreseen is None else foreseen.delta,
        "state": _state(approval, names, now, words),
        "author": names.get(approval.author, ""),
        "asked": written_short(approval.asked_at, zone, words),
        "picture": picture_of(call.services.settings, approval.alert, station),
        "where_lines": [line for line, _ in whereabouts(approval.alert, station, words)],
        "channels": ", ".join(words.channel(each) for each in channels_for(station, approval.alert, before)),
        "people": None if foreseen is None else foreseen.people,
        "texts": approval.alert.texts,
        "poll": poll,
        "open": is_open,
        "may_approve": is_open and approval.may_approve(me, approver=approver, training=rules.training),
        "may_refuse": is_open and approver and me != approval.author,
        "own": me == approval.author,
        "alone": is_open and approval.may_go_alone(me, now),
        "others": [each.name for each in able if each.id != approval.editor],
        "training": rules.training,
        "wrong": wrong,
        "here": f"{APPROVALS}/{approval.id}",
    }
    return show(call.request, "approvals/approval.html", words, facts, tab="alerts", where=station)


def _state(approval: Approval, names: Mapping[int, str], now: datetime, words: Words) -> str:
    who = names.get(approval.decided_by or approval.editor, "")
    if approval.state in OPEN and approval.alert.expires_at <= now:
        return words("Nobody decided before it was over: it was not sent.")
    return {
        ApprovalState.WAITING: words("It waits for a second person. Nothing was sent yet."),
        ApprovalState.RETURNED: words("%(who)s changed it. Its author may send it now.", who=who),
        ApprovalState.APPROVED: words("%(who)s approved it: it was sent.", who=who),
        ApprovalState.REFUSED: words("%(who)s refused it: it was not sent.", who=who),
        ApprovalState.WITHDRAWN: words("Its author withdrew it: it was not sent."),
        ApprovalState.ALONE: words("%(who)s sent it without approval.", who=who),
        ApprovalState.OVERTAKEN: words(
            "The alert was updated or ended, or the poll closed, before anybody decided: this was not sent."
        ),
    }[approval.state]


def _update(before: Alert, alert: Alert, words: Words) -> dict[str, Any]:
    """Return the path of the alert that an update changes, and the changes."""
    return {"path": f"{PATH}/alerts/{before.id}", "what": what_differs(before, alert, words)}


async def _foreseen(call: Call[Any, Any], approval: Approval, station: Station) -> Reach | None:
    try:
        return await reach(call.services, Question(station, approval.alert.message, updates=approval.replaces))
    except (NoAnswer, Refused):
        return None


def _editing(
    call: Call[Any, Any], approval: Approval, station: Station, wrong: Mapping[str, str], *, why: str = ""
) -> web.Response:
    words = words_of(call.request, station.languages[0])
    facts = {
        **heading(approval.alert, station, words, call.services.clock.now()),
        "texts": approval.alert.texts,
        "limits": TEXT_LIMITS,
        "wrong": wrong,
        "why": why,
        "here": f"{APPROVALS}/{approval.id}",
    }
    return show(call.request, "approvals/edit.html", words, facts, tab="alerts", where=station)
