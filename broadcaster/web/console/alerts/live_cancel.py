"""/console/alerts/{id}/cancel: confirm or edit the prepared ending, then hold the button."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from aiohttp import web

from broadcaster.domain.alerts import ENDINGS, TEXT_LIMITS, Alert, Text, ThreadRole
from broadcaster.domain.refusals import Conflict, Refused, Stale
from broadcaster.domain.stations import Station
from broadcaster.domain.templates import easy_in
from broadcaster.domain.zones import zone_of
from broadcaster.http.alerts import alert_of
from broadcaster.http.reading import form_of
from broadcaster.http.route import Call
from broadcaster.http.schemas.base import PageQuery
from broadcaster.pipeline.end import end
from broadcaster.pipeline.prepared import ending
from broadcaster.store.alerts import threads
from broadcaster.web.console.alerts.live import heading
from broadcaster.web.console.alerts.live_facts import WATCH
from broadcaster.web.console.alerts.live_words import clock_time, sandboxed
from broadcaster.web.console.frame import show, words_of
from broadcaster.web.i18n import Words
from broadcaster.web.pages import to


class CancelQuery(PageQuery):
    """``kind``: the kind of ending."""

    kind: Literal["all_clear", "mistake"] = "all_clear"


async def ask(call: Call[None, CancelQuery]) -> web.StreamResponse:
    """Show the ending and the number of its recipients."""
    alert, station = await alert_of(call)
    there = await moved_on(call, alert, call.query.kind)
    if there is not None:
        return there
    return await _page(call, alert, station, ending(alert, station, ThreadRole(call.query.kind)), {})


async def do(call: Call[None, CancelQuery]) -> web.StreamResponse:
    """Send the ending. If another operator was faster, redirect to their update or ending, with a notice."""
    alert, station = await alert_of(call)
    there = await moved_on(call, alert, call.query.kind)
    if there is not None:
        return there
    form = await form_of(call.request)
    role = ThreadRole(call.query.kind)
    prepared = ending(alert, station, role)
    offered = easy_in(alert.prepared, role, prepared)
    texts = {
        language: _written(
            Text.read({name: _tidy(form.get(f"{name}.{language}", getattr(own, name))) for name in TEXT_LIMITS}),
            own,
            offered.get(language, ""),
        )
        for language, own in prepared.items()
    }
    wrong = _wrong(texts, words_of(call.request, station.languages[0]))
    if wrong:
        return await _page(call, alert, station, texts, wrong)
    try:
        ended = await end(call.services, alert, station, call.actor, texts, role=role, as_seen=True)
    except (Conflict, Stale):
        return await moved_on(call, (await alert_of(call))[0], call.query.kind) or _to(alert)
    except Refused as refused:
        name = ".".join(reversed(refused.field.removeprefix("texts.").split(".")))
        words = words_of(call.request, station.languages[0])
        wrong = {name: words("This can't be sent as it is: leave out signs that are no text.")}
        return await _page(call, alert, station, texts, wrong)
    return _to(ended)


async def moved_on(call: Call[Any, Any], alert: Alert, wanted: str = "update") -> web.Response | None:
    """Return a redirect to the update or ending of an alert by somebody else; None while it is current.

    ``wanted``: what this operator meant to send, which the notice there says of: *update*, or a kind of ending.
    An ending, a reminder and a message to people outside an update's area can't be ended either.
    """
    async with call.services.store.read() as unit:
        now = await threads.current(unit, alert)
    if now.id == alert.id:
        return _to(alert) if alert.role in ENDINGS else None
    return _to(now, f"again={wanted}" if now.role in ENDINGS else f"changed={alert.id}")


def _to(alert: Alert, notice: str = "") -> web.Response:
    return to(f"/console/alerts/{alert.id}" + (f"?{notice}" if notice else ""))


def _written(text: Text, own: Text, offered: str) -> Text:
    """Return a text whose easy text is the author's only where it was changed: else it goes only with what it says."""
    return replace(text, easy=own.easy) if text.easy == offered else text


def _tidy(said: str) -> str:
    return said.replace("\r\n", "\n").strip()


def _wrong(texts: Mapping[str, Text], words: Words) -> dict[str, str]:
    found: dict[str, str] = {}
    for language, text in texts.items():
        if not text.headline:
            found[f"headline.{language}"] = words("Say in a few words that it is over.")
        for name, limit in TEXT_LIMITS.items():
            length = len(getattr(text, name))
            if length > limit:
                found[f"{name}.{language}"] = words(
                    "There are %(n)s characters, and %(limit)s is the most: shorten it.", n=length, limit=limit
                )
    return found


async def _page(
    call: Call[Any, Any], alert: Alert, station: Station, texts: Mapping[str, Text], wrong: Mapping[str, str]
) -> web.Response:
    words = words_of(call.request, station.languages[0])
    facts = await call.request.app[WATCH].read(call.services, alert)
    people = facts.people
    async with call.services.store.read() as unit:
        told = len(await threads.informed_of(unit, facts.alert))
    shown = {
        **heading(alert, station, words, call.services.clock.now()),
        "texts": texts,
        "easy": easy_in(alert.prepared, ThreadRole(call.query.kind), texts),
        "limits": TEXT_LIMITS,
        "kind": call.query.kind,
        "wrong": wrong,
        "told": told,
        "count": words.number(told),
        "pending": people.pending,
        "nothing_sent": sandboxed(alert),
        "sent_clock": clock_time(alert.sent_at, zone_of(station.region), words),
    }
    return show(call.request, "alerts/live_cancel.html", words, shown, tab="alerts", where=station)
