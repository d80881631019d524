"""Seal everything with the newest secret, while the service runs.

A page of rows at a time is read, and each value written back only if it is still the one that was read: what others
write meanwhile stays. What the newest secret sealed is passed over, so a run that was killed goes on where it stopped.

Blind indexes, links and the suppression list keep their keys (``sealing.LASTING``): the first rotation writes these
into ``lasting_keys``, sealed. From then on the old secret is needed for older backups only.
"""

import base64
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Column, LargeBinary, Table, func, literal, select, tuple_, type_coerce, update

from broadcaster.domain.people import CHANNELS
from broadcaster.domain.refusals import Conflict
from broadcaster.store.engine.engine import Store, Unit
from broadcaster.store.engine.sealing import SealBroken, Vault
from broadcaster.store.operations import copying
from broadcaster.store.operations.processes import alive_keys
from broadcaster.store.people.contacts import kept, key_with, open_address
from broadcaster.store.tables import (
    Instant,
    addresses,
    alerts,
    api_keys,
    approvals,
    audit_notes,
    changes,
    confirmations,
    contacts,
    corrections,
    follows,
    groups,
    help_requests,
    inbox_messages,
    keeper_answers,
    lasting_keys,
    occurrences,
    operator_pushes,
    operators,
    places,
    poll_pending,
    positions,
    sandbox_messages,
    schedules,
    signed_requests,
    subscribers,
    upload_parts,
    uploads,
    volunteers,
    vulnerable_people,
)

PAGE = 500


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed column, and the context of a row's value: ``text``, with the numbers or octets of ``of``.

    ``json``: the value stands in base64 in the field ``sealed`` of a JSON object.
    """

    column: Column[Any]
    text: bytes
    of: tuple[Column[Any], ...]
    json: bool = False

    @property
    def table(self) -> Table:
        return self.column.table


def _each() -> Iterator[Sealed]:
    yield Sealed(subscribers.c.name, b"name:%b", (subscribers.c.token_hash,))
    yield Sealed(subscribers.c.guardians, b"guardians:%b", (subscribers.c.token_hash,))
    yield Sealed(subscribers.c.vulnerable, b"vulnerable:%b", (subscribers.c.token_hash,))
    yield Sealed(contacts.c.sealed, b"contact:%b", (contacts.c.fingerprint,))
    yield Sealed(follows.c.external, b"external:%b", (follows.c.external_mark,))
    for table in (places, positions):
        yield Sealed(table.c.sealed, b"place:%d", (table.c.subscriber_id,))
    yield Sealed(addresses.c.sealed, b"address:%d", (addresses.c.subscriber_id,))
    yield Sealed(addresses.c.found, b"found:%d", (addresses.c.subscriber_id,))
    yield Sealed(changes.c.fix, b"fix:%d", (changes.c.subscriber_id,))
    yield Sealed(confirmations.c.sealed, b"confirmation:%b", (confirmations.c.secret_hash,))
    yield Sealed(signed_requests.c.sealed, b"signed:%d", (signed_requests.c.contact_id,))
    for column in (vulnerable_people.c.sealed, vulnerable_people.c.person):
        yield Sealed(column, b"vulnerable entry:%d", (vulnerable_people.c.id,))
    yield Sealed(help_requests.c.sealed, b"help:%d", (help_requests.c.subscriber_id,))
    yield Sealed(volunteers.c.sealed, b"volunteer:%d", (volunteers.c.id,))
    for column in (corrections.c.sealed, corrections.c.reason):
        yield Sealed(column, b"correction:%d", (corrections.c.subscriber_id,))
    yield Sealed(inbox_messages.c.sealed, b"inbox", ())
    yield Sealed(sandbox_messages.c.sealed, b"sandbox", ())
    yield Sealed(keeper_answers.c.sealed, b"keeper:%b", (keeper_answers.c.keeper,))
    yield Sealed(poll_pending.c.sealed, b"ballot:%d:%b", (poll_pending.c.poll_id, poll_pending.c.mark))
    yield Sealed(uploads.c.report, b"upload:%d", (uploads.c.id,))
    yield Sealed(upload_parts.c.sealed, b"upload:%d:%d", (upload_parts.c.upload_id, upload_parts.c.number))
    yield Sealed(groups.c.sealed, b"group:%b", (groups.c.slug,))
    yield Sealed(api_keys.c.sealed, b"label:%b", (api_keys.c.hash,))
    yield Sealed(operators.c.mail, b"operator:%d", (operators.c.id,))
    yield Sealed(operators.c.phone, b"operator phone:%d", (operators.c.id,))
    yield Sealed(operator_pushes.c.sealed, b"operator push:%d", (operator_pushes.c.operator_id,))
    yield Sealed(operators.c.totp, b"totp:%d", (operators.c.id,))
    yield Sealed(approvals.c.why, b"approval:%d", (approvals.c.id,))
    yield Sealed(audit_notes.c.sealed, b"audit:%d", (audit_notes.c.entry_id,))
    yield Sealed(occurrences.c.params, b"occurrence:%d:%d", (occurrences.c.schedule_id, occurrences.c.at))
    for table in (alerts, approvals, schedules):
        yield Sealed(table.c.audience, b"audience:%d", (table.c.id,), json=True)


SEALED = tuple(_each())
"""Every sealed column but ``lasting_keys``' own. A test compares it with the schema."""


