"""People of a station's register, opened for its operators: as lines of a list, or a person's whole data."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from broadcaster.domain.people import CHANNELS, ChannelName, ContactStatus, LinkStatus, NewPlace
from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.rows import of_row
from broadcaster.store.people import addresses, people, seals
from broadcaster.store.people import contacts as contact_rows
from broadcaster.store.people.addresses import Kept
from broadcaster.store.stations.labels import open_group
from broadcaster.store.tables import contacts, follows, groups, links, memberships, opt_outs, places, subscribers


@dataclass(frozen=True, slots=True)
class Line:
    """A person in a list. ``channels``: working ones; ``dead``: number of dead contacts.

    ``opted_out``: no channel works because they opted out.
    """

    id: int
    name: str | None
    external_id: str | None
    paused_until: datetime | None
    channels: tuple[ChannelName, ...]
    dead: int
    groups: tuple[str, ...]
    opted_out: bool


@dataclass(frozen=True, slots=True)
class PersonContact:
    """A person's contact, and its status for one station. ``guardian``: whose it is, 0: the person's own."""

    id: int
    channel: ChannelName
    address: str
    status: ContactStatus
    code: str | None
    since: datetime | None
    opted_out_at: datetime | None
    confirmed: bool
    guardian: int = 0

    @property
    def works(self) -> bool:
        return self.status is ContactStatus.ACTIVE and self.opted_out_at is None and self.confirmed


def opted_out(contacts: Iterable[PersonContact]) -> bool:
    """Return whether no contact works and at least one opted out."""
    held = [each for each in contacts if each.confirmed]
    said_no = any(each.opted_out_at is not None or each.status is ContactStatus.STOPPED for each in held)
    return said_no and not any(each.works for each in held)


@dataclass(frozen=True, slots=True)
class Person:
    """A station's follower, opened for its operators. ``followed_at``: since when.

    ``registered``: entered by the station; ``ref``: their reference in an export (``people.ref_of``);
    ``address``: from a list; ``places``: by id; ``groups``: names of this station's, by slug; ``elsewhere``: they
    follow other stations too.
    """

    id: int
    name: str | None
    external_id: str | None
    locale: str
    paused_until: datetime | None
    followed_at: datetime
    contacts: tuple[PersonContact, ...]
    places: Mapping[int, NewPlace]
    groups: Mapping[str, str]
    elsewhere: bool
    digest: bytes
    registered: bool
    ref: str
    address: Kept | None = None
    guardians: tuple[str, ...] = ()

    def whose(self, contact: PersonContact) -> str:
        """Return the name of the guardian whose a contact is; empty if unknown, or the person's own."""
        return self.guardians[contact.guardian - 1] if 0 < contact.guardian <= len(self.guardians) else ""


async def lines(unit: Unit, station_id: int, ids: Sequence[int]) -> list[Line]:
    """Return list lines, in the order of ``ids``; former followers are left out."""
    if not ids:
        return []
    rows = await unit.conn.execute(
        select(
            subscribers.c.id,
            subscribers.c.name,
            subscribers.c.token_hash,
            subscribers.c.paused_until,
            follows.c.external_mark,
            follows.c.external,
        )
        .join(follows, follows.c.subscriber_id == subscribers.c.id)
        .where(follows.c.station_id == station_id, subscribers.c.id.in_(list(ids)))
    )
    held = await _contacts(unit, station_id, ids)
    member = await _groups(unit, station_id, ids)
    found = {
        row.id: Line(
            id=row.id,
            name=seals.open_name(unit.vault, row.token_hash, row.name),
            external_id=seals.open_external(unit.vault, row.external_mark, row.external),
            paused_until=row.paused_until,
            channels=tuple(dict.fromkeys(each.channel for each in held.get(row.id, ()) if each.works)),
            dead=sum(not each.works for each in held.get(row.id, ())),
            groups=tuple(member.get(row.id, {}).values()),
            opted_out=opted_out(held.get(row.id, ())),
        )
        for row in rows
    }
    return [found[each] for each in ids if each in found]


