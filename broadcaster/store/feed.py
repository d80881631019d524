"""What the indexes in memory are loaded from, and the changes they follow."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import delete, func, select, text

from broadcaster.domain.people import ContactStatus, LinkStatus
from broadcaster.store import people
from broadcaster.store.tables import (
    changes,
    contacts,
    cursors,
    follows,
    groups,
    links,
    memberships,
    opt_outs,
    places,
    positions,
    subscribers,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from numpy.typing import NDArray

    from broadcaster.store.engine import Unit

_PART = 50_000
_ENTRANTS = "entrants"


@dataclass(frozen=True, slots=True)
class Points:
    """Places and positions: keys (a position's is minus its subscriber), owners, WGS 84 degrees; one length all."""

    keys: NDArray[np.int64]
    owners: NDArray[np.int64]
    lons: NDArray[np.float64]
    lats: NDArray[np.float64]


@dataclass
class Known:
    """What the indexes keep of one subscriber.

    ``contacts`` are (contact id, channel number), ``points`` (key, lon, lat), ``refused`` (station id, contact id):
    where a station may not write to one of the contacts.
    """

    locale: str = ""
    vulnerable: bool = False
    contacts: list[tuple[int, int]] = field(default_factory=list)
    stations: set[int] = field(default_factory=set)
    groups: set[int] = field(default_factory=set)
    refused: set[tuple[int, int]] = field(default_factory=set)
    points: list[tuple[int, float, float]] = field(default_factory=list)


async def newest(unit: Unit) -> int:
    """Give the number of the last change."""
    return await unit.conn.scalar(select(func.max(changes.c.seq))) or 0


async def oldest(unit: Unit) -> int:
    """Give the number of the first change that is still kept."""
    return await unit.conn.scalar(select(func.min(changes.c.seq))) or 0


async def changed_after(unit: Unit, seq: int, limit: int) -> list[tuple[int, int]]:
    """Give (number, subscriber id) of the changes after ``seq``, in order."""
    rows = await unit.conn.execute(
        select(changes.c.seq, changes.c.subscriber_id).where(changes.c.seq > seq).order_by(changes.c.seq).limit(limit)
    )
    return [(row.seq, row.subscriber_id) for row in rows]


async def trim_changes(unit: Unit, before: int) -> None:
    """Forget the changes before the number ``before``."""
    await unit.conn.execute(delete(changes).where(changes.c.seq < before))


async def entrants_cursor(unit: Unit) -> int:
    """Give the number of the last change that was looked at for late entrants."""
    return await unit.conn.scalar(select(cursors.c.seq).where(cursors.c.name == _ENTRANTS)) or 0


async def move_entrants_cursor(unit: Unit, seq: int) -> None:
    """Say that the changes up to ``seq`` were looked at for late entrants."""
    await unit.conn.execute(
        text(
            "INSERT INTO cursors (name, seq) VALUES (:name, :seq)"
            " ON CONFLICT (name) DO UPDATE SET seq = excluded.seq WHERE excluded.seq > cursors.seq"
        ),
        {"name": _ENTRANTS, "seq": seq},
    )


async def points(unit: Unit) -> AsyncIterator[Points]:
    """Give every place and position, opened, in parts of some ten thousand."""
    for table, key in ((places, places.c.id), (positions, positions.c.subscriber_id)):
        after = 0
        while True:
            rows = (
                await unit.conn.execute(
                    select(key, table.c.subscriber_id, table.c.sealed).where(key > after).order_by(key).limit(_PART)
                )
            ).all()
            if not rows:
                break
            after = rows[-1][0]
            opened = unit.vault.open
            plain = b"".join(opened(sealed, b"place:%d" % owner)[:16] for _, owner, sealed in rows)
            where = np.frombuffer(plain, dtype="<f8").reshape(-1, 2).astype(np.float64)
            keys = np.fromiter((row[0] for row in rows), np.int64, len(rows))
            owners = np.fromiter((row[1] for row in rows), np.int64, len(rows))
            yield Points(keys if table is places else -keys, owners, where[:, 0], where[:, 1])


async def locales(unit: Unit) -> AsyncIterator[tuple[NDArray[np.int64], list[str]]]:
    """Give (subscriber ids, their locales) in parts."""
    after = 0
    while True:
        rows = (
            await unit.conn.execute(
                select(subscribers.c.id, subscribers.c.locale)
                .where(subscribers.c.id > after)
                .order_by(subscribers.c.id)
                .limit(_PART)
            )
        ).all()
        if not rows:
            return
        after = rows[-1][0]
        yield np.fromiter((row[0] for row in rows), np.int64, len(rows)), [row[1] for row in rows]


async def vulnerable(unit: Unit) -> AsyncIterator[NDArray[np.int64]]:
    """Give the ids of those who are to be told before others, in parts; each flag has to be opened."""
    after = 0
    while True:
        rows = (
            await unit.conn.execute(
                select(subscribers.c.id, subscribers.c.token_hash, subscribers.c.vulnerable)
                .where(subscribers.c.id > after)
                .order_by(subscribers.c.id)
                .limit(_PART)
            )
        ).all()
        if not rows:
            return
        after = rows[-1][0]
        open_flag, vault = people.open_flag, unit.vault
        yield np.array([each for each, token, sealed in rows if open_flag(vault, token, sealed)], np.int64)


async def contact_pairs(unit: Unit) -> NDArray[np.int64]:
    """Give rows of (subscriber id, contact id, channel number), by ascending subscriber: contacts that work.

    Whoever is paused has none.
    """
    rows = await unit.conn.execute(
        select(links.c.subscriber_id, links.c.contact_id, contacts.c.channel)
        .join(contacts, contacts.c.id == links.c.contact_id)
        .where(
            links.c.status == LinkStatus.CONFIRMED,
            contacts.c.status == ContactStatus.ACTIVE,
            links.c.subscriber_id.not_in(select(subscribers.c.id).where(subscribers.c.paused_until.is_not(None))),
        )
        .order_by(links.c.subscriber_id, links.c.contact_id)
    )
    return _rows(list(rows.all()), 3)


async def follower_pairs(unit: Unit) -> NDArray[np.int64]:
    """Give rows of (station id, subscriber id)."""
    rows = await unit.conn.execute(
        select(follows.c.station_id, follows.c.subscriber_id).order_by(follows.c.station_id, follows.c.subscriber_id)
    )
    return _rows(list(rows.all()), 2)


async def member_pairs(unit: Unit) -> NDArray[np.int64]:
    """Give rows of (group id, subscriber id)."""
    rows = await unit.conn.execute(
        select(memberships.c.group_id, memberships.c.subscriber_id).order_by(
            memberships.c.group_id, memberships.c.subscriber_id
        )
    )
    return _rows(list(rows.all()), 2)


async def refusals(unit: Unit) -> NDArray[np.int64]:
    """Give rows of (station id, contact id): where a station may not write to a contact."""
    rows = await unit.conn.execute(
        select(opt_outs.c.station_id, opt_outs.c.contact_id).order_by(opt_outs.c.station_id, opt_outs.c.contact_id)
    )
    return _rows(list(rows.all()), 2)


async def group_names(unit: Unit) -> dict[tuple[int, str], int]:
    """Give (station id, slug) to group id."""
    rows = await unit.conn.execute(select(groups.c.station_id, groups.c.slug, groups.c.id))
    return {(row.station_id, row.slug): row.id for row in rows}


async def known(unit: Unit, subscriber_ids: Sequence[int]) -> dict[int, Known]:
    """Give what the indexes keep of these subscribers; one that is missing was erased."""
    found = {
        row.id: Known(row.locale, people.open_flag(unit.vault, row.token_hash, row.vulnerable))
        for row in await unit.conn.execute(
            select(subscribers.c.id, subscribers.c.locale, subscribers.c.token_hash, subscribers.c.vulnerable).where(
                subscribers.c.id.in_(subscriber_ids)
            )
        )
    }
    ids = list(found)
    owners: defaultdict[int, list[int]] = defaultdict(list)
    for subscriber_id, contact_id, channel in await unit.conn.execute(
        select(links.c.subscriber_id, contacts.c.id, contacts.c.channel)
        .join(contacts, contacts.c.id == links.c.contact_id)
        .where(
            links.c.subscriber_id.in_(ids),
            links.c.status == LinkStatus.CONFIRMED,
            contacts.c.status == ContactStatus.ACTIVE,
            links.c.subscriber_id.not_in(select(subscribers.c.id).where(subscribers.c.paused_until.is_not(None))),
        )
    ):
        found[subscriber_id].contacts.append((contact_id, channel))
        owners[contact_id].append(subscriber_id)
    for station_id, contact_id in await unit.conn.execute(
        select(opt_outs.c.station_id, opt_outs.c.contact_id).where(opt_outs.c.contact_id.in_(list(owners)))
    ):
        for subscriber_id in owners[contact_id]:
            found[subscriber_id].refused.add((station_id, contact_id))
    for station_id, subscriber_id in await unit.conn.execute(
        select(follows.c.station_id, follows.c.subscriber_id).where(follows.c.subscriber_id.in_(ids))
    ):
        found[subscriber_id].stations.add(station_id)
    for group_id, subscriber_id in await unit.conn.execute(
        select(memberships.c.group_id, memberships.c.subscriber_id).where(memberships.c.subscriber_id.in_(ids))
    ):
        found[subscriber_id].groups.add(group_id)
    for place_id, subscriber_id, sealed in await unit.conn.execute(
        select(places.c.id, places.c.subscriber_id, places.c.sealed).where(places.c.subscriber_id.in_(ids))
    ):
        found[subscriber_id].points.append((place_id, *people.open_point(unit, subscriber_id, sealed)[:2]))
    for subscriber_id, sealed in await unit.conn.execute(
        select(positions.c.subscriber_id, positions.c.sealed).where(positions.c.subscriber_id.in_(ids))
    ):
        found[subscriber_id].points.append((-subscriber_id, *people.open_point(unit, subscriber_id, sealed)[:2]))
    return found


def _rows(rows: list[tuple[int, ...]], width: int) -> NDArray[np.int64]:
    return np.array([tuple(row) for row in rows], dtype=np.int64).reshape(-1, width)
