"""Erasure with a proof: what goes, what is written down of it, and how it is done again after a restore."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import IntEnum

from sqlalchemy import RowMapping, select

from broadcaster.domain.consents import Consent
from broadcaster.store import polls
from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.sealing import Vault
from broadcaster.store.operations import removing
from broadcaster.store.people import people, residents, seals, suppression
from broadcaster.store.register import own_data, vulnerable
from broadcaster.store.tables import erasures, follows, stations, subscribers, to_micros

_TAG = 4


class Way(IntEnum):
    """Who wanted it: the person; the person, of an operator; an operator who keeps the register; or nobody, when the
    person gave no sign of life for long. ``STATION``: a station was removed, with the people who followed no other.
    """

    THEMSELVES = 1
    REQUEST = 2
    REMOVED = 3
    SILENT = 4
    STATION = 5


@dataclass(frozen=True, slots=True)
class Erased:
    """A proof. ``kinds``: what was erased (``own_data.Record.kind``); it names nobody.

    ``shared``: somebody else has a contact of theirs too, as an entry of a list.
    """

    number: str
    at: datetime
    kinds: tuple[str, ...]
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Erasure:
    """A row of the list. ``person``: keyed hash of the person, or of the station that was removed; ``whole``: of all,
    not of one station's register alone.
    """

    id: int
    person: bytes
    station_id: int | None
    way: Way
    whole: bool
    at: datetime

    @property
    def whom(self) -> tuple[bytes, int | None]:
        """Return what two rows of one act have alike, in whichever database."""
        return self.person, self.station_id


async def erase(
    unit: Unit, subscriber_id: int, way: Way, now: datetime, *, station_id: int | None = None
) -> Erased | None:
    """Erase a person, and return the proof; None if unknown.

    At their own wish their contacts and ids go on the suppression list: everywhere if they did it themselves, else for
    the station that they asked. A contact that somebody else has too does not.
    """
    kinds: list[str] = []
    marks, shared = set[bytes](), False
    if way in {Way.THEMSELVES, Way.REQUEST}:
        kinds = await own_data.kinds_of(unit, subscriber_id)
        marks = await _ids(unit, subscriber_id, station_id if way is Way.REQUEST else None)
        marks |= await _contacts(unit, subscriber_id, None)
        shared = await people.shares_contacts(unit, subscriber_id)
    proof = await _record(unit, subscriber_id, way, now, kinds, station_id=station_id, whole=True)
    if proof is None:
        return None
    await _erase(unit, subscriber_id, way)
    scope = station_id if way is Way.REQUEST and station_id is not None else suppression.EVERYWHERE
    await suppression.add(unit, scope, marks, now)
    return replace(proof, shared=shared)


async def _erase(unit: Unit, subscriber_id: int, way: Way) -> None:
    if way is Way.THEMSELVES:
        await vulnerable.leave(unit, subscriber_id)
    await polls.stay_voted(unit, subscriber_id)
    await people.erase(unit, subscriber_id)


async def erase_station(unit: Unit, station_id: int, now: datetime) -> None:
    """Remove a station and the people who follow no other; one row of the list stands for all of them."""
    created_at = await unit.conn.scalar(select(stations.c.created_at).where(stations.c.id == station_id))
    if created_at is not None:
        mark = mark_of_station(unit.vault, station_id, created_at)
        row = {"person": mark, "way": Way.STATION, "whole": True, "at": now}
        await unit.conn.execute(erasures.insert().values(row))
        await removing.remove(unit, station_id)


async def leave(
    unit: Unit, subscriber_id: int, station_id: int, way: Way, now: datetime, *, by: Consent | None = None
) -> Erased | None:
    """Take a person off one station's register; at their own wish its lists don't bring them back. None if unknown.

    ``by``: the act by which they take their consent back.
    """
    mine = follows.c.subscriber_id == subscriber_id, follows.c.station_id == station_id
    if await unit.conn.scalar(select(follows.c.station_id).where(*mine)) is None:
        return None
    if way is not Way.REMOVED:
        marks = await _ids(unit, subscriber_id, station_id) | await _contacts(unit, subscriber_id, station_id)
        await suppression.add(unit, station_id, marks, now)
    await polls.stay_voted(unit, subscriber_id)
    await residents.unfollow(unit, subscriber_id, station_id, by)
    return await _record(unit, subscriber_id, way, now, ("register",), station_id=station_id, whole=False)


async def _contacts(unit: Unit, subscriber_id: int, station_id: int | None) -> set[bytes]:
    own = (await unit.conn.scalars(people.own_contacts(subscriber_id, station_id))).all()
    return set((await suppression.marks_of_contacts(unit, own)).values())


async def _ids(unit: Unit, subscriber_id: int, station_id: int | None) -> set[bytes]:
    """Return the marks of a person's ids in the registers of all stations, or of one."""
    query = select(follows).where(follows.c.subscriber_id == subscriber_id, follows.c.external.is_not(None))
    if station_id is not None:
        query = query.where(follows.c.station_id == station_id)
    return {
        suppression.mark_of_id(unit.vault, row.station_id, external_id)
        for row in await unit.conn.execute(query)
        if (external_id := seals.open_external(unit.vault, row.external_mark, row.external)) is not None
    }