async def _contacts(unit: Unit, station_id: int, ids: Sequence[int]) -> dict[int, list[PersonContact]]:
    rows = await unit.conn.execute(
        select(
            links.c.subscriber_id,
            links.c.status.label("link_status"),
            links.c.guardian,
            contacts.c.id,
            contacts.c.channel,
            contacts.c.fingerprint,
            contacts.c.sealed,
            contacts.c.status,
            contacts.c.status_code,
            contacts.c.status_at,
            opt_outs.c.at.label("opted_out_at"),
        )
        .join(contacts, contacts.c.id == links.c.contact_id)
        .outerjoin(opt_outs, (opt_outs.c.contact_id == contacts.c.id) & (opt_outs.c.station_id == station_id))
        .where(links.c.subscriber_id.in_(list(ids)))
        .order_by(contacts.c.channel, contacts.c.id)
    )
    found: dict[int, list[PersonContact]] = {}
    for row in rows:
        forgotten = row.sealed == contact_rows.FORGOTTEN
        found.setdefault(row.subscriber_id, []).append(
            PersonContact(
                id=row.id,
                channel=CHANNELS[row.channel],
                address="" if forgotten else contact_rows.open_address(unit, row.fingerprint, row.sealed),
                status=ContactStatus(row.status),
                code=row.status_code,
                since=row.status_at,
                opted_out_at=row.opted_out_at,
                confirmed=row.link_status == LinkStatus.CONFIRMED,
                guardian=row.guardian or 0,
            )
        )
    return found


async def _groups(unit: Unit, station_id: int, ids: Sequence[int]) -> dict[int, dict[str, str]]:
    its = await unit.conn.execute(select(groups).where(groups.c.station_id == station_id))
    opened = {row.id: open_group(unit.vault, row) for row in its}
    rows = await unit.conn.execute(
        select(memberships.c.subscriber_id, memberships.c.group_id).where(
            memberships.c.group_id.in_(list(opened)), memberships.c.subscriber_id.in_(list(ids))
        )
    )
    theirs = [(row.subscriber_id, opened[row.group_id]) for row in rows]
    found: dict[int, dict[str, str]] = {}
    for subscriber_id, (slug, name) in sorted(theirs, key=lambda each: each[1][1]):
        found.setdefault(subscriber_id, {})[slug] = name
    return found


async def most_places(unit: Unit, station_id: int) -> int:
    """Return the greatest number of places of any follower."""
    each = (
        select(func.count().label("n"))
        .select_from(places)
        .join(follows, follows.c.subscriber_id == places.c.subscriber_id)
        .where(follows.c.station_id == station_id)
        .group_by(places.c.subscriber_id)
        .subquery()
    )
    return await unit.conn.scalar(select(func.max(each.c.n))) or 0


async def most_guardians(unit: Unit, station_id: int) -> int:
    """Return the greatest number of a guardian of any follower."""
    mine = select(follows.c.subscriber_id).where(follows.c.station_id == station_id)
    return await unit.conn.scalar(select(func.max(links.c.guardian)).where(links.c.subscriber_id.in_(mine))) or 0


async def people_of(unit: Unit, station_id: int, ids: Sequence[int]) -> list[Person]:
    """Return people with all their data, in the order of ``ids``; former followers are left out."""
    if not ids:
        return []
    rows = await unit.conn.execute(
        select(
            subscribers,
            follows.c.external_mark,
            follows.c.external,
            follows.c.digest,
            follows.c.registered,
            follows.c.created_at.label("followed_at"),
        )
        .join(follows, follows.c.subscriber_id == subscribers.c.id)
        .where(follows.c.station_id == station_id, subscribers.c.id.in_(list(ids)))
    )
    held = await _contacts(unit, station_id, ids)
    member = await _groups(unit, station_id, ids)
    sealed = await unit.conn.execute(
        select(places.c.id, places.c.subscriber_id, places.c.sealed)
        .where(places.c.subscriber_id.in_(list(ids)))
        .order_by(places.c.id)
    )
    at: dict[int, dict[int, NewPlace]] = {}
    for row in sealed:
        at.setdefault(row.subscriber_id, {})[row.id] = seals.open_place(unit.vault, row.subscriber_id, row.sealed)
    elsewhere = follows.c.subscriber_id.in_(list(ids)), follows.c.station_id != station_id
    others = set(await unit.conn.scalars(select(follows.c.subscriber_id).where(*elsewhere)))
    kept = await addresses.of_people(unit, station_id, ids)
    found = {
        row.id: of_row(
            Person,
            row,
            name=seals.open_name(unit.vault, row.token_hash, row.name),
            external_id=seals.open_external(unit.vault, row.external_mark, row.external),
            contacts=tuple(held.get(row.id, ())),
            places=at.get(row.id, {}),
            groups=member.get(row.id, {}),
            elsewhere=row.id in others,
            digest=row.digest or b"",
            registered=bool(row.registered),
            ref=people.ref_of(unit.vault, row.id, row.token_hash),
            address=kept.get(row.id),
            guardians=seals.open_guardians(unit.vault, row.token_hash, row.guardians),
        )
        for row in rows
    }
    return [found[each] for each in ids if each in found]


async def person(unit: Unit, station_id: int, subscriber_id: int) -> Person | None:
    """Return a follower; None if unknown."""
    found = await people_of(unit, station_id, [subscriber_id])
    return found[0] if found else None
