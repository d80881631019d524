"""/console/alerts/{id}/step: the next step, its recipients and its time; send it now, skip it, or stop."""

from typing import Literal, cast

from aiohttp import web

from broadcaster.domain.refusals import Conflict, Refused
from broadcaster.http.alerts import alert_of
from broadcaster.http.reading import form_of
from broadcaster.http.route import Call
from broadcaster.pipeline import escalate
from broadcaster.web.console.alerts.live import asked, heading
from broadcaster.web.console.alerts.live_next import step_words
from broadcaster.web.console.frame import show
from broadcaster.web.pages import to

_ACTIONS = ("now", "skip", "stop")


async def page(call: Call[None, None]) -> web.Response:
    """Show the next step, with its buttons."""
    alert, station, words = await asked(call)
    found = await escalate.upcoming(call.services, alert)
    shown = {
        **heading(alert, station, words, call.services.clock.now()),
        "step": step_words(found, station, words),
        "meanwhile": call.request.query.get("meanwhile"),
    }
    return show(call.request, "alerts/live_step_page.html", words, shown, tab="alerts", where=station)


async def act(call: Call[None, None]) -> web.Response:
    """Send the next step now, skip it or stop; if it changed meanwhile, show that instead."""
    alert, _ = await alert_of(call)
    form = await form_of(call.request)
    action, said = form.get("action", ""), form.get("round", "")
    if action not in _ACTIONS or not (said.isascii() and said.isdigit()):
        raise Refused("step-over")
    chosen = cast("Literal['now', 'skip', 'stop']", action)
    try:
        await escalate.act(call.services, alert, chosen, int(said[:4]), actor=call.actor)
    except Conflict as over:
        return to(f"/console/alerts/{alert.id}/step?meanwhile={over.code}")
    return to(f"/console/alerts/{alert.id}")
