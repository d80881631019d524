"""/console/alerts/{id}: an alert during and after sending. Its parts are rendered here, at first and at each update."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp_jinja2
from aiohttp import web
from babel.numbers import format_percent

from broadcaster.domain.alerts import Alert, Status, ThreadRole
from broadcaster.domain.audience import AudienceKind
from broadcaster.domain.deliveries import DeliveryState
from broadcaster.domain.people import ChannelName
from broadcaster.domain.permissions import Permission
from broadcaster.domain.report import Report
from broadcaster.domain.stations import Station
from broadcaster.domain.zones import zone_of
from broadcaster.http.alerts import alert_of, etag_of
from broadcaster.http.deliveries import StreamEvent, stream
from broadcaster.http.reading import number_of
from broadcaster.http.route import Call
from broadcaster.pipeline.versions import differences
from broadcaster.store import Unit, schedules
from broadcaster.store.alerts import alerts, breakdown
from broadcaster.web.console.alerts import live_next, live_waiting
from broadcaster.web.console.alerts.alerts import label_of, look_of
from broadcaster.web.console.alerts.live_answers import answers_of
from broadcaster.web.console.alerts.live_curve import curve_of
from broadcaster.web.console.alerts.live_facts import WATCH, Facts
from broadcaster.web.console.alerts.live_reasons import grouped
from broadcaster.web.console.alerts.live_reasons import state_word as delivery_word
from broadcaster.web.console.alerts.live_words import clock_time, sandboxed, span, verdict
from broadcaster.web.console.frame import show, words_of
from broadcaster.web.ground import picture_of
from broadcaster.web.health_words import told
from broadcaster.web.i18n import Words
from broadcaster.web.names import author_word
from broadcaster.web.pages import written_region, written_short, written_time
from broadcaster.web.whereabouts import whereabouts

PARTS = ("severity", "verdict", "waiting", "step", "answers", "state", "figures", "curve", "channels", "missed")
"""The page's live parts; each is a template of its own."""

LONGEST_S = 600.0
"""Seconds until a stream ends and its reader is authenticated again, since the session may have ended."""
_MOST_REASONS = 6


async def asked(call: Call[Any, Any]) -> tuple[Alert, Station, Words]:
    """Return the path's alert, its station, and the operator's words. Raises as ``alert_of``."""
    alert, station = await alert_of(call)
    return alert, station, words_of(call.request, station.languages[0])


async def page(call: Call[None, None]) -> web.Response:
    """Show an alert; the page's script then follows it."""
    alert, station, words = await asked(call)
    facts = await call.request.app[WATCH].read(call.services, alert)
    earlier: Alert | None = None
    async with call.services.store.read() as unit:
        by = await breakdown.sender_of(unit, alert.id)
        occurrence = (await schedules.of_alerts(unit, [alert.id])).get(alert.id)
        if alert.references:
            earlier = await alerts.by_id(unit, alert.references[-1])
        changed = await _changed(unit, call.request.query.get("changed", ""), alert, by, words)
        left = [each.id for each in facts.report.versions if each.role is ThreadRole.LEFT and each.id > alert.id]
    shown = {
        **heading(facts.alert, station, words, facts.at),
        **await _live(call, facts, station, words),
        "by": by and author_word(by, words),
        "occurrence": occurrence,
        "earlier": earlier,
        "changed": changed,
        "left_id": left[0] if left and alert.role is not ThreadRole.LEFT else None,
        "picture": picture_of(call.services.settings, alert, station),
        "places": whereabouts(alert, station, words),
        "scripts": _for_scripts(facts.alert, station, words),
        "again": _already(alert, call.request.query.get("again"), words),
    }
    return show(call.request, "alerts/live.html", words, shown, tab="alerts", where=station)


def _already(alert: Alert, wanted: str | None, words: Words) -> tuple[str, str] | None:
    """Return the look and the words of a notice to who wanted to send something although this had ended the alert."""
    if wanted is None:
        return None
    mistake = alert.role is ThreadRole.MISTAKE
    if wanted == ThreadRole.ALL_CLEAR and mistake:
        return "warn", words(
            "Somebody had already told everyone that this alert was sent by mistake: your all-clear was not sent."
        )
    if wanted == ThreadRole.MISTAKE and not mistake:
        return "warn", words(
            "Somebody had already sent the all-clear: your message that the alert was a mistake was not sent."
        )
    if mistake:
        return "good", words(
            "The alert had ended already: this message says that it was sent by mistake."
            " Nothing was sent a second time."
        )
    return "good", words("The alert had ended already: this is its all-clear. Nothing was sent a second time.")


