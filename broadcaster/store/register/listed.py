"""Register data of people named in a list, and edits that leave everything else unchanged."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import select

from broadcaster.domain.addresses import OPEN, Address, AddressState
from broadcaster.domain.people import ContactStatus, LinkStatus, NewContact, NewPlace
from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.sealing import Vault
from broadcaster.store.people import seals
from broadcaster.store.people.contacts import CHUNK, Key
from broadcaster.store.register import vulnerable as vulnerable_register
from broadcaster.store.stations import stations
from broadcaster.store.tables import addresses, contacts, follows, links, memberships, places, subscribers


class ListedPerson(NamedTuple):
    """A person's register data, still sealed.

    ``address_mark``: of the list's address; ``address_open``: its position is unknown. ``contacts``: ids by key;
    ``dead``: ids of dead ones; ``groups``: ids of the station's, by slug. ``guardian``: by contact, whose it is.
    """

    subscriber_id: int
    token_hash: bytes
    locale: str
    sealed_name: bytes | None
    vulnerable: bool
    contacts: dict[Key, int]
    dead: set[int]
    sealed_places: list[bytes]
    groups: dict[str, int]
    address_mark: bytes | None = None
    address_open: bool = False
    sealed_guardians: bytes | None = None
    guardian: dict[Key, int] = {}  # noqa: RUF012  a named tuple has no factory: each gets its own

    def guardians(self, vault: Vault) -> tuple[str, ...]:
        return seals.open_guardians(vault, self.token_hash, self.sealed_guardians)

    def name(self, vault: Vault) -> str | None:
        return seals.open_name(vault, self.token_hash, self.sealed_name)

    def places(self, vault: Vault) -> list[NewPlace]:
        """Return the places in order of addition."""
        return [seals.open_place(vault, self.subscriber_id, sealed) for sealed in self.sealed_places]


class Edit(NamedTuple):
    """Changes of one person; None leaves a field unchanged.

    ``name`` empty: remove it. ``dropped``, ``revived`` and ``left``: ids of contacts and groups; ``joined``: slugs;
    ``places`` replace all. ``address`` empty: remove it; ``located``: the list has its position. ``regrouped``: ids of
    contacts, each with the guardian whose it is.
    """

    subscriber_id: int
    digest: bytes
    name: str | None = None
    locale: str | None = None
    vulnerable: bool | None = None
    added: tuple[NewContact, ...] = ()
    dropped: tuple[int, ...] = ()
    revived: tuple[int, ...] = ()
    places: tuple[NewPlace, ...] | None = None
    joined: tuple[str, ...] = ()
    left: tuple[int, ...] = ()
    address: Address | None = None
    located: bool = False
    guardians: tuple[str, ...] | None = None
    regrouped: tuple[tuple[int, int], ...] = ()


async def held_by(unit: Unit, station_id: int, subscriber_ids: Sequence[int]) -> dict[int, ListedPerson]:
    """Return these people's register data, by id."""
    found: dict[int, ListedPerson] = {}
    run = unit.conn.execute
    slugs = {group_id: slug for slug, group_id in (await stations.group_ids(unit, station_id)).items()}
    for start in range(0, len(subscriber_ids), CHUNK):
        part = list(subscriber_ids[start : start + CHUNK])
        entered = await vulnerable_register.named(unit, station_id, part)
        columns = [subscribers.c[name] for name in ("id", "token_hash", "locale", "name", "guardians")]
        for row in await run(select(*columns).where(subscribers.c.id.in_(part))):
            of_person = row.id, row.token_hash, row.locale, row.name, row.id in entered
            held = ListedPerson(*of_person, {}, set(), [], {})
            found[row.id] = held._replace(sealed_guardians=row.guardians, guardian={})
        for subscriber_id, channel, fingerprint, contact_id, status, guardian in await run(
            select(
                links.c.subscriber_id,
                contacts.c.channel,
                contacts.c.fingerprint,
                contacts.c.id,
                contacts.c.status,
                links.c.guardian,
            )
            .join(contacts, contacts.c.id == links.c.contact_id)
            .where(links.c.subscriber_id.in_(part))
            .order_by(contacts.c.id)
        ):
            found[subscriber_id].contacts[channel, fingerprint] = contact_id
            found[subscriber_id].guardian[channel, fingerprint] = guardian or 0
            if status == ContactStatus.GONE:
                found[subscriber_id].dead.add(contact_id)
        for subscriber_id, sealed in await run(
            select(places.c.subscriber_id, places.c.sealed)
            .where(places.c.subscriber_id.in_(part))
            .order_by(places.c.id)
        ):
            found[subscriber_id].sealed_places.append(sealed)
        for subscriber_id, group_id in await run(
            select(memberships.c.subscriber_id, memberships.c.group_id).where(
                memberships.c.group_id.in_(list(slugs)), memberships.c.subscriber_id.in_(part)
            )
        ):
            found[subscriber_id].groups[slugs[group_id]] = group_id
        for subscriber_id, mark, state in await run(
            select(addresses.c.subscriber_id, addresses.c.mark, addresses.c.state).where(
                addresses.c.station_id == station_id, addresses.c.subscriber_id.in_(part)
            )
        ):
            there = found[subscriber_id]
            found[subscriber_id] = there._replace(address_mark=mark, address_open=AddressState(state) in OPEN)
    return found


async def having_dead(unit: Unit, subscriber_ids: Sequence[int]) -> set[int]:
    found: set[int] = set()
    for start in range(0, len(subscriber_ids), CHUNK):
        part = list(subscriber_ids[start : start + CHUNK])
        rows = await unit.conn.scalars(
            select(links.c.subscriber_id)
            .join(contacts, contacts.c.id == links.c.contact_id)
            .where(links.c.subscriber_id.in_(part), contacts.c.status == int(ContactStatus.GONE))
        )
        found.update(rows)
    return found


async def holders(unit: Unit, station_id: int, keys: Collection[Key]) -> dict[Key, list[int]]:
    """Return the owners of these contacts among people whom the station registered: a sign-up may claim any name."""
    found: dict[Key, list[int]] = {}
    prints = sorted({fingerprint for _, fingerprint in keys})
    for start in range(0, len(prints), CHUNK):
        for subscriber_id, channel, fingerprint in await unit.conn.execute(
            select(links.c.subscriber_id, contacts.c.channel, contacts.c.fingerprint)
            .join(contacts, contacts.c.id == links.c.contact_id)
            .join(follows, follows.c.subscriber_id == links.c.subscriber_id)
            .where(
                contacts.c.fingerprint.in_(prints[start : start + CHUNK]),
                contacts.c.channel.in_(sorted({channel for channel, _ in keys})),
                links.c.status == int(LinkStatus.CONFIRMED),
                follows.c.station_id == station_id,
                follows.c.registered == 1,
            )
        ):
            found.setdefault((channel, fingerprint), []).append(subscriber_id)
    return found
