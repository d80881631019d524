"""Queries of alerts."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update

from broadcaster.domain.alerts import Alert, AlertState, MsgType, ThreadRole
from broadcaster.domain.audience import AudienceKind
from broadcaster.domain.escalation import from_json
from broadcaster.domain.people import ChannelName
from broadcaster.store.alerts.messages import read_message
from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.rows import as_row, of_row
from broadcaster.store.stations.labels import open_audience, sealed_audience
from broadcaster.store.tables import alerts

_CHUNK = 500


def _alert(unit: Unit, row: Any) -> Alert:
    message = read_message(row._mapping, open_audience(unit.vault, row.id, row.audience))  # noqa: SLF001  its public name
    return of_row(
        Alert,
        row,
        **message.content(),
        msg_type=MsgType(row.msg_type),
        references=tuple(row.references),
        sandbox=tuple(ChannelName(name) for name in row.sandbox),
        places=None if row.places is None else tuple(row.places),
        role=ThreadRole(row.role),
        state=AlertState(row.state),
        policy=None if row.policy is None else from_json(row.policy),
    )


async def add(
    unit: Unit, alert: Alert, *, key_id: int | None, idempotency_key: str | None, request_hash: bytes | None
) -> None:
    """Store a new alert and queue it for resolving."""
    given = {"idempotency_key": idempotency_key, "request_hash": request_hash}
    await unit.conn.execute(alerts.insert().values(_row(unit, alert, key_id) | given))
    await unit.publish("alert", alert.id, alert.rank)


async def add_resolved(unit: Unit, alert: Alert, now: datetime) -> None:
    """Store a message that another alert's resolver dispatches, so it is never resolved itself."""
    row = _row(unit, alert, None) | {"state": AlertState.SENDING, "resolved_at": now}
    await unit.conn.execute(alerts.insert().values(row))


async def add_many(unit: Unit, new: Sequence[tuple[Alert, int]]) -> None:
    """Store several alerts, each with its author's key id, and queue them for resolving."""
    if new:
        await unit.conn.execute(alerts.insert(), [_row(unit, alert, key_id) for alert, key_id in new])
        await unit.publish_many("alert", [(alert.id, alert.rank) for alert, _ in new])


def _row(unit: Unit, alert: Alert, key_id: int | None) -> dict[str, Any]:
    return as_row(
        alert,
        alerts,
        **alert.to_json(),
        audience=sealed_audience(unit.vault, alert.id, alert.audience),
        sandbox=list(alert.sandbox),
        references=list(alert.references),
        rank=alert.rank,
        key_id=key_id,
        policy=None if alert.policy is None else alert.policy.to_json(),
    )


async def by_id(unit: Unit, alert_id: int) -> Alert | None:
    row = (await unit.conn.execute(select(alerts).where(alerts.c.id == alert_id))).one_or_none()
    return None if row is None else _alert(unit, row)


async def by_token(unit: Unit, token: str) -> Alert | None:
    row = (await unit.conn.execute(select(alerts).where(alerts.c.token == token))).one_or_none()
    return None if row is None else _alert(unit, row)


async def by_idempotency_key(unit: Unit, station_id: int, key: str) -> tuple[Alert, bytes] | None:
    """Return the alert issued with this key, and the hash of its request."""
    mine = alerts.c.station_id == station_id, alerts.c.idempotency_key == key
    row = (await unit.conn.execute(select(alerts).where(*mine))).one_or_none()
    return None if row is None else (_alert(unit, row), row.request_hash or b"")


async def keyed_since(unit: Unit, station_id: int, prefix: str, since: datetime) -> list[tuple[str, bytes, Alert]]:
    """Return a station's alerts sent since then with such an idempotency key: key, hash of the request and alert."""
    keyed = alerts.c.station_id == station_id, alerts.c.idempotency_key.startswith(prefix, autoescape=True)
    rows = await unit.conn.execute(select(alerts).where(*keyed, alerts.c.sent_at >= since).order_by(alerts.c.id.desc()))
    return [(row.idempotency_key, row.request_hash or b"", _alert(unit, row)) for row in rows]


async def page(
    unit: Unit,
    *,
    stations: Collection[int] | None,
    before: int | None,
    limit: int,
    public_at: datetime | None = None,
    digests: bool = False,
) -> list[Alert]:
    """Return alerts, newest first; ``before`` is the last id seen.

    ``public_at``: only alerts active then and listed publicly (``Alert.public``). ``digests``: only daily digests.
    Otherwise these are left out, as are messages to people outside an update's area, which the update's report covers.
    """
    kind = alerts.c.audience["kind"].as_string()
    listed = kind == AudienceKind.DIGEST if digests else kind.not_in((AudienceKind.DIGEST, AudienceKind.LEFT))
    query = select(alerts).where(listed).order_by(alerts.c.id.desc()).limit(limit)
    if stations is not None:
        query = query.where(alerts.c.station_id.in_(stations))
    if before is not None:
        query = query.where(alerts.c.id < before)
    if public_at is not None:
        query = query.where(*_active(public_at), kind != AudienceKind.GROUPS)
    return [_alert(unit, row) for row in await unit.conn.execute(query)]