async def adopt(store: Store) -> None:
    """Use the lasting keys that a rotation kept, if there was one. Raises ``SealBroken``."""
    async with store.read() as unit:
        rows = (await unit.conn.execute(select(lasting_keys))).all()
    store.vault.adopt(opened(store.vault, [(row.use, row.sealed) for row in rows]))


def opened(vault: Vault, rows: list[tuple[str, bytes]]) -> dict[str, bytes]:
    """Return lasting keys of rows of ``lasting_keys``. Raises ``SealBroken``."""
    return {use: vault.open(sealed, _context(use)) for use, sealed in rows}


async def rotate(store: Store, progress: Callable[[int], None] = lambda _: None) -> int:
    """Seal everything with the newest secret; return how many values that were.

    ``progress``: number of values so far. Raises ``Conflict`` while a process runs that lacks the newest secret, and
    ``SealBroken`` where the secret of a value is lacking; what was done until then holds.
    """
    async with store.write() as unit:
        await _check(unit)
        await keep_lasting(unit)
    done = 0
    for sealed in SEALED:
        after: tuple[Any, ...] | None = None
        while True:
            async with store.write() as unit:
                after, n = await _page(unit, sealed, after)
            done += n
            progress(done)
            if after is None:
                break
    return done


async def _check(unit: Unit) -> None:
    if any(key != unit.vault.key_id for key in await alive_keys(unit)):
        raise Conflict("service-lacks-secret")
    await copying.open_some(unit)
    query = select(contacts).where(func.length(contacts.c.sealed) > 0).limit(1)
    row = (await unit.conn.execute(query)).one_or_none()
    if row is not None:
        contact = kept(CHANNELS[row.channel], open_address(unit, row.fingerprint, row.sealed))
        if key_with(unit.vault, contact)[1] != row.fingerprint:
            raise SealBroken("seal-oldest-key")


async def check_keys(unit: Unit) -> None:
    """Raise ``SealBroken`` if any value was sealed with a key that is not in the settings."""
    for sealed in SEALED:
        if sealed.json:
            found = [value_of(sealed, each) for each in await unit.conn.scalars(select(sealed.column))]
        else:
            key = func.substr(sealed.column, 1, 1, type_=LargeBinary)
            query = select(key).where(func.length(sealed.column) > 1).distinct()
            found = list(await unit.conn.scalars(query))
        if any(each is not None and each[0] not in unit.vault.key_ids for each in found):
            raise SealBroken("seal-unknown-key")


async def keep_lasting(unit: Unit) -> None:
    """Seal the lasting keys with the newest secret."""
    there = {row.use: row.sealed for row in await unit.conn.execute(select(lasting_keys))}
    for use, key in unit.vault.lasting.items():
        sealed = unit.vault.seal(key, _context(use))
        if use not in there:
            await unit.conn.execute(lasting_keys.insert().values(use=use, sealed=sealed))
        elif there[use][0] != unit.vault.key_id:
            await unit.conn.execute(update(lasting_keys).where(lasting_keys.c.use == use).values(sealed=sealed))


async def _page(unit: Unit, sealed: Sealed, after: tuple[Any, ...] | None) -> tuple[tuple[Any, ...] | None, int]:
    """Seal a page of rows anew; return the last row's key (None at the end), and how many values were sealed."""
    keys = [raw(each) for each in sealed.table.primary_key.columns]
    old, of = sealed.column.label("old"), [raw(each).label(f"of{at}") for at, each in enumerate(sealed.of)]
    query = select(*keys, old, *of).order_by(*keys).limit(PAGE)
    if after is not None:
        last = [literal(value, each.type) for value, each in zip(after, keys, strict=True)]
        query = query.where(tuple_(*keys) > tuple_(*last))
    if not sealed.json:
        query = query.where(func.length(sealed.column) > 1)
    rows = (await unit.conn.execute(query)).all()
    done = 0
    for row in rows:
        value = value_of(sealed, row.old)
        if value is None or value[0] == unit.vault.key_id:
            continue
        context = context_of(sealed, row[len(keys) + 1 :])
        fresh = unit.vault.seal(unit.vault.open(value, context), context)
        where = [key == row[at] for at, key in enumerate(keys)]
        if sealed.json:
            audience = {**row.old, "sealed": base64.b64encode(fresh).decode()}
            await unit.conn.execute(update(sealed.table).where(*where).values({sealed.column: audience}))
        else:
            unchanged = sealed.column == value
            await unit.conn.execute(update(sealed.table).where(*where, unchanged).values({sealed.column: fresh}))
        done += 1
    return (tuple(rows[-1][: len(keys)]) if len(rows) == PAGE else None), done


def value_of(sealed: Sealed, value: Any) -> bytes | None:
    """Return the sealed octets of a column's value; None where there are none."""
    if not sealed.json:
        return value if value is not None and len(value) > 1 else None
    return base64.b64decode(value["sealed"]) if "sealed" in value else None


def context_of(sealed: Sealed, of: Sequence[Any]) -> bytes:
    """Return a value's context, from the row's values of ``sealed.of``; a group's mark stands there in hexadecimal."""
    return sealed.text % tuple(bytes.fromhex(each) if isinstance(each, str) else each for each in of)


def raw(column: Column[Any]) -> Any:
    return type_coerce(column, BigInteger) if isinstance(column.type, Instant) else column


def _context(use: str) -> bytes:
    return b"lasting key:" + use.encode()
