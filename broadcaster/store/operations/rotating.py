"""Seal everything with the newest secret, while the service runs.

A page of rows at a time is read, and each value written back only if it is still the one that was read: what others
write meanwhile stays. What the newest secret sealed is passed over, so a run that was killed goes on where it stopped.

Blind indexes, links and the suppression list keep their keys (``sealing.LASTING``): the first rotation writes these
into ``lasting_keys``, sealed. From then on the old secret is needed for older backups only.
"""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, LargeBinary, Table, func, literal, select, tuple_, update

from broadcaster.domain.people import CHANNELS
from broadcaster.domain.refusals import Conflict
from broadcaster.store.engine.engine import Store, Unit
from broadcaster.store.engine.sealing import SealBroken, Vault
from broadcaster.store.operations import copying
from broadcaster.store.operations.processes import alive_keys
from broadcaster.store.people.contacts import kept, key_with, open_address
from broadcaster.store.tables import contacts, lasting_keys, metadata, raw

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


def _of(table: str, column: str, text: bytes, *of: str, json: bool = False) -> Sealed:
    columns = metadata.tables[table].c
    return Sealed(columns[column], text, tuple(columns[each] for each in of), json)


SEALED = (
    _of("subscribers", "name", b"name:%b", "token_hash"),
    _of("subscribers", "guardians", b"guardians:%b", "token_hash"),
    _of("subscribers", "vulnerable", b"vulnerable:%b", "token_hash"),
    _of("contacts", "sealed", b"contact:%b", "fingerprint"),
    _of("follows", "external", b"external:%b", "external_mark"),
    _of("places", "sealed", b"place:%d", "subscriber_id"),
    _of("positions", "sealed", b"place:%d", "subscriber_id"),
    _of("addresses", "sealed", b"address:%d", "subscriber_id"),
    _of("addresses", "found", b"found:%d", "subscriber_id"),
    _of("changes", "fix", b"fix:%d", "subscriber_id"),
    _of("confirmations", "sealed", b"confirmation:%b", "secret_hash"),
    _of("signed_requests", "sealed", b"signed:%d", "contact_id"),
    _of("vulnerable_people", "sealed", b"vulnerable entry:%d", "id"),
    _of("vulnerable_people", "person", b"vulnerable entry:%d", "id"),
    _of("help_requests", "sealed", b"help:%d", "subscriber_id"),
    _of("volunteers", "sealed", b"volunteer:%d", "id"),
    _of("corrections", "sealed", b"correction:%d", "subscriber_id"),
    _of("corrections", "reason", b"correction:%d", "subscriber_id"),
    _of("inbox_messages", "sealed", b"inbox"),
    _of("sandbox_messages", "sealed", b"sandbox"),
    _of("keeper_answers", "sealed", b"keeper:%b", "keeper"),
    _of("poll_pending", "sealed", b"ballot:%d:%b", "poll_id", "mark"),
    _of("uploads", "report", b"upload:%d", "id"),
    _of("upload_parts", "sealed", b"upload:%d:%d", "upload_id", "number"),
    _of("groups", "sealed", b"group:%b", "slug"),
    _of("api_keys", "sealed", b"label:%b", "hash"),
    _of("operators", "mail", b"operator:%d", "id"),
    _of("operators", "phone", b"operator phone:%d", "id"),
    _of("operator_pushes", "sealed", b"operator push:%d", "operator_id"),
    _of("operators", "totp", b"totp:%d", "id"),
    _of("approvals", "why", b"approval:%d", "id"),
    _of("audit_notes", "sealed", b"audit:%d", "entry_id"),
    _of("occurrences", "params", b"occurrence:%d:%d", "schedule_id", "at"),
    _of("alerts", "audience", b"audience:%d", "id", json=True),
    _of("approvals", "audience", b"audience:%d", "id", json=True),
    _of("schedules", "audience", b"audience:%d", "id", json=True),
)
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


def _context(use: str) -> bytes:
    return b"lasting key:" + use.encode()
