"""/console/stations/{slug}/approval: the thresholds above which a second person must approve."""

from typing import Any

from aiohttp import web

from broadcaster.domain.alerts import RULES, Severity
from broadcaster.domain.approvals import LEAST_APPROVERS, ApprovalRules
from broadcaster.domain.audit import Action
from broadcaster.domain.refusals import Refused, sentence
from broadcaster.domain.stations import Station
from broadcaster.http.reading import form_of, number_of
from broadcaster.http.route import Call
from broadcaster.http.stations import own_station
from broadcaster.store.alerts import approvals
from broadcaster.web.console.frame import show, words_of
from broadcaster.web.pages import to
from broadcaster.web.severities import severity_words
from zones import MAX_RADIUS_M

_MOST_PEOPLE = 100_000_000


async def page(call: Call[None, None]) -> web.Response:
    """Show a station's thresholds."""
    station = await own_station(call)
    async with call.services.store.read() as unit:
        rules = await approvals.rules_of(unit, station.id)
    return await _page(call, station, rules)


async def change(call: Call[None, None]) -> web.Response:
    station, form = await own_station(call), await form_of(call.request)
    try:
        severity = form.get("severity", "")
        rules = ApprovalRules(
            Severity(severity) if severity in set(Severity) else None,
            _number(form.get("reach", ""), "reach", _MOST_PEOPLE),
            _number(form.get("radius", ""), "radius", int(MAX_RADIUS_M)),
            form.get("training") == "1",
        )
    except Refused as error:
        async with call.services.store.read() as unit:
            rules = await approvals.rules_of(unit, station.id)
        return await _page(call, station, rules, wrong={error.field: sentence(error, words_of(call.request))})
    async with call.services.store.write() as unit:
        await approvals.set_rules(unit, station.id, rules)
        radius_m = None if rules.radius_m is None else int(rules.radius_m)
        await call.record(
            unit,
            Action.APPROVAL_RULES_SET,
            station.id,
            station_id=station.id,
            severity=str(rules.severity or "none"),
            reach=rules.reach,
            radius_m=radius_m,
            training=rules.training,
        )
    return to(f"/console/stations/{station.slug}/approval?done=changed")


def _number(said: str, field: str, most: int) -> int | None:
    text = "".join(said.split())
    if not text:
        return None
    number = number_of(text)
    if number is None or number > most:
        raise Refused("too-large-number", field, most=most)
    return number


async def _page(
    call: Call[Any, Any], station: Station, rules: ApprovalRules, *, wrong: dict[str, str] | None = None
) -> web.Response:
    words = words_of(call.request)
    async with call.services.store.read() as unit:
        able = await approvals.approvers(unit, station.id)
    names = severity_words(words)
    facts = {
        "rules": rules,
        "severities": [(each.value, names[each]) for each in RULES],
        "approvers": [each.name for each in able],
        "off": len(able) < LEAST_APPROVERS,
        "wrong": wrong or {},
        "done": words("The change was saved.") if call.request.query.get("done") == "changed" else "",
    }
    return show(call.request, "approvals/rules.html", words, facts, where=station)
