"""Unconfirmed push sign-ups, and the welcomes that confirm them.

A person is unconfirmed while ``subscribers.unconfirmed_at`` is set, a push subscription while it has a row in
``welcomes``. Unconfirmed sign-ups per address are limited; confirmed ones no longer count, so that a hall full of
people behind one address can sign up.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, case, delete, func, select, update

from broadcaster.domain.people import PUSH, ContactStatus
from broadcaster.domain.refusals import Conflict
from broadcaster.store.engine.among import among
from broadcaster.store.engine.engine import Unit
from broadcaster.store.people import contacts as contact_rows
from broadcaster.store.people import people
from broadcaster.store.tables import contacts, follows, links, stations, subscribers, welcomes

LIFE = timedelta(days=30)
"""How long welcomes are repeated."""

VISIT_AFTER = timedelta(days=1)
"""The age at which a visit with the subscriber's token confirms a sign-up: an earlier visit could come from the script
that signed up.
"""

MOST_SHARERS = 4
"""Most people per push subscription: residents, and visits of the same device."""

_HOUR = timedelta(hours=1)
_FIRST_WAIT, _LONGEST_WAIT, _GROWTH, _STEPS = timedelta(minutes=1), timedelta(days=3), 4, 7


@dataclass(frozen=True, slots=True)
class SignUpCount:
    """Unconfirmed sign-ups of the last hour: from one address, and of the station with the most of them."""

    caller: int
    station: int


@dataclass(frozen=True, slots=True)
class Welcome:
    """A welcome to send. ``station``: name of one that its owner follows. ``tries``: how often it was sent.

    ``dead``: the push service has reported the subscription gone.
    """

    contact_id: int
    address: str
    locale: str
    station: str | None
    tries: int
    dead: bool


async def counted(unit: Unit, station_ids: Sequence[int], caller: bytes, now: datetime) -> SignUpCount:
    """Count unconfirmed sign-ups. ``caller``: an address' mark (``Vault.fingerprint``)."""
    recent = subscribers.c.unconfirmed_at > now - _HOUR
    mine = select(func.count()).select_from(subscribers).where(recent, subscribers.c.unconfirmed_from == caller)
    by_station = (
        select(func.count().label("n"))
        .select_from(subscribers)
        .join(follows, follows.c.subscriber_id == subscribers.c.id)
        .where(recent, follows.c.station_id.in_(station_ids))
        .group_by(follows.c.station_id)
        .subquery()
    )
    most = await unit.conn.scalar(select(func.max(by_station.c.n))) if station_ids else 0
    return SignUpCount(await unit.conn.scalar(mine) or 0, most or 0)


async def begin(unit: Unit, subscriber_id: int, now: datetime, *, caller: bytes | None = None) -> list[int]:
    """Request a welcome for each push subscription added to a subscriber at ``now``; return these contacts.

    ``caller``: address mark of a new subscriber, who is unconfirmed unless one of their subscriptions is confirmed.
    Raises ``Conflict`` for a subscription that serves too many people.
    """
    other = links.alias()
    sharers = select(func.count()).where(other.c.contact_id == contacts.c.id).scalar_subquery()
    asked = welcomes.c.contact_id.label("asked")
    theirs = (
        select(contacts.c.id, contacts.c.created_at, contacts.c.status_at, asked, sharers.label("sharers"))
        .join(links, links.c.contact_id == contacts.c.id)
        .outerjoin(welcomes, welcomes.c.contact_id == contacts.c.id)
        .where(links.c.subscriber_id == subscriber_id, contacts.c.channel == PUSH)
    )
    rows = (await unit.conn.execute(theirs)).all()
    if any(row.sharers > MOST_SHARERS for row in rows):
        raise Conflict("push-shared")
    new = [row.id for row in rows if row.asked is None and now in (row.created_at, row.status_at)]
    if new:
        await unit.conn.execute(
            welcomes.insert(),
            [{"contact_id": each, "tries": 1, "next_at": now + _wait(0), "created_at": now} for each in new],
        )
    if caller is not None and all(row.asked is not None or row.id in new for row in rows):
        values = {"unconfirmed_at": now, "unconfirmed_from": caller}
        await unit.conn.execute(update(subscribers).where(subscribers.c.id == subscriber_id).values(values))
    return new


def _wait(tries: int) -> timedelta:
    return min(_FIRST_WAIT * int(_GROWTH ** min(tries, _STEPS)), _LONGEST_WAIT)


_ANSWERED = delete(welcomes).where(among(welcomes.c.contact_id, "ids")).returning(welcomes.c.contact_id)
_CONFIRMED = (
    update(subscribers)
    .where(
        subscribers.c.unconfirmed_at.is_not(None),
        subscribers.c.id.in_(select(links.c.subscriber_id).where(among(links.c.contact_id, "ids"))),
    )
    .values(unconfirmed_at=None, unconfirmed_from=None)
    .returning(subscribers.c.id)
)


