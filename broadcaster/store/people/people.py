"""Subscribers: register, change, move, erase. Every change is also written to ``changes``."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, delete, func, select, update

from broadcaster.domain.consents import Consent
from broadcaster.domain.people import CHANNEL_NUMBER, PHONES, LinkStatus, NewContact, NewSubscriber
from broadcaster.store import help_requests, inbox, sandbox
from broadcaster.store.engine.bulk import Insert
from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.numbering import reserve
from broadcaster.store.engine.sealing import Vault
from broadcaster.store.people import consents, seals, suppression, told_first
from broadcaster.store.people import contacts as contact_rows
from broadcaster.store.stations.stations import hash_of
from broadcaster.store.tables import (
    alerts,
    changes,
    confirmations,
    contacts,
    deliveries,
    follows,
    groups,
    links,
    memberships,
    places,
    raw,
    subscribers,
    to_micros,
)

_TOKEN_BYTES = 24
_ADD = Insert(
    subscribers,
    *("id", "locale", "name", "guardians", "token_hash", "vulnerable", "created_at"),
    octets=("name", "guardians", "token_hash", "vulnerable"),
)
_FOLLOW = Insert(
    follows,
    *("station_id", "subscriber_id", "external_mark", "external", "digest", "registered", "created_at"),
    octets=("external_mark", "external", "digest"),
)
_LINK = Insert(links, "subscriber_id", "contact_id", "guardian", "consent_id", "status", "created_at")
_PLACE = Insert(places, "subscriber_id", "sealed", "created_at", octets=("sealed",))
_CHANGE = Insert(changes, "subscriber_id")


def new_token() -> str:
    """Return a subscriber's secret: 192 random bits."""
    return "sb_" + secrets.token_urlsafe(_TOKEN_BYTES)


async def register(
    unit: Unit,
    station_id: int | None,
    people: Sequence[NewSubscriber],
    tokens: Sequence[str],
    *,
    groups_by_slug: Mapping[str, int],
    now: datetime,
    digests: Sequence[bytes | None] | None = None,
    themselves: bool = False,
    consent: Consent | Sequence[Consent] | None = None,
) -> list[int]:
    """Add followers of a station, or of none; return their ids. Their contacts count as confirmed.

    ``tokens``: their secrets (``new_token``), one each. External ids must be new to the station. ``themselves``: the
    person gave the contacts, which undoes a STOP and an opt-out, and takes them off the suppression list; a register
    does not. ``consent``: by which act they come in, one for all or one each; None: synthetic people. Raises
    ``Conflict`` for somebody who asked to be left out.
    """
    if not people:
        return []
    marks = {mark for person in people for mark in suppression.marks_of(unit.vault, station_id or 0, person)}
    by = consent if isinstance(consent, Consent) else None
    if themselves:
        await suppression.lift(unit, marks, now, [] if station_id is None else [station_id], by)
    elif station_id is not None:
        await suppression.refuse(unit, station_id, marks)
    hashes = [hash_of(token) for token in tokens]
    ids, at = await reserve(unit, subscribers, len(people)), to_micros(now)
    rows = [
        (
            each,
            person.locale,
            seals.sealed_name(unit.vault, token, person.name),
            seals.sealed_guardians(unit.vault, token, person.guardians),
            token,
            told_first.sealed(unit.vault, token, first=bool(person.vulnerable)),
            at,
        )
        for each, person, token in zip(ids, people, hashes, strict=True)
    ]
    await _ADD.run(unit, rows)
    told = digests if digests is not None else [None] * len(ids)
    if station_id is not None:
        by_whom = None if themselves else 1
        rows_of_follows = [
            (station_id, each, *seals.sealed_external(unit.vault, station_id, person.external_id).values(), digest)
            for each, person, digest in zip(ids, people, told, strict=True)
        ]
        await _FOLLOW.run(unit, [(*row, by_whom, at) for row in rows_of_follows])
    attached = await _attach(unit, list(zip(ids, people, strict=True)), groups_by_slug, now)
    if consent is not None:
        acts = [consent] * len(ids) if isinstance(consent, Consent) else consent
        linked = [(act, each, person.contacts) for act, each, person in zip(acts, ids, people, strict=True)]
        rows_of_acts = [(act, each, attached[key], key[0]) for act, each, some in linked for key in _keys(unit, some)]
        await consents.add(unit, station_id, rows_of_acts, now)
    if themselves and station_id is not None:
        await contact_rows.take_back_stop(unit, list(attached.values()), now)
        await contact_rows.opt_in(unit, list(attached.values()), station_id)
    await touched(unit, ids)
    return ids


