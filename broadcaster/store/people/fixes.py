"""Reported positions: each device's last, and each one until it was checked for alerts."""

import struct
from collections.abc import Collection, Sequence
from enum import Enum, auto

from sqlalchemy import BigInteger, BindParameter, bindparam, func, select, update

from broadcaster.domain.fixes import Age, Fix, Sighting
from broadcaster.store.engine.among import among
from broadcaster.store.engine.bulk import Fetch, Insert, in_hex
from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.sealing import Vault
from broadcaster.store.people.people import open_point, sealed_point
from broadcaster.store.tables import changes, from_micros, positions, subscribers, to_micros

LOOKED_AT = b""
"""Replaces a checked fix: the position is not kept longer."""

_SIGHTING = struct.Struct("<ddq?")


class Standing(Enum):
    """Result of a fix; visitors' are not recorded here, as they follow the stations around them."""

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
    """Record residents' fixes; return the result of each. Visitors' are left to ``keep``."""
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
    """Keep the newest fix of each existing subscriber, and write each one to the changes.

    Older ones never replace newer ones. ``tell``: publish through the outbox; callers who publish after the commit
    themselves omit it.
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
        for each, fix in sorted(newest.items())  # in one order, so that two processes do not deadlock
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
    """Return a change's sighting; ``sealed`` must not be ``LOOKED_AT``."""
    lon, lat, at, late = _SIGHTING.unpack(vault.open(sealed, b"fix:%d" % subscriber_id))
    return Sighting(lon, lat, from_micros(at), late)


async def forget_looked_at(unit: Unit, after: int, upto: int) -> None:
    """Delete the positions in changes after ``after`` up to ``upto``."""
    await unit.conn.execute(_FORGET, {"after": after, "upto": upto})


async def points_of(unit: Unit, subscriber_ids: Collection[int]) -> dict[int, tuple[float, float]]:
    """Return the last positions (lon, lat) of these subscribers, if any."""
    rows = await _WHERE.rows(unit, {"ids": subscriber_ids})
    return {each: open_point(unit, each, bytes.fromhex(sealed))[:2] for each, sealed in rows}
