"""Reported positions: the last of each device, and all others until they are checked for alerts."""

import struct
from collections.abc import Collection, Sequence
from enum import Enum, auto
from typing import Any

from sqlalchemy import BigInteger, BindParameter, bindparam, func, select, update

from broadcaster.domain.fixes import Age, Fix, Sighting
from broadcaster.store.engine.among import among
from broadcaster.store.engine.bulk import Fetch, Insert, in_hex
from broadcaster.store.engine.engine import Unit, turn_key
from broadcaster.store.engine.sealing import Vault
from broadcaster.store.people.seals import open_point, sealed_point
from broadcaster.store.tables import changes, from_micros, positions, subscribers, to_micros

LOOKED_AT = b""
"""Replaces a checked fix, whose position is deleted."""

_SIGHTING = struct.Struct("<ddq?")


class Standing(Enum):
    """Result of a fix. Visitors' fixes are not recorded here, as visitors follow the stations around them."""

    KEPT = auto()
    VISITOR = auto()
    GONE = auto()


_WHO = Fetch(select(subscribers.c.id, subscribers.c.forget_at.is_not(None)).where(among(subscribers.c.id, "ids")))
_IF_NEWER = (
    "ON CONFLICT (subscriber_id) DO UPDATE SET sealed = excluded.sealed, accuracy_m = excluded.accuracy_m,"
    " at = excluded.at, until = excluded.until WHERE excluded.at >= positions.at"
)
_KEEP = Insert(
    positions, *("subscriber_id", "sealed", "accuracy_m", "at", "until"), octets=("sealed",), on_conflict=_IF_NEWER
)
_TELL = Insert(changes, "subscriber_id", "fix", octets=("fix",))
# ``record`` in one statement for PostgreSQL: its round trips cost more than the rows. The lock on the changes comes
# after the positions, as everywhere.
_RECORD = f"""
WITH who AS (
    SELECT id, forget_at IS NOT NULL AS visiting FROM subscribers WHERE id = ANY ($1::bigint[]) FOR KEY SHARE
), kept AS (
    INSERT INTO positions (subscriber_id, sealed, accuracy_m, at, until)
    SELECT newest.* FROM unnest($1::bigint[], $2::bytea[], $3::float8[], $4::bigint[], $5::bigint[])
        AS newest (subscriber_id, sealed, accuracy_m, at, until) JOIN who ON id = subscriber_id AND NOT visiting
    ORDER BY subscriber_id {_IF_NEWER} RETURNING subscriber_id
), turn AS MATERIALIZED (
    SELECT pg_advisory_xact_lock({turn_key("changes")}) FROM (SELECT count(*) FROM kept) AS done
), told AS (
    INSERT INTO changes (subscriber_id, fix)
    SELECT subscriber_id, fix FROM turn, unnest($6::bigint[], $7::bytea[]) WITH ORDINALITY
        AS each (subscriber_id, fix, nth) JOIN who ON id = subscriber_id AND NOT visiting
    ORDER BY nth
)
SELECT id, visiting FROM who"""  # noqa: S608  our own words
_WHERE = Fetch(
    select(positions.c.subscriber_id, in_hex(positions.c.sealed)).where(among(positions.c.subscriber_id, "ids"))
)
_AFTER: BindParameter[int] = bindparam("after", type_=BigInteger)
_UPTO: BindParameter[int] = bindparam("upto", type_=BigInteger)
_FORGET = (
    update(changes)
    .where(changes.c.seq > _AFTER, changes.c.seq <= _UPTO, func.length(changes.c.fix) > 0)
    .values(fix=LOOKED_AT)
)


async def record(unit: Unit, fixes: Sequence[Fix]) -> list[Standing]:
    """Record residents' fixes; return the result of each. Visitors' are left to ``keep``."""
    if unit.conn.dialect.name == "sqlite":
        visiting = dict(await _WHO.rows(unit, {"ids": {fix.subscriber_id for fix in fixes}}))
        await keep(unit, [fix for fix in fixes if visiting.get(fix.subscriber_id) == 0], tell=False)
    else:
        given = *zip(*_newest(unit.vault, fixes), strict=True), *zip(*_each(unit.vault, fixes), strict=True)
        rows = await unit.conn.exec_driver_sql(_RECORD, tuple(map(list, given)))
        visiting = {row.id: row.visiting for row in rows}
    standings = {False: Standing.KEPT, True: Standing.VISITOR}
    return [standings[visiting[fix.subscriber_id]] if fix.subscriber_id in visiting else Standing.GONE for fix in fixes]


async def keep(unit: Unit, fixes: Sequence[Fix], *, tell: bool = True) -> None:
    """Keep the newest fix of each existing subscriber, and write each one to the changes.

    Older ones never replace newer ones. ``tell``: publish through the outbox; callers who publish after the commit
    themselves omit it.
    """
    if not fixes:
        return
    await _KEEP.run(unit, _newest(unit.vault, fixes))
    await unit.in_turn("changes")
    await _TELL.run(unit, _each(unit.vault, fixes))
    if tell:
        await unit.publish("people", 0)


def _newest(vault: Vault, fixes: Sequence[Fix]) -> list[tuple[Any, ...]]:
    """Return each subscriber's newest fix as a row of ``positions``."""
    newest = dict[int, Fix]()
    for fix in fixes:
        before = newest.get(fix.subscriber_id)
        if before is None or before.at <= fix.at:
            newest[fix.subscriber_id] = fix
    return [
        (
            each,
            sealed_point(vault, each, fix.lon, fix.lat),
            fix.accuracy_m,
            to_micros(fix.at),
            None if fix.until is None else to_micros(fix.until),
        )
        for each, fix in sorted(newest.items())  # always in the same order, so that two processes do not deadlock
    ]


def _each(vault: Vault, fixes: Sequence[Fix]) -> list[tuple[int, bytes]]:
    """Return the fixes as rows of ``changes``."""
    return [(fix.subscriber_id, _sealed(vault, fix)) for fix in fixes]


def _sealed(vault: Vault, fix: Fix) -> bytes:
    if fix.age is Age.STALE:
        return LOOKED_AT
    plain = _SIGHTING.pack(fix.lon, fix.lat, to_micros(fix.at), fix.age is Age.LATE)
    return vault.seal(plain, b"fix:%d" % fix.subscriber_id)


def open_fix(vault: Vault, subscriber_id: int, sealed: bytes) -> Sighting:
    """Return a change's sighting; ``sealed`` must not be ``LOOKED_AT``."""
    lon, lat, at, late = _SIGHTING.unpack(vault.open(sealed, b"fix:%d" % subscriber_id))
    return Sighting(lon, lat, from_micros(at), late)


async def forget_looked_at(unit: Unit, after: int, upto: int) -> None:
    """Delete the positions in changes after ``after`` up to ``upto``."""
    await unit.conn.execute(_FORGET, {"after": after, "upto": upto})


async def points_of(unit: Unit, subscriber_ids: Collection[int]) -> dict[int, tuple[float, float]]:
    """Return the last positions (lon, lat) of these subscribers, if any."""
    rows = await _WHERE.rows(unit, {"ids": subscriber_ids})
    return {each: open_point(unit.vault, each, bytes.fromhex(sealed))[:2] for each, sealed in rows}
