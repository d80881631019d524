"""Reported positions: the last of each device, and every one of them until it was looked at for alerts."""

from __future__ import annotations

import struct
from enum import Enum, auto
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, BindParameter, bindparam, func, select, update

from broadcaster.domain.fixes import Age, Fix, Sighting
from broadcaster.store.engine.among import among
from broadcaster.store.engine.bulk import Fetch, Insert, in_hex
from broadcaster.store.people.people import open_point, sealed_point
from broadcaster.store.tables import changes, from_micros, positions, subscribers, to_micros

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from broadcaster.store.engine.engine import Unit
    from broadcaster.store.engine.sealing import Vault

LOOKED_AT = b""
"""Stands for a fix that was looked at: where its device was is not kept longer than that."""

_SIGHTING = struct.Struct("<ddq?")


class Standing(Enum):
    """What became of a fix: a visitor's is not kept here, for a visitor follows the stations of where they are."""

    KEPT = auto()
    VISITOR = auto()
    GONE = auto()


_WHO = Fetch(
    select(subscribers.c.id, subscribers.c.forget_at.is_not(None))
    .where(among(subscribers.c.id, "ids"))
    .with_for_update(read=True, key_share=True)
)
_KEEP = Insert(
    positions,
    *("subscriber_id", "sealed", "accuracy_m", "at", "until"),
    octets=("sealed",),
    on_conflict=(
        "ON CONFLICT (subscriber_id) DO UPDATE SET sealed = excluded.sealed, accuracy_m = excluded.accuracy_m,"
        " at = excluded.at, until = excluded.until WHERE excluded.at >= positions.at"
    ),
)
_TELL = Insert(changes, "subscriber_id", "fix", octets=("fix",))
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
    """Keep what residents' devices report; return what became of each. Visitors' fixes are left to ``keep``."""
    visiting = dict(await _WHO.rows(unit, {"ids": {fix.subscriber_id for fix in fixes}}))
    standings = [
        Standing.GONE
        if fix.subscriber_id not in visiting
        else Standing.VISITOR
        if visiting[fix.subscriber_id]
        else Standing.KEPT
        for fix in fixes
    ]
    await keep(
        unit, [fix for fix, standing in zip(fixes, standings, strict=True) if standing is Standing.KEPT], tell=False
    )
    return standings


async def keep(unit: Unit, fixes: Sequence[Fix], *, tell: bool = True) -> None:
    """Keep the newest fix of each subscriber, who must be there, and write each one to the changes.

    An older one never replaces a newer one. ``tell`` those who follow the changes through the outbox; a caller that
    does so itself, once it is committed, leaves it out.
    """
    if not fixes:
        return
    vault, newest = unit.vault, dict[int, Fix]()
    for fix in fixes:
        before = newest.get(fix.subscriber_id)
        if before is None or before.at <= fix.at:
            newest[fix.subscriber_id] = fix
    rows = [
        (
            each,
            sealed_point(vault, each, fix.lon, fix.lat),
            fix.accuracy_m,
            to_micros(fix.at),
            None if fix.until is None else to_micros(fix.until),
        )
        for each, fix in sorted(newest.items())  # in one order, so that two processes never wait for each other
    ]
    await _KEEP.run(unit, rows)
    await unit.in_turn("changes")
    await _TELL.run(unit, [(fix.subscriber_id, _sealed(vault, fix)) for fix in fixes])
    if tell:
        await unit.tell("people", 0)


def _sealed(vault: Vault, fix: Fix) -> bytes:
    if fix.age is Age.STALE:
        return LOOKED_AT
    plain = _SIGHTING.pack(fix.lon, fix.lat, to_micros(fix.at), fix.age is Age.LATE)
    return vault.seal(plain, b"fix:%d" % fix.subscriber_id)


def open_fix(vault: Vault, subscriber_id: int, sealed: bytes) -> Sighting:
    """Return what a change says of where its subscriber was; ``sealed`` must not be ``LOOKED_AT``."""
    lon, lat, at, late = _SIGHTING.unpack(vault.open(sealed, b"fix:%d" % subscriber_id))
    return Sighting(lon, lat, from_micros(at), late)


async def forget_looked_at(unit: Unit, after: int, upto: int) -> None:
    """Forget where devices were by the changes after ``after`` up to ``upto``."""
    await unit.conn.execute(_FORGET, {"after": after, "upto": upto})


async def points_of(unit: Unit, subscriber_ids: Collection[int]) -> dict[int, tuple[float, float]]:
    """Return the last positions (lon, lat) of those of these subscribers who have one."""
    rows = await _WHERE.rows(unit, {"ids": subscriber_ids})
    return {each: open_point(unit, each, bytes.fromhex(sealed))[:2] for each, sealed in rows}