async def _changed(unit: Unit, seen: str, alert: Alert, by: str | None, words: Words) -> dict[str, Any] | None:
    """Return the changes since the version that an operator saw, and their author; None without such a version."""
    before = await alerts.by_id(unit, number_of(seen) or 0)
    if before is None or before.first_id != alert.first_id:
        return None
    return {"by": by, "what": what_differs(before, alert, words)}


def what_differs(before: Alert, after: Alert, words: Words) -> str:
    fields = {
        "texts": words("the words"),
        "area": words("the area"),
        "expires": words("how long it holds"),
        "severity": words("how serious it is"),
    }
    return ", ".join(fields[each] for each in differences(before, after)) or words("nothing")


async def events(call: Call[None, None]) -> web.StreamResponse:
    """Stream changed parts as HTML in JSON; endless, as receipts come late."""
    alert, station, words = await asked(call)
    sent: dict[str, str] = {}

    async def read() -> StreamEvent:
        facts = await call.request.app[WATCH].read(call.services, alert)
        shown = {
            "look": look_of(facts.alert, facts.at),
            "severity_label": label_of(facts.alert, words),
            **await _live(call, facts, station, words),
        }
        parts = {name: _part(call.request, name, words, shown) for name in PARTS}
        news = {name: html for name, html in parts.items() if sent.get(name) != html}
        sent.update(news)
        return StreamEvent(
            json.dumps(
                {
                    "at": clock_time(facts.at, zone_of(station.region), words),
                    "title": shown["title"],
                    "look": shown["verdict"].look,
                    "zone": shown["look"],
                    "said": f"{shown['verdict'].sentence} {shown['verdict'].more}".strip(),
                    "parts": news,
                },
                ensure_ascii=False,
            )
        )

    return await stream(call, alert.id, read, longest_s=LONGEST_S)


def heading(alert: Alert, station: Station, words: Words, now: datetime) -> dict[str, Any]:
    zone = zone_of(station.region)
    language, text = alert.text_in(words.language, station.languages[0])
    return {
        "alert": alert,
        "station": station,
        "text": text,
        "text_language": language,
        "look": look_of(alert, now),
        "severity_label": label_of(alert, words),
        "mood": {Status.EXERCISE: " exercise", Status.TEST: " test"}.get(alert.status, ""),
        "sent": written_time(alert.sent_at, zone, words),
        "expires": written_time(alert.expires_at, zone, words),
        "zone": written_region(station.region, words),
        "to": audience_words(alert, words),
    }


def audience_words(alert: Alert, words: Words) -> str:
    return {
        AudienceKind.EVERYONE: words("Everyone in the area"),
        AudienceKind.FOLLOWERS: words("Those in the area who follow this station"),
        AudienceKind.ALL_FOLLOWERS: words("All who follow this station, wherever they are"),
        AudienceKind.GROUPS: words("The groups %(groups)s", groups=", ".join(alert.audience.groups)),
        AudienceKind.TOLD: words("Everyone who was told of the alert"),
        AudienceKind.LEFT: words("Those who were told of the alert, and are no longer in its area"),
        AudienceKind.DIGEST: words("Those who want these alerts in one message a day"),
    }[alert.audience.kind]


def changing(facts: Facts, station: Station, words: Words) -> dict[str, Any]:
    """Return the live parts' template data."""
    alert, people, zone = facts.alert, facts.people, zone_of(station.region)
    found = verdict(alert, people, words)
    going_on = alert.finished_at is None
    reasons = grouped(facts.reasons, words)
    _, text = alert.text_in(words.language, station.languages[0])
    share = format_percent(people.percent / 100, locale=words.locale)
    return {
        "alert": alert,
        "people": people,
        "verdict": found,
        "title": f"{share} · {text.headline}" if people.matched else text.headline,
        "apart": _apart(facts.report, words),
        "number": words.number,
        "span": lambda seconds: span(seconds, words),
        "nothing_sent": sandboxed(alert),
        "sandbox": [words.channel(name, inside=True) for name in alert.sandbox],
        "stopped": [(words.channel(name), why) for name, why in facts.report.stopped.items()],
        "troubles": [told(each, words) for each in facts.troubles],
        "maybe_twice": facts.report.maybe_twice,
        "lifted": None if alert.cancelled_at is None else _lifted(facts, zone, words),
        "etag": etag_of(alert),
        "over": facts.at >= alert.expires_at,
        "curve": curve_of(
            facts.accepted,
            facts.delivered,
            matched=people.reachable,
            elapsed_s=(facts.at - alert.sent_at).total_seconds() if going_on else None,
            words=words,
        ),
        "percentiles": facts.report.accepted_s,
        "fallen": max(0, sum(facts.accepted.values()) - people.reached),
        **answers_of(facts, station, words),
        "channels": [_channel(name, facts.report.channels.get(name, {}), words) for name in alert.channels],
        "reasons": reasons[:_MOST_REASONS],
        "more_reasons": len(reasons) - _MOST_REASONS,
        "at": clock_time(facts.at, zone, words),
    }


