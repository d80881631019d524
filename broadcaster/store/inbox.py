"""SMS texts that people sent to a station, sealed; limited in number and age."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, select, update

from broadcaster.store.engine.engine import Unit
from broadcaster.store.tables import alerts, follows, inbox_messages, links, stations

MOST = 1000
"""Texts kept per station; the oldest are deleted first."""
_TWICE = timedelta(minutes=10)
"""The same text from a number within this time counts as a duplicate from the provider."""
_CONTEXT = b"inbox"


@dataclass(frozen=True, slots=True)
class InboxText:
    """``number``: E.164. ``read_by``: id of the operator who dealt with it."""

    id: int
    number: str
    text: str
    at: datetime
    read_by: int | None


async def station_of(unit: Unit, contact_ids: Sequence[int], alert_ids: Sequence[int]) -> int | None:
    """Return the station that a text is for: of the newest alert to its sender, else followed, else of the last one."""
    for query in (
        select(alerts.c.station_id).where(alerts.c.id.in_(alert_ids[:1])),
        select(follows.c.station_id)
        .join(links, links.c.subscriber_id == follows.c.subscriber_id)
        .where(links.c.contact_id.in_(contact_ids))
        .order_by(follows.c.station_id),
        select(alerts.c.station_id).order_by(alerts.c.id.desc()),
        select(stations.c.id).order_by(stations.c.id),
    ):
        found: int | None = await unit.conn.scalar(query.limit(1))
        if found is not None:
            return found
    return None


async def keep(unit: Unit, station_id: int, number: str, text: str, now: datetime) -> None:
    """Store a text, ignoring a duplicate from the provider, and delete the oldest beyond the limit."""
    same = unit.vault.fingerprint("inbox text", f"{number}\0{text}")
    mine = inbox_messages.c.station_id == station_id
    twice = mine & (inbox_messages.c.same == same) & (inbox_messages.c.at > now - _TWICE)
    if await unit.conn.scalar(select(inbox_messages.c.id).where(twice).limit(1)) is not None:
        return
    sealed = unit.vault.seal(json.dumps([number, text]).encode(), _CONTEXT)
    values = {"sender": unit.vault.fingerprint("inbox", number), "same": same, "sealed": sealed, "at": now}
    await unit.conn.execute(inbox_messages.insert().values(values | {"station_id": station_id}))
    oldest = select(inbox_messages.c.id).where(mine).order_by(inbox_messages.c.id.desc()).offset(MOST).limit(1)
    last = await unit.conn.scalar(oldest)
    if last is not None:
        await unit.conn.execute(delete(inbox_messages).where(mine, inbox_messages.c.id <= last))


async def heard_since(unit: Unit, station_id: int, number: str, since: datetime) -> bool:
    """Return whether a number sent a text after then."""
    sender = inbox_messages.c.sender == unit.vault.fingerprint("inbox", number)
    query = select(inbox_messages.c.id).where(
        inbox_messages.c.station_id == station_id, sender, inbox_messages.c.at > since
    )
    return await unit.conn.scalar(query.limit(1)) is not None


async def page(unit: Unit, station_id: int, *, before: int | None, limit: int) -> list[InboxText]:
    """Return texts, newest first; ``before``: the last id seen."""
    query = select(inbox_messages).where(inbox_messages.c.station_id == station_id)
    if before is not None:
        query = query.where(inbox_messages.c.id < before)
    rows = await unit.conn.execute(query.order_by(inbox_messages.c.id.desc()).limit(limit))
    return [_text(unit, row) for row in rows]


async def of_numbers(unit: Unit, numbers: Iterable[str]) -> list[tuple[int, InboxText]]:
    """Return what these numbers wrote, newest first, each with its station's id."""
    senders = {unit.vault.fingerprint("inbox", each) for each in numbers}
    rows = await unit.conn.execute(
        select(inbox_messages).where(inbox_messages.c.sender.in_(senders)).order_by(inbox_messages.c.id.desc())
    )
    return [(row.station_id, _text(unit, row)) for row in rows]


async def read(unit: Unit, station_id: int, message_id: int, key_id: int) -> bool:
    """Mark a text as dealt with; return False if it is unknown or already marked."""
    mine = inbox_messages.c.id == message_id, inbox_messages.c.station_id == station_id
    done = await unit.conn.execute(
        update(inbox_messages).where(*mine, inbox_messages.c.read_by.is_(None)).values(read_by=key_id)
    )
    return done.rowcount == 1


def _text(unit: Unit, row: Row[Any]) -> InboxText:
    number, said = json.loads(unit.vault.open(row.sealed, _CONTEXT))
    return InboxText(row.id, number, said, row.at, row.read_by)


async def forget(unit: Unit, numbers: Iterable[str]) -> None:
    """Delete what these numbers wrote."""
    senders = [unit.vault.fingerprint("inbox", each) for each in numbers]
    await unit.conn.execute(delete(inbox_messages).where(inbox_messages.c.sender.in_(senders)))
