"""Data for the in-memory indexes, and the change feed they follow."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, BindParameter, Column, bindparam, delete, func, select, text

from broadcaster.domain.people import ContactStatus, LinkStatus
from broadcaster.store.engine.bulk import Columns, Fetch, in_hex
from broadcaster.store.engine.engine import Unit
from broadcaster.store.people import seals, told_first
from broadcaster.store.stations.labels import open_group
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

_PART = 20_000
_ENTRANTS = "entrants"

EVERY_STATION = 0
"""Means all stations: after a STOP at the provider, none may write to the contact."""


@dataclass(frozen=True, slots=True)
class Points:
    """Places and positions: keys (minus the subscriber id for a position), owners, WGS 84 degrees; equal lengths."""

    keys: NDArray[np.int64]
    owners: NDArray[np.int64]
    lons: NDArray[np.float64]
    lats: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Traits:
    """Subscribers, ascending, with locale, vulnerable, unconfirmed and paused flags; equal lengths."""

    ids: NDArray[np.int64]
    locales: Sequence[str]
    vulnerable: NDArray[np.bool_]
    unconfirmed: NDArray[np.bool_]
    paused: NDArray[np.bool_]


@dataclass
class Known:
    """One subscriber as the indexes hold them.

    ``contacts``: (contact id, channel number). ``points``: (key, lon, lat). ``refused``: (station id or
    ``EVERY_STATION``, contact id) that may not be written to. ``registered``: those of ``stations`` that entered them.
    """

    locale: str = ""
    vulnerable: bool = False
    unconfirmed: bool = False
    paused: bool = False
    contacts: list[tuple[int, int]] = field(default_factory=list)
    stations: set[int] = field(default_factory=set)
    registered: set[int] = field(default_factory=set)
    groups: set[int] = field(default_factory=set)
    refused: set[tuple[int, int]] = field(default_factory=set)
    points: list[tuple[int, float, float]] = field(default_factory=list)


async def newest(unit: Unit) -> int:
    """Return the last change's number."""
    return await unit.conn.scalar(select(func.max(changes.c.seq))) or 0


class Change(NamedTuple):
    """``fix``: set only if nothing but the position changed: sealed (``fixes.open_fix``), or ``LOOKED_AT``."""

    seq: int
    subscriber_id: int
    fix: bytes | None


_CHANGED = Fetch(
    select(changes.c.seq, changes.c.subscriber_id, changes.c.fix.is_not(None), in_hex(changes.c.fix))
    .where(changes.c.seq > bindparam("after", type_=BigInteger))
    .order_by(changes.c.seq)
    .limit(bindparam("most", type_=BigInteger))
)


async def changed_after(unit: Unit, seq: int, limit: int) -> list[Change]:
    """Return changes after number ``seq``, in order."""
    rows = await _CHANGED.rows(unit, {"after": seq, "most": limit})
    return [
        Change(number, subscriber_id, bytes.fromhex(fix) if moved else None)
        for number, subscriber_id, moved, fix in sorted(rows)
    ]


async def trim_changes(unit: Unit, before: int) -> None:
    """Delete changes before the number ``before``."""
    await unit.conn.execute(delete(changes).where(changes.c.seq < before))


async def entrants_cursor(unit: Unit) -> int:
    """Return the last change checked by *enter*."""
    return await unit.conn.scalar(select(cursors.c.seq).where(cursors.c.name == _ENTRANTS)) or 0


async def move_entrants_cursor(unit: Unit, seq: int) -> None:
    """Record that *enter* has checked the changes up to ``seq``."""
    await unit.conn.execute(
        text(
            "INSERT INTO cursors (name, seq) VALUES (:name, :seq)"
            " ON CONFLICT (name) DO UPDATE SET seq = excluded.seq WHERE excluded.seq > cursors.seq"
        ),
        {"name": _ENTRANTS, "seq": seq},
    )


