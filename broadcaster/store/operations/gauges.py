"""Gauges of pending work for monitoring: a few sums, cheap enough to read every few seconds.

Reads no deliveries: sums are maintained (``counting``), and pending work is found by a partial index.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select

from broadcaster.domain.alerts import AlertState, Lane, Severity, Status, lane_of, lane_of_rank
from broadcaster.domain.deliveries import DeliveryState
from broadcaster.domain.people import CHANNELS, ChannelName
from broadcaster.store.alerts import counting
from broadcaster.store.alerts.batches import ready
from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.rows import of_row
from broadcaster.store.tables import alert_counts, alert_latencies, alerts, batches, channel_stops, deliveries, outbox

LATE_AFTER = timedelta(minutes=15)
"""A delivery still queued this long after its alert was issued is late."""

WATCHED_AFTER = timedelta(hours=1)
"""How long an alert is watched after its end, since receipts come late."""

_MOST_EVENTS = 100_000


@dataclass(slots=True)
class Watched:
    """An unfinished or recently ended alert; ``told`` counts people by measure, ``queued`` unsent deliveries.

    ``since``: creation of the oldest unsent delivery, which may have waited for a night.
    """

    id: int
    lane: Lane
    rank: int
    sent_at: datetime
    since: datetime
    resolved_at: datetime | None
    finished_at: datetime | None
    expires_at: datetime
    leased: bool
    told: dict[str, int]
    queued: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """Pending work at ``at``, the time by which leases are judged.

    ``waiting``: unsent deliveries by channel and lane. ``unaccounted``: unsent deliveries of alerts past their deadline
    or finished (``people``: people of such alerts without a final state); ``late``: those of alerts older than
    ``LATE_AFTER``, by lane. ``due``: since when the oldest unleased batch has been due, by channel and rank.
    ``outbox``: events not on the bus yet, counted up to 100,000. ``stops``: since when a channel has been stopped.
    ``held``: queues with a leased batch.
    """

    at: datetime
    alerts: list[Watched]
    waiting: Counter[tuple[ChannelName, Lane]]
    unaccounted: int
    people: int
    late: Counter[Lane]
    due: dict[tuple[ChannelName, int], datetime]
    outbox: int
    stops: dict[ChannelName, datetime]
    held: set[tuple[ChannelName, Lane]]


async def read(unit: Unit, clock: datetime) -> Reading:
    """Return the pending work; ``clock``: the caller's time, for a database without a clock."""
    now = await unit.now(clock)
    watched = await _watched(unit, now)
    waiting: Counter[tuple[ChannelName, Lane]] = Counter()
    late: Counter[Lane] = Counter()
    unaccounted = people = 0
    by_id = {alert.id: alert for alert in watched}
    for alert_id, since in (await _begun(unit, watched)).items():
        by_id[alert_id].since = since
    rows = await unit.conn.execute(
        select(alert_counts.c.alert_id, alert_counts.c.subject, alert_counts.c.n).where(
            alert_counts.c.alert_id.in_(by_id),
            # A person's *pending* is 0 as well.
            alert_counts.c.state == DeliveryState.QUEUED,
            alert_counts.c.n > 0,
        )
    )
    for alert_id, subject, n in rows:
        alert = by_id[alert_id]
        # Finished alerts must not have any left.
        over = alert.expires_at <= now or alert.finished_at is not None
        if subject in (counting.PEOPLE, counting.UNCONFIRMED):
            people += n * over
            continue
        if subject not in CHANNELS:
            continue  # any other sum, also one that only a newer version knows
        waiting[ChannelName(subject), alert.lane] += n
        alert.queued += n
        unaccounted += n * over
        late[alert.lane] += n * (alert.since < now - LATE_AFTER)
    events = select(outbox.c.id).limit(_MOST_EVENTS).subquery()
    return Reading(
        at=now,
        alerts=watched,
        waiting=waiting,
        unaccounted=unaccounted,
        people=people,
        late=late,
        due=await _due(unit, now),
        outbox=int(await unit.conn.scalar(select(func.count()).select_from(events)) or 0),
        stops={CHANNELS[row.channel]: row.since for row in await unit.conn.execute(select(channel_stops))},
        held=await _held(unit, now),
    )


async def _watched(unit: Unit, now: datetime) -> list[Watched]:
    unfinished = alerts.c.state.in_((AlertState.ACCEPTED, AlertState.SENDING))
    ended = (alerts.c.state == AlertState.FINISHED) & (alerts.c.expires_at > now - WATCHED_AFTER)
    rows = list(await unit.conn.execute(select(alerts).where(or_(unfinished, ended))))
    told: dict[int, dict[str, int]] = {row.id: {} for row in rows}
    sums = await unit.conn.execute(
        select(alert_latencies.c.alert_id, alert_latencies.c.measure, func.sum(alert_latencies.c.n))
        .where(alert_latencies.c.alert_id.in_(told))
        .group_by(alert_latencies.c.alert_id, alert_latencies.c.measure)
    )
    for alert_id, measure, n in sums:
        told[alert_id][measure] = int(n)
    return [
        of_row(
            Watched,
            row,
            lane=lane_of(Severity(row.severity), Status(row.status)),
            since=row.sent_at,
            leased=row.lease_until is not None and row.lease_until >= now,
            told=told[row.id],
            queued=0,
        )
        for row in rows
    ]


async def _begun(unit: Unit, watched: Collection[Watched]) -> dict[int, datetime]:
    """Return the creation of each routine alert's oldest unsent delivery."""
    routine = [alert.id for alert in watched if alert.lane is Lane.ROUTINE]
    oldest = (
        select(func.min(batches.c.id))
        .where(batches.c.alert_id.in_(routine), batches.c.done.is_(False))
        .group_by(batches.c.alert_id)
    )
    rows = await unit.conn.execute(
        select(deliveries.c.alert_id, func.min(deliveries.c.created_at).label("since"))
        .where(deliveries.c.batch_id.in_(oldest))
        .group_by(deliveries.c.alert_id)
    )
    return {row.alert_id: row.since for row in rows}


async def _due(unit: Unit, now: datetime) -> dict[tuple[ChannelName, int], datetime]:
    rows = await unit.conn.execute(
        select(batches.c.channel, batches.c.rank, func.min(batches.c.due_at))
        .where(*ready(now))
        .group_by(batches.c.channel, batches.c.rank)
    )
    return {(CHANNELS[channel], rank): due_at for channel, rank, due_at in rows}


async def _held(unit: Unit, now: datetime) -> set[tuple[ChannelName, Lane]]:
    rows = await unit.conn.execute(
        select(batches.c.channel, batches.c.rank)
        .where(batches.c.done.is_(False), batches.c.lease_until >= now)
        .distinct()
    )
    return {(CHANNELS[channel], lane_of_rank(rank)) for channel, rank in rows}


async def latencies(unit: Unit, alert_ids: Collection[int]) -> dict[tuple[int, str], Counter[int]]:
    """Return the histograms of these alerts: number of people by bucket, by (alert id, measure)."""
    found: dict[tuple[int, str], Counter[int]] = {}
    for alert_id, measure, number, n in await unit.conn.execute(
        select(alert_latencies).where(alert_latencies.c.alert_id.in_(alert_ids))
    ):
        found.setdefault((alert_id, measure), Counter())[number] = n
    return found
