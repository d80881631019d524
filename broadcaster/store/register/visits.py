"""The visit list: people whom an alert has not reached, or who have not confirmed it, by street and number.

``visits`` holds what volunteers found, by the first alert of a thread.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import or_, select

from broadcaster.domain.addresses import Address
from broadcaster.domain.alerts import Alert
from broadcaster.domain.deliveries import CHOSEN, PersonState
from broadcaster.domain.people import ChannelName
from broadcaster.domain.reasons import Why, unpack
from broadcaster.domain.visits import Visited
from broadcaster.store import help_requests
from broadcaster.store.alerts import visited
from broadcaster.store.engine.engine import Unit
from broadcaster.store.register import persons, vulnerable
from broadcaster.store.register.persons import Person
from broadcaster.store.tables import recipients, visits

MOST = 5000
"""The most people on a list: more than a town hall can visit, or a page can show."""

_PHONES = (ChannelName.VOICE, ChannelName.SMS)
_AT_ONCE = 500
_NUMBER = re.compile(r"^\s*(\d+)\s*(bis|ter|quater|[a-z](?=\s))?[\s,]*(.*)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Visit:
    """A person to visit. ``first``: before others, as they asked for help, or are in the register of vulnerable people.
    ``told_at``: last proof that a message came. ``visited``: None before the first visit.
    """

    subscriber_id: int
    name: str | None
    external_id: str | None
    address: Address
    street: str
    number: str
    phones: tuple[str, ...]
    first: bool
    told_at: datetime | None
    reasons: Sequence[Why]
    visited: Visited | None

    @property
    def place(self) -> str:
        """Return the street and town in the comparison form; "||" without an address."""
        return Address(self.street, self.address.postcode, self.address.city).canonical

    @property
    def street_line(self) -> str:
        """Return the street and town to show; empty without an address."""
        return str(Address(self.street, self.address.postcode, self.address.city))


@dataclass(frozen=True, slots=True)
class Street:
    """The people of one street. ``place``: as ``Visit.place``; ``name``: to show."""

    place: str
    name: str
    people: tuple[Visit, ...]

    @property
    def done(self) -> int:
        return sum(each.visited is not None for each in self.people)


def by_street(listed: Sequence[Visit]) -> list[Street]:
    """Group a list, which is in order, by its streets."""
    groups = [(place, tuple(people)) for place, people in groupby(listed, key=lambda each: each.place)]
    return [Street(place, people[0].street_line, people) for place, people in groups]


async def listed(
    unit: Unit, alert: Alert, *, unconfirmed: bool, register: bool, streets: Collection[str] | None = None
) -> list[Visit]:
    """Return who is to be visited, or was, by town, street and number; those without an address last.

    ``unconfirmed``: also people who were told and have not confirmed. ``register``: mark people of the register of
    vulnerable people as ``first`` too, for readers who may open it. ``streets``: only these. At most ``MOST``.
    """
    wanted = recipients.c.state == PersonState.UNREACHED
    if unconfirmed:
        wanted = recipients.c.state.between(PersonState.UNREACHED, PersonState.OPENED)
    known = await visited.of(unit, alert.first_id)
    seen = select(visits.c.subscriber_id).where(visits.c.alert_id == alert.first_id)
    rows = await unit.conn.execute(
        select(recipients)
        .where(recipients.c.alert_id == alert.id, or_(wanted, recipients.c.subscriber_id.in_(seen)))
        .order_by(recipients.c.subscriber_id)
        .limit(MOST)
    )
    found = await _opened(unit, alert, {row.subscriber_id: row for row in rows}, known, register=register)
    return sorted((each for each in found if streets is None or each.place in streets), key=_order)


async def one(unit: Unit, alert: Alert, subscriber_id: int) -> Visit | None:
    """Return a person whom an alert concerns, however they stand by now; None if it does not."""
    mine = recipients.c.alert_id == alert.id, recipients.c.subscriber_id == subscriber_id
    rows = await unit.conn.execute(select(recipients).where(*mine, recipients.c.state.not_in(CHOSEN)))
    known = await visited.of(unit, alert.first_id)
    found = await _opened(unit, alert, {row.subscriber_id: row for row in rows}, known, register=False)
    return found[0] if found else None


async def _opened(
    unit: Unit, alert: Alert, rows: Mapping[int, Any], known: Mapping[int, Visited], *, register: bool
) -> list[Visit]:
    found: list[Visit] = []
    ids = list(rows)
    for start in range(0, len(ids), _AT_ONCE):
        part = ids[start : start + _AT_ONCE]
        first = await help_requests.asking(unit, alert.first_id, part)
        if register:
            first |= (await vulnerable.named(unit, alert.station_id, part)).keys()
        people = await persons.people_of(unit, alert.station_id, part)
        found += [_visit(each, rows[each.id], known.get(each.id), first=each.id in first) for each in people]
    return found


def _visit(person: Person, row: Any, visited: Visited | None, *, first: bool) -> Visit:
    address = Address() if person.address is None else person.address.address
    number, street = split(address.street)
    phones = dict.fromkeys(each.address for each in person.contacts if each.channel in _PHONES and each.confirmed)
    return Visit(
        subscriber_id=person.id,
        name=person.name,
        external_id=person.external_id,
        address=address,
        street=street,
        number=number,
        phones=tuple(phones),
        first=first,
        told_at=row.delivered_at or row.accepted_at,
        reasons=unpack(row.reasons),
        visited=visited,
    )


def split(street: str) -> tuple[str, str]:
    """Return a house number and the street of a line such as "12 bis rue Saint-Jean"; either may be empty."""
    found = _NUMBER.match(street)
    if found is None:
        return "", street.strip()
    return f"{found[1]} {found[2] or ''}".strip(), found[3].strip()


def _order(visit: Visit) -> tuple[bool, str, str, int, str, str]:
    """Return the sort key of a list."""
    street, _, town = visit.place.partition("|")
    number = int(re.match(r"\d+", visit.number)[0]) if visit.number else 0  # type: ignore[index]
    return not visit.address, town, street, number, visit.number, visit.name or ""
