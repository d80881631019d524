"""Proof of residents' identities: a level and a keyed mark of the civil identity, which is stored nowhere."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select

from broadcaster.domain.identity import IdentityLevel
from broadcaster.domain.people import PUSH, LinkStatus
from broadcaster.store.engine.engine import Unit
from broadcaster.store.tables import contacts, follows, identities, links


async def prove(unit: Unit, subscriber_id: int, level: IdentityLevel, now: datetime, *, person: str) -> None:
    """Store a proven level, which stays if it was higher. ``person``: what identifies them, stored as a mark."""
    row = (await unit.conn.execute(select(identities).where(identities.c.subscriber_id == subscriber_id))).one_or_none()
    mark = unit.vault.fingerprint("civil", person)
    if row is not None:
        level = max(level, IdentityLevel(row.level))
        await forget(unit, subscriber_id)
    values = {"subscriber_id": subscriber_id, "level": int(level), "mark": mark, "at": now}
    await unit.conn.execute(identities.insert().values(values))


async def forget(unit: Unit, subscriber_id: int) -> None:
    await unit.conn.execute(delete(identities).where(identities.c.subscriber_id == subscriber_id))


async def level_of(unit: Unit, subscriber_id: int, station_id: int | None = None) -> IdentityLevel:
    """Return a person's level of proof; ``station_id``: for this station, which may have registered them."""
    shown = await unit.conn.scalar(select(identities.c.level).where(identities.c.subscriber_id == subscriber_id))
    if shown is not None:
        return IdentityLevel(shown)
    confirmed = (
        select(links.c.contact_id)
        .join(contacts, contacts.c.id == links.c.contact_id)
        .where(
            links.c.subscriber_id == subscriber_id, links.c.status == LinkStatus.CONFIRMED, contacts.c.channel != PUSH
        )
    )
    registered = select(follows.c.subscriber_id).where(
        follows.c.subscriber_id == subscriber_id, follows.c.registered == 1
    )
    if station_id is not None:
        registered = registered.where(follows.c.station_id == station_id)
    for query in (registered, confirmed):
        if await unit.conn.scalar(query.limit(1)) is not None:
            return IdentityLevel.CONTACT
    return IdentityLevel.NONE


async def known_among(unit: Unit, subscriber_ids: Collection[int], station_id: int) -> list[int]:
    """Return, ascending, those who have shown who they are or whom the station registered."""
    registered = select(follows.c.subscriber_id).where(follows.c.station_id == station_id, follows.c.registered == 1)
    shown = select(identities.c.subscriber_id)
    found = set[int]()
    for query, column in ((registered, follows.c.subscriber_id), (shown, identities.c.subscriber_id)):
        found |= set(await unit.conn.scalars(query.where(column.in_(subscriber_ids))))
    return sorted(found)


async def contacts_of(unit: Unit, subscriber_id: int) -> dict[int, bytes]:
    """Return a person's confirmed numbers and addresses: ids, with fingerprints."""
    mine = links.c.subscriber_id == subscriber_id, links.c.status == LinkStatus.CONFIRMED, contacts.c.channel != PUSH
    query = select(contacts.c.id, contacts.c.fingerprint).join(links, links.c.contact_id == contacts.c.id).where(*mine)
    return {row.id: row.fingerprint for row in await unit.conn.execute(query)}


async def sharing(unit: Unit, contact_ids: Collection[int]) -> list[int]:
    """Return who has one of these contacts, confirmed."""
    query = select(links.c.subscriber_id).where(
        links.c.contact_id.in_(contact_ids), links.c.status == LinkStatus.CONFIRMED
    )
    return sorted(set(await unit.conn.scalars(query)))


async def mark_of(unit: Unit, subscriber_id: int) -> bytes | None:
    """Return the mark of a person's identity, the same on all of their devices; None if they have shown none."""
    return await unit.conn.scalar(select(identities.c.mark).where(identities.c.subscriber_id == subscriber_id))