async def replace(
    unit: Unit,
    station_id: int,
    subscriber_id: int,
    person: NewSubscriber,
    *,
    groups_by_slug: Mapping[str, int],
    now: datetime,
    digest: bytes | None = None,
    themselves: bool = False,
    consent: Consent | None = None,
) -> None:
    """Replace a subscriber's data: contacts, places and groups not named are removed.

    Other stations' groups, the position, and what registers of vulnerable people say, stay.
    """
    token = await unit.conn.scalar(select(subscribers.c.token_hash).where(subscribers.c.id == subscriber_id))
    if token is not None:
        kept: dict[str, Any] = {"locale": person.locale, "name": seals.sealed_name(unit.vault, token, person.name)}
        if person.guardians:
            kept["guardians"] = seals.sealed_guardians(unit.vault, token, person.guardians)
        await unit.conn.execute(update(subscribers).where(subscribers.c.id == subscriber_id).values(kept))
    await unit.conn.execute(
        update(follows)
        .where(follows.c.station_id == station_id, follows.c.subscriber_id == subscriber_id)
        .values(digest=digest)
    )
    theirs = select(links).where(links.c.subscriber_id == subscriber_id)
    had = {row.contact_id: row for row in await unit.conn.execute(theirs)}
    keys = _keys(unit, person.contacts)
    kept_ids = {each.id for each in await contact_rows.known(unit, keys)}
    await consents.note(unit, consent, had.keys() - kept_ids, now, given=False, subscriber_id=subscriber_id)
    own_groups = select(groups.c.id).where(groups.c.station_id == station_id)
    await unit.conn.execute(delete(links).where(links.c.subscriber_id == subscriber_id))
    await unit.conn.execute(delete(places).where(places.c.subscriber_id == subscriber_id))
    await unit.conn.execute(
        delete(memberships).where(memberships.c.subscriber_id == subscriber_id, memberships.c.group_id.in_(own_groups))
    )
    attached = await _attach(unit, [(subscriber_id, person)], groups_by_slug, now, had=had)
    new = attached.values() - had.keys()
    await consents.note(unit, consent, new, now, given=True, subscriber_id=subscriber_id)
    if themselves:
        await contact_rows.opt_in(unit, list(attached.values()), station_id)
        await suppression.lift(unit, suppression.marks_of(unit.vault, station_id, person), now, [station_id], consent)
    await contact_rows.drop_orphans(unit, list(had))
    await touched(unit, [subscriber_id])


async def _attach(
    unit: Unit,
    people: Sequence[tuple[int, NewSubscriber]],
    groups_by_slug: Mapping[str, int],
    now: datetime,
    had: Mapping[int, Row[Any]] = MappingProxyType({}),
) -> dict[contact_rows.Key, int]:
    """Write contacts, places and groups; return the contacts.

    ``had``: the links of a person's contacts before: the guardian where none is named now, and the list's consent.
    """
    wanted = [contact for _, person in people for contact in person.contacts]
    ids = await contact_rows.ensure(unit, wanted, now) if wanted else {}
    link_rows: dict[tuple[int, int], tuple[int | None, int | None]] = {}
    for subscriber_id, person in people:
        for contact in person.contacts:
            contact_id = ids[contact_rows.key_with(unit.vault, contact)]
            before = had.get(contact_id)
            guardian, act = (None, None) if before is None else (before.guardian, before.consent_id)
            link_rows.setdefault((subscriber_id, contact_id), (contact.guardian or guardian, act))
    at, confirmed = to_micros(now), int(LinkStatus.CONFIRMED)
    await _LINK.run(unit, [(*row, *others, confirmed, at) for row, others in sorted(link_rows.items())])
    place_rows = [
        (subscriber_id, seals.sealed_place(unit.vault, subscriber_id, place), at)
        for subscriber_id, person in people
        for place in person.places
    ]
    await _PLACE.run(unit, place_rows)
    member_rows = {(groups_by_slug[slug], subscriber_id) for subscriber_id, person in people for slug in person.groups}
    if member_rows:
        await unit.conn.execute(
            memberships.insert(),
            [{"group_id": group_id, "subscriber_id": member} for group_id, member in sorted(member_rows)],
        )
    return ids


