"""Addresses of a register, sealed, with their geocoding results and resulting places."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, bindparam, delete, func, insert, select, update

from broadcaster.domain.addresses import OPEN, Address, AddressState, Match, state_of
from broadcaster.domain.people import NewPlace
from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.sealing import Vault
from broadcaster.store.people import people, seals
from broadcaster.store.tables import addresses, places

MOST_TRIES = 5
"""How often an address is looked up that the geocoder's answers leave out."""

TO_DO = (AddressState.UNCERTAIN, AddressState.NOT_FOUND)


_SETTLE = (
    update(addresses)
    .where(addresses.c.station_id == bindparam("a_station"), addresses.c.subscriber_id == bindparam("a_subscriber"))
    .values(
        state=bindparam("a_state"),
        score=bindparam("a_score"),
        found=bindparam("a_found"),
        place_id=bindparam("a_place"),
    )
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A person's address. ``match``: the geocoder's last answer."""

    subscriber_id: int
    address: Address
    state: AddressState
    match: Match | None


def mark_of(vault: Vault, address: Address) -> bytes:
    """Return a mark that stays the same while the address does."""
    return vault.fingerprint("address", address.canonical)


def sealed(vault: Vault, subscriber_id: int, address: Address) -> bytes:
    return vault.seal(json.dumps([address.street, address.postcode, address.city]).encode(), _address(subscriber_id))


async def waiting(unit: Unit, station_id: int | None, limit: int) -> list[Kept]:
    """Return addresses to look up, of one station or of all."""
    query = select(addresses).where(addresses.c.state == int(AddressState.WAITING))
    if station_id is not None:
        query = query.where(addresses.c.station_id == station_id)
    rows = await unit.conn.execute(query.order_by(addresses.c.tries, addresses.c.subscriber_id).limit(limit))
    return [_kept(unit, row) for row in rows]


async def stations_waiting(unit: Unit) -> list[int]:
    query = select(addresses.c.station_id).where(addresses.c.state == int(AddressState.WAITING))
    return sorted(await unit.conn.scalars(query.distinct()))


async def counts(unit: Unit, station_id: int) -> dict[AddressState, int]:
    of = addresses.c
    query = select(of.state, func.count()).where(of.station_id == station_id).group_by(of.state)
    return dict.fromkeys(AddressState, 0) | {AddressState(state): n for state, n in await unit.conn.execute(query)}


async def in_state(unit: Unit, station_id: int, state: AddressState, *, after: int = 0, limit: int = 100) -> list[Kept]:
    """Return a station's addresses in a state, in order, of people after ``after``."""
    these = addresses.c.station_id == station_id, addresses.c.state == int(state), addresses.c.subscriber_id > after
    query = select(addresses).where(*these).order_by(addresses.c.subscriber_id).limit(limit)
    return [_kept(unit, row) for row in await unit.conn.execute(query)]


async def of_people(unit: Unit, station_id: int, ids: Sequence[int]) -> dict[int, Kept]:
    """Return addresses from a station's list, by person id."""
    these = addresses.c.station_id == station_id, addresses.c.subscriber_id.in_(list(ids))
    rows = await unit.conn.execute(select(addresses).where(*these))
    return {row.subscriber_id: _kept(unit, row) for row in rows}


async def looked_up(
    unit: Unit, station_id: int, answered: Iterable[tuple[Kept, Match | None, bool]], *, label: str, now: datetime
) -> None:
    """Record geocoding results: (address, match, whether it is far). Addresses changed meanwhile stay waiting."""
    known = {kept.subscriber_id: (kept, match, state_of(match, far=far)) for kept, match, far in answered}
    rows = await unit.conn.execute(
        select(addresses.c.subscriber_id, addresses.c.mark, addresses.c.place_id).where(
            addresses.c.station_id == station_id,
            addresses.c.subscriber_id.in_(list(known)),
            addresses.c.state == int(AddressState.WAITING),
        )
    )
    still = {
        row.subscriber_id: row.place_id
        for row in rows
        if row.mark == mark_of(unit.vault, known[row.subscriber_id][0].address)
    }
    homes = {
        each: NewPlace(label, match.lon, match.lat)
        for each in still
        if (match := known[each][1]) is not None and known[each][2] is AddressState.PLACED
    }
    place_ids = await _house(unit, homes, [still[each] for each in homes], now)
    values = []
    for each, before in still.items():
        _, match, state = known[each]
        found = None if match is None else _sealed_match(unit.vault, each, match)
        score = None if match is None else match.score
        place_id = place_ids.get(each, before)
        row = {"a_subscriber": each, "a_state": int(state), "a_score": score, "a_found": found, "a_place": place_id}
        values.append({**row, "a_station": station_id})
    if values:
        # One statement for all: on SQLite everyone waits for the one writer.
        await unit.conn.execute(_SETTLE, values)


async def left_out(unit: Unit, station_id: int, ids: Sequence[int]) -> None:
    """Count a failed look-up of addresses that an answer left out; after ``MOST_TRIES``, they are not found."""
    where = and_(addresses.c.station_id == station_id, addresses.c.subscriber_id.in_(list(ids)))
    still = addresses.c.state == int(AddressState.WAITING)
    await unit.conn.execute(update(addresses).where(where, still).values(tries=addresses.c.tries + 1))
    await unit.conn.execute(
        update(addresses).where(where, still, addresses.c.tries >= MOST_TRIES).values(state=int(AddressState.NOT_FOUND))
    )


async def confirm(unit: Unit, station_id: int, subscriber_id: int, home: NewPlace, now: datetime) -> bool:
    """Set an address's home, confirmed by an operator; return False if it is no longer open."""
    if not await _move(unit, station_id, subscriber_id, TO_DO, AddressState.CONFIRMED):
        return False
    before = await unit.conn.scalar(select(addresses.c.place_id).where(_of(station_id, subscriber_id)))
    place_ids = await _house(unit, {subscriber_id: home}, [before], now)
    settled = update(addresses).where(_of(station_id, subscriber_id)).values(place_id=place_ids[subscriber_id])
    await unit.conn.execute(settled)
    return True


async def give_up(unit: Unit, station_id: int, subscriber_id: int) -> None:
    """Reject an uncertain match without a better one."""
    await _move(unit, station_id, subscriber_id, {AddressState.UNCERTAIN}, AddressState.NOT_FOUND)


async def settled(unit: Unit, station_id: int, subscriber_id: int) -> None:
    """Close the open address of a person whose home was set by hand."""
    await _move(unit, station_id, subscriber_id, OPEN, AddressState.CONFIRMED)


async def _move(
    unit: Unit, station_id: int, subscriber_id: int, before: Collection[AddressState], state: AddressState
) -> bool:
    """Set an address's state, if it is one of ``before``; return whether it was."""
    theirs = _of(station_id, subscriber_id), addresses.c.state.in_(sorted(map(int, before)))
    return (await unit.conn.execute(update(addresses).where(*theirs).values(state=int(state)))).rowcount > 0


async def _house(
    unit: Unit, homes: Mapping[int, NewPlace], before: Iterable[int | None], now: datetime
) -> dict[int, int]:
    """Replace the homes of earlier addresses; return the new homes' ids by person."""
    if not homes:
        return {}
    await unit.conn.execute(delete(places).where(places.c.id.in_([each for each in before if each is not None])))
    sealed_homes = {each: seals.sealed_place(unit.vault, each, home) for each, home in homes.items()}
    rows = [{"subscriber_id": each, "sealed": home, "created_at": now} for each, home in sealed_homes.items()]
    made = await unit.conn.scalars(insert(places).returning(places.c.id, sort_by_parameter_order=True), rows)
    await people.touched(unit, list(homes))
    return dict(zip(homes, made, strict=True))


def _of(station_id: int, subscriber_id: int) -> ColumnElement[bool]:
    return and_(addresses.c.station_id == station_id, addresses.c.subscriber_id == subscriber_id)


def _kept(unit: Unit, row: Row[Any]) -> Kept:
    vault, subscriber_id = unit.vault, row.subscriber_id
    match = None
    if row.found is not None:
        match = Match(*json.loads(vault.open(row.found, b"found:%d" % subscriber_id)))
    address = Address(*json.loads(vault.open(row.sealed, _address(subscriber_id))))
    return Kept(subscriber_id, address, AddressState(row.state), match)


def _sealed_match(vault: Vault, subscriber_id: int, match: Match) -> bytes:
    plain = [match.label, match.lon, match.lat, match.score, match.kind]
    return vault.seal(json.dumps(plain).encode(), b"found:%d" % subscriber_id)


def _address(subscriber_id: int) -> bytes:
    return b"address:%d" % subscriber_id


def row_of(vault: Vault, station_id: int, subscriber_id: int, address: Address, state: AddressState) -> dict[str, Any]:
    """Return the parameters with which ``store.intake`` writes an address."""
    return {
        "a_station": station_id,
        "a_subscriber": subscriber_id,
        "a_mark": mark_of(vault, address),
        "a_sealed": sealed(vault, subscriber_id, address),
        "a_state": int(state),
    }
