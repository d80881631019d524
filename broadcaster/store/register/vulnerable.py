"""The register of vulnerable people of a station (``domain.vulnerable``), sealed."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, select, update

from broadcaster.domain.people import PHONES
from broadcaster.domain.vulnerable import Asker, Details, Entry, Ground
from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.numbering import reserve
from broadcaster.store.people import people, told_first
from broadcaster.store.register import persons
from broadcaster.store.register.persons import Person
from broadcaster.store.tables import vulnerable_people

_AT_ONCE = 500


async def add(
    unit: Unit,
    station_id: int,
    details: Details,
    *,
    asked_at: datetime | None,
    now: datetime,
    person: int | None = None,
) -> int:
    """Add an entry; return its id. ``person``: on the alert list; an entry already linked to them is unlinked."""
    if person is not None:
        await told_first.unlink(unit, person, station_id)
    (entry_id,) = await _insert(unit, station_id, [(details, person)], asked_at, now)
    await _settle(unit, [] if person is None else [person])
    return entry_id


async def _insert(
    unit: Unit, station_id: int, given: Sequence[tuple[Details, int | None]], asked_at: datetime | None, now: datetime
) -> list[int]:
    ids = await reserve(unit, vulnerable_people, len(given))
    rows = [
        {
            "id": entry_id,
            "station_id": station_id,
            "sealed": _sealed(unit, entry_id, details),
            "asked_at": asked_at,
            "confirmed_at": asked_at or now,
            **_link(unit, entry_id, person),
        }
        for entry_id, (details, person) in zip(ids, given, strict=True)
    ]
    if rows:
        await unit.conn.execute(vulnerable_people.insert(), rows)
    return ids


def _link(unit: Unit, entry_id: int, person: int | None) -> dict[str, bytes | None]:
    if person is None:
        return {"person_mark": None, "person": None}
    sealed = unit.vault.seal(b"%d" % person, _context(entry_id))
    return {"person_mark": told_first.mark_of(unit.vault, person), "person": sealed}


async def change(unit: Unit, entry_id: int, details: Details) -> None:
    await unit.conn.execute(_of(entry_id).values(sealed=_sealed(unit, entry_id, details)))


async def link(unit: Unit, station_id: int, entry_id: int, person: int | None) -> None:
    """Link an entry to a person on the alert list, who is told first from now on; None: unlink it."""
    entry = await by_id(unit, station_id, entry_id)
    before = None if entry is None else entry.person
    if before == person:
        return
    if person is not None:
        await told_first.unlink(unit, person, station_id)
    await unit.conn.execute(_of(entry_id).values(_link(unit, entry_id, person)))
    await _settle(unit, [each for each in (before, person) if each is not None])


async def letter_sent(unit: Unit, entry_id: int, at: datetime) -> None:
    await unit.conn.execute(_of(entry_id).values(letter_at=at))


async def confirm(unit: Unit, entry_id: int, at: datetime) -> None:
    """Record that the entry was reviewed."""
    await unit.conn.execute(_of(entry_id).values(confirmed_at=at))


async def remove(unit: Unit, entry: Entry) -> None:
    """Remove an entry on request. The person stays on the alert list, and is told like everybody else."""
    await unit.conn.execute(delete(vulnerable_people).where(vulnerable_people.c.id == entry.id))
    if entry.person is not None:
        await _settle(unit, [entry.person])


async def of(unit: Unit, subscriber_id: int) -> list[Entry]:
    return await _found(unit, vulnerable_people.c.person_mark == told_first.mark_of(unit.vault, subscriber_id))


async def leave(unit: Unit, subscriber_id: int) -> list[Entry]:
    """Remove the entries of a person who asks for it on their own device; return the entries."""
    found = await of(unit, subscriber_id)
    for each in found:
        await remove(unit, each)
    await _settle(unit, [subscriber_id])
    return found


async def by_id(unit: Unit, station_id: int, entry_id: int) -> Entry | None:
    found = await _found(unit, and_(vulnerable_people.c.station_id == station_id, vulnerable_people.c.id == entry_id))
    return found[0] if found else None


async def listed(unit: Unit, station_id: int) -> list[Entry]:
    """Return a station's entries, by name."""
    found = await _found(unit, vulnerable_people.c.station_id == station_id)
    return sorted(found, key=lambda each: each.details.name.casefold())


async def named(unit: Unit, station_id: int, subscriber_ids: Collection[int]) -> dict[int, int]:
    """Return the entry ids of these people on the alert list whom a station's register names, by person id."""
    found: dict[int, int] = {}
    ids = sorted(subscriber_ids)
    for start in range(0, len(ids), _AT_ONCE):
        marks = {told_first.mark_of(unit.vault, each): each for each in ids[start : start + _AT_ONCE]}
        query = select(vulnerable_people.c.id, vulnerable_people.c.person_mark).where(
            vulnerable_people.c.station_id == station_id, vulnerable_people.c.person_mark.in_(list(marks))
        )
        found.update({marks[bytes(row.person_mark)]: row.id for row in await unit.conn.execute(query)})
    return found


async def follow_list(unit: Unit, station_id: int, said: Mapping[int, bool], now: datetime) -> None:
    """Add and remove entries for people on the alert list as a list or a keyed request says; it wrote their flags."""
    there = await named(unit, station_id, said)
    gone = [there[each] for each, enrolled in said.items() if not enrolled and each in there]
    new = [each for each, enrolled in said.items() if enrolled and each not in there]
    for start in range(0, len(gone), _AT_ONCE):
        part = vulnerable_people.c.id.in_(gone[start : start + _AT_ONCE])
        await unit.conn.execute(delete(vulnerable_people).where(part))
    for start in range(0, len(new), _AT_ONCE):
        found = await persons.people_of(unit, station_id, new[start : start + _AT_ONCE])
        await _insert(unit, station_id, [(of_person(each), each.id) for each in found], None, now)
    await _settle(unit, [each for each, enrolled in said.items() if not enrolled and each in there])


def of_person(person: Person) -> Details:
    """Return a person's details known from the alert list."""
    phones = [each.address for each in person.contacts if each.channel in PHONES]
    return Details(
        name=person.name or "",
        address="" if person.address is None else str(person.address.address),
        phone=phones[0] if phones else "",
    )


async def _settle(unit: Unit, subscriber_ids: Sequence[int]) -> None:
    await told_first.settle(unit, subscriber_ids)
    await people.touched(unit, subscriber_ids)


async def _found(unit: Unit, which: ColumnElement[bool]) -> list[Entry]:
    rows = await unit.conn.execute(select(vulnerable_people).where(which).order_by(vulnerable_people.c.id))
    return [_entry(unit, row) for row in rows]


def _entry(unit: Unit, row: Any) -> Entry:
    kept = json.loads(unit.vault.open(row.sealed, _context(row.id)))
    details = Details(**{**kept, "ground": Ground(kept["ground"]), "asker": Asker(kept["asker"])})
    person = None if row.person is None else int(unit.vault.open(row.person, _context(row.id)))
    return Entry(row.id, row.station_id, details, person, row.asked_at, row.letter_at, row.confirmed_at)


def _of(entry_id: int) -> Any:
    return update(vulnerable_people).where(vulnerable_people.c.id == entry_id)


def _sealed(unit: Unit, entry_id: int, details: Details) -> bytes:
    return unit.vault.seal(json.dumps(asdict(details)).encode(), _context(entry_id))


def _context(entry_id: int) -> bytes:
    return b"vulnerable entry:%d" % entry_id
