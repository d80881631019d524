"""How people reacted to a sample of a station's past messages."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from math import inf

from sqlalchemy import func, select

from broadcaster.domain.alerts import Severity, Status
from broadcaster.domain.deliveries import DeliveryState
from broadcaster.domain.people import CHANNEL_NUMBER, CHANNELS, ChannelName
from broadcaster.domain.reactions import DEFAULTS, LEAST_MESSAGES, Reactions, observed
from broadcaster.store.engine.engine import Unit
from broadcaster.store.tables import alerts, batches, deliveries, raw

_ALERTS, _BATCHES = 20, 10
_SETTLED = timedelta(minutes=30)
_UNSENT = (DeliveryState.QUEUED, DeliveryState.CANCELLED)
_MICROS = 1e6


async def reactions(unit: Unit, station_id: int, now: datetime) -> dict[ChannelName, Reactions]:
    """Return the reactions to a station's latest alerts and drills, by channel; defaults for channels with few
    messages. Minor alerts, which ask for no confirmation, are left out, and those younger than half an hour.
    """
    latest = (
        select(alerts.c.id, alerts.c.sandbox)
        .where(
            alerts.c.station_id == station_id,
            alerts.c.status != Status.TEST,
            alerts.c.severity != Severity.MINOR,
            alerts.c.sent_at < now - _SETTLED,
        )
        .order_by(alerts.c.id.desc())
        .limit(_ALERTS)
    )
    rows = await unit.conn.execute(latest)
    sandbox = {row.id: {CHANNEL_NUMBER[ChannelName(each)] for each in row.sandbox} for row in rows}
    firsts = await unit.conn.execute(
        select(batches.c.alert_id, batches.c.channel, func.min(batches.c.id).label("id"))
        .where(batches.c.alert_id.in_(list(sandbox)))
        .group_by(batches.c.alert_id, batches.c.channel)
    )
    chosen: defaultdict[int, list[int]] = defaultdict(list)
    for row in sorted(firsts, key=lambda row: -row.alert_id):
        if row.channel not in sandbox[row.alert_id] and len(chosen[row.channel]) < _BATCHES:
            chosen[row.channel].append(row.id)
    found = await _messages(unit, [each for some in chosen.values() for each in some])
    return {
        name: observed(messages) if len(messages) >= LEAST_MESSAGES else DEFAULTS[name]
        for name in CHANNELS
        for messages in [found.get(CHANNEL_NUMBER[name], [])]
    }


async def _messages(unit: Unit, batch_ids: list[int]) -> Mapping[int, list[tuple[bool, float, float]]]:
    """Return the messages of batches in the form of ``observed``, by channel number."""
    times = [raw(deliveries.c[f"{name}_at"]) for name in ("accepted", "displayed", "opened", "acknowledged")]
    rows = await unit.conn.execute(
        select(deliveries.c.channel, deliveries.c.state, *times).where(
            deliveries.c.batch_id.in_(batch_ids), deliveries.c.state.not_in(_UNSENT)
        )
    )
    found: defaultdict[int, list[tuple[bool, float, float]]] = defaultdict(list)
    for channel, state, accepted, *reacted in rows:
        held = DeliveryState(state).held
        since = [inf if at is None or accepted is None else max(0, at - accepted) / _MICROS for at in reacted]
        found[channel].append((held, min(since), since[-1]))
    return found