def _keys(unit: Unit, some: Sequence[NewContact]) -> list[contact_rows.Key]:
    return list(dict.fromkeys(contact_rows.key_with(unit.vault, each) for each in some))


async def touched(unit: Unit, subscriber_ids: Sequence[int]) -> None:
    """Record a change of these subscribers, numbered in commit order."""
    if subscriber_ids:
        await unit.in_turn("changes")
        await _CHANGE.run(unit, [(each,) for each in subscriber_ids])
        await unit.publish("people", 0)


async def erase(unit: Unit, subscriber_id: int) -> bool:
    """Erase a subscriber, what they wrote to us, and by what a provider knows whom a message went to; False if unknown.

    Past reports keep only a number.
    """
    had = await contact_rows.ids_of(unit, subscriber_id)
    asked = select(confirmations.c.id).where(confirmations.c.subscriber_id == subscriber_id)
    codes = list(await unit.conn.scalars(asked))
    await inbox.forget(unit, await _numbers(unit, subscriber_id))
    await _unname(unit, subscriber_id, had)
    await told_first.unlink(unit, subscriber_id)
    gone = await unit.conn.execute(delete(subscribers).where(subscribers.c.id == subscriber_id))
    if gone.rowcount == 0:
        return False
    await contact_rows.drop_orphans(unit, had)
    await sandbox.forget(unit, subscriber_id)
    await sandbox.forget_codes(unit, codes)
    await help_requests.forget(unit, subscriber_id)
    await touched(unit, [subscriber_id])
    return True


async def _unname(unit: Unit, subscriber_id: int, contact_ids: Sequence[int]) -> None:
    """Empty the provider's ids of a person's messages, and their positions that are still to be looked at."""
    # Deliveries have no index by person: an alert's are found by its id and a contact.
    theirs = deliveries.c.alert_id.in_(select(alerts.c.id)), deliveries.c.contact_id.in_(contact_ids)
    await unit.conn.execute(
        update(deliveries).where(*theirs, deliveries.c.subscriber_id == subscriber_id).values(provider_id=None)
    )
    seen = changes.c.subscriber_id == subscriber_id, changes.c.fix.is_not(None)
    await unit.conn.execute(update(changes).where(*seen).values(fix=None))


def own_contacts(subscriber_id: int, station_id: int | None = None) -> Select[Any]:
    """Return the contacts of a person that no other follower of the station has; None: that nobody else has."""
    other = links.alias()
    shared = select(other.c.contact_id).where(other.c.subscriber_id != subscriber_id)
    if station_id is not None:
        shared = shared.join(follows, follows.c.subscriber_id == other.c.subscriber_id)
        shared = shared.where(follows.c.station_id == station_id)
    return select(links.c.contact_id).where(links.c.subscriber_id == subscriber_id, links.c.contact_id.not_in(shared))


async def shares_contacts(unit: Unit, subscriber_id: int) -> bool:
    """Return whether somebody else has a contact of this person."""
    mine = select(links.c.contact_id).where(links.c.subscriber_id == subscriber_id)
    shared = mine.where(links.c.contact_id.not_in(own_contacts(subscriber_id)))
    return await unit.conn.scalar(shared.limit(1)) is not None


async def _numbers(unit: Unit, subscriber_id: int) -> list[str]:
    """Return the telephone numbers that only this person has."""
    phones = [CHANNEL_NUMBER[each] for each in PHONES]
    rows = await unit.conn.execute(
        select(contacts).where(contacts.c.id.in_(own_contacts(subscriber_id)), contacts.c.channel.in_(phones))
    )
    return [contact_rows.open_address(unit, row.fingerprint, row.sealed) for row in rows if row.sealed]


