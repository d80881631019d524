"""Rows of a list's people, prepared outside of any transaction: sealed and fingerprinted, with ids reserved before."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from broadcaster.domain.addresses import AddressState
from broadcaster.domain.people import NewContact, NewPlace, NewSubscriber
from broadcaster.store.engine import numbering
from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.sealing import Vault
from broadcaster.store.people import people, seals, suppression, told_first
from broadcaster.store.people.addresses import row_of
from broadcaster.store.people.contacts import Key, former_mark, key_with
from broadcaster.store.register.listed import Edit
from broadcaster.store.stations.stations import hash_of
from broadcaster.store.tables import subscribers


class Entry(NamedTuple):
    """A person in a list who is new to the station; ``identity`` recognizes them later, by external id or without."""

    person: NewSubscriber
    digest: bytes
    identity: str = ""


@dataclass(slots=True)
class Rows:
    """Rows to write for some entries, as plain parameters, names sealed.

    ``moved``: people whose places are rewritten; ``homeless``: people whose address, and the home from it, are removed.
    ``enrolled``: people whom the list adds to the register of vulnerable people, or removes from it. ``marks``: of
    ``suppression``, for all that is new.
    """

    added: list[dict[str, Any]] = field(default_factory=list)
    followed: list[dict[str, Any]] = field(default_factory=list)
    rewritten: list[dict[str, Any]] = field(default_factory=list)
    spelled: dict[Key, bytes] = field(default_factory=dict)
    revived: list[int] = field(default_factory=list)
    unlinked: list[dict[str, Any]] = field(default_factory=list)
    contacts: list[dict[str, Any]] = field(default_factory=list)
    links: list[dict[str, Any]] = field(default_factory=list)
    regrouped: list[dict[str, Any]] = field(default_factory=list)
    moved: list[dict[str, Any]] = field(default_factory=list)
    places: list[dict[str, Any]] = field(default_factory=list)
    left: list[dict[str, Any]] = field(default_factory=list)
    memberships: list[tuple[str, int]] = field(default_factory=list)
    addresses: list[dict[str, Any]] = field(default_factory=list)
    homeless: list[dict[str, Any]] = field(default_factory=list)
    enrolled: list[tuple[int, bool]] = field(default_factory=list)
    marks: list[bytes] = field(default_factory=list)


async def reserve(unit: Unit, count: int) -> list[int]:
    """Reserve ``count`` subscriber ids from the database's numbering, permanently."""
    return await numbering.reserve(unit, subscribers, count)


def make_ready(vault: Vault, station_id: int, entries: Sequence[Entry | Edit], new_ids: Sequence[int]) -> Rows:
    """Seal and fingerprint ``entries``; ``new_ids`` (``reserve``): one for each new one."""
    rows = Rows()
    unused = iter(new_ids)
    for entry in entries:
        if isinstance(entry, Edit):
            _make_ready_edit(vault, station_id, rows, entry)
            continue
        person = entry.person
        subscriber_id = next(unused)
        rows.marks.extend(suppression.marks_of(vault, station_id, person))
        token_hash = hash_of(people.new_token())
        rows.added.append(
            {
                "a_subscriber": subscriber_id,
                "a_locale": person.locale,
                "a_name": seals.sealed_name(vault, token_hash, person.name),
                "a_guardians": seals.sealed_guardians(vault, token_hash, person.guardians),
                "a_token": token_hash,
                "a_vulnerable": told_first.sealed(vault, token_hash, first=bool(person.vulnerable)),
            }
        )
        if person.vulnerable:
            rows.enrolled.append((subscriber_id, True))
        external = seals.sealed_external(vault, station_id, person.external_id)
        mark = external["external_mark"]
        if mark is None and entry.identity:
            mark = seals.external_mark(vault, station_id, entry.identity)
        rows.followed.append(
            {
                "a_station": station_id,
                "a_subscriber": subscriber_id,
                "a_mark": mark,
                "a_external": external["external"],
                "a_digest": entry.digest,
            }
        )
        _make_ready_contacts(vault, rows, subscriber_id, person.contacts)
        _make_ready_places(vault, rows, subscriber_id, person.places)
        rows.memberships.extend((slug, subscriber_id) for slug in dict.fromkeys(person.groups))
        if person.address is not None:
            state = AddressState.GIVEN if person.places else AddressState.WAITING
            rows.addresses.append(row_of(vault, station_id, subscriber_id, person.address, state))
    return rows


def _make_ready_edit(vault: Vault, station_id: int, rows: Rows, edit: Edit) -> None:
    subscriber_id = edit.subscriber_id
    # Sealed at write time, since a name is sealed with its owner's token hash, which only the database has.
    rows.rewritten.append(
        {
            "a_subscriber": subscriber_id,
            "a_locale": edit.locale,
            "a_name": edit.name,
            "a_guardians": edit.guardians,
            "a_digest": edit.digest,
            "a_vulnerable": edit.vulnerable,
        }
    )
    if edit.vulnerable is not None:
        rows.enrolled.append((subscriber_id, edit.vulnerable))
    rows.marks.extend(suppression.mark_of(vault, each) for each in edit.added)
    rows.regrouped.extend(
        {"a_subscriber": subscriber_id, "a_contact": each, "a_guardian": guardian or None}
        for each, guardian in edit.regrouped
    )
    rows.revived.extend(edit.revived)
    rows.unlinked.extend({"a_subscriber": subscriber_id, "a_contact": each} for each in edit.dropped)
    rows.left.extend({"a_subscriber": subscriber_id, "a_group": each} for each in edit.left)
    if edit.places is not None:
        rows.moved.append({"a_subscriber": subscriber_id})
        _make_ready_places(vault, rows, subscriber_id, edit.places)
    if edit.address:
        state = AddressState.GIVEN if edit.located else AddressState.WAITING
        rows.addresses.append(row_of(vault, station_id, subscriber_id, edit.address, state))
    elif edit.address is not None:
        rows.homeless.append({"a_subscriber": subscriber_id, "a_station": station_id})
    _make_ready_contacts(vault, rows, subscriber_id, edit.added)
    rows.memberships.extend((slug, subscriber_id) for slug in edit.joined)


def _make_ready_contacts(vault: Vault, rows: Rows, subscriber_id: int, added: Iterable[NewContact]) -> None:
    seen: set[tuple[int, bytes]] = set()
    for contact in added:
        key = key_with(vault, contact)
        if key in seen:
            continue
        seen.add(key)
        channel, fingerprint = key
        if contact.address != contact.canonical:
            rows.spelled[key] = former_mark(vault, contact)
        sealed = vault.seal(contact.address.encode(), b"contact:" + fingerprint)
        rows.contacts.append({"a_channel": channel, "a_fingerprint": fingerprint, "a_sealed": sealed})
        mine = {"a_subscriber": subscriber_id, "a_guardian": contact.guardian or None}
        rows.links.append({**mine, "a_channel": channel, "a_fingerprint": fingerprint})


def _make_ready_places(vault: Vault, rows: Rows, subscriber_id: int, placed: Iterable[NewPlace]) -> None:
    for place in placed:
        rows.places.append({"a_subscriber": subscriber_id, "a_sealed": seals.sealed_place(vault, subscriber_id, place)})
