"""/console/alerts: every visible alert, newest first."""

from datetime import datetime
from typing import Any

from aiohttp import web
from pydantic import Field

from broadcaster.domain.alerts import Alert, MsgType, Status, ThreadRole
from broadcaster.domain.stations import Station
from broadcaster.domain.zones import zone_of
from broadcaster.http.route import Call
from broadcaster.http.schemas.base import PageQuery
from broadcaster.store.alerts import alerts, breakdown
from broadcaster.web import severities
from broadcaster.web.console.alerts.live_words import People, people_of, sandboxed
from broadcaster.web.console.frame import show, stations_of, words_of
from broadcaster.web.i18n import Words
from broadcaster.web.pages import written_short

_PAGE = 25


class AlertsPageQuery(PageQuery):
    """``before``: last alert of the previous page. ``digests``: list the daily digests instead of alerts."""

    before: int | None = Field(None, ge=1, le=(1 << 63) - 1)
    digests: bool = False


async def listing(call: Call[None, AlertsPageQuery]) -> web.Response:
    words, query = words_of(call.request), call.query
    now = call.services.clock.now()
    async with call.services.store.read() as unit:
        theirs = {station.id: station for station in await stations_of(unit, call)}
        found = await alerts.page(
            unit, stations=call.stations(), before=query.before, limit=_PAGE + 1, digests=query.digests
        )
        shown = [alert for alert in found[:_PAGE] if alert.station_id in theirs]
        sums = await breakdown.glances(unit, [alert.id for alert in shown])
        followers = await alerts.by_ids(unit, [alert.followed_by for alert in shown if alert.followed_by is not None])
    roles = {each.id: each.role for each in followers}

    def glanced(alert: Alert) -> dict[str, Any]:
        people, replaced = people_of(sums.get(alert.id, {})), roles.get(alert.followed_by or 0) is ThreadRole.UPDATE
        return glance(alert, theirs[alert.station_id], people, now, words, replaced=replaced)

    facts = {
        "alerts": [glanced(alert) for alert in shown],
        "several": len(theirs) > 1,
        "first": query.before is None,
        "digests": query.digests,
        "next": found[_PAGE - 1].id if len(found) > _PAGE else None,
    }
    return show(call.request, "alerts/alerts.html", words, facts, tab="alerts")


def glance(
    alert: Alert, station: Station, people: People, now: datetime, words: Words, *, replaced: bool
) -> dict[str, Any]:
    """Return a list entry: what, where, state, and how many people were told. ``replaced``: by an update."""
    language, text = alert.text_in(words.language, station.languages[0])
    return {
        "id": alert.id,
        "language": language,
        "headline": text.headline,
        "status": str(alert.status),
        "look": look_of(alert, now),
        "severity": label_of(alert, words),
        "station": station.name,
        "sent": written_short(alert.sent_at, zone_of(station.region), words),
        "state": state_word(alert, people, now, words, replaced=replaced),
        "holds": alert.active(now),
        "people": people,
        "told": told_of(alert, people, words),
    }


def look_of(alert: Alert, now: datetime) -> str:
    """Return the chip's style: drills, all-clears and what is over differ from alerts in force."""
    if alert.status is not Status.ACTUAL:
        return severities.look_of(alert)
    if alert.msg_type is MsgType.CANCEL:
        return "clear"
    return severities.look_of(alert) if alert.active(now) else "past"


def label_of(alert: Alert, words: Words) -> str:
    said = words("All-clear") if alert.msg_type is MsgType.CANCEL else severities.severity_words(words)[alert.severity]
    mark = {Status.EXERCISE: words("EXERCISE"), Status.TEST: words("TEST")}.get(alert.status)
    return said if mark is None else f"{mark} · {said}"


def state_word(alert: Alert, people: People, now: datetime, words: Words, *, replaced: bool) -> str:
    """Return an alert's state in two words; ``replaced``: by an update."""
    if alert.finished_at is None and now < alert.expires_at:
        return words("Being sent") if alert.resolved_at is not None else words("Beginning")
    if alert.resolved_at is not None and people.matched == 0:
        return words("Nobody concerned")
    if replaced:
        return words("Replaced")
    if alert.followed_by is not None:
        return words("Ended")
    if alert.msg_type is MsgType.CANCEL:
        return words("Sent")
    return words("In force") if alert.active(now) else words("Over")


def told_of(alert: Alert, people: People, words: Words) -> str:
    if people.matched == 0:
        return ""
    gaps = {"reached": words.number(people.reached), "matched": words.number(people.matched)}
    if sandboxed(alert):
        return words("sandbox: nobody told, %(matched)s concerned", matched=gaps["matched"])
    return words("%(reached)s of %(matched)s told", **gaps)
