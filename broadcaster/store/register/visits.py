"""The visit list: people whom an alert has not reached, or who have not confirmed it, by street and number.

``visits`` holds what volunteers found, by the first alert of a thread.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, islice
from typing import Any

from sqlalchemy import or_, select

from broadcaster.domain.addresses import Address, split_street
from broadcaster.domain.alerts import Alert
from broadcaster.domain.deliveries import CHOSEN, PersonState
from broadcaster.domain.people import PHONES
from broadcaster.domain.reasons import Why, unpack
from broadcaster.domain.visits import Visited
from broadcaster.store import help_requests
from broadcaster.store.alerts import visited
from broadcaster.store.engine.engine import Unit
from broadcaster.store.people import addresses
from broadcaster.store.people.addresses import Kept
from broadcaster.store.register import persons, vulnerable
from broadcaster.store.register.persons import Person
from broadcaster.store.tables import follows, recipients, visits

MOST = 5000
"""The most people whom a page shows at once."""

_NOWHERE = Address().canonical

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Door:
    """Where to ring. ``street``: without the house number; both may be empty."""

    address: Address
    street: str
    number: str

    @property
    def place(self) -> str:
        """Return the street and town in the comparison form; "||" without an address."""
        return Address(self.street, self.address.postcode, self.address.city).canonical

    @property
    def street_line(self) -> str:
        """Return the street and town to show; empty without an address."""
        return str(Address(self.street, self.address.postcode, self.address.city))

    @property
    def order(self) -> tuple[int, str]:
        """Return the sort key within a street."""
        digits = re.match(r"\d+", self.number)
        return int(digits[0]) if digits else 0, self.number


@dataclass(frozen=True, slots=True)
class Visit(Door):
    """A person to visit. ``first``: before others, as they asked for help, or are in the register of vulnerable people.
    ``told_at``: last proof that a message came. ``visited``: None before the first visit.
    """

    subscriber_id: int
    name: str | None
    external_id: str | None
    phones: tuple[str, ...]
    first: bool
    told_at: datetime | None
    reasons: Sequence[Why]
    visited: Visited | None


@dataclass(frozen=True, slots=True)
class Street:
    """A street of a list. ``place``: as ``Visit.place``; ``name``: to show; ``ids``: of all people to visit there, or
    visited, by house number; ``done``: how many were visited. ``people``: those who are shown.
    """

    place: str
    name: str
    ids: tuple[int, ...]
    done: int
    people: tuple[Visit, ...] = ()

    @property
    def listed(self) -> int:
        return len(self.ids)


async def streets_of(
    unit: Unit, alert: Alert, *, unconfirmed: bool, only: Collection[str] | None = None
) -> list[Street]:
    """Return the streets of all who are to be visited, or were, by town and name; those without an address last.

    ``unconfirmed``: also people who were told and have not confirmed. ``only``: these streets (``Street.place``).
    Nobody's name is opened.
    """
    wanted = recipients.c.state == PersonState.UNREACHED
    if unconfirmed:
        wanted = recipients.c.state.between(PersonState.UNREACHED, PersonState.OPENED)
    seen = select(visits.c.subscriber_id).where(visits.c.alert_id == alert.first_id)
    query = (
        select(recipients.c.subscriber_id)
        .join(follows, follows.c.subscriber_id == recipients.c.subscriber_id)
        .where(follows.c.station_id == alert.station_id, recipients.c.alert_id == alert.id)
        .where(or_(wanted, recipients.c.subscriber_id.in_(seen)))
        .order_by(recipients.c.subscriber_id)
        .limit(_AT_ONCE)
    )
    known = (await visited.of(unit, alert.first_id)).keys()
    found: dict[str, tuple[str, list[tuple[tuple[int, str], int]]]] = {}
    after = 0
    while ids := list(await unit.conn.scalars(query.where(recipients.c.subscriber_id > after))):
        homes = await addresses.of_people(unit, alert.station_id, ids)
        for each in ids:
            door = _door(homes.get(each))
            if only is None or door.place in only:
                found.setdefault(door.place, (door.street_line, []))[1].append((door.order, each))
        after = ids[-1]
    streets = []
    for place, (name, doors) in sorted(found.items(), key=lambda each: _place_order(each[0])):
        order = tuple(each for _, each in sorted(doors))
        streets.append(Street(place, name, order, sum(each in known for each in order)))
    return streets


async def shown(unit: Unit, alert: Alert, streets: Sequence[Street], *, register: bool) -> list[Street]:
    """Return the streets with their people, the first ``MOST`` of all.

    ``register``: mark people of the register of vulnerable people as ``first`` too, for readers who may open it.
    """
    ids = list(islice(chain.from_iterable(each.ids for each in streets), MOST))
    found = {each.subscriber_id: each for each in await opened(unit, alert, ids, register=register)}
    return [replace(each, people=tuple(found[one] for one in each.ids if one in found)) for each in streets]


def cut(streets: Sequence[Street]) -> bool:
    """Return whether ``shown`` leaves people out."""
    return sum(each.listed for each in streets) > MOST


async def one(unit: Unit, alert: Alert, subscriber_id: int) -> Visit | None:
    """Return a person whom an alert concerns, however they stand by now; None if it does not."""
    mine = recipients.c.alert_id == alert.id, recipients.c.subscriber_id == subscriber_id
    query = select(recipients.c.subscriber_id).where(*mine, recipients.c.state.not_in(CHOSEN))
    ids = list(await unit.conn.scalars(query))
    found = await opened(unit, alert, ids, register=False)
    return found[0] if found else None


async def opened(unit: Unit, alert: Alert, ids: Sequence[int], *, register: bool) -> list[Visit]:
    """Return these people of a list, in the same order, without former followers; ``register``: as for ``shown``."""
    known = await visited.of(unit, alert.first_id)
    found: list[Visit] = []
    for start in range(0, len(ids), _AT_ONCE):
        part = ids[start : start + _AT_ONCE]
        mine = recipients.c.alert_id == alert.id, recipients.c.subscriber_id.in_(part)
        rows = {row.subscriber_id: row for row in await unit.conn.execute(select(recipients).where(*mine))}
        first = await help_requests.asking(unit, alert.first_id, part)
        if register:
            first |= (await vulnerable.named(unit, alert.station_id, part)).keys()
        people = await persons.people_of(unit, alert.station_id, part)
        found += [_visit(each, rows[each.id], known.get(each.id), first=each.id in first) for each in people]
    return found


def _door(kept: Kept | None) -> Door:
    address = Address() if kept is None else kept.address
    number, street = split_street(address.street)
    return Door(address, street, number)


def _visit(person: Person, row: Any, visited: Visited | None, *, first: bool) -> Visit:
    door = _door(person.address)
    phones = dict.fromkeys(each.address for each in person.contacts if each.channel in PHONES and each.confirmed)
    return Visit(
        subscriber_id=person.id,
        name=person.name,
        external_id=person.external_id,
        address=door.address,
        street=door.street,
        number=door.number,
        phones=tuple(phones),
        first=first,
        told_at=row.delivered_at or row.accepted_at,
        reasons=unpack(row.reasons),
        visited=visited,
    )


def _place_order(place: str) -> tuple[bool, str, str]:
    street, _, town = place.partition("|")
    return place == _NOWHERE, town, street
