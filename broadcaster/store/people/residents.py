"""Changes that residents make themselves: pause, follow, leave, new push subscription, visit."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, update

from broadcaster.domain.consents import Consent
from broadcaster.domain.fixes import Fix
from broadcaster.domain.people import NewContact, NewSubscriber
from broadcaster.store.engine.engine import Unit
from broadcaster.store.people import confirmations, consents, fixes, people, suppression, told_first
from broadcaster.store.people import contacts as contact_rows
from broadcaster.store.tables import contacts, corrections, follows, groups, links, memberships, positions, subscribers


async def pause(unit: Unit, subscriber_id: int, until: datetime | None) -> None:
    """Pause a subscriber until then; None resumes, and active alerts at their places are sent at once."""
    await unit.conn.execute(update(subscribers).where(subscribers.c.id == subscriber_id).values(paused_until=until))
    await people.touched(unit, [subscriber_id])


async def follow(
    unit: Unit, subscriber_id: int, station_id: int, now: datetime, consent: Consent | None = None
) -> None:
    """Follow another station; idempotent. Undoes opt-outs."""
    theirs = (follows.c.station_id == station_id) & (follows.c.subscriber_id == subscriber_id)
    new = await unit.conn.scalar(select(follows.c.station_id).where(theirs)) is None
    if new:
        await _follow(unit, subscriber_id, [station_id], now)
    own = await contact_rows.ids_of(unit, subscriber_id)
    if await contact_rows.opt_in(unit, own, station_id) or new:
        whose = {"subscriber_id": subscriber_id, "station_id": station_id}
        await consents.note(unit, consent, own, now, given=True, **whose)
    marks = await suppression.marks_of_contacts(unit, own)
    await suppression.lift(unit, marks.values(), now, [station_id], consent)
    # A visitor who follows becomes permanent.
    await unit.conn.execute(update(subscribers).where(subscribers.c.id == subscriber_id).values(forget_at=None))
    await people.touched(unit, [subscriber_id])


async def _follow(unit: Unit, subscriber_id: int, station_ids: Sequence[int], now: datetime) -> None:
    rows = [{"station_id": each, "subscriber_id": subscriber_id, "created_at": now} for each in station_ids]
    if rows:
        await unit.conn.execute(follows.insert(), rows)


async def unfollow(unit: Unit, subscriber_id: int, station_id: int, consent: Consent | None = None) -> None:
    """Leave a station and its groups."""
    if consent is not None:
        own = await contact_rows.ids_of(unit, subscriber_id)
        whose = {"subscriber_id": subscriber_id, "station_id": station_id}
        await consents.note(unit, consent, own, consent.actor.at, given=False, **whose)
    its_groups = select(groups.c.id).where(groups.c.station_id == station_id)
    await unit.conn.execute(
        delete(memberships).where(memberships.c.subscriber_id == subscriber_id, memberships.c.group_id.in_(its_groups))
    )
    for table in (follows, corrections):
        mine = table.c.subscriber_id == subscriber_id, table.c.station_id == station_id
        await unit.conn.execute(delete(table).where(*mine))
    await told_first.unlink(unit, subscriber_id, station_id)
    await people.touched(unit, [subscriber_id])


async def renew_push(
    unit: Unit,
    subscriber_id: int,
    contact: NewContact,
    replaced: NewContact | None,
    now: datetime,
    *,
    consent: Consent | None = None,
) -> None:
    """Replace a browser's push subscription by its new one, if it is the subscriber's."""
    await confirmations.add_contact(unit, subscriber_id, contact, now, consent)
    if replaced is None or replaced.canonical == contact.canonical:
        return
    _, mark = contact_rows.key_with(unit.vault, replaced)
    old = await unit.conn.scalar(
        select(contacts.c.id)
        .join(links, links.c.contact_id == contacts.c.id)
        .where(links.c.subscriber_id == subscriber_id, contacts.c.fingerprint == mark)
    )
    if old is not None:
        await unit.conn.execute(delete(links).where(links.c.subscriber_id == subscriber_id, links.c.contact_id == old))
        await contact_rows.drop_orphans(unit, [old])
        await people.touched(unit, [subscriber_id])


async def forget_position(unit: Unit, subscriber_id: int) -> None:
    await unit.conn.execute(delete(positions).where(positions.c.subscriber_id == subscriber_id))
    await people.touched(unit, [subscriber_id])


async def visit(
    unit: Unit,
    station_ids: Sequence[int],
    contact: NewContact,
    locale: str,
    point: tuple[float, float, float | None],
    *,
    token: str,
    now: datetime,
    until: datetime,
    consent: Consent | None = None,
) -> int:
    """Add a visitor at ``point`` (lon, lat, accuracy_m), erased at ``until``; return their id.

    They follow ``station_ids``, possibly none: alerts for everyone in an area reach them anyway.
    """
    person = NewSubscriber(locale, (contact,))
    (subscriber_id,) = await people.register(
        unit, None, [person], [token], groups_by_slug={}, now=now, themselves=True, consent=consent
    )
    await _follow(unit, subscriber_id, station_ids, now)
    await unit.conn.execute(update(subscribers).where(subscribers.c.id == subscriber_id).values(forget_at=until))
    await fixes.keep(unit, [Fix(subscriber_id, *point, now)])
    return subscriber_id


async def follow_on_the_way(unit: Unit, subscriber_id: int, station_ids: Sequence[int], now: datetime) -> None:
    """Also follow the stations around a visitor's new position; the end of the visit stays."""
    known = set(await unit.conn.scalars(select(follows.c.station_id).where(follows.c.subscriber_id == subscriber_id)))
    new = [each for each in station_ids if each not in known]
    if new:
        await _follow(unit, subscriber_id, new, now)
        await people.touched(unit, [subscriber_id])


async def is_due(unit: Unit, now: datetime) -> bool:
    """Return whether a pause, visit or stay is over."""
    return any(
        [
            await unit.conn.scalar(select(column).where(column <= now).limit(1)) is not None
            for column in (subscribers.c.paused_until, subscribers.c.forget_at, positions.c.until)
        ]
    )


async def end_due(unit: Unit, now: datetime) -> None:
    """End pauses, and erase visitors and stays that are over. Resumed subscribers get active alerts."""
    paused = list(await unit.conn.scalars(select(subscribers.c.id).where(subscribers.c.paused_until <= now)))
    for each in paused:
        await pause(unit, each, None)
    for each in (await unit.conn.scalars(select(subscribers.c.id).where(subscribers.c.forget_at <= now))).all():
        await people.erase(unit, each)
    stayed = list(await unit.conn.scalars(select(positions.c.subscriber_id).where(positions.c.until <= now)))
    if stayed:
        await unit.conn.execute(delete(positions).where(positions.c.until <= now))
        await people.touched(unit, stayed)
