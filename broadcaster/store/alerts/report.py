"""An alert's report, read from the sums, and the people not reached."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import delete, select, text

from broadcaster.domain.alerts import Alert
from broadcaster.domain.answers import word_of
from broadcaster.domain.audience import AudienceKind
from broadcaster.domain.deliveries import CHOSEN, DeliveryState, PersonState
from broadcaster.domain.latency import percentile_s
from broadcaster.domain.people import CHANNEL_NUMBER, CHANNELS, ChannelName
from broadcaster.domain.reasons import unpack
from broadcaster.domain.report import Percentiles, Report, Unreached, Version
from broadcaster.domain.warned import Warned
from broadcaster.store import help_requests
from broadcaster.store.alerts import alerts as alert_rows
from broadcaster.store.alerts import answers, breakdown, budgets, counting, retiring, threads, visited
from broadcaster.store.engine.engine import Unit
from broadcaster.store.people import people
from broadcaster.store.tables import channel_stops, recipients, to_micros

_STOP = text(
    "INSERT INTO channel_stops (channel, code, detail, since) VALUES (:channel, :code, :detail, :since)"
    " ON CONFLICT (channel) DO UPDATE SET code = excluded.code, detail = excluded.detail"
)


async def report(unit: Unit, alert: Alert) -> Report:
    """Return an alert's report. The caller has just read ``alert`` in the same unit."""
    sums = await counting.of(unit, alert.id)
    histograms = await counting.latencies(unit, alert.id)
    by_state, waiting = sums.get(counting.PEOPLE, {}), sums.get(counting.UNCONFIRMED, {})
    chosen = sums.get(counting.CHOSEN, {})
    matched = sum(by_state.values())
    pending = by_state.get(PersonState.PENDING, 0)
    stopped = {name: why for name, why in (await stops(unit)).items() if name in alert.channels}
    warned = []
    if alert.resolved_at is not None and matched == 0 and not waiting and not chosen.get(PersonState.SPARED):
        warned.append(_nobody(alert))
    maybe_twice = sums.get(counting.TWICE, {}).get(1, 0)
    if maybe_twice:
        warned.append(Warned("maybe-twice", {"n": maybe_twice}))
    warned += [
        Warned(
            "sender-refused",
            {"keeper": each.keeper, "channels": (each.channel,), "n": each.refused, "answer": each.code},
        )
        for each in await retiring.refusals_of(unit, alert.id)
    ]
    warned += [each.warned for each in await budgets.exceeded(unit, alert.station_id, alert.id, alert.sent_at)]
    channels = {
        name: {DeliveryState(state).word: n for state, n in sorted(sums.get(name, {}).items())}
        for name in alert.channels
    }
    return Report(
        alert_id=alert.id,
        state=alert.state,
        matched=matched,
        unaccounted=pending,
        people={state.word: by_state.get(state, 0) for state in PersonState if state not in CHOSEN},
        channels=channels,
        accepted_s=_percentiles(histograms[counting.ACCEPTED]),
        delivered_s=_percentiles(histograms[counting.DELIVERED]),
        sent_at=alert.sent_at,
        finished_at=alert.finished_at,
        cancelled_at=alert.cancelled_at,
        sandbox=alert.sandbox,
        stopped=stopped,
        warned=tuple(warned),
        maybe_twice=maybe_twice,
        unconfirmed={PersonState(state).word: n for state, n in sorted(waiting.items())},
        resolved=alert.resolved_at is not None,
        waiting=sums.get(counting.WAITING, {}).get(1, 0),
        digest=chosen.get(PersonState.DIGEST, 0),
        unwanted=chosen.get(PersonState.UNWANTED, 0),
        answers={word_of(choice): n for choice, n in (await answers.sums(unit, alert.first_id)).items()},
        help=await help_requests.figures(unit, alert.first_id),
        visits={found.word: n for found, n in (await visited.sums(unit, alert.first_id)).items()},
        again=sums.get(counting.AGAIN, {}).get(1, 0),
        spared=chosen.get(PersonState.SPARED, 0),
        versions=await versions_of(unit, alert),
    )


