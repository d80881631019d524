"""Addresses of a register, sealed, with what the geocoder made of each and the place that came of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, func, insert, select, update

from broadcaster.domain.addresses import OPEN, Address, AddressState, Match, state_of
from broadcaster.domain.people import NewPlace
from broadcaster.store import people
from broadcaster.store.tables import addresses, places

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Row

    from broadcaster.store.engine import Unit
    from broadcaster.store.sealing import Vault

MOST_TRIES = 5
"""How often an address is asked about that the answers leave out."""

TO_DO = (AddressState.UNCERTAIN, AddressState.NOT_FOUND)


@dataclass(frozen=True, slots=True)
class Kept:
    """One person's address. ``match``: what the geocoder said last."""

    subscriber_id: int
    address: Address
    state: AddressState
    match: Match | None


def mark_of(vault: Vault, address: Address) -> bytes:
    """Return what an unchanged address is known by."""
    return vault.fingerprint("address", address.canonical)


def sealed(vault: Vault, subscriber_id: int, address: Address) -> bytes:
    return vault.seal(json.dumps([address.street, address.postcode, address.city]).encode(), _address(subscriber_id))


async def waiting(unit: Unit, station_id: int | None, limit: int) -> list[Kept]:
    """Return addresses to be looked up, of one station or of all."""
    query = select(addresses).where(addresses.c.state == int(AddressState.WAITING))
    if station_id is not None:
        query = query.where(addresses.c.station_id == station_id)
    rows = await unit.conn.execute(query.order_by(addresses.c.tries, addresses.c.subscriber_id).limit(limit))
    return [_kept(unit, row) for row in rows]


async def stations_waiting(unit: Unit) -> list[int]:
    """Return the ids of stations that have addresses to be looked up."""
    rows = await unit.conn.scalars(
        select(addresses.c.station_id).where(addresses.c.state == int(AddressState.WAITING)).distinct()
    )
    return sorted(rows)


async def counts(unit: Unit, station_id: int) -> dict[AddressState, int]:
    """Count a station's addresses by state."""
    rows = await unit.conn.execute(
        select(addresses.c.state, func.count()).where(addresses.c.station_id == station_id).group_by(addresses.c.state)
    )
    found = {AddressState(state): number for state, number in rows}
    return {state: found.get(state, 0) for state in AddressState}


async def in_state(unit: Unit, station_id: int, state: AddressState, *, after: int = 0, limit: int = 100) -> list[Kept]:
    """Return a station's addresses in a state, in order, those of people after ``after``."""
    rows = await unit.conn.execute(
        select(addresses)
        .where(
            addresses.c.station_id == station_id,
            addresses.c.state == int(state),
            addresses.c.subscriber_id > after,
        )
        .order_by(addresses.c.subscriber_id)
        .limit(limit)
    )
    return [_kept(unit, row) for row in rows]


async def of_people(unit: Unit, station_id: int, ids: Sequence[int]) -> dict[int, Kept]:
    """Return the addresses that a station's list gave of people, by their id."""
    rows = await unit.conn.execute(
        select(addresses).where(addresses.c.station_id == station_id, addresses.c.subscriber_id.in_(list(ids)))
    )
    return {row.subscriber_id: _kept(unit, row) for row in rows}


async def looked_up(
    unit: Unit,
    station_id: int,
    answered: Iterable[tuple[Kept, Match | None, bool]],
    *,
    label: str,
    now: datetime,
) -> None:
    """Write down what came of addresses: (address, match, whether that is far). What changed meanwhile waits on."""
    placed = []
    for kept, match, far in answered:
        state = state_of(match, far=far)
        done = await unit.conn.execute(
            update(addresses)
            .where(
                _of(station_id, kept.subscriber_id),
                addresses.c.state == int(AddressState.WAITING),
                addresses.c.mark == mark_of(unit.vault, kept.address),
            )
            .values(
                state=int(state),
                score=None if match is None else match.score,
                found=None if match is None else _sealed_match(unit.vault, kept.subscriber_id, match),
            )
        )
        if done.rowcount and state is AddressState.PLACED and match is not None:
            home = NewPlace(label, match.lon, match.lat)
            await _place(unit, station_id, kept.subscriber_id, home, now)
            placed.append(kept.subscriber_id)
    if placed:
        await people.touched(unit, placed)


async def left_out(unit: Unit, station_id: int, ids: Sequence[int]) -> None:
    """Count a try of addresses that an answer left out; after some, they count as not found."""
    where = and_(addresses.c.station_id == station_id, addresses.c.subscriber_id.in_(list(ids)))
    still = addresses.c.state == int(AddressState.WAITING)
    await unit.conn.execute(update(addresses).where(where, still).values(tries=addresses.c.tries + 1))
    await unit.conn.execute(
        update(addresses).where(where, still, addresses.c.tries >= MOST_TRIES).values(state=int(AddressState.NOT_FOUND))
    )


async def confirm(unit: Unit, station_id: int, subscriber_id: int, home: NewPlace, now: datetime) -> bool:
    """Take a home for an address's, as an operator says; False where nobody is asked about it any more."""
    done = await unit.conn.execute(
        update(addresses)
        .where(_of(station_id, subscriber_id), addresses.c.state.in_([int(each) for each in TO_DO]))
        .values(state=int(AddressState.CONFIRMED))
    )
    if not done.rowcount:
        return False
    await _place(unit, station_id, subscriber_id, home, now)
    await people.touched(unit, [subscriber_id])
    return True


async def give_up(unit: Unit, station_id: int, subscriber_id: int) -> None:
    """Say of an uncertain match that it is wrong, and that nothing better is known."""
    await unit.conn.execute(
        update(addresses)
        .where(_of(station_id, subscriber_id), addresses.c.state == int(AddressState.UNCERTAIN))
        .values(state=int(AddressState.NOT_FOUND))
    )


async def settled(unit: Unit, station_id: int, subscriber_id: int) -> None:
    """Say that somebody whose address was open has a home now, by hand."""
    await unit.conn.execute(
        update(addresses)
        .where(
            _of(station_id, subscriber_id),
            addresses.c.state.in_(sorted(OPEN)),
        )
        .values(state=int(AddressState.CONFIRMED))
    )


async def _place(unit: Unit, station_id: int, subscriber_id: int, home: NewPlace, now: datetime) -> None:
    """Give somebody the home that is at their address: the home that an earlier address of the same list gave goes."""
    before = await unit.conn.scalar(select(addresses.c.place_id).where(_of(station_id, subscriber_id)))
    if before is not None:
        await unit.conn.execute(delete(places).where(places.c.id == before, places.c.subscriber_id == subscriber_id))
    row = {
        "subscriber_id": subscriber_id,
        "sealed": people.seal_point(unit, subscriber_id, home.lon, home.lat, home.label),
        "created_at": now,
    }
    place_id = await unit.conn.scalar(insert(places).values(row).returning(places.c.id))
    await unit.conn.execute(update(addresses).where(_of(station_id, subscriber_id)).values(place_id=place_id))


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
    """Return the parameters by which ``store.intake`` writes an address."""
    return {
        "a_station": station_id,
        "a_subscriber": subscriber_id,
        "a_mark": mark_of(vault, address),
        "a_sealed": sealed(vault, subscriber_id, address),
        "a_state": int(state),
    }