def _apart(report: Report, words: Words) -> list[str]:
    """Return sentences about people who wait, or whom no figure includes."""
    waiting, digest, unwanted = report.waiting, report.digest, report.unwanted
    unconfirmed = sum(report.unconfirmed.values())
    said = {
        words.many(
            "For %(n)s person it waits until their quiet hours end.",
            "For %(n)s people it waits until their quiet hours end.",
            waiting,
        ): waiting,
        words.many(
            "Beside them %(n)s person gets it in their daily digest.",
            "Beside them %(n)s people get it in their daily digest.",
            digest,
        ): digest,
        words.many(
            "Beside them %(n)s person wants no such alert.", "Beside them %(n)s people want no such alert.", unwanted
        ): unwanted,
        words.many(
            "Beside them %(n)s sign-up that is not confirmed yet: told last, and in no figure here.",
            "Beside them %(n)s sign-ups that are not confirmed yet: told last, and in no figure here.",
            unconfirmed,
        ): unconfirmed,
    }
    return [sentence for sentence, n in said.items() if n]


def _lifted(facts: Facts, zone: ZoneInfo, words: Words) -> dict[str, Any]:
    at = facts.alert.cancelled_at
    return {
        "at": "" if at is None else written_short(at, zone, words),
        "by": facts.followed_by and author_word(facts.followed_by, words),
        "follower": facts.follower,
    }


def _channel(name: ChannelName, by_state: Mapping[str, int], words: Words) -> dict[str, Any]:
    """Return a channel's messages: in four parts for its bar, and by state for the table."""
    counts = {state: by_state.get(state.word, 0) for state in DeliveryState}
    total = sum(counts.values())
    confirmed = sum(n for state, n in counts.items() if state >= DeliveryState.DELIVERED)
    parts = {
        "confirmed": confirmed,
        "handed": counts[DeliveryState.ACCEPTED],
        "waiting": counts[DeliveryState.QUEUED],
        "failed": sum(n for state, n in counts.items() if state.failure),
    }
    bars, left = [], 0.0
    for part, n in parts.items():
        width = 100 * n / total if total else 0.0
        if n:
            bars.append((part, round(left, 3), round(width, 3)))
        left += width
    return {
        "name": name.value,
        "word": words.channel(name),
        "total": total,
        "parts": parts,
        "bars": bars,
        "states": [(delivery_word(state, words), n) for state, n in counts.items() if n],
    }


async def _live(call: Call[Any, Any], facts: Facts, station: Station, words: Words) -> dict[str, Any]:
    """Return the live parts' template data for this operator."""
    alert, may = facts.alert, call.may(Permission.SEND, station.id)
    return {
        **changing(facts, station, words),
        **await live_next.part(call, alert, station, words),
        **await live_waiting.part(call, alert, station, words),
        "may_cancel": may and alert.role in (ThreadRole.FIRST, ThreadRole.UPDATE) and alert.cancelled_at is None,
    }


def _part(request: web.Request, name: str, words: Words, shown: Mapping[str, Any]) -> str:
    context = {"_": words, "language": words.language, **shown}
    return aiohttp_jinja2.render_string(f"console/alerts/live_{name}.html", request, context)


def _for_scripts(alert: Alert, station: Station, words: Words) -> dict[str, Any]:
    return {
        "events": f"/console/alerts/{alert.id}/events?lang={words.language}",
        "zone": zone_of(station.region).key,
        "ground": f"/map/{station.slug}.json",
        "area": None if alert.area is None else alert.area.geojson(72),
        "words": {
            "live": words("Live"),
            "figures": words("Figures of %(time)s"),
            "lost": words("Connection lost at %(time)s. The figures are of that moment. Trying again…"),
            "back": words("The connection is back. The figures are right again."),
            "ended": words("Your session ended. Sign in again."),
            "closer": words("Closer"),
            "farther": words("Farther"),
        },
    }
