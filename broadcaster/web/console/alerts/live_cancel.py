"""/console/alerts/{id}/cancel: confirm or edit the prepared all-clear, then hold the button."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from broadcaster.domain.alerts import MAX_DESCRIPTION, MAX_HEADLINE, MAX_INSTRUCTION, Alert, MsgType, Text
from broadcaster.domain.refusals import Refused
from broadcaster.domain.stations import Station
from broadcaster.domain.zones import zone_of
from broadcaster.http.alerts import alert_of
from broadcaster.http.reading import form_of
from broadcaster.http.route import Call
from broadcaster.pipeline import issue
from broadcaster.store.alerts import alerts
from broadcaster.web.console.alerts.live import heading
from broadcaster.web.console.alerts.live_facts import WATCH
from broadcaster.web.console.alerts.live_words import clock_time, number, sandboxed
from broadcaster.web.console.frame import show, words_of
from broadcaster.web.i18n import Words
from broadcaster.web.pages import to

FIELDS = {"headline": MAX_HEADLINE, "description": MAX_DESCRIPTION, "instruction": MAX_INSTRUCTION}
"""Editable parts of a text, with their maximum length."""


async def ask(call: Call[None, None]) -> web.StreamResponse:
    """Show the all-clear and the number of its recipients."""
    alert, station = await alert_of(call)
    there = await _already(call, alert)
    if there is not None:
        return there
    return await _page(call, alert, station, issue.prepared_all_clear(alert, station), {})


async def do(call: Call[None, None]) -> web.StreamResponse:
    """Send it. A second operator is sent to the first one's all-clear, with a notice."""
    alert, station = await alert_of(call)
    there = await _already(call, alert)
    if there is not None:
        return there
    form = await form_of(call.request)
    prepared = issue.prepared_all_clear(alert, station)
    texts = {
        language: Text.read({name: _tidy(form.get(f"{name}.{language}", getattr(own, name))) for name in FIELDS})
        for language, own in prepared.items()
    }
    wrong = _wrong(texts, words_of(call.request, station.languages[0]))
    if wrong:
        return await _page(call, alert, station, texts, wrong, status=422)
    try:
        cleared = await issue.cancel(call.services, alert, station, call.actor, texts)
    except Refused as refused:
        name = ".".join(reversed(refused.field.removeprefix("texts.").split(".")))
        words = words_of(call.request, station.languages[0])
        wrong = {name: words("This can't be sent as it is: leave out signs that are no text.")}
        return await _page(call, alert, station, texts, wrong, status=422)
    return _to(cleared)


async def _already(call: Call[Any, Any], alert: Alert) -> web.Response | None:
    """Return a redirect to an existing all-clear; an all-clear itself can't be cancelled."""
    if alert.msg_type is MsgType.CANCEL:
        return _to(alert)
    async with call.services.store.read() as unit:
        earlier = await alerts.all_clear_of(unit, alert.id, alert.station_id)
    return None if earlier is None else _to(earlier, again=True)


def _to(alert: Alert, *, again: bool = False) -> web.Response:
    there = f"/console/alerts/{alert.id}" + ("?again=1" if again else "")
    return to(there)


def _tidy(said: str) -> str:
    return said.replace("\r\n", "\n").strip()


def _wrong(texts: Mapping[str, Text], words: Words) -> dict[str, str]:
    found: dict[str, str] = {}
    for language, text in texts.items():
        if not text.headline:
            found[f"headline.{language}"] = words("Say in a few words that it is over.")
        for name, limit in FIELDS.items():
            length = len(getattr(text, name))
            if length > limit:
                found[f"{name}.{language}"] = words(
                    "There are %(n)s characters, and %(limit)s is the most: shorten it.", n=length, limit=limit
                )
    return found


async def _page(
    call: Call[Any, Any],
    alert: Alert,
    station: Station,
    texts: Mapping[str, Text],
    wrong: Mapping[str, str],
    *,
    status: int = 200,
) -> web.Response:
    words = words_of(call.request, station.languages[0])
    facts = await call.request.app[WATCH].read(call.services, alert)
    people = facts.people
    shown = {
        **heading(alert, station, words),
        "texts": texts,
        "limits": FIELDS,
        "wrong": wrong,
        "told": people.reached,
        "count": number(people.reached, words),
        "pending": people.pending,
        "nothing_sent": sandboxed(alert),
        "sent_clock": clock_time(alert.sent_at, zone_of(station.region), words),
    }
    return show(call.request, "alerts/live_cancel.html", words, shown, tab="alerts", where=station.name, status=status)