async def by_token(unit: Unit, token: str) -> int | None:
    return await unit.conn.scalar(select(subscribers.c.id).where(subscribers.c.token_hash == hash_of(token)))


class Owner(NamedTuple):
    """The subscriber with a token, and their last sign of life, in microseconds since 1970."""

    id: int
    active: int


async def by_tokens(unit: Unit, tokens: Sequence[str]) -> list[Owner | None]:
    """Return each token's owner."""
    hashes = [hash_of(token) for token in tokens]
    rows = await unit.conn.execute(
        select(
            subscribers.c.token_hash,
            subscribers.c.id,
            func.coalesce(raw(subscribers.c.active_at), raw(subscribers.c.created_at)).label("active"),
        ).where(subscribers.c.token_hash.in_(hashes))
    )
    found = {row.token_hash: Owner(row.id, row.active) for row in rows}
    return [found.get(each) for each in hashes]


async def by_external_ids(unit: Unit, station_id: int, external_ids: Sequence[str]) -> dict[str, tuple[int, bytes]]:
    """Return, by external id, (subscriber id, digest of the import) of the station's people."""
    found: dict[str, tuple[int, bytes]] = {}
    for start in range(0, len(external_ids), contact_rows.CHUNK):
        part = external_ids[start : start + contact_rows.CHUNK]
        by_mark = {seals.external_mark(unit.vault, station_id, each): each for each in part}
        rows = await unit.conn.execute(
            select(follows.c.external_mark, follows.c.subscriber_id, follows.c.digest).where(
                follows.c.station_id == station_id, follows.c.external_mark.in_(list(by_mark))
            )
        )
        found.update({by_mark[row.external_mark]: (row.subscriber_id, row.digest or b"") for row in rows})
    return found


def ref_of(vault: Vault, subscriber_id: int, token_hash: bytes) -> str:
    """Return the unique reference by which an export names a person without a register id."""
    mark = vault.fingerprint("ref", f"{subscriber_id} {token_hash.hex()}")
    return f"tocsin-{subscriber_id}-{mark[:8].hex()}"


async def by_refs(unit: Unit, station_id: int, refs: Sequence[str]) -> dict[str, tuple[int, bytes]]:
    """Like ``by_external_ids``, for people named by an export (``ref_of``) who still follow."""
    wanted = sorted({int(each.split("-")[1]) for each in refs})
    found: dict[str, tuple[int, bytes]] = {}
    for start in range(0, len(wanted), contact_rows.CHUNK):
        part = wanted[start : start + contact_rows.CHUNK]
        for row in await unit.conn.execute(
            select(follows.c.subscriber_id, follows.c.digest, subscribers.c.token_hash)
            .join(subscribers, subscribers.c.id == follows.c.subscriber_id)
            .where(follows.c.station_id == station_id, follows.c.subscriber_id.in_(part))
        ):
            ref = ref_of(unit.vault, row.subscriber_id, row.token_hash)
            if ref in refs:
                found[ref] = row.subscriber_id, row.digest or b""
    return found


async def locale_of(unit: Unit, subscriber_id: int) -> str | None:
    """Return a subscriber's language; None if they were erased."""
    return await unit.conn.scalar(select(subscribers.c.locale).where(subscribers.c.id == subscriber_id))


async def names(unit: Unit, station_id: int, subscriber_ids: Iterable[int]) -> dict[int, tuple[str | None, str | None]]:
    """Return (external id, name) by subscriber id, for followers of the station only: its operators may know them."""
    rows = await unit.conn.execute(
        select(
            subscribers.c.id, subscribers.c.name, subscribers.c.token_hash, follows.c.external_mark, follows.c.external
        )
        .join(follows, follows.c.subscriber_id == subscribers.c.id)
        .where(follows.c.station_id == station_id, subscribers.c.id.in_(list(subscriber_ids)))
    )
    return {
        row.id: (
            seals.open_external(unit.vault, row.external_mark, row.external),
            seals.open_name(unit.vault, row.token_hash, row.name),
        )
        for row in rows
    }
