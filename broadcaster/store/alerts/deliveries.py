"""Queries that read deliveries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, select, text

from broadcaster.domain.alerts import MsgType
from broadcaster.domain.deliveries import DeliveryState
from broadcaster.domain.people import CHANNEL_NUMBER, CHANNELS, ChannelName
from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.rows import of_row
from broadcaster.store.people.seals import open_external
from broadcaster.store.tables import ANY_ID, SMS_ONLY, alerts, batches, deliveries, follows

_MOST_LATELY = 100


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A delivery with its times; no address. ``state`` as ``DeliveryState.word``."""

    id: int
    subscriber_id: int
    external_id: str | None
    channel: ChannelName
    state: str
    attempts: int
    reason: str | None
    code: str | None
    maybe_sent: bool
    provider: str | None
    provider_id: str | None
    created_at: datetime
    accepted_at: datetime | None
    delivered_at: datetime | None
    displayed_at: datetime | None
    opened_at: datetime | None
    acknowledged_at: datetime | None
    ended_at: datetime | None
    next_attempt_at: datetime | None


async def page(
    unit: Unit, alert_id: int, *, state: DeliveryState | None, channel: ChannelName | None, after: int, limit: int
) -> list[DeliveryRow]:
    """Return an alert's deliveries by ascending id; ``after``: last id seen, 0 to begin."""
    query = (
        select(deliveries, follows.c.external_mark, follows.c.external)
        .join(alerts, alerts.c.id == deliveries.c.alert_id)
        .outerjoin(
            follows,
            and_(follows.c.station_id == alerts.c.station_id, follows.c.subscriber_id == deliveries.c.subscriber_id),
        )
        # A literal, not bound: else neither database sees that the index for pages applies.
        .where(text(f"deliveries.{ANY_ID}"), deliveries.c.alert_id == alert_id, deliveries.c.id > after)
        .order_by(deliveries.c.id)
        .limit(limit)
    )
    if state is not None:
        query = query.where(deliveries.c.state == state)
    if channel is not None:
        query = query.where(deliveries.c.channel == CHANNEL_NUMBER[channel])
    return [
        of_row(
            DeliveryRow,
            row,
            external_id=open_external(unit.vault, row.external_mark, row.external),
            channel=CHANNELS[row.channel],
            state=DeliveryState(row.state).word,
        )
        for row in await unit.conn.execute(query)
    ]


async def by_provider_id(unit: Unit, provider_id: str) -> int | None:
    """Return the SMS delivery with this carrier's id; None if unknown, or not recorded yet."""
    return await unit.conn.scalar(
        select(deliveries.c.id)
        # A literal, not bound: else neither database sees that the partial index applies.
        .where(deliveries.c.provider_id == provider_id, text(SMS_ONLY))
        .order_by(deliveries.c.id.desc())
        .limit(1)
    )


class Reached(NamedTuple):
    """The recipient and contact of a delivery; ``channel`` is a channel number."""

    alert_id: int
    subscriber_id: int
    contact_id: int
    channel: int


async def person_of(unit: Unit, delivery_id: int) -> Reached | None:
    """Return the recipient of a delivery; None if the delivery is unknown."""
    columns = deliveries.c.alert_id, deliveries.c.subscriber_id, deliveries.c.contact_id, deliveries.c.channel
    row = (await unit.conn.execute(select(*columns).where(deliveries.c.id == delivery_id))).one_or_none()
    return None if row is None else Reached(*row)


async def told_again(unit: Unit, delivery_id: int) -> bool:
    """Return whether a delivery sends an update to a person told of an earlier version."""
    query = select(batches.c.again).join(deliveries, deliveries.c.batch_id == batches.c.id)
    return bool(await unit.conn.scalar(query.where(deliveries.c.id == delivery_id)))


class Lately(NamedTuple):
    """A delivery of an alert that is in force, or was until recently."""

    id: int
    alert_id: int
    subscriber_id: int
    contact_id: int


async def lately_to(unit: Unit, contact_ids: Sequence[int], now: datetime, since: datetime) -> list[Lately]:
    """Return deliveries to these contacts, newest first: of alerts in force at ``now``, then ended after ``since``."""
    if not contact_ids:
        return []
    recent = await unit.conn.execute(
        select(alerts.c.id, (alerts.c.cancelled_at.is_(None) & (alerts.c.expires_at > now)).label("active"))
        .where(alerts.c.expires_at > since, alerts.c.msg_type != MsgType.CANCEL)
        .order_by(alerts.c.id.desc())
        .limit(_MOST_LATELY)
    )
    order = {row.id: (not row.active, -row.id) for row in recent}
    columns = deliveries.c.id, deliveries.c.alert_id, deliveries.c.subscriber_id, deliveries.c.contact_id
    rows = await unit.conn.execute(
        select(*columns).where(deliveries.c.alert_id.in_(order), deliveries.c.contact_id.in_(contact_ids))
    )
    return sorted((Lately(*row) for row in rows), key=lambda each: order[each.alert_id])


async def contact_of(unit: Unit, delivery_id: int) -> tuple[int, int, int] | None:
    """Return (contact id, station id, alert id) of a delivery."""
    query = select(deliveries.c.contact_id, alerts.c.station_id, deliveries.c.alert_id)
    query = query.join(alerts, alerts.c.id == deliveries.c.alert_id).where(deliveries.c.id == delivery_id)
    row = (await unit.conn.execute(query)).one_or_none()
    return None if row is None else (row.contact_id, row.station_id, row.alert_id)
