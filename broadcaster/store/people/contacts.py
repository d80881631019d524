"""Contacts: one row per address, however many people share it, with its health."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import Row, bindparam, delete, exists, select, update

from broadcaster.domain.consents import Consent
from broadcaster.domain.people import CHANNEL_NUMBER, CHANNELS, PHONES, PUSH, ChannelName, ContactStatus, NewContact
from broadcaster.domain.refusals import Conflict
from broadcaster.domain.spelling import key as normal
from broadcaster.store.engine.bulk import Insert
from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.numbering import reserve
from broadcaster.store.engine.sealing import Vault
from broadcaster.store.people import consents
from broadcaster.store.tables import changes, contact_refusals, contacts, links, opt_outs, subscribers, to_micros
from channels.e164 import E164

CHUNK = 400
"""Rows per statement with two or more parameters each: SQLite's limit is 32,766, and shorter statements are as fast."""

_CODE = 60
"""The column's length: PostgreSQL would refuse an outcome with a longer value."""


StopCode = Literal["sms:stop", "call:stop"]
"""By which way an owner wrote or pressed STOP to us."""

Key = tuple[int, bytes]

_ADD = Insert(
    contacts, *("id", "channel", "fingerprint", "sealed", "status", "created_at"), octets=("fingerprint", "sealed")
)


def kept(channel: ChannelName, address: str) -> NewContact:
    """Return a stored contact in its original form."""
    if channel is ChannelName.PUSH:
        return NewContact(channel, json.loads(address)["endpoint"], address)
    return NewContact(channel, normal(address) if channel is ChannelName.EMAIL else address, address)


FORGOTTEN = b""
"""Address of an ownerless contact that must not be written to."""


def key_with(vault: Vault, contact: NewContact) -> Key:
    """Return a contact's unique key: channel number and blind index."""
    return CHANNEL_NUMBER[contact.channel], vault.fingerprint(contact.channel, contact.canonical)


def former_mark(vault: Vault, contact: NewContact) -> bytes:
    """Return the blind index from when mail addresses were compared as written."""
    written = contact.address if contact.channel is ChannelName.EMAIL else contact.canonical
    return vault.fingerprint(contact.channel, written)


def seal_address(unit: Unit, key: Key, address: str) -> bytes:
    return unit.vault.seal(address.encode(), b"contact:" + key[1])


def open_address(unit: Unit, fingerprint: bytes, sealed: bytes) -> str:
    return unit.vault.open(sealed, b"contact:" + fingerprint).decode()


async def address_of(unit: Unit, contact_id: int) -> tuple[ChannelName, str] | None:
    """Return a contact's channel and address; None for an unknown or forgotten one."""
    columns = contacts.c.channel, contacts.c.fingerprint, contacts.c.sealed
    row = (await unit.conn.execute(select(*columns).where(contacts.c.id == contact_id))).one_or_none()
    if row is None or row.sealed == FORGOTTEN:
        return None
    return CHANNELS[row.channel], open_address(unit, row.fingerprint, row.sealed)


async def ids_of(unit: Unit, subscriber_id: int) -> list[int]:
    """Return the ids of a person's contacts."""
    return list(await unit.conn.scalars(select(links.c.contact_id).where(links.c.subscriber_id == subscriber_id)))


async def by_number(unit: Unit, number: str) -> dict[ChannelName, int]:
    """Return the contacts of a telephone number (E.164): for calls, and for SMS."""
    found: dict[ChannelName, int] = {}
    for channel in PHONES:
        mark = unit.vault.fingerprint(channel, number)
        same = (contacts.c.channel == CHANNEL_NUMBER[channel]) & (contacts.c.fingerprint == mark)
        contact_id = await unit.conn.scalar(select(contacts.c.id).where(same))
        if contact_id is not None:
            found[channel] = contact_id
    return found


async def locale_of(unit: Unit, contact_ids: Sequence[int]) -> str:
    """Return the language of somebody who has one of these contacts; empty if nobody has."""
    query = (
        select(subscribers.c.locale)
        .join(links, links.c.subscriber_id == subscribers.c.id)
        .where(links.c.contact_id.in_(contact_ids))
        .order_by(subscribers.c.id)
        .limit(1)
    )
    return await unit.conn.scalar(query) or ""


async def stop(unit: Unit, number: str, code: StopCode, now: datetime, consent: Consent | None = None) -> None:
    """Never text or call a telephone number (E.164) again, for any station: its owner said so.

    Where nobody has it yet, only its blind index is kept, for a list that names it later.
    """
    known = await by_number(unit, number)
    for channel in PHONES if E164.fullmatch(number) else ():
        if channel not in known:
            values = {"fingerprint": unit.vault.fingerprint(channel, number), "sealed": FORGOTTEN, "created_at": now}
            row = values | {"channel": CHANNEL_NUMBER[channel], "status": ContactStatus.ACTIVE}
            made = await unit.conn.execute(contacts.insert().values(row).returning(contacts.c.id))
            known[channel] = made.scalar_one()
    await consents.note(unit, consent, known.values(), now, given=False)
    await retire(unit, known.values(), ContactStatus.STOPPED, code, now)