async def versions_of(unit: Unit, alert: Alert) -> tuple[Version, ...]:
    """Return the alerts of a thread with their numbers of people, oldest first; empty for a single alert."""
    thread = (await threads.of(unit, alert)).all
    if len(thread) == 1:
        return ()
    people = await breakdown.glances(unit, thread)
    found = []
    for each in await alert_rows.by_ids(unit, thread):
        by_state = people.get(each.id, {})
        told = sum(n for state, n in by_state.items() if state >= PersonState.ACCEPTED)
        found.append(Version(each.id, each.role, each.sent_at, sum(by_state.values()), told))
    return tuple(sorted(found, key=lambda version: version.id))


def _nobody(alert: Alert) -> Warned:
    if alert.audience.kind is AudienceKind.DIGEST:
        return Warned("digest-to-nobody")
    if alert.audience.kind is AudienceKind.TOLD:
        return Warned("end-to-nobody")
    if alert.audience.kind is AudienceKind.LEFT:
        return Warned("left-to-nobody")
    code = "nobody-reached" if alert.area is None else "nobody-reached-in-area"
    return Warned(code, {"rule": alert.audience.kind})


def _percentiles(histogram: Mapping[int, int]) -> Percentiles:
    p50, p95, p99 = (
        None if found is None else round(found, 3)
        for found in (percentile_s(histogram, share) for share in (0.50, 0.95, 0.99))
    )
    return Percentiles(p50, p95, p99)


async def unreached(
    unit: Unit, alert: Alert, *, after: int, limit: int, packed: Collection[str] | None = None
) -> list[Unreached]:
    """Return confirmed people not reached, by ascending id; ``after``: last id seen, 0 to begin.

    ``packed``: only those with one of these reasons, as ``reporting.reasons`` returns them. Names and external ids are
    those of the alert's own station.
    """
    query = (
        select(recipients.c.subscriber_id, recipients.c.reasons)
        .where(
            recipients.c.alert_id == alert.id,
            recipients.c.state == PersonState.UNREACHED,
            recipients.c.unconfirmed.is_(False),
            recipients.c.subscriber_id > after,
        )
        .order_by(recipients.c.subscriber_id)
        .limit(limit)
    )
    if packed is not None:
        query = query.where(recipients.c.reasons.in_(list(packed)))
    rows = list(await unit.conn.execute(query))
    known = await people.names(unit, alert.station_id, [row.subscriber_id for row in rows])
    seen = await visited.of(unit, alert.first_id)
    return [
        Unreached(each, *known.get(each, (None, None)), reasons=unpack(reasons), visited=seen.get(each))
        for each, reasons in rows
    ]


async def unsettled(unit: Unit, alert_id: int) -> int:
    """Return the number of an alert's deliveries that are unsent or in progress."""
    sums = await counting.of(unit, alert_id)
    return sum(by_state.get(DeliveryState.QUEUED, 0) for subject, by_state in sums.items() if subject in CHANNELS)


async def stop_channel(unit: Unit, channel: ChannelName, code: str, detail: str, now: datetime) -> None:
    """Record that a channel is broken, and why, for operators."""
    row = {"channel": CHANNEL_NUMBER[channel], "code": code[:60], "detail": detail, "since": to_micros(now)}
    await unit.conn.execute(_STOP, row)


async def start_channel(unit: Unit, channel: ChannelName) -> None:
    """Record that a channel works again."""
    await unit.conn.execute(delete(channel_stops).where(channel_stops.c.channel == CHANNEL_NUMBER[channel]))


async def stops(unit: Unit) -> dict[ChannelName, str]:
    """Return broken channels, with the reason."""
    rows = await unit.conn.execute(select(channel_stops))
    return {CHANNELS[row.channel]: f"{row.detail} ({row.code})" for row in rows}
