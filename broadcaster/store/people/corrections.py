"""Requests for a correction: one open request a person and station, which a further one completes."""

import json
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, case, func, select, update

from broadcaster.domain.corrections import ANSWERED_WITHIN, MOST_CONTACTS, Correction, CorrectionState, Wanted, next_try
from broadcaster.domain.people import ChannelName, NewContact
from broadcaster.store.engine.engine import Unit
from broadcaster.store.tables import corrections

ANNOUNCED_EVERY = timedelta(days=1)
"""Operators of a station are told of requests once in this time."""

_SHOWN = 100
_CONTEXT = b"correction:%d"


async def ask(unit: Unit, station_id: int, subscriber_id: int, wanted: Wanted, now: datetime) -> datetime:
    """Store a request; return when the first part of it was asked for.

    What an open one of theirs says stays where this one says nothing; contacts are added, the last few.
    """
    await unit.in_turn("correction", subscriber_id)
    of = corrections.c
    mine = of.subscriber_id == subscriber_id, of.station_id == station_id, of.state == CorrectionState.OPEN
    row = (await unit.conn.execute(select(corrections).where(*mine))).one_or_none()
    if row is None:
        values = {"station_id": station_id, "subscriber_id": subscriber_id, "state": CorrectionState.OPEN}
        sealed = _sealed(unit, subscriber_id, wanted)
        await unit.conn.execute(corrections.insert().values(values | {"sealed": sealed, "asked_at": now}))
        return now
    known = _correction(unit, row)
    before = known.wanted
    added = tuple(each for each in wanted.contacts if each not in before.contacts)
    both = replace(
        wanted,
        text=wanted.text or before.text,
        name=wanted.name or before.name,
        address=wanted.address or before.address,
        contacts=(*before.contacts, *added)[-MOST_CONTACTS:],
    )
    sealed = _sealed(unit, subscriber_id, both)
    await unit.conn.execute(update(corrections).where(of.id == row.id).values(sealed=sealed))
    return known.asked_at


async def of_station(unit: Unit, station_id: int) -> list[Correction]:
    """Return a station's requests: the open ones, the oldest first; then the newest of the others."""
    of = corrections.c
    mine = select(corrections).where(of.station_id == station_id)
    waiting = mine.where(of.state == CorrectionState.OPEN).order_by(of.asked_at, of.id).limit(_SHOWN)
    done = mine.where(of.state != CorrectionState.OPEN).order_by(of.decided_at.desc(), of.id.desc()).limit(_SHOWN)
    return [_correction(unit, row) for query in (waiting, done) for row in await unit.conn.execute(query)]


async def of_person(unit: Unit, subscriber_id: int) -> list[Correction]:
    mine = select(corrections).where(corrections.c.subscriber_id == subscriber_id)
    return [_correction(unit, row) for row in await unit.conn.execute(mine.order_by(corrections.c.id.desc()))]


async def waiting(unit: Unit, station_ids: Collection[int], now: datetime) -> dict[int, tuple[int, int]]:
    """Return how many requests wait, and how many of them are overdue, at each of these stations that has some."""
    of = corrections.c
    late = func.count(case((of.asked_at <= now - ANSWERED_WITHIN, 1)))
    here = of.station_id.in_(list(station_ids)), of.state == CorrectionState.OPEN
    query = select(of.station_id, func.count(), late).where(*here).group_by(of.station_id).order_by(func.min(of.id))
    return {station_id: (number, overdue) for station_id, number, overdue in await unit.conn.execute(query)}


async def to_announce(unit: Unit, now: datetime) -> dict[int, list[int]]:
    """Return ids of open requests that operators were not told of, by station: of those not told of any for a day."""
    of = corrections.c
    lately = select(of.station_id).where(of.announced_at > now - ANNOUNCED_EVERY)
    new = of.state == CorrectionState.OPEN, of.announced_at.is_(None), of.station_id.not_in(lately)
    found: dict[int, list[int]] = {}
    for station_id, number in await unit.conn.execute(select(of.station_id, of.id).where(*new).order_by(of.id)):
        found.setdefault(station_id, []).append(number)
    return found


