"""People who asked to be left out: keyed hashes of their contacts and ids, which outlive all their data.

The hashes have a key of their own, so that they hold when the secret is changed. A contact is on the list everywhere
if its owner erased themselves, and for one station if they said no to that one. Only they take it off, by proving that
they have the contact; or an operator does, with their signed request. Either takes it off for the stations that it is
about; everywhere else it stays. What is taken off leaves a row in ``lifts``, so that no older copy of the list
(``broadcaster.backup.erasures``) puts it on again: of two acts about a contact the newer counts.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Table, bindparam, delete, exists, func, select

from broadcaster.domain.consents import Consent
from broadcaster.domain.people import CHANNELS, PHONES, NewContact, NewSubscriber
from broadcaster.domain.refusals import Conflict
from broadcaster.domain.spelling import key
from broadcaster.store.engine.among import among
from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.sealing import Vault
from broadcaster.store.people import contacts as contact_rows
from broadcaster.store.tables import contacts, lifts, suppressions

EVERYWHERE = 0
"""As a row's station. The negative of a station's id: not at this one, though everywhere else."""
CODE = "asked-to-be-left-out"
_MARKS = select(suppressions.c.mark)


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A row of the list; or of what was taken off it, with the time of that."""

    mark: bytes
    station_id: int
    at: datetime


Newest = dict[tuple[bytes, int], tuple[datetime, bool]]
"""The newest act about each contact and station: when, and whether it put them on the list."""


def mark_of(vault: Vault, contact: NewContact) -> bytes:
    """Return a contact's mark; a telephone has the same one for SMS and for calls."""
    return vault.suppression("phone" if contact.channel in PHONES else contact.channel, contact.canonical)


def mark_of_id(vault: Vault, station_id: int, external_id: str) -> bytes:
    """Return the mark of an id of a station's register."""
    return vault.suppression(f"external {station_id}", key(external_id))


def marks_of(vault: Vault, station_id: int, person: NewSubscriber) -> set[bytes]:
    found = {mark_of(vault, each) for each in person.contacts}
    return found if person.external_id is None else found | {mark_of_id(vault, station_id, person.external_id)}


async def marks_of_contacts(unit: Unit, contact_ids: Collection[int]) -> dict[int, bytes]:
    """Return the marks of these contacts by id, without those whose address was deleted."""
    query = select(contacts).where(among(contacts.c.id, "ids"), func.length(contacts.c.sealed) > 0)
    found = {}
    for row in await unit.conn.execute(query, {"ids": contact_ids}):
        address = contact_rows.open_address(unit, row.fingerprint, row.sealed)
        found[row.id] = mark_of(unit.vault, contact_rows.kept(CHANNELS[row.channel], address))
    return found


async def listed(unit: Unit, station_id: int, marks: Collection[bytes]) -> set[bytes]:
    if not marks or not await _any(unit):
        return set()
    wanted, found = list(marks), set[bytes]()
    for start in range(0, len(wanted), contact_rows.CHUNK):
        part = suppressions.c.mark.in_(wanted[start : start + contact_rows.CHUNK])
        query = _MARKS.where(_here(station_id), part)
        found.update(await unit.conn.scalars(query))
    return found


async def refuse(unit: Unit, station_id: int, marks: Collection[bytes]) -> None:
    """Raise ``Conflict`` if one of these is on the list."""
    if await listed(unit, station_id, marks):
        raise Conflict(CODE)


async def add(unit: Unit, station_id: int, marks: Iterable[bytes], now: datetime) -> None:
    """Put these on the list for a station, or ``EVERYWHERE``."""
    wanted = set(marks)
    these = suppressions.c.mark.in_(list(wanted))
    back = suppressions.c.station_id < 0 if station_id == EVERYWHERE else suppressions.c.station_id == -station_id
    await _take(unit, now, these, back)
    await _put(unit, [Suppressed(each, station_id, now) for each in sorted(wanted)])


async def lift(
    unit: Unit,
    marks: Collection[bytes],
    now: datetime,
    stations: Sequence[int] | None = None,
    by: Consent | None = None,
) -> bool:
    """Take these off the list for these stations, or everywhere (None); return whether any was on it.

    ``by``: the act of the person; its ``lifted`` says for which stations.
    """
    if not marks or not await _any(unit):
        return False
    these = suppressions.c.mark.in_(list(marks))
    if stations is None:
        lifted = await _take(unit, now, these)
    else:
        lifted = any([await _lift_at(unit, each, marks, now) for each in stations])
    if lifted and by is not None:
        by.lifted.extend(stations or (None,))
    return lifted