async def _record(
    unit: Unit,
    subscriber_id: int,
    way: Way,
    now: datetime,
    kinds: Sequence[str],
    *,
    station_id: int | None,
    whole: bool,
) -> Erased | None:
    token = await unit.conn.scalar(select(subscribers.c.token_hash).where(subscribers.c.id == subscriber_id))
    if token is None:
        return None
    row = {"person": mark_of(unit.vault, token), "station_id": station_id, "way": way, "whole": whole, "at": now}
    made = await unit.conn.execute(erasures.insert().values(row).returning(erasures.c.id))
    return Erased(number_of(unit.vault, made.scalar_one(), now), now, tuple(kinds))


def mark_of(vault: Vault, token_hash: bytes) -> bytes:
    """Return the mark by which a restored person is recognized as erased."""
    return vault.suppression("person", token_hash.hex())


def mark_of_station(vault: Vault, station_id: int, created_at: datetime) -> bytes:
    """Return the mark by which a restored station is recognized as removed; its short name may change."""
    return vault.suppression("station", f"{station_id} {to_micros(created_at)}")


def number_of(vault: Vault, erasure_id: int, at: datetime) -> str:
    """Return an erasure's number: the year, its place in the list, and a tag that nobody can invent."""
    tag = vault.suppression("erasure", str(erasure_id))[:_TAG].hex()
    return f"{at:%Y}-{erasure_id:06d}-{tag}"


async def of_station(unit: Unit, station_id: int, limit: int) -> list[Erasure]:
    """Return the newest erasures that a station was asked for, or did."""
    query = select(erasures).where(erasures.c.station_id == station_id).order_by(erasures.c.id.desc()).limit(limit)
    return [_erasure(row) for row in (await unit.conn.execute(query)).mappings()]


async def again(unit: Unit, wanted: Iterable[Erasure], *, keep_stations: bool) -> tuple[int, int]:
    """Do erasures again, after a restore; return how many people and how many stations they concern.

    Those in the backup were done in it. ``keep_stations``: a removed station that is there stays, and its removal is
    forgotten.
    """
    known = {each.whom: each.id for each in await all_of(unit)}
    taken = set(known.values())
    missing = [each for each in wanted if each.whom not in known]
    if not missing:
        return 0, 0
    rows = (await unit.conn.execute(select(subscribers.c.id, subscribers.c.token_hash))).all()
    there = {mark_of(unit.vault, row.token_hash): row.id for row in rows}
    found = (await unit.conn.execute(select(stations.c.id, stations.c.created_at))).all()
    towns = {mark_of_station(unit.vault, row.id, row.created_at): row.id for row in found}
    gone, left, removed = set[int](), set[int](), 0
    for each in sorted(missing, key=lambda each: each.id):
        who = there.get(each.person)
        if each.way is Way.STATION and each.person in towns:
            if keep_stations:
                continue
            gone.update(await removing.remove(unit, towns[each.person]))
            removed += 1
        elif who is not None and who not in gone:
            if each.whole:
                await _erase(unit, who, each.way)
                gone.add(who)
            elif each.station_id is not None:
                await polls.stay_voted(unit, who)
                await residents.unfollow(unit, who, each.station_id)
                left.add(who)
        number = max(taken) + 1 if each.id in taken else each.id
        taken.add(number)
        await unit.conn.execute(erasures.insert().values(asdict(each) | {"id": number}))
    return len(gone | left), removed


def _erasure(row: RowMapping) -> Erasure:
    return Erasure(**{**row, "way": Way(row["way"])})


async def all_of(unit: Unit) -> list[Erasure]:
    rows = await unit.conn.execute(select(erasures).order_by(erasures.c.id))
    return [_erasure(row) for row in rows.mappings()]