async def mark_announced(unit: Unit, ids: Collection[int], now: datetime) -> None:
    await unit.conn.execute(update(corrections).where(corrections.c.id.in_(list(ids))).values(announced_at=now))


async def accepted(unit: Unit, station_id: int) -> dict[int, list[Wanted]]:
    """Return what a station corrected as people asked, by person."""
    of = corrections.c
    found: dict[int, list[Wanted]] = {}
    query = select(corrections).where(of.station_id == station_id, of.state == CorrectionState.ACCEPTED)
    for row in await unit.conn.execute(query):
        found.setdefault(row.subscriber_id, []).append(_correction(unit, row).wanted)
    return found


async def decide(
    unit: Unit, station_id: int, correction_id: int, state: CorrectionState, *, reason: str, by: int, now: datetime
) -> Correction | None:
    """Accept or refuse an open request and return it; return None if it is not open any more."""
    of = corrections.c
    done = update(corrections).where(
        of.id == correction_id, of.station_id == station_id, of.state == CorrectionState.OPEN
    )
    values = {"state": state, "decided_at": now, "decided_by": by, "tell_at": next_try(now, now)}
    row = (await unit.conn.execute(done.values(values).returning(*corrections.c))).one_or_none()
    if row is None:
        return None
    if reason:
        sealed = unit.vault.seal(reason.encode(), _CONTEXT % row.subscriber_id)
        await unit.conn.execute(update(corrections).where(of.id == row.id).values(reason=sealed))
    return replace(_correction(unit, row), reason=reason)


async def untold(unit: Unit, now: datetime, limit: int) -> list[Correction]:
    """Return answers to send again, the longest due first."""
    query = select(corrections).where(corrections.c.tell_at <= now).order_by(corrections.c.tell_at).limit(limit)
    return [_correction(unit, row) for row in await unit.conn.execute(query)]


async def tell_later(unit: Unit, correction_id: int, at: datetime | None) -> None:
    """Send an answer again at a time, or no more."""
    await unit.conn.execute(update(corrections).where(corrections.c.id == correction_id).values(tell_at=at))


async def told(unit: Unit, correction_id: int, now: datetime) -> None:
    this = corrections.c.id == correction_id
    await unit.conn.execute(update(corrections).where(this).values(told_at=now, tell_at=None))


def _sealed(unit: Unit, subscriber_id: int, wanted: Wanted) -> bytes:
    plain = {
        "text": wanted.text,
        "name": wanted.name,
        "address": wanted.address,
        "told": plain_contact(wanted.told),
        "contacts": [plain_contact(each) for each in wanted.contacts],
    }
    return unit.vault.seal(json.dumps(plain).encode(), _CONTEXT % subscriber_id)


def plain_contact(contact: NewContact) -> list[str]:
    return [contact.channel.value, contact.canonical, contact.address]


def contact_of(plain: list[str]) -> NewContact:
    channel, canonical, address = plain
    return NewContact(ChannelName(channel), canonical, address)


def _correction(unit: Unit, row: Row[Any]) -> Correction:
    context = _CONTEXT % row.subscriber_id
    plain = json.loads(unit.vault.open(row.sealed, context))
    contacts = tuple(contact_of(each) for each in plain["contacts"])
    wanted = Wanted(contact_of(plain["told"]), plain["text"], plain["name"], plain["address"], contacts)
    reason = "" if row.reason is None else unit.vault.open(row.reason, context).decode()
    when = row.asked_at, row.decided_at, row.decided_by, row.told_at, row.tell_at
    return Correction(row.id, row.station_id, row.subscriber_id, wanted, CorrectionState(row.state), *when, reason)
