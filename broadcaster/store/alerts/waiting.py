"""People in their quiet hours: pending rows of ``recipients`` with an end time."""

from collections import Counter, defaultdict
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import exists, select, update

from broadcaster.domain.deliveries import PersonState
from broadcaster.store.alerts import counting, tracking
from broadcaster.store.engine.among import among
from broadcaster.store.engine.engine import Unit
from broadcaster.store.tables import alert_counts, alerts, recipients

_WAITS = (recipients.c.wait_until.is_not(None), recipients.c.state == PersonState.PENDING)


async def due(unit: Unit, now: datetime, limit: int) -> dict[int, list[int]]:
    """Return people whose quiet hours are over, by alert, most severe first."""
    rows = await unit.conn.execute(
        select(recipients.c.alert_id, recipients.c.subscriber_id)
        .join(alerts, alerts.c.id == recipients.c.alert_id)
        .where(*_WAITS, recipients.c.wait_until <= now)
        .order_by(alerts.c.rank, alerts.c.id, recipients.c.subscriber_id)
        .limit(limit)
    )
    found: defaultdict[int, list[int]] = defaultdict(list)
    for alert_id, subscriber_id in rows:
        found[alert_id].append(subscriber_id)
    return found


class Digest(NamedTuple):
    """Alerts of a station, ascending, that these people get in one message; ``due_at``: when it became due."""

    station_id: int
    alert_ids: tuple[int, ...]
    subscriber_ids: list[int]
    due_at: datetime


_IN_DIGEST = (recipients.c.state == PersonState.DIGEST, recipients.c.wait_until.is_not(None))


async def digests(unit: Unit, now: datetime, limit: int) -> list[Digest]:
    """Return due digests for at most ``limit`` people."""
    due = (*_IN_DIGEST, recipients.c.wait_until <= now)
    people = select(recipients.c.subscriber_id).where(*due).distinct().order_by(recipients.c.subscriber_id).limit(limit)
    rows = await unit.conn.execute(
        select(alerts.c.station_id, recipients.c.subscriber_id, recipients.c.alert_id, recipients.c.wait_until)
        .join(alerts, alerts.c.id == recipients.c.alert_id)
        .where(*due, recipients.c.subscriber_id.in_(people))
        .order_by(recipients.c.alert_id)
    )
    wanted: defaultdict[tuple[int, int], list[tuple[int, datetime]]] = defaultdict(list)
    for station_id, subscriber_id, alert_id, due_at in rows:
        wanted[station_id, subscriber_id].append((alert_id, due_at))
    found: dict[tuple[int, tuple[int, ...]], Digest] = {}
    for (station_id, subscriber_id), told in wanted.items():
        ids = tuple(alert_id for alert_id, _ in told)
        digest = found.setdefault((station_id, ids), Digest(station_id, ids, [], max(due_at for _, due_at in told)))
        digest.subscriber_ids.append(subscriber_id)
    return list(found.values())


async def in_digest(unit: Unit, digest: Digest) -> None:
    """Record that these people got their digest."""
    await unit.conn.execute(
        update(recipients)
        .where(recipients.c.alert_id.in_(digest.alert_ids), among(recipients.c.subscriber_id, "ids"), *_IN_DIGEST)
        .values(wait_until=None),
        {"ids": digest.subscriber_ids},
    )


async def opened(unit: Unit, alert_id: int, subscriber_id: int, now: datetime) -> None:
    """Record that a waiting person has read the alert's page, so it is not sent to them."""
    await unit.in_turn("dispatch", alert_id)
    mine = recipients.c.alert_id == alert_id, recipients.c.subscriber_id == subscriber_id
    row = (await unit.conn.execute(select(recipients).where(*mine, recipients.c.wait_until.is_not(None)))).one_or_none()
    if row is None:
        return
    await unit.conn.execute(update(recipients).where(*mine).values(wait_until=None))
    if row.state == PersonState.PENDING:
        seen = PersonState.OPENED
        await unit.conn.execute(update(recipients).where(*mine).values(state=seen, accepted_at=now, delivered_at=now))
        people = counting.people(unconfirmed=row.unconfirmed)
        changes = {(people, PersonState.PENDING): -1, (people, seen): 1, (counting.WAITING, 1): -1}
        await counting.add(unit, Counter({(alert_id, *what): n for what, n in changes.items()}))
        await tracking.finish(unit, alert_id, now)


async def hasten(unit: Unit, alert_id: int, now: datetime) -> None:
    """End all quiet-hours waits for a cancelled alert, so that its report closes."""
    # Uses the index of waiting people, who are few, while the alert may have a million people; where nobody waits, not
    # even that, as PostgreSQL without statistics would read all recipients.
    theirs = recipients.c.alert_id + 0 == alert_id
    sums = alert_counts.c.alert_id == alert_id, alert_counts.c.subject == counting.WAITING, alert_counts.c.n > 0
    await unit.conn.execute(update(recipients).where(exists().where(*sums), theirs, *_WAITS).values(wait_until=now))
