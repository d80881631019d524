"""Subscribers: register, change, move, erase. Every change is also written to ``changes``."""

import secrets
import struct
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import delete, select, update

from broadcaster.domain.people import LinkStatus, NewSubscriber
from broadcaster.domain.spelling import key
from broadcaster.store import help_requests, sandbox
from broadcaster.store.engine.bulk import Insert, reserve
from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.sealing import Vault
from broadcaster.store.people import contacts as contact_rows
from broadcaster.store.people import suppression, told_first
from broadcaster.store.stations.stations import hash_of
from broadcaster.store.tables import (
    changes,
    confirmations,
    follows,
    groups,
    links,
    memberships,
    places,
    subscribers,
    to_micros,
)

_TOKEN_BYTES = 24
_POINT = struct.Struct("<dd")
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
_LINK = Insert(links, "subscriber_id", "contact_id", "guardian", "status", "created_at")
_PLACE = Insert(places, "subscriber_id", "sealed", "created_at", octets=("sealed",))
_CHANGE = Insert(changes, "subscriber_id")


def new_token() -> str:
    """Return a subscriber's secret: 192 random bits."""
    return "sb_" + secrets.token_urlsafe(_TOKEN_BYTES)


def sealed_guardians(vault: Vault, token_hash: bytes, names: Sequence[str]) -> bytes | None:
    """Seal the names of a child's guardians, in order."""
    return vault.seal("\n".join(names).encode(), b"guardians:" + token_hash) if any(names) else None


def open_guardians(vault: Vault, token_hash: bytes, sealed: bytes | None) -> tuple[str, ...]:
    return () if sealed is None else tuple(vault.open(sealed, b"guardians:" + token_hash).decode().split("\n"))


def seal_point(unit: Unit, subscriber_id: int, lon: float, lat: float, label: str = "") -> bytes:
    """Seal a point (WGS 84 degrees) and its label."""
    return sealed_point(unit.vault, subscriber_id, lon, lat, label)


def sealed_point(vault: Vault, subscriber_id: int, lon: float, lat: float, label: str = "") -> bytes:
    """Like ``seal_point``, outside of a transaction."""
    return vault.seal(_POINT.pack(lon, lat) + label.encode(), b"place:%d" % subscriber_id)


def open_point(unit: Unit, subscriber_id: int, sealed: bytes) -> tuple[float, float, str]:
    """Return (lon, lat, label)."""
    return opened_point(unit.vault, subscriber_id, sealed)


