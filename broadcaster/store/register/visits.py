"""The visit list: people whom an alert has not reached, or who have not confirmed it, by street and number."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from broadcaster.domain.addresses import Address
from broadcaster.domain.alerts import Alert
from broadcaster.domain.deliveries import PersonState
from broadcaster.domain.people import ChannelName
from broadcaster.domain.reasons import Why, unpack
from broadcaster.store import help_requests
from broadcaster.store.engine.engine import Unit
from broadcaster.store.register import persons, vulnerable
from broadcaster.store.register.persons import Person
from broadcaster.store.tables import recipients

MOST = 5000
"""The most people on a list: more than a town hall can visit, or a page can show."""

_PHONES = (ChannelName.VOICE, ChannelName.SMS)
_AT_ONCE = 500
_NUMBER = re.compile(r"^\s*(\d+)\s*(bis|ter|quater|[a-z](?=\s))?[\s,]*(.*)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Visit:
    """A person to visit. ``first``: visit before others; it has several possible reasons, so that it reveals none.
    ``told_at``: last proof that a message came.
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


async def listed(unit: Unit, alert: Alert, *, unconfirmed: bool) -> list[Visit]:
    """Return the people to visit, by town, street and number, those without an address last.

    ``unconfirmed``: also people who were told and have not confirmed. At most ``MOST``.
    """
    wanted = recipients.c.state == PersonState.UNREACHED
    if unconfirmed:
        wanted = recipients.c.state.between(PersonState.UNREACHED, PersonState.OPENED)
    rows = await unit.conn.execute(
        select(recipients)
        .where(recipients.c.alert_id == alert.id, wanted)
        .order_by(recipients.c.subscriber_id)
        .limit(MOST)
    )
    standing = {row.subscriber_id: row for row in rows}
    found: list[Visit] = []
    ids = list(standing)
    for start in range(0, len(ids), _AT_ONCE):
        part = ids[start : start + _AT_ONCE]
        named = await vulnerable.named(unit, alert.station_id, part)
        first = named.keys() | await help_requests.asking(unit, alert.id, part)
        for each in await persons.people_of(unit, alert.station_id, part):
            row = standing[each.id]
            told_at = row.delivered_at or row.accepted_at
            found.append(_visit(each, told_at, unpack(row.reasons), first=each.id in first))
    return sorted(found, key=_place)


def _visit(person: Person, told_at: datetime | None, reasons: Sequence[Why], *, first: bool) -> Visit:
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
        told_at=told_at,
        reasons=reasons,
    )


def split(street: str) -> tuple[str, str]:
    """Return a house number and the street of a line such as "12 bis rue Saint-Jean"; either may be empty."""
    found = _NUMBER.match(street)
    if found is None:
        return "", street.strip()
    return f"{found[1]} {found[2] or ''}".strip(), found[3].strip()


def _place(visit: Visit) -> tuple[bool, str, str, int, str, str]:
    """Return the sort key of a list."""
    plain = Address(visit.street, visit.address.postcode, visit.address.city).canonical
    street, _, town = plain.partition("|")
    number = int(re.match(r"\d+", visit.number)[0]) if visit.number else 0  # type: ignore[index]
    return not visit.address, town, street, number, visit.number, visit.name or ""
