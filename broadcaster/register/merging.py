"""Computes the changes that a line makes to an existing person, in only the fields that it names. Pure."""

from itertools import zip_longest
from typing import NamedTuple

from broadcaster.domain.addresses import Address
from broadcaster.domain.people import CHANNEL_NUMBER, NewPlace
from broadcaster.domain.spelling import plain
from broadcaster.register.parsed import FIELD_OF, Fields, ParsedLine
from broadcaster.store.engine.sealing import Vault
from broadcaster.store.people.addresses import mark_of
from broadcaster.store.people.contacts import key_with
from broadcaster.store.register.listed import Edit, ListedPerson


class Removed(NamedTuple):
    """What an import removes: contacts, homes (including moved ones) and group memberships."""

    contacts: int = 0
    homes: int = 0
    memberships: int = 0

    @property
    def total(self) -> int:
        return sum(self)


def merged(parsed: ParsedLine, held: ListedPerson, digest: bytes, vault: Vault) -> tuple[Edit | None, Removed]:
    """Return the changes (None: no change), and what they remove."""
    person, fields = parsed.person, parsed.fields
    edit = Edit(held.subscriber_id, digest)
    nothing = edit
    removed = Removed()
    if Fields.NAME in fields and plain(person.name or "") != plain(held.name(vault) or ""):
        edit = edit._replace(name=person.name or "")
    if Fields.LOCALE in fields and person.locale != held.locale:
        edit = edit._replace(locale=person.locale)
    if Fields.VULNERABLE in fields and person.vulnerable != held.vulnerable:
        edit = edit._replace(vulnerable=person.vulnerable)
    wanted = {key_with(vault, each): each for each in person.contacts}
    spoken = {CHANNEL_NUMBER[channel] for channel, part in FIELD_OF.items() if part in fields}
    added = tuple(contact for key, contact in wanted.items() if key not in held.contacts)
    # Dead contacts of a kind without new ones stay: exports omit them.
    renewed = {CHANNEL_NUMBER[each.channel] for each in added}
    dropped = tuple(
        at
        for key, at in held.contacts.items()
        if key[0] in spoken and key not in wanted and (at not in held.dead or key[0] in renewed)
    )
    revived = tuple(held.contacts[key] for key in wanted if held.contacts.get(key) in held.dead)
    edit = edit._replace(added=added, dropped=dropped, revived=revived)
    if Fields.GUARDIANS in fields:
        edit = _guarded(edit, parsed, held, vault)
    if Fields.GROUPS in fields:
        joined = tuple(slug for slug in person.groups if slug not in held.groups)
        left = tuple(at for slug, at in held.groups.items() if slug not in person.groups)
        edit = edit._replace(joined=joined, left=left)
        removed = removed._replace(memberships=len(left))
    if person.places or parsed.cleared_places:
        were = held.places(vault)
        places = _placed(were, parsed)
        if places != were:
            edit = edit._replace(places=tuple(places))
            still = {(place.lon, place.lat) for place in places}
            removed = removed._replace(homes=sum((place.lon, place.lat) not in still for place in were))
    edit, homes = _housed(edit, parsed, held, vault)
    removed = removed._replace(homes=removed.homes + homes)
    return (None if edit == nothing else edit), removed._replace(contacts=len(dropped))


def _guarded(edit: Edit, parsed: ParsedLine, held: ListedPerson, vault: Vault) -> Edit:
    """Add the guardians' names, and whose each contact is, to the edit. An empty cell leaves a name."""
    wanted = {key_with(vault, each): each.guardian for each in parsed.person.contacts}
    moved = [(held.contacts.get(key), now, held.guardian.get(key)) for key, now in wanted.items()]
    regrouped = tuple((at, now) for at, now, was in moved if at is not None and now != was)
    were = held.guardians(vault)
    pairs = list(zip_longest(parsed.person.guardians, were, fillvalue=""))
    same = all(not name or plain(name) == plain(before) for name, before in pairs)
    return edit._replace(regrouped=regrouped, guardians=None if same else tuple(new or old for new, old in pairs))


def _housed(edit: Edit, parsed: ParsedLine, held: ListedPerson, vault: Vault) -> tuple[Edit, int]:
    """Add the address change to the edit; also return the number of homes removed with a cleared one."""
    if Fields.ADDRESS not in parsed.fields:
        return edit, 0
    address = parsed.person.address
    if address is None:
        return (edit, 0) if held.address_mark is None else (edit._replace(address=Address()), 1)
    located = bool(parsed.person.places)
    if mark_of(vault, address) != held.address_mark or (edit.places is not None and held.address_open):
        return edit._replace(address=address, located=located), 0
    return edit, 0


def _placed(were: list[NewPlace], parsed: ParsedLine) -> list[NewPlace]:
    """Return all places: the line's places replace their counterparts, others stay.

    Places correspond by equal point, then equal label, then equal column number. An unchanged point keeps its label if
    the line has none.
    """
    slots: list[NewPlace | None] = [*were]
    matched: set[int] = set()
    further: list[NewPlace] = []
    moved: list[tuple[int, NewPlace]] = []
    for column, place in zip(parsed.place_columns, parsed.person.places, strict=True):
        same = [at for at, was in enumerate(were) if (was.lon, was.lat) == (place.lon, place.lat) and at not in matched]
        if same:
            at = min(same, key=lambda at: plain(were[at].label) != plain(place.label))
            matched.add(at)
            if place.label and plain(place.label) != plain(were[at].label):
                slots[at] = place
        else:
            moved.append((column, place))
    for column, place in moved:
        named = [at for at, other in enumerate(were) if place.label and other.label == place.label]
        free = [each for each in (*named, column) if each < len(were) and each not in matched]
        if free:
            matched.add(free[0])
            slots[free[0]] = place
        else:
            further.append(place)
    for at in range(min(parsed.cleared_places, len(were))):
        if at not in matched:
            slots[at] = None
    return [*(place for place in slots if place is not None), *further]