def _active(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return alerts.c.expires_at > now, alerts.c.cancelled_at.is_(None), alerts.c.msg_type != MsgType.CANCEL


async def active_ids(unit: Unit, now: datetime) -> list[int]:
    return list(await unit.conn.scalars(select(alerts.c.id).where(*_active(now))))


async def unfinished_ids(unit: Unit) -> list[int]:
    query = select(alerts.c.id).where(alerts.c.finished_at.is_(None)).order_by(alerts.c.id)
    return list(await unit.conn.scalars(query))


async def by_ids(unit: Unit, ids: Sequence[int]) -> list[Alert]:
    """Return the existing alerts among these ids."""
    found: list[Alert] = []
    for start in range(0, len(ids), _CHUNK):
        rows = await unit.conn.execute(select(alerts).where(alerts.c.id.in_(ids[start : start + _CHUNK])))
        found.extend(_alert(unit, row) for row in rows)
    return found


async def unnamed(unit: Unit, since: datetime, limit: int) -> list[Alert]:
    """Return alerts sent since then whose places were not looked up, newest first, from the last thousand."""
    newest = select(alerts.c.id).order_by(alerts.c.id.desc()).limit(1000).subquery()
    query = select(alerts).where(
        alerts.c.id.in_(select(newest.c.id)),
        alerts.c.sent_at >= since,
        alerts.c.places.is_(None),
        alerts.c.area.is_not(None),
    )
    rows = await unit.conn.execute(query.order_by(alerts.c.id.desc()).limit(limit))
    return [_alert(unit, row) for row in rows]


async def name_places(unit: Unit, alert_id: int, places: Sequence[str]) -> None:
    await unit.conn.execute(update(alerts).where(alerts.c.id == alert_id).values(places=list(places)))


async def is_cancelled(unit: Unit, alert_id: int) -> bool:
    return (await unit.conn.scalar(select(alerts.c.cancelled_at).where(alerts.c.id == alert_id))) is not None


async def lease(unit: Unit, alert_id: int, owner: str, now: datetime, until: datetime) -> bool:
    """Lease an alert for resolving; False if it is resolved or leased by another."""
    free = or_(alerts.c.lease_until.is_(None), alerts.c.lease_until < now, alerts.c.lease_owner == owner)
    mine = update(alerts).where(alerts.c.id == alert_id, alerts.c.resolved_at.is_(None), free)
    values = {"state": AlertState.SENDING, "lease_owner": owner, "lease_until": until}
    return (await unit.conn.execute(mine.values(values))).rowcount == 1


async def resolved(unit: Unit, alert_id: int, now: datetime) -> None:
    """Mark an alert resolved: all its recipients are written."""
    await unit.conn.execute(
        update(alerts).where(alerts.c.id == alert_id).values(resolved_at=now, lease_owner=None, lease_until=None)
    )


async def holders(unit: Unit) -> set[str]:
    held = alerts.c.resolved_at.is_(None), alerts.c.lease_owner.is_not(None)
    return set(await unit.conn.scalars(select(alerts.c.lease_owner).where(*held).distinct()))


async def free(unit: Unit, owners: Collection[str]) -> None:
    """End dead processes' leases of alerts."""
    held = alerts.c.resolved_at.is_(None), alerts.c.lease_owner.in_(owners)
    await unit.conn.execute(update(alerts).where(*held).values(lease_owner=None, lease_until=None))


async def renew(unit: Unit, owner: str, ids: Collection[int], until: ColumnElement[int]) -> None:
    """Renew ``owner``'s leases of those alerts it still resolves, by a single statement."""
    held = alerts.c.id.in_(ids), alerts.c.lease_owner == owner, alerts.c.resolved_at.is_(None)
    await unit.conn.execute(update(alerts).where(*held).values(lease_until=until))


async def cancelled(unit: Unit, alert_id: int, now: datetime) -> None:
    """Mark an alert cancelled: its unsent messages are not sent."""
    still = alerts.c.id == alert_id, alerts.c.cancelled_at.is_(None)
    await unit.conn.execute(update(alerts).where(*still).values(cancelled_at=now))
    await unit.publish("cancelled", alert_id)


async def unresolved(unit: Unit, now: datetime) -> list[tuple[int, int]]:
    """Return (id, rank) of unresolved alerts without a lease."""
    free = or_(alerts.c.lease_until.is_(None), alerts.c.lease_until < now)
    waits = alerts.c.state != AlertState.FINISHED, alerts.c.resolved_at.is_(None), free
    rows = await unit.conn.execute(select(alerts.c.id, alerts.c.rank).where(*waits))
    return [(row.id, row.rank) for row in rows]
