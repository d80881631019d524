"""Messages composed by sandboxed channels, sealed, as they hold addresses."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, func, or_, select

from broadcaster.domain.deliveries import Outcome
from broadcaster.domain.people import CHANNEL_NUMBER, CHANNELS, ChannelName
from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.rows import of_row
from broadcaster.store.tables import alerts, confirmations, deliveries, sandbox_messages
from channels.base import Composed

CODES = 0
"""In place of an alert id, for messages with a code."""

_CONTEXT = b"sandbox"


@dataclass(frozen=True, slots=True)
class SandboxMessage:
    """A message as it would have been sent; see ``channels.base.Composed``."""

    id: int
    alert_id: int
    delivery_id: int
    channel: ChannelName
    to: str
    readable: str
    wire: bytes
    content_type: str
    at: datetime


async def keep(unit: Unit, composed: Sequence[tuple[int, int, Outcome]]) -> None:
    """Store the outcomes' messages: (alert id, channel number, outcome)."""
    rows = [
        {
            "alert_id": alert_id,
            "delivery_id": outcome.delivery_id,
            "channel": channel,
            "sealed": _sealed(unit, outcome.composed),
            "at": outcome.at,
        }
        for alert_id, channel, outcome in composed
        if outcome.composed is not None
    ]
    if rows:
        await unit.conn.execute(sandbox_messages.insert(), rows)


def _sealed(unit: Unit, composed: Composed) -> bytes:
    plain = [composed.to, composed.readable, composed.wire.decode("latin-1"), composed.content_type]
    return unit.vault.seal(json.dumps(plain).encode(), _CONTEXT)


async def page(
    unit: Unit,
    *,
    alert_id: int | None,
    channel: ChannelName | None,
    before: int | None,
    limit: int,
    stations: Collection[int] | None = None,
) -> list[SandboxMessage]:
    """Return messages, newest first; ``before`` is the last id seen; ``stations``: of these only."""
    query = select(sandbox_messages).order_by(sandbox_messages.c.id.desc()).limit(limit)
    if alert_id is not None:
        query = query.where(sandbox_messages.c.alert_id == alert_id)
    if channel is not None:
        query = query.where(sandbox_messages.c.channel == CHANNEL_NUMBER[channel])
    if before is not None:
        query = query.where(sandbox_messages.c.id < before)
    if stations is not None:
        query = query.where(_of_stations(stations))
    found = []
    for row in await unit.conn.execute(query):
        to, readable, wire, content_type = json.loads(unit.vault.open(row.sealed, _CONTEXT))
        told = {"to": to, "readable": readable, "wire": wire.encode("latin-1"), "content_type": content_type}
        found.append(of_row(SandboxMessage, row, channel=CHANNELS[row.channel], **told))
    return found


def _of_stations(stations: Collection[int]) -> ColumnElement[bool]:
    of_alert = exists().where(alerts.c.id == sandbox_messages.c.alert_id, alerts.c.station_id.in_(stations))
    of_code = exists().where(
        confirmations.c.id == -sandbox_messages.c.delivery_id, confirmations.c.station_id.in_(stations)
    )
    return of_alert | ((sandbox_messages.c.alert_id == CODES) & of_code)


async def newest_alerts(unit: Unit, stations: Collection[int] | None, limit: int) -> list[tuple[int, int]]:
    """Return (alert id, number of messages), newest alerts first; ``CODES`` last."""
    query = (
        select(sandbox_messages.c.alert_id, func.count().label("kept"))
        .group_by(sandbox_messages.c.alert_id)
        .order_by(sandbox_messages.c.alert_id.desc())
        .limit(limit)
    )
    if stations is not None:
        query = query.where(_of_stations(stations))
    return [(row.alert_id, row.kept) for row in await unit.conn.execute(query)]


async def trim(unit: Unit, before: datetime, keep_n: int) -> int:
    """Keep only messages since then, and the newest ``keep_n``; return how many were deleted."""
    old = sandbox_messages.c.at < before
    newest = await unit.conn.scalar(select(func.max(sandbox_messages.c.id)))
    if newest is not None:
        old = or_(old, sandbox_messages.c.id <= newest - keep_n)
    return (await unit.conn.execute(delete(sandbox_messages).where(old))).rowcount


async def keep_code(unit: Unit, confirmation_id: int, channel: ChannelName, composed: Composed, now: datetime) -> None:
    """Store a message with a code: alert id 0, delivery id minus the confirmation's."""
    told = Outcome(-confirmation_id, None, now, composed=composed)
    await keep(unit, [(0, CHANNEL_NUMBER[channel], told)])


async def forget_codes(unit: Unit, confirmation_ids: Sequence[int]) -> None:
    """Delete these confirmations' messages, which hold addresses."""
    ours = [-each for each in confirmation_ids]
    await unit.conn.execute(
        delete(sandbox_messages).where(sandbox_messages.c.alert_id == 0, sandbox_messages.c.delivery_id.in_(ours))
    )


async def forget(unit: Unit, subscriber_id: int) -> None:
    """Delete a subscriber's messages, which hold their addresses."""
    theirs = exists().where(
        deliveries.c.id == sandbox_messages.c.delivery_id, deliveries.c.subscriber_id == subscriber_id
    )
    await unit.conn.execute(delete(sandbox_messages).where(theirs))