async def restart(unit: Unit, contact_ids: Sequence[int], now: datetime, consent: Consent | None = None) -> None:
    """Undo ``stop`` and every opt-out of these contacts: their owner said so."""
    await consents.note(unit, consent, contact_ids, now, given=True)
    stopped = contacts.c.id.in_(contact_ids) & (contacts.c.status == ContactStatus.STOPPED)
    await unit.conn.execute(update(contacts).where(stopped).values(_fresh(now)))
    await unit.conn.execute(delete(opt_outs).where(opt_outs.c.contact_id.in_(contact_ids)))
    await _changed(unit, list(contact_ids))
    await drop_orphans(unit, contact_ids)


async def take_back_stop(unit: Unit, contact_ids: Sequence[int], now: datetime) -> None:
    """Undo ``stop`` of contacts to which their owner let a code be sent. A provider's own stop stays: it refuses."""
    ours = contacts.c.status == ContactStatus.STOPPED, contacts.c.status_code.in_(get_args(StopCode))
    these = update(contacts).where(contacts.c.id.in_(contact_ids), *ours).values(_fresh(now)).returning(contacts.c.id)
    freed = list(await unit.conn.scalars(these))
    if freed:
        await _changed(unit, freed)


def _fresh(now: datetime) -> dict[str, Any]:
    return {"status": ContactStatus.ACTIVE, "status_code": None, "status_at": now}


async def adopt(unit: Unit, spelled: Mapping[Key, bytes]) -> dict[Key, int]:
    """Apply opt-outs whose address was deleted to the same address in today's spelling.

    ``spelled``: by contact key, the mark of its address as written, the only trace left of it. Return the rows that
    took the new spelling and still lack their address.
    """
    adopted: dict[Key, int] = {}
    by_former = {former: key for key, former in spelled.items() if former != key[1]}
    formers = list(by_former)
    for start in range(0, len(formers), CHUNK):
        rows = await unit.conn.execute(
            select(contacts.c.id, contacts.c.channel, contacts.c.fingerprint, contacts.c.status).where(
                contacts.c.fingerprint.in_(formers[start : start + CHUNK]), contacts.c.sealed == FORGOTTEN
            )
        )
        for row in rows.all():
            key = by_former[row.fingerprint]
            if row.channel == key[0] and await _adopt(unit, key, row.id, row.status):
                adopted[key] = row.id
    return adopted


async def _adopt(unit: Unit, key: Key, forgotten: int, status: int) -> bool:
    same = (contacts.c.channel == key[0]) & (contacts.c.fingerprint == key[1])
    keep = await unit.conn.scalar(select(contacts.c.id).where(same))
    if keep is None:
        await unit.conn.execute(update(contacts).where(contacts.c.id == forgotten).values(fingerprint=key[1]))
        return True
    there = select(opt_outs.c.station_id).where(opt_outs.c.contact_id == keep).scalar_subquery()
    said = (opt_outs.c.contact_id == forgotten) & opt_outs.c.station_id.not_in(there)
    await unit.conn.execute(update(opt_outs).where(said).values(contact_id=keep))
    if status == ContactStatus.STOPPED:
        await unit.conn.execute(update(contacts).where(contacts.c.id == keep).values(status=status))
    await unit.conn.execute(delete(contacts).where(contacts.c.id == forgotten))
    await _changed(unit, [keep])
    return False


async def ensure(unit: Unit, wanted: Sequence[NewContact], now: datetime) -> dict[Key, int]:
    """Add missing contacts; return ids by key.

    A dead contact that its owner gives again is revived. A stopped one stays stopped until its owner restarts it at the
    provider. Raises ``Conflict`` for a known push subscription with other keys: browsers never change them, and an
    attacker could silence the device.
    """
    by_key = {key_with(unit.vault, contact): contact for contact in wanted}
    respelled = {key: each for key, each in by_key.items() if each.address != each.canonical}
    await adopt(unit, {key: former_mark(unit.vault, contact) for key, contact in respelled.items()})
    found: dict[Key, int] = {}
    revived: list[int] = []
    forgotten: set[int] = set()
    keys = list(by_key)
    for row in await known(unit, keys):
        key = row.channel, row.fingerprint
        found[key] = row.id
        if row.status == ContactStatus.GONE:
            revived.append(row.id)
        if row.sealed == FORGOTTEN:
            forgotten.add(row.id)
        elif row.channel == PUSH:
            _check_keys(open_address(unit, row.fingerprint, row.sealed), by_key[key])
    for key, contact_id in found.items():
        if contact_id in revived or contact_id in forgotten:
            sealed = seal_address(unit, key, by_key[key].address)
            await unit.conn.execute(update(contacts).where(contacts.c.id == contact_id).values(sealed=sealed))
    await revive(unit, revived, now)
    missing = [key for key in keys if key not in found]
    ids = await reserve(unit, contacts, len(missing))
    found.update(zip(missing, ids, strict=True))
    rows = [
        (found[key], *key, seal_address(unit, key, by_key[key].address), int(ContactStatus.ACTIVE), to_micros(now))
        for key in missing
    ]
    await _ADD.run(unit, rows)
    return found


