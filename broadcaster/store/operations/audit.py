"""The audit log: each entry is appended in the transaction of its action, and chained by the leader right after.

The installation has one chain. A writer only inserts: it neither reads nor locks the chain's end, so one action never
waits for another. ``chain`` gives each entry its place and its hash, once; nothing else changes an entry.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, func, select, update

from broadcaster.domain.audit import GENESIS, Action, Actor, ActorKind, Entry, Param, chained, check_params, commitment
from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.rows import of_row
from broadcaster.store.tables import audit_entries, audit_notes, audit_segments, to_micros

_SALT = 16
_CHAINED_AT_ONCE = 2000
_MORE_THAN_A_MONTH = timedelta(days=32)


@dataclass(frozen=True, slots=True)
class Segment:
    """A month of dropped entries; ``hash``: that of the last one, from which the chain continues."""

    month: str
    first: int
    last: int
    hash: bytes


async def record(
    unit: Unit,
    actor: Actor,
    action: Action,
    about: int | None = None,
    *,
    station_id: int | None = None,
    why: str = "",
    **params: Param,
) -> None:
    """Append an entry in this transaction: the action is committed with it, or not at all.

    ``about``: id of the action's object. ``why``: the stated reason; it is sealed separately from the entry.
    ``params``: further ids, counts and codes. Raises ``ValueError`` for a text that is not a code.
    """
    check_params(params)
    salt = os.urandom(_SALT) if why else b""
    values = _values(actor, action, about, station_id) | {"params": json.dumps(params, sort_keys=True)}
    values["note"] = commitment(salt, why) if why else None
    if not why:
        await unit.conn.execute(audit_entries.insert().values(values))
    else:
        made = await unit.conn.execute(audit_entries.insert().values(values).returning(audit_entries.c.id))
        number = int(made.scalar_one())
        sealed = unit.vault.seal(salt + why.encode(), b"audit:%d" % number)
        await unit.conn.execute(audit_notes.insert().values(entry_id=number, sealed=sealed))
    if actor.kind is ActorKind.MACHINE:
        await chain(unit)  # the service, which chains other entries, may not be running


async def record_many(unit: Unit, done: Sequence[tuple[Actor, Action, int]], *, station_id: int) -> None:
    """Append an entry for each object, without params."""
    if done:
        await unit.conn.execute(audit_entries.insert(), [_values(*each, station_id) for each in done])


def _values(actor: Actor, action: Action, about: int | None, station_id: int | None) -> dict[str, Any]:
    return {
        "at": actor.at,
        "station_id": station_id,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "origin": actor.origin,
        "action": action,
        "about": about,
        "params": "{}",
    }


async def waits(unit: Unit) -> bool:
    """Return whether any entry waits to be chained."""
    return await unit.conn.scalar(select(audit_entries.c.id).where(audit_entries.c.seq.is_(None)).limit(1)) is not None


async def chain(unit: Unit) -> int:
    """Chain the waiting entries in the order of their ids; return how many."""
    await unit.in_turn("audit chain")
    seq, last = await head(unit)
    query = select(audit_entries).where(audit_entries.c.seq.is_(None)).order_by(audit_entries.c.id)
    rows = []
    for row in (await unit.conn.execute(query.limit(_CHAINED_AT_ONCE))).all():
        seq += 1
        last = chained(last, seq, entry_of(row), to_micros(row.at))
        rows.append({"of": row.id, "place": seq, "mark": last})
    if rows:
        values: dict[str, Any] = {"seq": bindparam("place"), "hash": bindparam("mark")}
        which = audit_entries.c.id == bindparam("of")
        await unit.conn.execute(update(audit_entries).where(which, audit_entries.c.seq.is_(None)).values(values), rows)
    return len(rows)


async def head(unit: Unit) -> tuple[int, bytes]:
    """Return the place and hash of the newest chained entry; ``(0, GENESIS)`` before the first."""
    newest = select(audit_entries.c.seq, audit_entries.c.hash).where(audit_entries.c.seq.is_not(None))
    row = (await unit.conn.execute(newest.order_by(audit_entries.c.seq.desc()).limit(1))).one_or_none()
    if row is not None:
        return row.seq, row.hash
    dropped = await segments(unit)
    return (dropped[-1].last, dropped[-1].hash) if dropped else (0, GENESIS)


async def last_at(unit: Unit, action: Action) -> datetime | None:
    query = select(func.max(audit_entries.c.at)).where(audit_entries.c.action == action)
    found: datetime | None = await unit.conn.scalar(query)
    return found


async def drop(unit: Unit, actor: Actor, before: datetime) -> list[Segment]:
    """Drop the months that ended before ``before``, oldest first; each leaves its closing hash and an entry."""
    dropped = []
    while (segment := await _oldest(unit, before)) is not None:
        gone = select(audit_entries.c.id).where(audit_entries.c.seq <= segment.last)
        await unit.conn.execute(delete(audit_notes).where(audit_notes.c.entry_id.in_(gone)))
        await unit.conn.execute(delete(audit_entries).where(audit_entries.c.seq <= segment.last))
        first, last, closing = segment.first, segment.last, segment.hash
        row = {"month": segment.month, "first_seq": first, "last_seq": last, "hash": closing}
        await unit.conn.execute(audit_segments.insert().values(row))
        await record(unit, actor, Action.SEGMENT_DROPPED, first=first, last=last, closing=closing.hex())
        dropped.append(segment)
    return dropped


async def _oldest(unit: Unit, before: datetime) -> Segment | None:
    """Return the month of the oldest entry if it ended before ``before``."""
    there = select(audit_entries).where(audit_entries.c.seq.is_not(None))
    first = (await unit.conn.execute(there.order_by(audit_entries.c.seq).limit(1))).one_or_none()
    if first is None:
        return None
    begins = first.at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    ends = (begins + _MORE_THAN_A_MONTH).replace(day=1)
    if ends > before:
        return None
    later = select(func.min(audit_entries.c.seq)).where(audit_entries.c.at >= ends, audit_entries.c.seq.is_not(None))
    stop = await unit.conn.scalar(later)
    rest = there if stop is None else there.where(audit_entries.c.seq < stop)
    last = (await unit.conn.execute(rest.order_by(audit_entries.c.seq.desc()).limit(1))).one()
    return Segment(f"{begins:%Y-%m}", first.seq, last.seq, last.hash)


async def segments(unit: Unit) -> list[Segment]:
    """Return the dropped months, oldest first."""
    rows = await unit.conn.execute(select(audit_segments).order_by(audit_segments.c.last_seq))
    return [Segment(row.month, row.first_seq, row.last_seq, row.hash) for row in rows]


async def erase_reason(unit: Unit, entry_id: int) -> bool:
    """Delete the text of an entry's reason; the chain stays valid. Return False if there is none."""
    return (await unit.conn.execute(delete(audit_notes).where(audit_notes.c.entry_id == entry_id))).rowcount == 1


def entry_of(row: Any) -> Entry:
    actor = Actor(ActorKind(row.actor_kind), row.at, row.actor_id, row.origin)
    return of_row(Entry, row, actor=actor, action=Action(row.action), params=json.loads(row.params))