async def confirm(unit: Unit, contact_ids: Collection[int]) -> None:
    """Confirm contacts whose devices answered, and all people with these contacts."""
    answered = list(await unit.conn.scalars(_ANSWERED, {"ids": contact_ids}))
    if answered:
        await people.touched(unit, list(await unit.conn.scalars(_CONFIRMED, {"ids": answered})))


async def confirm_person(unit: Unit, subscriber_id: int) -> None:
    """Confirm a person who visited, confirmed a number, or is known to an operator."""
    await confirm(unit, await contact_rows.ids_of(unit, subscriber_id))
    changed = await unit.conn.execute(
        update(subscribers)
        .where(subscribers.c.id == subscriber_id, subscribers.c.unconfirmed_at.is_not(None))
        .values(unconfirmed_at=None, unconfirmed_from=None)
    )
    if changed.rowcount:
        await people.touched(unit, [subscriber_id])


async def is_due(unit: Unit, now: datetime) -> bool:
    due = select(welcomes.c.contact_id).where(welcomes.c.next_at <= now).limit(1)
    return await unit.conn.scalar(due) is not None


async def take_due(unit: Unit, now: datetime, limit: int) -> list[int]:
    """Return contacts with due welcomes, oldest first, and schedule their next tries.

    No try follows after ``LIFE``: the subscription then stays unconfirmed.
    """
    due = select(welcomes).where(welcomes.c.next_at <= now).order_by(welcomes.c.next_at).limit(limit)
    rows = (await unit.conn.execute(due)).all()
    for row in rows:
        next_at = now + _wait(row.tries)
        await unit.conn.execute(
            update(welcomes)
            .where(welcomes.c.contact_id == row.contact_id)
            .values(
                tries=case((welcomes.c.tries < _MOST_TRIES, welcomes.c.tries + 1), else_=_MOST_TRIES),
                next_at=next_at if next_at <= row.created_at + LIFE else None,
            )
        )
    return [row.contact_id for row in rows]


_MOST_TRIES = 1000
_TO_SEND = (
    select(
        *(contacts.c[name] for name in ("id", "fingerprint", "sealed", "status")),
        *(welcomes.c.tries, subscribers.c.locale, stations.c.name),
    )
    .join(welcomes, welcomes.c.contact_id == contacts.c.id)
    .join(links, links.c.contact_id == contacts.c.id)
    .join(subscribers, subscribers.c.id == links.c.subscriber_id)
    .outerjoin(follows, follows.c.subscriber_id == subscribers.c.id)
    .outerjoin(stations, stations.c.id == follows.c.station_id)
    .where(among(contacts.c.id, "ids"))
    .order_by(contacts.c.id, follows.c.created_at.desc())
)


async def hasten(unit: Unit, contact_ids: Collection[int]) -> None:
    """Make these welcomes due soon: a push service reported the subscriptions gone."""
    if contact_ids:
        theirs = welcomes.c.contact_id.in_(list(contact_ids))
        await unit.conn.execute(update(welcomes).where(theirs).values(next_at=welcomes.c.created_at))


async def to_send(unit: Unit, contact_ids: Collection[int]) -> list[Welcome]:
    """Return these contacts' welcomes, without those confirmed or deleted meanwhile."""
    found: dict[int, Welcome] = {}
    for row in await unit.conn.execute(_TO_SEND, {"ids": contact_ids}):
        if row.id not in found and row.sealed != contact_rows.FORGOTTEN:
            address = contact_rows.open_address(unit, row.fingerprint, row.sealed)
            dead = row.status != ContactStatus.ACTIVE
            found[row.id] = Welcome(row.id, address, row.locale, row.name, row.tries, dead)
    return list(found.values())


async def forget(unit: Unit, contact_ids: Collection[int], code: str | None, now: datetime) -> None:
    """Handle subscriptions unknown to their push services (404, 410).

    They are retired; unconfirmed people with nothing else are erased.
    """
    ids = list(contact_ids)
    await contact_rows.retire(unit, ids, ContactStatus.GONE, code, now)
    await unit.conn.execute(delete(welcomes).where(among(welcomes.c.contact_id, "ids")), {"ids": ids})
    theirs = select(links.c.subscriber_id).where(among(links.c.contact_id, "ids"))
    working = (
        select(links.c.subscriber_id)
        .join(contacts, contacts.c.id == links.c.contact_id)
        .where(contacts.c.status == bindparam("active"), links.c.subscriber_id.in_(theirs))
    )
    lost = await unit.conn.scalars(
        select(subscribers.c.id).where(
            subscribers.c.id.in_(theirs), subscribers.c.unconfirmed_at.is_not(None), subscribers.c.id.not_in(working)
        ),
        {"ids": ids, "active": int(ContactStatus.ACTIVE)},
    )
    for each in lost.all():
        await people.erase(unit, each)
