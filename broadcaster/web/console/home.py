"""/console: active alerts, failures, and the large button for a new alert."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from broadcaster.domain.alerts import Alert, MsgType, Status
from broadcaster.domain.audience import AudienceKind
from broadcaster.domain.deliveries import PersonState
from broadcaster.domain.escalation import Budgets
from broadcaster.domain.permissions import Permission
from broadcaster.domain.stations import Station
from broadcaster.domain.zones import zone_of
from broadcaster.http.route import Call
from broadcaster.store import Unit
from broadcaster.store import schedules as schedule_store
from broadcaster.store.alerts import alerts, budgets, counting
from broadcaster.store.people import corrections
from broadcaster.web.console.alerts.live_words import sandboxed
from broadcaster.web.console.approvals import approvals
from broadcaster.web.console.frame import show, stations_of, words_of
from broadcaster.web.console.schedules import drills, schedules
from broadcaster.web.health_words import told
from broadcaster.web.i18n import Words
from broadcaster.web.severities import look_of, severity_words

_LOOKED_BACK = timedelta(hours=48)
_MOST = 100
_SHOWN = 20


async def page(call: Call[None, None]) -> web.Response:
    words, services = words_of(call.request), call.services
    now = services.clock.now()
    troubles = await services.health.troubles()
    async with services.store.read() as unit:
        theirs = await stations_of(unit, call)
        known = {station.id: station for station in theirs}
        active = await _active(unit, known, now)
        recent = [each for each in await _recent(unit, call, known, now) if each.id not in {one.id for one in active}]
        to_approve = await approvals.waiting(unit, call, known, now, words)
        to_approve += await schedules.to_approve(unit, call, known, words)
        asked = await corrections.waiting(unit, [each for each in known if call.may(Permission.REGISTER, each)], now)
        practice = await drills.facts(unit, known, now, words)
        not_sent = await schedules.not_sent(unit, call, known, words)
        planned = await schedules.changed_soon(unit, call, known, words)
        orphaned = await schedules.orphaned(unit, call, known, words)
        facts = {each.id: await _fact(unit, each, known[each.station_id], words) for each in (*active, *recent)}
        reached = await schedule_store.of_alerts(unit, list(facts))
        over = [
            f"{station.name} – {each.warned.sentence(words)}"
            for station in theirs
            for each in (await budgets.exceeded(unit, station.id, None, now) if station.budgets != Budgets() else ())
        ]
    shown = [facts[each.id] for each in active]
    theirs_or_all = {None, *(each.id for each in active)}
    for number, occurrence in reached.items():
        facts[number]["reach"] = (occurrence.reach_now, occurrence.reach) if occurrence.reach_changed else None
    missed = [fact for fact in facts.values() if fact["unreached"]]
    drawn = [each for each in active if each.area is not None]
    ground = known[drawn[0].station_id] if drawn else theirs[0] if theirs else None
    return show(
        call.request,
        "home.html",
        words,
        {
            "stations": theirs,
            "may_send": call.may_somewhere(Permission.SEND),
            "active": shown,
            "changed": [each for each in facts.values() if each.get("reach")],
            "planned": [each for each in planned if each["reach"]],
            "orphaned": orphaned,
            "missed": missed[:_SHOWN],
            "not_sent": not_sent,
            "to_approve": to_approve,
            "over_budget": over,
            "corrections": _asked(asked, known),
            **practice,
            "troubles": [told(each, words) for each in troubles if each.alert_id in theirs_or_all],
            "sandboxed": [words.channel(name, inside=True) for name in services.sandboxed],
            "given": None
            if ground is None
            else {
                "ground": f"/map/{ground.slug}.json",
                "areas": [_drawn(each, facts[each.id]) for each in drawn],
                "words": {"closer": words("Closer"), "farther": words("Farther")},
            },
        },
        tab="home",
    )


def _asked(waiting: Mapping[int, tuple[int, int]], known: Mapping[int, Station]) -> dict[str, Any]:
    """Return how many people ask for a correction, how many are overdue, and the station of the longest wait."""
    first = next((known[each].slug for each in waiting), "")
    return {
        "station": first,
        "waiting": sum(number for number, _ in waiting.values()),
        "overdue": sum(late for _, late in waiting.values()),
    }


async def _active(unit: Unit, known: dict[int, Station], now: datetime) -> list[Alert]:
    found = await alerts.by_ids(unit, await alerts.active_ids(unit, now))
    theirs = [each for each in found if each.station_id in known and each.audience.kind is not AudienceKind.DIGEST]
    return sorted(theirs, key=lambda alert: (alert.rank, -alert.id))[:_MOST]


async def _recent(unit: Unit, call: Call[Any, Any], known: dict[int, Station], now: datetime) -> Sequence[Alert]:
    """Return recent alerts: somebody must visit the people whom they did not reach."""
    found = await alerts.page(unit, stations=call.stations(), before=None, limit=_MOST)
    return [
        each
        for each in found
        if each.station_id in known and each.msg_type is not MsgType.CANCEL and each.sent_at > now - _LOOKED_BACK
    ]


async def _fact(unit: Unit, alert: Alert, station: Station, words: Words) -> dict[str, Any]:
    sums = (await counting.of(unit, alert.id)).get(counting.PEOPLE, {})
    matched = sum(sums.values())
    unreached = sums.get(PersonState.UNREACHED, 0)
    pending = sums.get(PersonState.PENDING, 0)
    missed = unreached > 0 and alert.status is Status.ACTUAL
    language, text = alert.text_in(words.language, station.languages[0])
    zone = zone_of(station.region)
    return {
        "id": str(alert.id),
        "look": look_of(alert),
        "word": _word(alert, words),
        "station": station.name,
        "headline": text.headline,
        "language": language,
        "sent": _when(alert.sent_at, zone, words),
        "expires": _when(alert.expires_at, zone, words),
        "nothing_sent": sandboxed(alert),
        "matched": words.number(matched),
        "reached": words.number(matched - unreached - pending),
        "unreached": unreached if missed else 0,
        "wide": alert.area is None or alert.audience.kind is AudienceKind.ALL_FOLLOWERS,
    }


def _when(moment: datetime, zone: ZoneInfo, words: Words) -> str:
    """Format a recent time: « 22 nov., 01:41 »."""
    return words.moment(moment.astimezone(zone), "d MMM, HH:mm")


def _word(alert: Alert, words: Words) -> str:
    if alert.status is Status.EXERCISE:
        return words("EXERCISE")
    if alert.status is Status.TEST:
        return words("TEST")
    return severity_words(words)[alert.severity]


def _drawn(alert: Alert, fact: dict[str, Any]) -> dict[str, Any]:
    area = None if alert.area is None else alert.area.to_json()
    return {"id": fact["id"], "look": fact["look"], "label": f"{fact['word']} – {fact['headline']}", "area": area}