def opened_point(vault: Vault, subscriber_id: int, sealed: bytes) -> tuple[float, float, str]:
    """Like ``open_point``, outside of a transaction."""
    plain = vault.open(sealed, b"place:%d" % subscriber_id)
    lon, lat = _POINT.unpack_from(plain)
    return lon, lat, plain[_POINT.size :].decode()


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
) -> list[int]:
    """Add followers of a station, or of none; return their ids. Their contacts count as confirmed.

    ``tokens``: their secrets (``new_token``), one each. External ids must be new to the station. ``themselves``: the
    person gave the contacts, which undoes an opt-out and takes them off the suppression list; a register does not.
    Raises ``Conflict`` for somebody who asked to be left out.
    """
    if not people:
        return []
    marks = {mark for person in people for mark in suppression.marks_of(unit.vault, station_id or 0, person)}
    if themselves:
        await suppression.lift(unit, marks, [] if station_id is None else [station_id])
    elif station_id is not None:
        await suppression.refuse(unit, station_id, marks)
    hashes = [hash_of(token) for token in tokens]
    ids, at = await reserve(unit, subscribers, len(people)), to_micros(now)
    rows = [
        (
            each,
            person.locale,
            unit.vault.seal(person.name.encode(), b"name:" + token) if person.name else None,
            sealed_guardians(unit.vault, token, person.guardians),
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
            (station_id, each, *sealed_external(unit.vault, station_id, person.external_id).values(), digest, by_whom)
            for each, person, digest in zip(ids, people, told, strict=True)
        ]
        await _FOLLOW.run(unit, [(*row, at) for row in rows_of_follows])
    attached = await _attach(unit, list(zip(ids, people, strict=True)), groups_by_slug, now)
    if themselves and station_id is not None:
        await contact_rows.opt_in(unit, attached, station_id)
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
) -> None:
    """Replace a subscriber's data: contacts, places and groups not named are removed.

    Other stations' groups, the position, and what registers of vulnerable people say, stay.
    """
    token = await unit.conn.scalar(select(subscribers.c.token_hash).where(subscribers.c.id == subscriber_id))
    if token is not None:
        kept: dict[str, Any] = {
            "locale": person.locale,
            "name": unit.vault.seal(person.name.encode(), b"name:" + token) if person.name else None,
        }
        if person.guardians:
            kept["guardians"] = sealed_guardians(unit.vault, token, person.guardians)
        await unit.conn.execute(update(subscribers).where(subscribers.c.id == subscriber_id).values(kept))
    await unit.conn.execute(
        update(follows)
        .where(follows.c.station_id == station_id, follows.c.subscriber_id == subscriber_id)
        .values(digest=digest)
    )
    theirs = select(links.c.contact_id, links.c.guardian).where(links.c.subscriber_id == subscriber_id)
    had = {row.contact_id: row.guardian for row in await unit.conn.execute(theirs)}
    own_groups = select(groups.c.id).where(groups.c.station_id == station_id)
    await unit.conn.execute(delete(links).where(links.c.subscriber_id == subscriber_id))
    await unit.conn.execute(delete(places).where(places.c.subscriber_id == subscriber_id))
    await unit.conn.execute(
        delete(memberships).where(memberships.c.subscriber_id == subscriber_id, memberships.c.group_id.in_(own_groups))
    )
    attached = await _attach(unit, [(subscriber_id, person)], groups_by_slug, now, had=had)
    if themselves:
        await contact_rows.opt_in(unit, attached, station_id)
        await suppression.lift(unit, suppression.marks_of(unit.vault, station_id, person), [station_id])
    await contact_rows.drop_orphans(unit, list(had))
    await touched(unit, [subscriber_id])


