"""Manual changes of a register: one person, one group."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update

from broadcaster.domain.audit import Actor
from broadcaster.domain.consents import Consent, Way
from broadcaster.domain.people import LinkStatus, NewContact, NewPlace
from broadcaster.domain.refusals import Conflict
from broadcaster.store.alerts import alerts
from broadcaster.store.engine.engine import Unit
from broadcaster.store.people import addresses, consents, people, seals, suppression, welcomes
from broadcaster.store.people import contacts as contact_rows
from broadcaster.store.register import erasing
from broadcaster.store.register.erasing import Erased
from broadcaster.store.stations import stations
from broadcaster.store.stations.labels import sealed_group
from broadcaster.store.tables import follows, groups, links, memberships, opt_outs, places, signed_requests, subscribers

_DIGEST = 16
NOBODY = 0
"""In place of the ids of an erased person and their contact."""


@dataclass(frozen=True, slots=True)
class Change:
    """An operator's change of a person. ``dropped``, ``moved_out``: ids of contacts and places."""

    name: str | None
    locale: str
    groups: tuple[int, ...]
    dropped: tuple[int, ...] = ()
    added: tuple[NewContact, ...] = ()
    moved_out: tuple[int, ...] = ()
    moved_in: tuple[NewPlace, ...] = ()
    guardians: tuple[str, ...] = ()


async def amend(
    unit: Unit, station_id: int, subscriber_id: int, change: Change, now: datetime, *, consent: Consent | None = None
) -> None:
    """Change a person by hand: unnamed fields stay, and a dead contact stays dead.

    Their line of the register counts as changed, so the next import of the same list changes them back. Raises
    ``Conflict`` for a new contact whose owner asked to be left out.
    """
    token = await unit.conn.scalar(select(subscribers.c.token_hash).where(subscribers.c.id == subscriber_id))
    if token is None:
        return
    values = {
        "locale": change.locale,
        "name": seals.sealed_name(unit.vault, token, change.name),
        "guardians": seals.sealed_guardians(unit.vault, token, change.guardians),
    }
    await unit.conn.execute(update(subscribers).where(subscribers.c.id == subscriber_id).values(values))
    await outdate(unit, station_id, subscriber_id)
    await _amend_contacts(unit, station_id, subscriber_id, change, now, consent=consent)
    mine = places.c.subscriber_id == subscriber_id
    await unit.conn.execute(delete(places).where(mine, places.c.id.in_(change.moved_out)))
    sealed = [seals.sealed_place(unit.vault, subscriber_id, place) for place in change.moved_in]
    rows = [{"subscriber_id": subscriber_id, "sealed": each, "created_at": now} for each in sealed]
    if rows:
        await unit.conn.execute(places.insert(), rows)
        await addresses.settled(unit, station_id, subscriber_id)
    await _join(unit, station_id, subscriber_id, change.groups)
    await welcomes.confirm_person(unit, subscriber_id)  # the operator vouches for them
    await people.touched(unit, [subscriber_id])


async def rename(unit: Unit, station_id: int, subscriber_id: int, name: str) -> None:
    """Write a person's name; their line of the register counts as changed, as for ``amend``."""
    who = subscribers.c.id == subscriber_id
    token = await unit.conn.scalar(select(subscribers.c.token_hash).where(who))
    if token is not None:
        sealed = seals.sealed_name(unit.vault, token, name)
        await unit.conn.execute(update(subscribers).where(who).values(name=sealed))
        await outdate(unit, station_id, subscriber_id)


async def outdate(unit: Unit, station_id: int, subscriber_id: int) -> None:
    """Let a person's line of the register count as changed."""
    mine = follows.c.station_id == station_id, follows.c.subscriber_id == subscriber_id
    await unit.conn.execute(update(follows).where(*mine).values(digest=secrets.token_bytes(_DIGEST)))


async def _amend_contacts(
    unit: Unit, station_id: int, subscriber_id: int, change: Change, now: datetime, *, consent: Consent | None
) -> None:
    marks = {suppression.mark_of(unit.vault, each) for each in change.added}
    await suppression.refuse(unit, station_id, marks)
    added = await contact_rows.ensure(unit, change.added, now) if change.added else {}
    had = set(await contact_rows.ids_of(unit, subscriber_id))
    dropped = sorted((had & set(change.dropped)) - set(added.values()))
    await consents.note(unit, consent, dropped, now, given=False, subscriber_id=subscriber_id)
    await unit.conn.execute(
        delete(links).where(links.c.subscriber_id == subscriber_id, links.c.contact_id.in_(dropped))
    )
    whose = {added[contact_rows.key_with(unit.vault, each)]: each.guardian or None for each in change.added}
    link = {"subscriber_id": subscriber_id, "status": LinkStatus.CONFIRMED, "created_at": now}
    new = sorted(set(added.values()) - had)
    rows = [{**link, "contact_id": contact_id, "guardian": whose[contact_id]} for contact_id in new]
    if rows:
        await unit.conn.execute(links.insert(), rows)
    await consents.note(unit, consent, added.values(), now, given=True, subscriber_id=subscriber_id)
    await contact_rows.drop_orphans(unit, dropped)


async def revive(
    unit: Unit, subscriber_id: int, contact_id: int, now: datetime, consent: Consent | None = None
) -> None:
    """Revive a person's dead contact: an operator vouches for it."""
    mine = links.c.subscriber_id == subscriber_id, links.c.contact_id == contact_id
    if await unit.conn.scalar(select(links.c.contact_id).where(*mine)) is not None:
        await contact_rows.revive(unit, [contact_id], now)
        await consents.note(unit, consent, [contact_id], now, given=True, subscriber_id=subscriber_id)