_LO: BindParameter[int] = bindparam("lo")
_HI: BindParameter[int] = bindparam("hi")
_REGISTERED = func.coalesce(follows.c.registered, 0).label("registered")
_NOT_DEAD = contacts.c.status.in_((ContactStatus.ACTIVE, ContactStatus.STOPPED))
_NOT_PAUSED = links.c.subscriber_id.not_in(
    select(subscribers.c.id).where(subscribers.c.id.between(_LO, _HI), subscribers.c.paused_until.is_not(None))
)
_CONTACTS = Columns(
    select(links.c.subscriber_id, links.c.contact_id, contacts.c.channel)
    .join(contacts, contacts.c.id == links.c.contact_id)
    .where(links.c.subscriber_id.between(_LO, _HI), links.c.status == LinkStatus.CONFIRMED, _NOT_DEAD, _NOT_PAUSED)
    .order_by(links.c.subscriber_id, links.c.contact_id)
)
_FOLLOWERS = Columns(
    select(follows.c.station_id, follows.c.subscriber_id, _REGISTERED).where(follows.c.subscriber_id.between(_LO, _HI))
)
_MEMBERS = Columns(
    select(memberships.c.group_id, memberships.c.subscriber_id).where(memberships.c.subscriber_id.between(_LO, _HI))
)
_PEOPLE = Columns(
    select(
        subscribers.c.id,
        subscribers.c.locale,
        in_hex(subscribers.c.token_hash),
        in_hex(subscribers.c.vulnerable),
        subscribers.c.unconfirmed_at.is_not(None),
        subscribers.c.paused_until.is_not(None),
    )
    .where(subscribers.c.id.between(_LO, _HI))
    .order_by(subscribers.c.id)
)
_PLACES = Columns(
    select(places.c.id, places.c.subscriber_id, in_hex(places.c.sealed)).where(places.c.id.between(_LO, _HI))
)
_POSITIONS = Columns(
    select(-positions.c.subscriber_id, positions.c.subscriber_id, in_hex(positions.c.sealed)).where(
        positions.c.subscriber_id.between(_LO, _HI)
    )
)


async def _windows(unit: Unit, ids: Column[int] = subscribers.c.id) -> list[dict[str, int]]:
    """Return ranges of some ten thousand of these ids, which are assigned in order: at least one."""
    last = await unit.conn.scalar(select(func.max(ids))) or 1
    return [{"lo": lo, "hi": lo + _PART - 1} for lo in range(1, last + 1, _PART)]


async def _take_windows(
    unit: Unit, columns: Columns, ids: Column[int], take: Callable[[Sequence[Sequence[Any]]], None]
) -> None:
    """Hand the columns of each window to ``take``; meanwhile the next window is read, by SQLite's thread."""
    windows = await _windows(unit, ids)
    reading = asyncio.ensure_future(columns.lists(unit, windows[0]))
    try:
        for window in [*windows[1:], None]:
            read = await reading
            if window is not None:
                reading = asyncio.ensure_future(columns.lists(unit, window))
                await asyncio.sleep(0)  # so that it begins
            if read[0]:
                take(read)
    finally:
        await asyncio.wait([reading])


async def _in_windows(unit: Unit, columns: Columns) -> NDArray[np.int64]:
    return np.concatenate([await columns.read(unit, window) for window in await _windows(unit)], axis=1)


async def points(unit: Unit) -> list[Points]:
    """Return every place and position, opened, in parts of some ten thousand."""
    found: list[Points] = []

    def take(read: Sequence[Sequence[Any]]) -> None:
        keys, owners, sealed = read
        plain = seals.open_coordinates(unit.vault, owners, [bytes.fromhex(each) for each in sealed])
        where = np.frombuffer(plain, dtype="<f8").reshape(-1, 2).astype(np.float64)
        found.append(Points(np.array(keys, np.int64), np.array(owners, np.int64), where[:, 0], where[:, 1]))

    await _take_windows(unit, _PLACES, places.c.id, take)
    await _take_windows(unit, _POSITIONS, positions.c.subscriber_id, take)
    return found


async def traits(unit: Unit, take: Callable[[Traits], None]) -> None:
    """Hand locales and flags of all subscribers to ``take``, in parts; each flag must be opened."""

    def opened(read: Sequence[Sequence[Any]]) -> None:
        ids, spoken, tokens, sealed, *said = read
        hashes = [bytes.fromhex(each) for each in tokens]
        flags = told_first.all_opened(unit.vault, hashes, [bytes.fromhex(each) if each else None for each in sealed])
        take(Traits(np.array(ids, np.int64), spoken, *(np.array(each, np.bool_) for each in (flags, *said))))

    await _take_windows(unit, _PEOPLE, subscribers.c.id, opened)


async def contact_pairs(unit: Unit) -> NDArray[np.int64]:
    """Return working contacts: (subscriber id, contact id, channel number), shape (3, n), by ascending subscriber.

    Paused subscribers have none.
    """
    return await _in_windows(unit, _CONTACTS)


async def follower_pairs(unit: Unit) -> NDArray[np.int64]:
    """Return (station id, subscriber id, 1 if the station registered them), shape (3, n), by ascending subscriber."""
    return await _in_windows(unit, _FOLLOWERS)


