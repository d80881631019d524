"""Details of a report that its sums do not hold: reasons, sender, first and last times."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, BindParameter, Executable, bindparam, func, select

from broadcaster.domain.deliveries import DeliveryState, PersonState
from broadcaster.domain.people import CHANNELS, ChannelName
from broadcaster.domain.reasons import Reason
from broadcaster.store.alerts import counting
from broadcaster.store.engine.engine import Unit
from broadcaster.store.stations.labels import open_label
from broadcaster.store.tables import alert_counts, alerts, api_keys, deliveries, from_micros, raw, recipients

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
    return {row[0]: row[1] for row in await _rows(unit, alert_id, "reasons")}


async def moments(unit: Unit, alert_id: int) -> Moments:
    ((first, last, confirmed),) = await _rows(unit, alert_id, "moments")
    return Moments(*(None if at is None else from_micros(at) for at in (first, last, confirmed)))


async def failures(unit: Unit, alert_id: int) -> list[Failure]:
    """Return an alert's failures by channel, reason and provider's code, most frequent first."""
    found = [
        Failure(CHANNELS[channel], Reason(reason or DeliveryState(state).reason), code, n)
        for channel, state, reason, code, n in await _rows(unit, alert_id, "failures")
    ]
    return sorted(found, key=lambda each: (CHANNELS.index(each.channel), -each.n, each.code or ""))


async def counts(unit: Unit, alert_id: int) -> dict[str, list[tuple[Any, ...]]]:
    """Return what these functions read of an alert's recipients and deliveries, to be kept when these are deleted."""
    return {name: await _read(unit, alert_id, name) for name in _READ}


async def kept(unit: Unit, alert_id: int) -> dict[str, list[Any]] | None:
    """Return the figures that are kept of an alert whose recipients were deleted (``operations.retention``)."""
    return await unit.conn.scalar(select(alerts.c.figures).where(alerts.c.id == alert_id))


async def _rows(unit: Unit, alert_id: int, name: str) -> list[tuple[Any, ...]]:
    figures = await kept(unit, alert_id)
    return await _read(unit, alert_id, name) if figures is None else figures[name]


async def _read(unit: Unit, alert_id: int, name: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await unit.conn.execute(_READ[name], {"alert_id": alert_id})]


_OF_ALERT: BindParameter[int] = bindparam("alert_id", type_=BigInteger)
_THEIRS = recipients.c.alert_id == _OF_ALERT, recipients.c.unconfirmed.is_(False)
_ACCEPTED, _DELIVERED = raw(recipients.c.accepted_at), raw(recipients.c.delivered_at)
_HOW = deliveries.c.channel, deliveries.c.state, deliveries.c.reason, deliveries.c.code
_READ: Mapping[str, Executable] = {
    "reasons": select(recipients.c.reasons, func.count())
    .where(*_THEIRS, recipients.c.state == PersonState.UNREACHED)
    .group_by(recipients.c.reasons),
    "moments": select(func.min(_ACCEPTED), func.max(_ACCEPTED), func.min(_DELIVERED)).where(*_THEIRS),
    "failures": select(*_HOW, func.count())
    .where(deliveries.c.alert_id == _OF_ALERT, deliveries.c.state.in_(_FAILURES))
    .group_by(*_HOW),
}
"""Queries of numbers and codes, which JSON can hold."""


async def glances(unit: Unit, alert_ids: Sequence[int]) -> dict[int, dict[PersonState, int]]:
    """Return people by state for each of these alerts, for a list of alerts."""
    found: defaultdict[int, dict[PersonState, int]] = defaultdict(dict)
    of = alert_counts.c
    theirs = of.alert_id.in_(list(alert_ids)), of.subject == counting.PEOPLE
    for alert_id, state, n in await unit.conn.execute(select(of.alert_id, of.state, of.n).where(*theirs)):
        found[alert_id][PersonState(state)] = n
    return dict(found)


async def sender_of(unit: Unit, alert_id: int) -> str | None:
    """Return the label of the sender's key; None if there is no key, as on the command line."""
    query = select(api_keys).join(alerts, alerts.c.key_id == api_keys.c.id).where(alerts.c.id == alert_id)
    row = (await unit.conn.execute(query)).one_or_none()
    return None if row is None else open_label(unit.vault, row)


async def label_of(unit: Unit, key_id: int) -> str:
    row = (await unit.conn.execute(select(api_keys).where(api_keys.c.id == key_id))).one_or_none()
    return "" if row is None else open_label(unit.vault, row)
