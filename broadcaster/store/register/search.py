"""Lists and searches a station's register, page by page, for its operators.

Names are sealed, so a search opens them, in order and a bounded number at a time; numbers, mail addresses and the
register's own ids are found exactly, by blind index.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, exists, func, select

from broadcaster.domain.people import ContactStatus, LinkStatus, NewContact
from broadcaster.domain.spelling import searched
from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.sealing import Vault
from broadcaster.store.people import contacts as contact_rows
from broadcaster.store.people.seals import open_name
from broadcaster.store.tables import contacts, follows, links, memberships, opt_outs, subscribers

MOST_OPENED = 20_000
"""Names that one search opens before it returns what it has, and where to continue."""

MOST_COUNTED = 1000
UNCONFIRMED = select(subscribers.c.id).where(subscribers.c.unconfirmed_at.is_not(None))
"""People with an unconfirmed sign-up; see ``store.waves``."""

_OPENED_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Only:
    """Filter of a station's confirmed followers: all, a group, or those without a working channel."""

    group_id: int | None = None
    unreachable: bool = False


class Found(NamedTuple):
    """Ids of people; ``after``: where to continue, None at the end."""

    ids: list[int]
    after: int | None


async def page(unit: Unit, station_id: int, only: Only, *, after: int | None, limit: int) -> Found:
    """Return followers, newest first; ``after``: the last one seen."""
    query = _ids(station_id, only, after).limit(limit + 1)
    ids = list(await unit.conn.scalars(query))
    return Found(ids[:limit], ids[limit - 1] if len(ids) > limit else None)


async def by_name(unit: Unit, station_id: int, only: Only, *, after: int | None, limit: int) -> Found:
    """Return followers by name, those without a name last; ``after``: how many were seen.

    Opens every name; a register with more than ``MOST_OPENED`` people is returned as ``page`` does.
    """
    rows = (await unit.conn.execute(_names(station_id, only, None).limit(MOST_OPENED + 1))).all()
    if len(rows) > MOST_OPENED:
        return await page(unit, station_id, only, after=after, limit=limit)
    ids = await asyncio.to_thread(_sorted, unit.vault, rows)
    begin = after or 0
    end = begin + limit
    return Found(ids[begin:end], end if len(ids) > end else None)


def _sorted(vault: Vault, rows: Sequence[Row[Any]]) -> list[int]:
    names = {row.subscriber_id: _opened(vault, row) for row in rows}
    return sorted(names, key=lambda each: (not names[each], names[each], -each))


def _opened(vault: Vault, row: Row[Any]) -> str:
    return searched(open_name(vault, row.token_hash, row.name) or "")


async def named(unit: Unit, station_id: int, only: Only, wanted: str, *, after: int | None, limit: int) -> Found:
    """Return followers whose name has words beginning with each word of ``wanted``; accents and case are ignored.

    Opens at most ``MOST_OPENED`` names, then returns what it found so far.
    """
    words = searched(wanted).split()
    found: list[int] = []
    opened = 0
    while words and opened < MOST_OPENED:
        rows = (await unit.conn.execute(_names(station_id, only, after).limit(_OPENED_AT_ONCE))).all()
        like = await asyncio.to_thread(_like, unit.vault, rows, words)
        for each in like:
            found.append(each)
            if len(found) == limit:
                return Found(found, each)
        opened += len(rows)
        if len(rows) < _OPENED_AT_ONCE:
            return Found(found, None)
        after = rows[-1].subscriber_id
    return Found(found, after if words else None)


def _like(vault: Vault, rows: Sequence[Row[Any]], words: Sequence[str]) -> list[int]:
    found = []
    for row in rows:
        name = f" {_opened(vault, row)}"
        if all(f" {word}" in name for word in words):
            found.append(row.subscriber_id)
    return found


async def having(unit: Unit, station_id: int, wanted: Iterable[NewContact]) -> list[int]:
    found: set[int] = set()
    for channel, fingerprint in [contact_rows.key_with(unit.vault, contact) for contact in wanted]:
        rows = await unit.conn.scalars(
            select(follows.c.subscriber_id)
            .join(links, links.c.subscriber_id == follows.c.subscriber_id)
            .join(contacts, contacts.c.id == links.c.contact_id)
            .where(
                follows.c.station_id == station_id, contacts.c.channel == channel, contacts.c.fingerprint == fingerprint
            )
        )
        found.update(rows)
    return sorted(found, reverse=True)


def _ids(station_id: int, only: Only, after: int | None) -> Select[Any]:
    query = (
        select(follows.c.subscriber_id)
        .where(follows.c.station_id == station_id, follows.c.subscriber_id.not_in(UNCONFIRMED))
        .order_by(follows.c.subscriber_id.desc())
    )
    if after is not None:
        query = query.where(follows.c.subscriber_id < after)
    if only.group_id is not None:
        query = query.join(memberships, memberships.c.subscriber_id == follows.c.subscriber_id).where(
            memberships.c.group_id == only.group_id
        )
    if only.unreachable:
        query = query.where(~_working(station_id))
    return query


def _names(station_id: int, only: Only, after: int | None) -> Select[Any]:
    query = _ids(station_id, only, after).add_columns(subscribers.c.name, subscribers.c.token_hash)
    return query.join(subscribers, subscribers.c.id == follows.c.subscriber_id)


def _working(station_id: int) -> ColumnElement[bool]:
    """Condition: the follower has a contact by which the station may write."""
    said_no = exists().where(opt_outs.c.contact_id == contacts.c.id, opt_outs.c.station_id == station_id)
    return exists(
        select(links.c.contact_id)
        .join(contacts, contacts.c.id == links.c.contact_id)
        .where(
            links.c.subscriber_id == follows.c.subscriber_id,
            links.c.status == int(LinkStatus.CONFIRMED),
            contacts.c.status == int(ContactStatus.ACTIVE),
            ~said_no,
        )
    )


async def unwarned(unit: Unit, station_id: int) -> int:
    """Count people who gave no sign for long and are soon erased, while no contact of theirs can take a warning."""
    silent = select(subscribers.c.id).where(subscribers.c.warned_at.is_not(None))
    query = _ids(station_id, Only(unreachable=True), None).where(follows.c.subscriber_id.in_(silent)).order_by(None)
    return await unit.conn.scalar(select(func.count()).select_from(query.subquery())) or 0


async def count(unit: Unit, station_id: int, only: Only) -> int:
    """Count followers; those without a channel up to 1,000, since each is checked."""
    query = _ids(station_id, only, None).order_by(None)
    if only.unreachable:
        query = query.limit(MOST_COUNTED)
    return await unit.conn.scalar(select(func.count()).select_from(query.subquery())) or 0