async def member_pairs(unit: Unit) -> NDArray[np.int64]:
    """Return (group id, subscriber id), shape (2, n), by ascending subscriber."""
    return await _in_windows(unit, _MEMBERS)


async def refusals(unit: Unit) -> list[tuple[int, int]]:
    """Return (station id or ``EVERY_STATION``, contact id) where writing is not allowed."""
    rows = await unit.conn.execute(
        select(opt_outs.c.station_id, opt_outs.c.contact_id).order_by(opt_outs.c.station_id, opt_outs.c.contact_id)
    )
    stopped = await unit.conn.scalars(
        select(contacts.c.id).where(contacts.c.status == ContactStatus.STOPPED).order_by(contacts.c.id)
    )
    return [*((EVERY_STATION, each) for each in stopped), *((row.station_id, row.contact_id) for row in rows)]


async def group_names(unit: Unit) -> dict[tuple[int, str], int]:
    """Return (station id, slug) to group id."""
    rows = await unit.conn.execute(select(groups))
    return {(row.station_id, open_group(unit.vault, row)[0]): row.id for row in rows}


async def known(unit: Unit, subscriber_ids: Sequence[int]) -> dict[int, Known]:
    """Return the index data of these subscribers; those missing were erased."""
    found = {
        row.id: Known(
            row.locale,
            told_first.opened(unit.vault, row.token_hash, row.vulnerable),
            unconfirmed=row.unconfirmed_at is not None,
            paused=row.paused_until is not None,
        )
        for row in await unit.conn.execute(_PEOPLE_OF, {"ids": subscriber_ids})
    }
    ids = {"ids": list(found)}
    owners: defaultdict[int, list[int]] = defaultdict(list)
    for subscriber_id, contact_id, channel, status in await unit.conn.execute(_CONTACTS_OF, ids):
        found[subscriber_id].contacts.append((contact_id, channel))
        if status == ContactStatus.STOPPED:
            found[subscriber_id].refused.add((EVERY_STATION, contact_id))
        owners[contact_id].append(subscriber_id)
    for station_id, contact_id in await unit.conn.execute(_OPT_OUTS_OF, {"ids": list(owners)}):
        for subscriber_id in owners[contact_id]:
            found[subscriber_id].refused.add((station_id, contact_id))
    for station_id, subscriber_id, registered in await unit.conn.execute(_FOLLOWS_OF, ids):
        found[subscriber_id].stations.add(station_id)
        if registered:
            found[subscriber_id].registered.add(station_id)
    for group_id, subscriber_id in await unit.conn.execute(_GROUPS_OF, ids):
        found[subscriber_id].groups.add(group_id)
    for place_id, subscriber_id, sealed in await unit.conn.execute(_PLACES_OF, ids):
        found[subscriber_id].points.append((place_id, *seals.open_point(unit.vault, subscriber_id, sealed)[:2]))
    for subscriber_id, sealed in await unit.conn.execute(_POSITIONS_OF, ids):
        found[subscriber_id].points.append((-subscriber_id, *seals.open_point(unit.vault, subscriber_id, sealed)[:2]))
    return found


# Built once: `known` runs for each group of registrations, and building the statement took as long as running it.
_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_PEOPLE_OF = select(
    *(subscribers.c[name] for name in ("id", "locale", "token_hash", "vulnerable", "unconfirmed_at", "paused_until"))
).where(subscribers.c.id.in_(_IDS))
_CONTACTS_OF = (
    select(links.c.subscriber_id, contacts.c.id, contacts.c.channel, contacts.c.status)
    .join(contacts, contacts.c.id == links.c.contact_id)
    .where(
        links.c.subscriber_id.in_(_IDS),
        links.c.status == LinkStatus.CONFIRMED,
        _NOT_DEAD,
        links.c.subscriber_id.not_in(select(subscribers.c.id).where(subscribers.c.paused_until.is_not(None))),
    )
)
_OPT_OUTS_OF = select(opt_outs.c.station_id, opt_outs.c.contact_id).where(opt_outs.c.contact_id.in_(_IDS))
_FOLLOWS_OF = select(follows.c.station_id, follows.c.subscriber_id, _REGISTERED).where(
    follows.c.subscriber_id.in_(_IDS)
)
_GROUPS_OF = select(memberships.c.group_id, memberships.c.subscriber_id).where(memberships.c.subscriber_id.in_(_IDS))
_PLACES_OF = select(places.c.id, places.c.subscriber_id, places.c.sealed).where(places.c.subscriber_id.in_(_IDS))
_POSITIONS_OF = select(positions.c.subscriber_id, positions.c.sealed).where(positions.c.subscriber_id.in_(_IDS))
