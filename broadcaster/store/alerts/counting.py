"""Maintained sums, so that a report on a million people is read as fast as one on ten."""

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import TextClause, select, text

from broadcaster.domain.deliveries import DeliveryState
from broadcaster.domain.people import CHANNELS
from broadcaster.store.engine.engine import Unit
from broadcaster.store.tables import alert_counts, alert_latencies

PEOPLE = "people"
UNCONFIRMED = "unproven"
"""Subject of people with an unconfirmed sign-up, who are counted separately. (The column holds ten letters.)"""
ACCEPTED = "accepted"
DELIVERED = "delivered"
TWICE = "twice"
"""Subject of the sum, under state 1, of deliveries whose sender died while possibly sending."""

CHOSEN = "chosen"
"""Subject of people who want no such alert, or a digest, by state; no other sum includes them."""
AGAIN = "again"
"""Subject of the sum, under state 1, of an update's people who were told of an earlier version."""
ANSWERS = "answers"
"""Subject of people's answers, by choice (``domain.answers``); the sums of a thread belong to its first alert."""
FOLLOWING = "following"
"""Subject of the sum, under state 0, of people for whom a further step may follow; until it is 0 the alert is
unfinished.
"""
WAITING = "waiting"
"""Subject of the sum, under state 1, of people in their quiet hours."""

_REPEATED = "re-"

_ADD = text(
    "INSERT INTO alert_counts (alert_id, subject, state, n) VALUES (:alert_id, :subject, :state, :n)"
    " ON CONFLICT (alert_id, subject, state) DO UPDATE SET n = alert_counts.n + excluded.n"
)
_ADD_LATENCY = text(
    "INSERT INTO alert_latencies (alert_id, measure, bucket, n) VALUES (:alert_id, :measure, :bucket, :n)"
    " ON CONFLICT (alert_id, measure, bucket) DO UPDATE SET n = alert_latencies.n + excluded.n"
)


async def add(unit: Unit, deltas: Counter[tuple[int, str, int]]) -> None:
    """Add to the sums: (alert id, channel, ``PEOPLE`` or ``UNCONFIRMED``, state) to increment."""
    await _add_to(unit, _ADD, ("alert_id", "subject", "state"), deltas)


async def add_latencies(unit: Unit, deltas: Counter[tuple[int, str, int]]) -> None:
    """Add to the histograms: (alert id, measure, bucket) to increment."""
    await _add_to(unit, _ADD_LATENCY, ("alert_id", "measure", "bucket"), deltas)


async def _add_to(
    unit: Unit, statement: TextClause, names: Sequence[str], deltas: Counter[tuple[int, str, int]]
) -> None:
    rows = [
        dict(zip(names, (alert_id, str(what), int(number)), strict=True), n=n)
        for (alert_id, what, number), n in sorted(deltas.items())
        if n
    ]
    if rows:
        await unit.conn.execute(statement, rows)


async def of(unit: Unit, alert_id: int) -> dict[str, dict[int, int]]:
    """Return an alert's sums: channel, ``PEOPLE`` or ``UNCONFIRMED``, then state, to n."""
    found: dict[str, dict[int, int]] = {}
    sums = alert_counts.c
    query = select(sums.subject, sums.state, sums.n).where(sums.alert_id == alert_id, sums.n != 0)
    for subject, state, n in await unit.conn.execute(query):
        found.setdefault(subject, {})[state] = n
    return found


def people(*, unconfirmed: bool) -> str:
    """Return the subject that a person is counted under."""
    return UNCONFIRMED if unconfirmed else PEOPLE


def repeated(channel: str) -> str:
    """Return the subject of the sum, under state 1, of a channel's messages that were sent again as a step repeats."""
    return _REPEATED + channel


def channel_of(subject: str) -> str:
    """Return the channel that a subject counts messages of."""
    return subject.removeprefix(_REPEATED)


async def any_outcome(unit: Unit, alert_id: int) -> bool:
    """Return whether any delivery of an alert has left the queue."""
    left = alert_counts.c.state != DeliveryState.QUEUED, alert_counts.c.subject.in_(CHANNELS)
    query = select(alert_counts.c.n).where(alert_counts.c.alert_id == alert_id, *left, alert_counts.c.n > 0)
    return (await unit.conn.scalar(query.limit(1))) is not None


async def latencies(unit: Unit, alert_id: int) -> dict[str, dict[int, int]]:
    """Return an alert's histograms: measure, then bucket, to n."""
    found: dict[str, dict[int, int]] = {ACCEPTED: {}, DELIVERED: {}}
    sums = alert_latencies.c
    query = select(sums.measure, sums.bucket, sums.n).where(sums.alert_id == alert_id)
    for measure, number, n in await unit.conn.execute(query):
        found[measure][number] = n
    return found