async def _attach(
    unit: Unit,
    people: Sequence[tuple[int, NewSubscriber]],
    groups_by_slug: Mapping[str, int],
    now: datetime,
    had: Mapping[int, int | None] = MappingProxyType({}),
) -> list[int]:
    """Write contacts, places and groups; ``had``: which guardian had a contact before, where the person names none."""
    wanted = [contact for _, person in people for contact in person.contacts]
    ids = await contact_rows.ensure(unit, wanted, now) if wanted else {}
    link_rows: dict[tuple[int, int], int | None] = {}
    for subscriber_id, person in people:
        for contact in person.contacts:
            contact_id = ids[contact_rows.key_of(unit, contact)]
            link_rows.setdefault((subscriber_id, contact_id), contact.guardian or had.get(contact_id))
    at, confirmed = to_micros(now), int(LinkStatus.CONFIRMED)
    await _LINK.run(unit, [(*row, guardian, confirmed, at) for row, guardian in sorted(link_rows.items())])
    place_rows = [
        (subscriber_id, seal_point(unit, subscriber_id, place.lon, place.lat, place.label), at)
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
    return list(ids.values())


async def touched(unit: Unit, subscriber_ids: Sequence[int]) -> None:
    """Record a change of these subscribers, numbered in commit order."""
    if subscriber_ids:
        await unit.in_turn("changes")
        await _CHANGE.run(unit, [(each,) for each in subscriber_ids])
        await unit.publish("people", 0)


async def erase(unit: Unit, subscriber_id: int) -> bool:
    """Erase a subscriber and all their data; False if unknown. Past reports keep only a number."""
    had = list(await unit.conn.scalars(select(links.c.contact_id).where(links.c.subscriber_id == subscriber_id)))
    asked = await unit.conn.scalars(select(confirmations.c.id).where(confirmations.c.subscriber_id == subscriber_id))
    codes = list(asked)
    await told_first.unlink(unit, subscriber_id)
    gone = await unit.conn.execute(delete(subscribers).where(subscribers.c.id == subscriber_id))
    if gone.rowcount == 0:
        return False
    await inherit_ids(unit, subscriber_id)
    await contact_rows.drop_orphans(unit, had)
    await sandbox.forget(unit, subscriber_id)
    await sandbox.forget_codes(unit, codes)
    await help_requests.forget(unit, subscriber_id)
    await touched(unit, [subscriber_id])
    return True


async def inherit_ids(unit: Unit, subscriber_id: int, station_id: int | None = None) -> None:
    """Pass an external id freed at a station on to the next person with the same id (``same_id_as``)."""
    same = follows.c.same_id_as == subscriber_id
    if station_id is not None:
        same &= follows.c.station_id == station_id
    heirs: dict[int, int] = {}
    for row in await unit.conn.execute(select(follows).where(same).order_by(follows.c.subscriber_id)):
        values: dict[str, Any] = {"same_id_as": heirs.get(row.station_id)}
        if heirs.setdefault(row.station_id, row.subscriber_id) == row.subscriber_id:
            external_id = open_external(unit.vault, row.external_mark, row.external)
            values |= sealed_external(unit.vault, row.station_id, external_id)
        theirs = follows.c.station_id == row.station_id, follows.c.subscriber_id == row.subscriber_id
        await unit.conn.execute(update(follows).where(*theirs).values(values))


async def by_token(unit: Unit, token: str) -> int | None:
    return await unit.conn.scalar(select(subscribers.c.id).where(subscribers.c.token_hash == hash_of(token)))


async def by_tokens(unit: Unit, tokens: Sequence[str]) -> list[int | None]:
    hashes = [hash_of(token) for token in tokens]
    rows = await unit.conn.execute(
        select(subscribers.c.token_hash, subscribers.c.id).where(subscribers.c.token_hash.in_(hashes))
    )
    found = {row.token_hash: row.id for row in rows}
    return [found.get(each) for each in hashes]


async def by_external_ids(unit: Unit, station_id: int, external_ids: Sequence[str]) -> dict[str, tuple[int, bytes]]:
    """Return, by external id, (subscriber id, digest of the import) of the station's people."""
    found: dict[str, tuple[int, bytes]] = {}
    for start in range(0, len(external_ids), contact_rows.CHUNK):
        part = external_ids[start : start + contact_rows.CHUNK]
        by_mark = {external_mark(unit.vault, station_id, each): each for each in part}
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


def external_mark(vault: Vault, station_id: int, external_id: str) -> bytes:
    """Return the blind index of an external id: some registers use phone numbers."""
    return vault.fingerprint(f"external {station_id}", key(external_id))


def sealed_external(vault: Vault, station_id: int, external_id: str | None) -> dict[str, bytes | None]:
    if external_id is None:
        return {"external_mark": None, "external": None}
    mark = external_mark(vault, station_id, external_id)
    return {"external_mark": mark, "external": vault.seal(external_id.encode(), b"external:" + mark)}


def open_external(vault: Vault, mark: bytes | None, sealed: bytes | None) -> str | None:
    return None if mark is None or sealed is None else vault.open(sealed, b"external:" + mark).decode()


async def locale_of(unit: Unit, subscriber_id: int) -> str | None:
    """Return a subscriber's language; None if they were erased."""
    found: str | None = await unit.conn.scalar(select(subscribers.c.locale).where(subscribers.c.id == subscriber_id))
    return found


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
            open_external(unit.vault, row.external_mark, row.external),
            unit.vault.open(row.name, b"name:" + row.token_hash).decode() if row.name else None,
        )
        for row in rows
    }
