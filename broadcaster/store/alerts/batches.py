"""Batches: a few hundred deliveries of one alert by one channel, the unit that a worker leases.

A leased batch belongs to one worker until the lease ends. If that worker dies, the next one repeats deliveries without
a recorded outcome. ``done`` is set only when none of its deliveries is *queued*.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, bindparam, case, func, or_, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from broadcaster.domain.deliveries import DeliveryState
from broadcaster.domain.people import CHANNEL_NUMBER, CHANNELS, ChannelName
from broadcaster.store.alerts import counting
from broadcaster.store.engine.among import among
from broadcaster.store.engine.bulk import Fetch, in_hex
from broadcaster.store.engine.engine import Unit
from broadcaster.store.tables import Instant, batches, contacts, deliveries, subscribers


@dataclass(frozen=True, slots=True)
class Batch:
    """``by``: the provider it was leased for, if its channel has two. ``again``: it goes to people told before."""

    id: int
    alert_id: int
    channel: ChannelName
    rank: int
    by: str | None = None
    again: bool = False


@dataclass(slots=True)  # one per message: frozen would make construction three times as slow
class ToSend:
    """A delivery to send; ``address`` None: it could not be opened.

    ``maybe_sent``: an earlier attempt may have arrived, through ``provider`` if the channel has two. ``answers``:
    message id of the previous mail in its thread.
    """

    id: int
    contact_id: int
    attempts: int
    locale: str
    address: str | None
    contact_works: bool
    maybe_sent: bool
    provider: str | None = None
    answers: str | None = None


def ready(now: datetime | BindParameter[datetime]) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for a batch that is due and not leased."""
    free = or_(batches.c.lease_until.is_(None), batches.c.lease_until < now)
    return batches.c.done.is_(False), batches.c.due_at <= now, free


_BATCH: BindParameter[int] = bindparam("batch_id")
_HOLDER = select(batches.c.lease_owner, batches.c.by).where(batches.c.id == _BATCH)


@cache
def _lease(by: tuple[tuple[int, str], ...]) -> ReturningUpdate[Any]:
    """Return the statement that leases; ``by``: (channel number, provider)."""
    return (
        update(batches)
        .where(batches.c.id == _BATCH, *ready(bindparam("now", type_=Instant)))
        .values(
            lease_owner=bindparam("owner"),
            lease_until=bindparam("until", type_=Instant),
            by=case(dict(by), value=batches.c.channel, else_=None) if by else None,
        )
        .returning(batches.c.alert_id, batches.c.channel, batches.c.rank, batches.c.by, batches.c.again)
    )


async def lease(
    unit: Unit,
    batch_id: int,
    owner: str,
    now: datetime,
    until: datetime,
    *,
    by: Mapping[ChannelName, str] | None = None,
) -> Batch | None:
    """Lease a due batch; None if it is done, not due, or leased by another.

    ``by``: the provider to use, for channels with two. Deliveries taken over from a dead worker may have been sent;
    they are marked so, with the provider. Nothing is taken over until the database has been available for the length of
    a lease: until then the holder may have had no chance to renew its lease and record outcomes.
    """
    before = (await unit.conn.execute(_HOLDER, {"batch_id": batch_id})).one_or_none()
    died = before is not None and before.lease_owner is not None
    if died and unit.undisturbed_s < (until - now).total_seconds():
        return None
    numbers = tuple((CHANNEL_NUMBER[channel], name) for channel, name in sorted((by or {}).items()))
    given = {"batch_id": batch_id, "now": now, "owner": owner, "until": until}
    taken = await unit.conn.execute(_lease(numbers), given)
    row = taken.one_or_none()
    if row is not None and before is not None and died:
        await _mark(unit, deliveries.c.batch_id == batch_id, before.by)
    return None if row is None else Batch(batch_id, row.alert_id, CHANNELS[row.channel], row.rank, row.by, row.again)