async def _lift_at(unit: Unit, station_id: int, marks: Collection[bytes], now: datetime) -> bool:
    out = await listed(unit, station_id, marks)
    these = suppressions.c.mark.in_(list(out))
    await _take(unit, now, these, suppressions.c.station_id == station_id)
    everywhere = await unit.conn.scalars(_MARKS.where(these, suppressions.c.station_id == EVERYWHERE))
    await _put(unit, [Suppressed(each, -station_id, now) for each in sorted(everywhere)])
    return bool(out)


async def _put(unit: Unit, rows: Collection[Suppressed]) -> None:
    """Write these rows, anew where they are: ``at`` is the newest act, by which copies of the list are compared."""
    await _delete(unit, suppressions, rows)
    await _delete(unit, lifts, rows)
    if rows:
        await unit.conn.execute(suppressions.insert(), [asdict(each) for each in rows])


async def _take(unit: Unit, now: datetime, *where: ColumnElement[bool]) -> bool:
    """Delete these rows, and record that they were lifted; return whether there was any."""
    taken = [replace(each, at=now) for each in await all_of(unit, *where)]
    for table in (suppressions, lifts):  # the version before, while it runs beside, leaves rows of both
        await _delete(unit, table, taken)
    if taken:
        await unit.conn.execute(lifts.insert(), [asdict(each) for each in taken])
    return bool(taken)


async def _delete(unit: Unit, table: Table, rows: Collection[Suppressed]) -> None:
    keys = [{"of_mark": each.mark, "of_station": each.station_id} for each in rows]
    this = table.c.mark == bindparam("of_mark"), table.c.station_id == bindparam("of_station")
    if keys:
        await unit.conn.execute(delete(table).where(*this), keys)


async def all_of(unit: Unit, *where: ColumnElement[bool]) -> list[Suppressed]:
    return await _rows(unit, suppressions, *where)


async def lifted(unit: Unit) -> list[Suppressed]:
    """Return what was taken off the list and not put on it again."""
    return await _rows(unit, lifts)


async def _rows(unit: Unit, table: Table, *where: ColumnElement[bool]) -> list[Suppressed]:
    rows = await unit.conn.execute(select(table).where(*where).order_by(table.c.station_id, table.c.mark))
    return [Suppressed(row.mark, row.station_id, row.at) for row in rows]


def newest(out: Iterable[Suppressed], back: Iterable[Suppressed]) -> Newest:
    """Return the newest acts of the list's rows and of those taken off it; of two at once, the one that leaves out."""
    found: Newest = {}
    for rows, on in ((back, False), (out, True)):
        for each in rows:
            key = each.mark, each.station_id
            found[key] = max(found.get(key, (each.at, on)), (each.at, on))
    return found


def news(of: Newest, to: Newest) -> Newest:
    """Return the acts of one list that are newer than the other's."""
    return {key: act for key, act in of.items() if key not in to or act > to[key]}


async def merge(unit: Unit, out: Iterable[Suppressed], back: Iterable[Suppressed]) -> None:
    """Do what another copy of the list says, where its act is the newer one."""
    changed = news(newest(out, back), newest(await all_of(unit), await lifted(unit)))
    rows = [(Suppressed(mark, station_id, at), on) for (mark, station_id), (at, on) in changed.items()]
    await _put(unit, [each for each, on in rows if on])
    off = [each for each, on in rows if not on]
    for table in (suppressions, lifts):
        await _delete(unit, table, off)
    if off:
        await unit.conn.execute(lifts.insert(), [asdict(each) for each in off])


async def count(unit: Unit, station_id: int) -> int:
    query = select(func.count(suppressions.c.mark.distinct())).where(_here(station_id))
    return await unit.conn.scalar(query) or 0


async def _any(unit: Unit) -> bool:
    return await unit.conn.scalar(select(suppressions.c.station_id).limit(1)) is not None


def _here(station_id: int) -> ColumnElement[bool]:
    back = suppressions.alias()
    lifted = exists().where(back.c.mark == suppressions.c.mark, back.c.station_id == -station_id)
    return suppressions.c.station_id.in_((EVERYWHERE, station_id)) & ~lifted
