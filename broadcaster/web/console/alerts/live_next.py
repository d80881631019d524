"""A part of the live page: an alert's next step and exhausted budgets, in words."""

from typing import Any

from broadcaster.domain.alerts import Alert
from broadcaster.domain.escalation import Until
from broadcaster.domain.permissions import Permission
from broadcaster.domain.stations import Station
from broadcaster.domain.zones import zone_of
from broadcaster.http.route import Call
from broadcaster.pipeline import escalate
from broadcaster.pipeline.escalate import Next
from broadcaster.store.alerts import budgets
from broadcaster.web.console.alerts.live_words import clock_time
from broadcaster.web.i18n import Words


async def part(call: Call[Any, Any], alert: Alert, station: Station, words: Words) -> dict[str, Any]:
    """Return the live page's facts about the next step and exhausted budgets."""
    found = await escalate.upcoming(call.services, alert)
    now = call.services.clock.now()
    async with call.services.store.read() as unit:
        over = await budgets.exceeded(unit, station.id, alert.id, now) if alert.active(now) else []
    return {
        "step": step_words(found, station, words),
        "may_step": found is not None and call.may(Permission.SEND, station.id),
        "over_budget": [each.warned.sentence(words) for each in over],
    }


def until_words(words: Words) -> dict[Until, str]:
    """Return to whom a step goes."""
    return {
        Until.ACCEPTED: words("to those for whom no message was accepted"),
        Until.DISPLAYED: words("to those to whom nothing was displayed"),
        Until.CONFIRMED: words("to those who have not confirmed"),
    }


def step_words(found: Next | None, station: Station, words: Words) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "round": found.round,
        "channels": " · ".join(words.channel(each) for each in found.channels),
        "again": found.again,
        "to": until_words(words)[found.until],
        "at": clock_time(found.due_at, zone_of(station.region), words),
        "due": found.due_at.isoformat(),
        "people": words.number(found.people),
    }