async def _join(unit: Unit, station_id: int, subscriber_id: int, wanted: Iterable[int]) -> None:
    """Set a person's groups within the station."""
    own = set(await unit.conn.scalars(select(groups.c.id).where(groups.c.station_id == station_id)))
    await unit.conn.execute(
        delete(memberships).where(memberships.c.subscriber_id == subscriber_id, memberships.c.group_id.in_(sorted(own)))
    )
    rows = [{"group_id": each, "subscriber_id": subscriber_id} for each in sorted(own & set(wanted))]
    if rows:
        await unit.conn.execute(memberships.insert(), rows)


@dataclass(frozen=True, slots=True)
class Signed:
    """A person's signed request for a station's messages: its day, and where the paper is filed.

    ``at``: when it was recorded, and with which key.
    """

    on: str
    kept: str
    at: datetime
    key_id: int | None


async def record_signed(
    unit: Unit, station_id: int, subscriber_id: int, contact_id: int, signed: Signed, *, actor: Actor
) -> bool:
    """Undo an opt-out because of a signed request, and log it; return False if there is no opt-out."""
    mine = select(opt_outs.c.contact_id).join(links, links.c.contact_id == opt_outs.c.contact_id)
    there = mine.where(
        links.c.subscriber_id == subscriber_id, opt_outs.c.contact_id == contact_id, opt_outs.c.station_id == station_id
    )
    if await unit.conn.scalar(there) is None:
        return False
    whose = {"subscriber_id": subscriber_id, "station_id": station_id}
    await consents.note(unit, Consent(Way.SIGNED, actor), [contact_id], signed.at, given=True, **whose)
    await contact_rows.opt_in(unit, [contact_id], station_id)
    marks = await suppression.marks_of_contacts(unit, [contact_id])
    await suppression.lift(unit, marks.values(), signed.at, [station_id])
    await keep_signed(unit, station_id, subscriber_id, contact_id, signed)
    return True


async def keep_signed(unit: Unit, station_id: int, subscriber_id: int, contact_id: int, signed: Signed) -> None:
    """Log a signed request; ``NOBODY`` where the person was erased."""
    await unit.conn.execute(
        signed_requests.insert().values(
            station_id=station_id,
            subscriber_id=subscriber_id,
            contact_id=contact_id,
            key_id=signed.key_id,
            signed_on=signed.on,
            sealed=unit.vault.seal(signed.kept.encode(), b"signed:%d" % contact_id),
            at=signed.at,
        )
    )


async def signed_by(unit: Unit, station_id: int, subscriber_id: int) -> list[Signed]:
    """Return a person's signed requests, newest first."""
    rows = await unit.conn.execute(
        select(signed_requests)
        .where(signed_requests.c.station_id == station_id, signed_requests.c.subscriber_id == subscriber_id)
        .order_by(signed_requests.c.id.desc())
    )
    opened = unit.vault.open
    return [
        Signed(row.signed_on, opened(row.sealed, b"signed:%d" % row.contact_id).decode(), row.at, row.key_id)
        for row in rows
    ]


async def remove(
    unit: Unit, station_id: int, subscriber_id: int, now: datetime, *, asked: bool = False, by: Consent | None = None
) -> Erased | None:
    """Remove a person from a station's register, erasing them if they follow no other. None if unknown.

    ``asked``: at their own request, so that this station's lists don't bring them back.
    """
    query = select(follows.c.station_id).where(follows.c.subscriber_id == subscriber_id)
    followed = set(await unit.conn.scalars(query))
    if station_id not in followed:
        return None
    way = erasing.Way.REQUEST if asked else erasing.Way.REMOVED
    if followed == {station_id}:
        return await erasing.erase(unit, subscriber_id, way, now, station_id=station_id)
    return await erasing.leave(unit, subscriber_id, station_id, way, now, by=by)


async def rename_group(unit: Unit, station_id: int, slug: str, name: str) -> bool:
    """Rename a group; its slug stays, as lists and past alerts refer to it. False if unknown."""
    group_id = (await stations.group_ids(unit, station_id)).get(slug)
    if group_id is None:
        return False
    columns = sealed_group(unit.vault, station_id, slug, name)
    await unit.conn.execute(update(groups).where(groups.c.id == group_id).values(columns))
    return True


async def delete_group(unit: Unit, station_id: int, slug: str, now: datetime) -> int | None:
    """Delete a group; return its number of members, None if unknown. The members stay in the register.

    Alerts to it keep its name and their recipients. A list that names it recreates it. Raises ``Conflict`` while an
    alert to it is active: an update or a late joiner would find nobody.
    """
    group_id = (await stations.group_ids(unit, station_id)).get(slug)
    if group_id is None:
        return None
    holding = await alerts.by_ids(unit, await alerts.active_ids(unit, now))
    if any(each.station_id == station_id and slug in each.audience.groups for each in holding):
        raise Conflict("group-in-use")
    was = memberships.c.group_id == group_id
    members = sorted(await unit.conn.scalars(select(memberships.c.subscriber_id).where(was)))
    theirs = select(memberships.c.subscriber_id).where(was)
    await unit.conn.execute(
        update(follows)
        .where(follows.c.station_id == station_id, follows.c.subscriber_id.in_(theirs), follows.c.digest.is_not(None))
        .values(digest=secrets.token_bytes(_DIGEST))
    )
    await unit.conn.execute(delete(memberships).where(was))
    await unit.conn.execute(delete(groups).where(groups.c.id == group_id))
    await people.touched(unit, members)
    return len(members)