async def known(unit: Unit, keys: Sequence[Key]) -> list[Row[Any]]:
    """Return the rows of those of these contacts that exist."""
    rows: list[Row[Any]] = []
    for channel in {key[0] for key in keys}:
        prints = [key[1] for key in keys if key[0] == channel]
        for start in range(0, len(prints), CHUNK):
            part = {"channel": channel, "fingerprints": prints[start : start + CHUNK]}
            rows += await unit.conn.execute(_KNOWN, part)
    return rows


_KNOWN = select(contacts.c.id, contacts.c.channel, contacts.c.fingerprint, contacts.c.status, contacts.c.sealed).where(
    contacts.c.channel == bindparam("channel"), contacts.c.fingerprint.in_(bindparam("fingerprints", expanding=True))
)


def _check_keys(known: str, given: NewContact) -> None:
    if json.loads(known) != json.loads(given.address):
        raise Conflict("push-other-keys")


async def retire(
    unit: Unit, contact_ids: Iterable[int], status: ContactStatus, code: str | None, now: datetime
) -> None:
    """Never write to these contacts again; record a change for everyone who had them."""
    ids = list(contact_ids)
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        values = {"status": status, "status_code": (code or "")[:_CODE] or None, "status_at": now}
        await unit.conn.execute(update(contacts).where(contacts.c.id.in_(part)).values(values))
        await _changed(unit, part)


async def revive(unit: Unit, contact_ids: Iterable[int], now: datetime) -> None:
    """Revive these contacts if they were found dead, and record a change for their owners."""
    ids = list(contact_ids)
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        dead = contacts.c.id.in_(part), contacts.c.status == ContactStatus.GONE
        await unit.conn.execute(update(contacts).where(*dead).values(_fresh(now)))
        await unit.conn.execute(delete(contact_refusals).where(contact_refusals.c.contact_id.in_(part)))
        await _changed(unit, part)


async def opt_out(unit: Unit, contact_id: int, station_id: int, now: datetime, consent: Consent | None = None) -> None:
    """Stop writing to this contact for this station; other stations still may. One that is gone needs no stop."""
    there = exists().where(opt_outs.c.contact_id == contact_id, opt_outs.c.station_id == station_id)
    asked = select(contacts.c.id).where(contacts.c.id == contact_id, ~there)
    if await unit.conn.scalar(asked) is not None:
        await consents.note(unit, consent, [contact_id], now, given=False, station_id=station_id)
        await unit.conn.execute(opt_outs.insert().values(contact_id=contact_id, station_id=station_id, at=now))
        await _changed(unit, [contact_id])


async def opt_in(unit: Unit, contact_ids: Sequence[int], station_id: int) -> bool:
    """Undo ``opt_out``: the owner gave the contact to this station again. Return whether there was one."""
    if not contact_ids:
        return False
    these = opt_outs.c.contact_id.in_(contact_ids), opt_outs.c.station_id == station_id
    gone = await unit.conn.execute(delete(opt_outs).where(*these))
    if gone.rowcount:
        await _changed(unit, list(contact_ids))
    return gone.rowcount > 0


async def drop_orphans(unit: Unit, contact_ids: Sequence[int]) -> None:
    """Delete those of these contacts that no longer belong to anybody.

    If the owner opted out or sent STOP, the address is deleted but the blind index stays: listing it again does not
    undo that.
    """
    if contact_ids:
        orphaned = contacts.c.id.in_(contact_ids) & ~exists().where(links.c.contact_id == contacts.c.id)
        refusing = (contacts.c.status == ContactStatus.STOPPED) | exists().where(opt_outs.c.contact_id == contacts.c.id)
        await unit.conn.execute(delete(contacts).where(orphaned, ~refusing))
        await unit.conn.execute(update(contacts).where(orphaned).values(sealed=FORGOTTEN))


async def _changed(unit: Unit, contact_ids: list[int]) -> None:
    owners = select(links.c.subscriber_id).where(links.c.contact_id.in_(contact_ids)).distinct()
    await unit.in_turn("changes")
    await unit.conn.execute(changes.insert().from_select(["subscriber_id"], owners))
    await unit.publish("people", 0)
