"""Serializes a person's entry for the spool."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from broadcaster.domain.addresses import Address
from broadcaster.domain.people import ChannelName, NewContact, NewPlace, NewSubscriber
from broadcaster.store.register.listed import Edit
from broadcaster.store.register.preparing import Entry


def packed(entry: Entry | Edit) -> tuple[Any, ...]:
    """Return an entry as plain data; ``unpacked`` reads it."""
    if isinstance(entry, Edit):
        places = None if entry.places is None else _plain_places(entry.places)
        address = None if entry.address is None else _plain_address(entry.address)
        plain = entry._replace(added=_plain_contacts(entry.added), places=places, address=address)  # type: ignore[arg-type]
        return tuple(plain)
    person = entry.person
    return (
        None,
        entry.digest,
        entry.identity,
        person.locale,
        _plain_contacts(person.contacts),
        _plain_places(person.places),
        person.groups,
        person.external_id,
        person.name,
        person.vulnerable,
        None if person.address is None else _plain_address(person.address),
        person.guardians,
    )


def unpacked(plain: tuple[Any, ...]) -> Entry | Edit:
    if plain[0] is not None:
        edit = Edit(*plain)
        return edit._replace(
            added=_contacts(edit.added),
            places=None if edit.places is None else _places(edit.places),
            address=_address(edit.address),
            guardians=None if edit.guardians is None else tuple(edit.guardians),
        )
    _, digest, identity, locale, contacts, places, *rest, address, guardians = plain
    person = NewSubscriber(locale, _contacts(contacts), _places(places), *rest)
    person = replace(person, address=_address(address), guardians=tuple(guardians))
    return Entry(person, digest, identity)


def _plain_address(address: Address) -> tuple[str, str, str]:
    return address.street, address.postcode, address.city


def _address(plain: Any) -> Address | None:
    return None if plain is None else Address(*plain)


def _plain_contacts(contacts: Iterable[NewContact]) -> tuple[tuple[str, str, str, int], ...]:
    return tuple((each.channel.value, each.canonical, each.address, each.guardian) for each in contacts)


def _contacts(plain: Iterable[Any]) -> tuple[NewContact, ...]:
    return tuple(NewContact(ChannelName(channel), *rest) for channel, *rest in plain)


def _plain_places(places: Iterable[NewPlace]) -> tuple[tuple[str, float, float], ...]:
    return tuple((each.label, each.lon, each.lat) for each in places)


def _places(plain: Iterable[Any]) -> tuple[NewPlace, ...]:
    return tuple(NewPlace(*each) for each in plain)
