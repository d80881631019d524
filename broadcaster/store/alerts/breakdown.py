"""Details of a report that its sums do not hold: reasons, sender, first and last times."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from broadcaster.domain.deliveries import DeliveryState, PersonState
from broadcaster.domain.people import CHANNELS, ChannelName
from broadcaster.domain.reasons import Reason
from broadcaster.store.alerts import counting
from broadcaster.store.engine.engine import Unit
from broadcaster.store.stations.labels import open_label
from broadcaster.store.tables import alert_counts, alerts, api_keys, deliveries, recipients

_FAILURES = [state for state in DeliveryState if state.failure]


@dataclass(frozen=True, slots=True)
class Moments:
    """When the first and the last person were sent a message, and when the first message was known to have arrived."""

    first_at: datetime | None
    last_at: datetime | None
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Failure:
    """``n`` deliveries of one channel that failed the same way; ``code``: the provider's own."""

    channel: ChannelName
    reason: Reason
    code: str | None
    n: int


async def reasons(unit: Unit, alert_id: int) -> dict[str, int]:
    """Count confirmed people not reached, by their packed reasons."""
    rows = await unit.conn.execute(
        select(recipients.c.reasons, func.count().label("n"))
        .where(
            recipients.c.alert_id == alert_id,
            recipients.c.state == PersonState.UNREACHED,
            recipients.c.unconfirmed.is_(False),
        )
        .group_by(recipients.c.reasons)
    )
    return {row.reasons: row.n for row in rows}


async def moments(unit: Unit, alert_id: int) -> Moments:
    row = (
        await unit.conn.execute(
            select(
                func.min(recipients.c.accepted_at).label("first_at"),
                func.max(recipients.c.accepted_at).label("last_at"),
                func.min(recipients.c.delivered_at).label("confirmed_at"),
            ).where(recipients.c.alert_id == alert_id, recipients.c.unconfirmed.is_(False))
        )
    ).one()
    return Moments(row.first_at, row.last_at, row.confirmed_at)


async def failures(unit: Unit, alert_id: int) -> list[Failure]:
    """Return an alert's failures by channel, reason and provider's code, most frequent first."""
    kind = deliveries.c.channel, deliveries.c.state, deliveries.c.reason, deliveries.c.code
    rows = await unit.conn.execute(
        select(*kind, func.count().label("n"))
        .where(deliveries.c.alert_id == alert_id, deliveries.c.state.in_(_FAILURES))
        .group_by(*kind)
    )
    found = [
        Failure(CHANNELS[row.channel], Reason(row.reason or DeliveryState(row.state).reason), row.code, row.n)
        for row in rows
    ]
    return sorted(found, key=lambda each: (CHANNELS.index(each.channel), -each.n, each.code or ""))


async def glances(unit: Unit, alert_ids: Sequence[int]) -> dict[int, dict[PersonState, int]]:
    """Return people by state for each of these alerts, for a list of alerts."""
    found: defaultdict[int, dict[PersonState, int]] = defaultdict(dict)
    rows = await unit.conn.execute(
        select(alert_counts.c.alert_id, alert_counts.c.state, alert_counts.c.n).where(
            alert_counts.c.alert_id.in_(list(alert_ids)), alert_counts.c.subject == counting.PEOPLE
        )
    )
    for alert_id, state, n in rows:
        found[alert_id][PersonState(state)] = n
    return dict(found)


async def sender_of(unit: Unit, alert_id: int) -> str | None:
    """Return the label of the sender's key; None if there is no key, as on the command line."""
    row = (
        await unit.conn.execute(
            select(api_keys).join(alerts, alerts.c.key_id == api_keys.c.id).where(alerts.c.id == alert_id)
        )
    ).one_or_none()
    return None if row is None else open_label(unit.vault, row)


async def label_of(unit: Unit, key_id: int) -> str:
    row = (await unit.conn.execute(select(api_keys).where(api_keys.c.id == key_id))).one_or_none()
    return "" if row is None else open_label(unit.vault, row)
