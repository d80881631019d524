"""Reads the audit log: page by page, or whole to verify its chain."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, func, or_, select

from broadcaster.domain.audit import GENESIS, Action, Entry, chained
from broadcaster.store.engine.engine import Unit
from broadcaster.store.operations.audit import Segment, entry_of, segments
from broadcaster.store.stations.labels import open_label
from broadcaster.store.tables import api_keys, audit_entries, audit_notes, to_micros

_AT_ONCE = 1000
_SALT = 16


@dataclass(frozen=True, slots=True)
class Only:
    """Filter of entries: by actor, action, object and time.

    ``stations``: entries of these, plus those without a station by or about one of ``people``; None: all.
    """

    stations: Collection[int] | None = None
    people: Collection[int] = ()
    actor_id: int | None = None
    action: Action | None = None
    about: int | None = None
    since: datetime | None = None
    until: datetime | None = None


class Fault(StrEnum):
    """``changed``: an entry does not match its hash: it was changed or moved. ``missing``: entries were removed.

    ``cut``: the log ends before a given head, or has another entry there. ``dropped``: older entries are missing, and
    the end of their month was not recorded.
    """

    CHANGED = "changed"
    MISSING = "missing"
    CUT = "cut"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Verdict:
    """``faults``: each with its place in the chain. ``waiting``: number of entries not chained yet."""

    entries: int
    waiting: int
    seq: int
    hash: bytes
    faults: tuple[tuple[Fault, int], ...]


async def page(unit: Unit, only: Only, *, before: int | None = None, limit: int) -> list[Entry]:
    """Return entries, newest first; ``before`` is the last id seen."""
    query = select(audit_entries).order_by(audit_entries.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(audit_entries.c.id < before)
    if only.stations is not None:
        mine = or_(audit_entries.c.actor_id.in_(only.people), audit_entries.c.about.in_(only.people))
        of_none = and_(audit_entries.c.station_id.is_(None), mine)
        query = query.where(or_(audit_entries.c.station_id.in_(only.stations), of_none))
    for column, wanted in (
        (audit_entries.c.actor_id, only.actor_id),
        (audit_entries.c.action, only.action),
        (audit_entries.c.about, only.about),
    ):
        if wanted is not None:
            query = query.where(column == wanted)
    if only.since is not None:
        query = query.where(audit_entries.c.at >= only.since)
    if only.until is not None:
        query = query.where(audit_entries.c.at < only.until)
    return [entry_of(row) for row in await unit.conn.execute(query)]


async def reasons(unit: Unit, found: Sequence[Entry]) -> dict[int, str]:
    """Return the reasons of entries by id, without erased ones."""
    wanted = [each.id for each in found if each.note is not None]
    rows = await unit.conn.execute(select(audit_notes).where(audit_notes.c.entry_id.in_(wanted)))
    return {row.entry_id: unit.vault.open(row.sealed, b"audit:%d" % row.entry_id)[_SALT:].decode() for row in rows}


async def names(unit: Unit, ids: Collection[int]) -> dict[int, str]:
    """Return the names of operators and the labels of keys, by id."""
    rows = await unit.conn.execute(select(api_keys).where(api_keys.c.id.in_(ids)))
    return {row.id: open_label(unit.vault, row) for row in rows}


def as_json(entry: Entry, reason: str | None) -> dict[str, Any]:
    """Return an entry for an export: with every field that its hash covers."""
    actor = entry.actor
    return {
        "id": entry.id,
        "seq": entry.seq,
        "at": actor.at.isoformat(),
        "actor": actor.kind,
        "actor_id": actor.id,
        "origin": actor.origin,
        "action": entry.action,
        "about": None if entry.about is None else str(entry.about),
        "station_id": entry.station_id,
        "params": dict(entry.params),
        "reason": reason,
        "note": None if entry.note is None else entry.note.hex(),
        "hash": None if entry.hash is None else entry.hash.hex(),
    }


async def verify(unit: Unit, given: tuple[int, bytes] | None = None) -> Verdict:
    """Check the whole chain; ``given``: place and hash of a head that was saved elsewhere."""
    dropped = await segments(unit)
    faults = await _of_segments(unit, dropped)
    seq, last = (dropped[-1].last, dropped[-1].hash) if dropped else (0, GENESIS)
    known = {each.last: each.hash for each in dropped}
    begins, entries = seq, 0
    async for entry in _in_order(unit, seq):
        place = entry.seq or 0
        if place != seq + 1:
            faults.append((Fault.MISSING, seq + 1))
        elif chained(last, place, entry, to_micros(entry.actor.at)) != entry.hash:
            faults.append((Fault.CHANGED, place))
        seq, last, entries = place, entry.hash or b"", entries + 1
        if given is not None and place == given[0]:
            known[place] = last
    if given is not None and (given[0] > begins or given[0] in known) and known.get(given[0]) != given[1]:
        faults.append((Fault.CUT, given[0]))
    waiting = await unit.conn.scalar(select(func.count()).where(audit_entries.c.seq.is_(None)))
    return Verdict(entries, waiting or 0, seq, last, tuple(faults))


async def _of_segments(unit: Unit, dropped: Sequence[Segment]) -> list[tuple[Fault, int]]:
    """Check that each dropped month follows the previous one, and that an entry records the newest."""
    faults, seq = [], 0
    for each in dropped:
        if each.first != seq + 1:
            faults.append((Fault.MISSING, seq + 1))
        seq = each.last
    if dropped:
        told = await page(unit, Only(action=Action.SEGMENT_DROPPED), limit=1)
        if not told or (told[0].params.get("last"), told[0].params.get("closing")) != (seq, dropped[-1].hash.hex()):
            faults.append((Fault.DROPPED, seq))
    return faults


async def _in_order(unit: Unit, after: int) -> AsyncIterator[Entry]:
    while True:
        query = select(audit_entries).where(audit_entries.c.seq > after).order_by(audit_entries.c.seq).limit(_AT_ONCE)
        rows = (await unit.conn.execute(query)).all()
        for row in rows:
            yield entry_of(row)
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1].seq
