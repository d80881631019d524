"""Everything stored about one subscriber, opened."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from broadcaster.domain.identity import IdentityLevel
from broadcaster.domain.people import CHANNELS, ChannelName, ContactStatus, NewPlace
from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.rows import of_row
from broadcaster.store.people import identities, told_first, wishes
from broadcaster.store.people.contacts import open_address
from broadcaster.store.people.seals import open_external, open_guardians, open_name, open_place, open_point
from broadcaster.store.people.wishes import Followed
from broadcaster.store.stations.labels import open_group
from broadcaster.store.tables import (
    contacts,
    follows,
    groups,
    links,
    memberships,
    places,
    positions,
    stations,
    subscribers,
)
from schedules import QuietHours


@dataclass(frozen=True, slots=True)
class Profile:
    """One subscriber's data, opened: for themselves and the operators of stations they follow.

    ``whose``: by contact, the number of the guardian whose it is (0: their own). ``vulnerable``: None if the reader may
    not know.
    """

    id: int
    locale: str
    name: str | None
    created_at: datetime
    follows: tuple[tuple[str, str | None], ...]
    contacts: tuple[tuple[ChannelName, str, str], ...]
    places: tuple[NewPlace, ...]
    groups: tuple[str, ...]
    position: tuple[float, float, float | None, datetime] | None
    vulnerable: bool | None = False
    identity: IdentityLevel = IdentityLevel.NONE
    paused_until: datetime | None = None
    forget_at: datetime | None = None
    unconfirmed_at: datetime | None = None
    quiet: QuietHours | None = None
    zone: str | None = None
    guardians: tuple[str, ...] = ()
    whose: tuple[int, ...] = ()
    wishes: Mapping[str, Followed] = field(default_factory=dict)


async def read(unit: Unit, subscriber_id: int) -> Profile | None:
    """Return a subscriber's data; None if unknown."""
    row = (await unit.conn.execute(select(subscribers).where(subscribers.c.id == subscriber_id))).one_or_none()
    if row is None:
        return None
    followed = await unit.conn.execute(
        select(stations.c.slug, follows.c.external_mark, follows.c.external)
        .join(follows, follows.c.station_id == stations.c.id)
        .where(follows.c.subscriber_id == subscriber_id)
        .order_by(stations.c.slug)
    )
    theirs = (
        select(contacts.c.channel, contacts.c.fingerprint, contacts.c.sealed, contacts.c.status, links.c.guardian)
        .join(links, links.c.contact_id == contacts.c.id)
        .where(links.c.subscriber_id == subscriber_id)
        .order_by(contacts.c.id)
    )
    had = (await unit.conn.execute(theirs)).all()
    sealed_places = await unit.conn.scalars(
        select(places.c.sealed).where(places.c.subscriber_id == subscriber_id).order_by(places.c.id)
    )
    member_of = await unit.conn.execute(
        select(groups)
        .join(memberships, memberships.c.group_id == groups.c.id)
        .where(memberships.c.subscriber_id == subscriber_id)
    )
    at = (await unit.conn.execute(select(positions).where(positions.c.subscriber_id == subscriber_id))).one_or_none()
    return of_row(
        Profile,
        row,
        name=open_name(unit.vault, row.token_hash, row.name),
        follows=tuple((each.slug, open_external(unit.vault, each.external_mark, each.external)) for each in followed),
        contacts=tuple(
            (CHANNELS[each.channel], open_address(unit, each.fingerprint, each.sealed), ContactStatus(each.status).word)
            for each in had
        ),
        places=tuple(open_place(unit.vault, subscriber_id, sealed) for sealed in sealed_places),
        groups=tuple(sorted(open_group(unit.vault, each)[0] for each in member_of)),
        position=None if at is None else (*open_point(unit.vault, subscriber_id, at.sealed)[:2], at.accuracy_m, at.at),
        vulnerable=told_first.opened(unit.vault, row.token_hash, row.vulnerable),
        identity=await identities.level_of(unit, subscriber_id),
        quiet=None if row.quiet_from is None else QuietHours(row.quiet_from, row.quiet_to),
        whose=tuple(each.guardian or 0 for each in had),
        guardians=open_guardians(unit.vault, row.token_hash, row.guardians),
        wishes=await wishes.of_follower(unit, subscriber_id),
    )
