"""/console/alerts/{id}/report: an alert's report to read, print and file, as a page and as PDF."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from broadcaster.domain.alerts import Alert, MsgType, ThreadRole
from broadcaster.domain.deliveries import CHOSEN, DeliveryState, PersonState
from broadcaster.domain.latency import percentile_s
from broadcaster.domain.people import ChannelName
from broadcaster.domain.reasons import SENTENCES
from broadcaster.domain.report import StepFigures
from broadcaster.domain.stations import Station
from broadcaster.domain.visits import FINDINGS, found_words
from broadcaster.domain.zones import zone_of
from broadcaster.http.route import Call
from broadcaster.http.steps import STEPS
from broadcaster.languages import own_name
from broadcaster.store.alerts import breakdown
from broadcaster.store.alerts.breakdown import Failure, Moments
from broadcaster.web.console.alerts.live import asked, changing, heading
from broadcaster.web.console.alerts.live_curve import curve_of
from broadcaster.web.console.alerts.live_facts import WATCH, Facts
from broadcaster.web.console.alerts.live_reasons import grouped, state_word
from broadcaster.web.console.alerts.live_words import clock_time, span
from broadcaster.web.console.alerts.printing import printed
from broadcaster.web.console.alerts.report_guardians import guardians_table
from broadcaster.web.console.downloads import table_of
from broadcaster.web.console.frame import show
from broadcaster.web.ground import TILES, embedded, picture_of
from broadcaster.web.i18n import Words
from broadcaster.web.names import author_word
from broadcaster.web.pages import written_time
from broadcaster.web.whereabouts import whereabouts

_CURVE_HEIGHT = 300


async def page(call: Call[None, None]) -> web.StreamResponse:
    alert, station, words = await asked(call)
    facts = await _facts(call, alert, station, words)
    return show(call.request, "alerts/report_page.html", words, facts, tab="alerts", where=station)


async def pdf(call: Call[None, None]) -> web.StreamResponse:
    """Return the report as PDF; if that fails, a page that says what to install, with a link back."""
    alert, station, words = await asked(call)
    facts = await _facts(call, alert, station, words)
    if facts["picture"] is not None:
        facts["picture"] = await embedded(call.request.app[TILES], facts["picture"])
    name = f"{words('report')}-{station.slug}-{alert.id}.pdf"
    without = "alerts/report_no_pdf.html", {"alert": alert}
    return await printed(call.request, "alerts/report_print.html", words, facts, name, without=without)


async def _facts(call: Call[Any, Any], alert: Alert, station: Station, words: Words) -> dict[str, Any]:
    zone = zone_of(station.region)
    facts = await call.request.app[WATCH].read(call.services, alert)
    alert = facts.alert
    async with call.services.store.read() as unit:
        sender = await breakdown.sender_of(unit, alert.id)
        moments = await breakdown.moments(unit, alert.id)
        failures = await breakdown.failures(unit, alert.id)
        reasons = grouped(await breakdown.reasons(unit, alert.id), words)
    steps = await call.request.app[STEPS].read(call.services, alert, facts.report)
    states = _states(facts, words)
    by = sender and author_word(sender, words)
    return {
        **heading(alert, station, words, call.services.clock.now()),
        **changing(facts, station, words),
        "by": by,
        "all_clear_itself": alert.msg_type is MsgType.CANCEL,
        "texts": [(own_name(language), language, text) for language, text in alert.texts.items()],
        "drawn": curve_of(
            facts.accepted,
            facts.delivered,
            matched=facts.people.reachable,
            elapsed_s=None,
            words=words,
            height=_CURVE_HEIGHT,
        ),
        "picture": picture_of(call.services.settings, alert, station),
        "places": whereabouts(alert, station, words),
        "timeline": _timeline(facts, moments, by, zone, words),
        "states": [(word, n) for word, n in states if n],
        "steps": steps_table(steps, words, words.number),
        "children": await guardians_table(call, alert, station, words),
        "visits": [(found_words(FINDINGS[word], words), words.number(n)) for word, n in facts.report.visits.items()],
        "adds_up": sum(n for _, n in states) == facts.people.matched,
        "reasons": reasons,
        "failures": [_failure(each, words) for each in failures],
        "confirmed_s": facts.report.delivered_s,
        "printed": written_time(facts.at, zone, words),
        "channel_totals": _totals(facts, words),
    }


def steps_table(steps: Sequence[StepFigures], words: Words, written: Callable[[int], str]) -> list[tuple[str, ...]]:
    """Return the table of people by step, its header first; empty without steps."""
    header = (words("Step"), words("After"), words("People"), words("First told by it"), words("Confirmed by it"))
    rows = [
        (
            " · ".join(words.channel(name) for name in each.channels),
            span(each.after_s, words) if each.after_s else words("at once"),
            *map(written, (each.people, each.told, each.confirmed)),
        )
        for each in steps
    ]
    return [header, *rows] if rows else []


async def table(call: Call[None, None]) -> web.StreamResponse:
    """Return people by state and by step, and answers for children, as CSV (RFC 4180)."""
    alert, station, words = await asked(call)
    facts = await call.request.app[WATCH].read(call.services, alert)
    steps = await call.request.app[STEPS].read(call.services, facts.alert, facts.report)
    header = (words("How they stand"), words("People"))
    rows: list[tuple[object, ...]] = [header, *_states(facts, words)]
    for more in (steps_table(steps, words, str), await guardians_table(call, alert, station, words)):
        rows += [(), *more] if more else []
    return table_of(f"{words('report')}-{station.slug}-{alert.id}.csv", rows, words)


def _states(facts: Facts, words: Words) -> list[tuple[str, int]]:
    people = facts.report.people
    return [(person_word(state, words), people.get(state.word, 0)) for state in PersonState if state not in CHOSEN]


def _timeline(
    facts: Facts, moments: Moments, by: str | None, zone: ZoneInfo, words: Words
) -> list[tuple[str, list[tuple[str, str, str, str]]]]:
    """Return for each day (time, event, delay, machine-readable moment), in order."""
    alert = facts.alert
    found: list[tuple[datetime, str]] = []

    def add(at: datetime | None, what: str) -> None:
        if at is not None:
            found.append((at, what))

    add(alert.sent_at, words("Sent by %(who)s", who=by) if by else words("Sent"))
    add(alert.resolved_at, words("Everyone concerned is found"))
    add(moments.first_at, words("First person told"))
    add(moments.confirmed_at, words("First message known to have arrived"))
    for share in (0.50, 0.95, 0.99):
        seconds = percentile_s(facts.accepted, share)
        if seconds is not None:
            told = words("%(share)s%% of those reached are told", share=round(100 * share))
            at = alert.sent_at + timedelta(seconds=seconds)
            add(max(at, moments.first_at or at), told)  # the curve is counted in steps
    add(moments.last_at, words("Last person told"))
    add(alert.finished_at, words("Everyone is accounted for"))
    add(alert.cancelled_at, _followed(facts, words))
    if alert.cancelled_at is None and alert.msg_type is not MsgType.CANCEL:
        add(alert.expires_at, words("Expired") if facts.at >= alert.expires_at else words("Will end"))
    found.sort(key=lambda each: each[0])

    def row(at: datetime, what: str) -> tuple[str, str, str, str]:
        after = span(round((at - alert.sent_at).total_seconds(), 1), words) if at > alert.sent_at else ""
        return clock_time(at, zone, words), what, after, at.isoformat()

    days = groupby(found, key=lambda each: each[0].astimezone(zone).date())
    return [(words.day(day, "full"), [row(*each) for each in events]) for day, events in days]


def _followed(facts: Facts, words: Words) -> str:
    who = facts.followed_by and author_word(facts.followed_by, words)
    match facts.follower.role if facts.follower is not None else None:
        case ThreadRole.UPDATE:
            return words("Updated by %(who)s", who=who) if who else words("Updated")
        case ThreadRole.MISTAKE:
            return words("Taken back by %(who)s", who=who) if who else words("Taken back")
    return words("Ended by %(who)s", who=who) if who else words("Ended")


def person_word(state: PersonState, words: Words) -> str:
    return {
        PersonState.PENDING: words("On the way"),
        PersonState.UNREACHED: words("Not told"),
        PersonState.ACCEPTED: words("Told, without proof that it arrived"),
        PersonState.DELIVERED: words("Told: it arrived"),
        PersonState.DISPLAYED: words("Told: it was shown"),
        PersonState.OPENED: words("Told: it was opened"),
        PersonState.ACKNOWLEDGED: words("Told: they confirmed it"),
    }[state]


def _failure(failure: Failure, words: Words) -> tuple[str, str, str, str]:
    return (
        words.channel(failure.channel),
        words(SENTENCES[failure.reason]),
        failure.code or "–",
        words.number(failure.n),
    )


def _totals(facts: Facts, words: Words) -> dict[str, Any]:
    """Return the table of messages: rows are states, columns channels, with both sums."""
    channels: Sequence[ChannelName] = facts.alert.channels
    rows = []
    for state in DeliveryState:
        counts = [facts.report.channels.get(name, {}).get(state.word, 0) for name in channels]
        if any(counts):
            rows.append((state_word(state, words), [words.number(n) for n in counts], words.number(sum(counts))))
    sums = [sum(facts.report.channels.get(name, {}).values()) for name in channels]
    return {
        "channels": [words.channel(name) for name in channels],
        "rows": rows,
        "sums": [words.number(n) for n in sums],
        "sum": words.number(sum(sums)),
    }