_TO_SEND = Fetch(
    select(
        deliveries.c.id,
        deliveries.c.contact_id,
        deliveries.c.attempts,
        subscribers.c.locale,
        in_hex(contacts.c.fingerprint).label("fingerprint"),
        in_hex(contacts.c.sealed).label("sealed"),
        contacts.c.status,
        deliveries.c.maybe_sent,
        deliveries.c.provider,
    )
    .outerjoin(contacts, contacts.c.id == deliveries.c.contact_id)
    .outerjoin(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
    .where(
        deliveries.c.batch_id == _BATCH,
        deliveries.c.state == DeliveryState.QUEUED,
        or_(deliveries.c.next_attempt_at.is_(None), deliveries.c.next_attempt_at <= bindparam("now", type_=Instant)),
    )
)


async def to_send(unit: Unit, batch_id: int, now: datetime) -> list[ToSend]:
    """Return a batch's deliveries due now, with opened addresses.

    The address is empty if the contact or subscriber was erased meanwhile.
    """
    rows = await _TO_SEND.rows(unit, {"batch_id": batch_id, "now": now})
    return [
        ToSend(
            delivery_id,
            contact_id,
            attempts,
            locale or "",
            _opened(unit, bytes.fromhex(fingerprint), bytes.fromhex(sealed)) if sealed else "",
            status == 0,
            bool(maybe_sent),
            provider,
        )
        for delivery_id, contact_id, attempts, locale, fingerprint, sealed, status, maybe_sent, provider in sorted(
            rows, key=itemgetter(0)
        )
    ]


async def queued(unit: Unit, batch_id: int) -> set[int]:
    left = deliveries.c.batch_id == batch_id, deliveries.c.state == DeliveryState.QUEUED
    return set(await unit.conn.scalars(select(deliveries.c.id).where(*left)))


def _opened(unit: Unit, fingerprint: bytes, sealed: bytes) -> str | None:
    """Return an address; None if it can't be opened, so that the rest of its batch goes on."""
    try:
        return unit.vault.open(sealed, b"contact:" + fingerprint).decode()
    except ValueError:  # includes SealBroken
        return None


async def _mark(unit: Unit, which: ColumnElement[bool], by: str | None) -> None:
    """Mark those of these deliveries that are queued as maybe sent, through ``by`` unless a provider is recorded
    already.

    This counts as an attempt, and the alert's report shows how many may be duplicates.
    """
    queued = which, deliveries.c.state == DeliveryState.QUEUED
    counted = (
        select(deliveries.c.alert_id, func.count())
        .where(*queued, deliveries.c.maybe_sent.is_(False))
        .group_by(deliveries.c.alert_id)
    )
    twice = Counter({(row[0], counting.TWICE, 1): row[1] for row in await unit.conn.execute(counted)})
    await counting.add(unit, twice)
    await unit.conn.execute(
        update(deliveries)
        .where(*queued)
        .values(
            attempts=deliveries.c.attempts + case((deliveries.c.maybe_sent, 0), else_=1),
            maybe_sent=True,
            provider=func.coalesce(deliveries.c.provider, by),
        )
    )


_LEFT = select(
    func.count().label("left"),
    func.count(deliveries.c.next_attempt_at).label("timed"),
    func.min(deliveries.c.next_attempt_at).label("due_at"),
).where(deliveries.c.batch_id == _BATCH, deliveries.c.state == DeliveryState.QUEUED)
_RELEASE = (
    update(batches)
    .where(batches.c.id == _BATCH, batches.c.lease_owner == bindparam("owner"))
    .values(
        done=bindparam("over"), due_at=bindparam("again_at", type_=Instant), lease_owner=None, lease_until=None, by=None
    )
)


async def release(
    unit: Unit, batch_id: int, owner: str, now: datetime, not_before: datetime | None = None
) -> datetime | None:
    """Release a batch: done if nothing is left to send, else due with its earliest delivery, or ``not_before``.

    Return when it is due again; None when done. Another's lease stays, as ours may have ended.
    """
    row = (await unit.conn.execute(_LEFT, {"batch_id": batch_id})).one()
    due_at = None if row.left == 0 else row.due_at if row.timed == row.left else now
    if due_at is not None and not_before is not None:
        due_at = max(due_at, not_before)
    given = {"batch_id": batch_id, "owner": owner, "over": row.left == 0, "again_at": due_at or now}
    await unit.conn.execute(_RELEASE, given)
    return due_at


async def renew(unit: Unit, owner: str, ids: Collection[int], until: ColumnElement[int]) -> set[int]:
    """Renew ``owner``'s leases of those batches it still holds, by a single statement. Return their ids."""
    renewed = await unit.conn.scalars(
        update(batches)
        .where(among(batches.c.id, "ids"), batches.c.lease_owner == owner, batches.c.done.is_(False))
        .values(lease_until=until)
        .returning(batches.c.id),
        {"ids": ids},
    )
    return set(renewed)


async def holders(unit: Unit) -> set[str]:
    held = batches.c.done.is_(False), batches.c.lease_owner.is_not(None)
    return set(await unit.conn.scalars(select(batches.c.lease_owner).where(*held).distinct()))


async def free(unit: Unit, owners: Collection[str]) -> list[Batch]:
    """End dead processes' leases. Return their batches, which are now due; their messages may have been sent."""
    mine = batches.c.done.is_(False), batches.c.lease_owner.in_(owners)
    columns = batches.c.id, batches.c.alert_id, batches.c.channel, batches.c.rank, batches.c.by
    rows = list(await unit.conn.execute(select(*columns).where(*mine).order_by(batches.c.rank, batches.c.id)))
    for by in {row.by for row in rows}:
        await _mark(unit, deliveries.c.batch_id.in_([row.id for row in rows if row.by == by]), by)
    await unit.conn.execute(update(batches).where(*mine).values(lease_owner=None, lease_until=None, by=None))
    return [Batch(row.id, row.alert_id, CHANNELS[row.channel], row.rank) for row in rows]


async def free_all(unit: Unit) -> None:
    """End every lease, when the only process starts. Leased deliveries may have been sent."""
    leased = select(batches.c.id).where(batches.c.done.is_(False), batches.c.lease_owner.is_not(None))
    for by in list(await unit.conn.scalars(leased.with_only_columns(batches.c.by).distinct())):
        await _mark(unit, deliveries.c.batch_id.in_(leased.where(batches.c.by.is_not_distinct_from(by))), by)
    await unit.conn.execute(
        update(batches)
        .where(batches.c.done.is_(False), batches.c.lease_owner.is_not(None))
        .values(lease_owner=None, lease_until=None)
    )


async def due(unit: Unit, now: datetime, limit: int) -> list[Batch]:
    """Return due batches without a lease."""
    rows = await unit.conn.execute(
        select(batches.c.id, batches.c.alert_id, batches.c.channel, batches.c.rank)
        .where(*ready(now))
        .order_by(batches.c.rank, batches.c.id)
        .limit(limit)
    )
    return [Batch(row.id, row.alert_id, CHANNELS[row.channel], row.rank) for row in rows]


async def hasten(unit: Unit, alert_id: int, now: datetime) -> None:
    """Make an ended alert's remaining batches due now: nothing more is sent, and its report must close."""
    unfinished = batches.c.alert_id == alert_id, batches.c.done.is_(False)
    theirs = deliveries.c.batch_id.in_(select(batches.c.id).where(*unfinished))
    await unit.conn.execute(
        update(deliveries).where(theirs, deliveries.c.state == DeliveryState.QUEUED).values(next_attempt_at=None)
    )
    await unit.conn.execute(update(batches).where(*unfinished).values(due_at=now))
