"""Uploaded lists awaiting approval: the file in sealed pieces, and its planned changes.

They are in the store because the next request may reach another process.
"""

import json
import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any

from sqlalchemy import delete, func, select, update

from broadcaster.domain.permissions import Caller
from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.rows import of_row
from broadcaster.store.stations.stations import hash_of
from broadcaster.store.tables import follows, groups, upload_parts, uploads

KEPT = timedelta(hours=1)
"""How long a list waits for approval."""

BUSY = timedelta(minutes=10)
"""How long one process may apply it before another may try."""

_TOKEN_BYTES = 18
_PIECE = 1 << 20


class UploadState(IntEnum):
    """``APPLYING``: in progress until ``busy_until``. ``DONE``: only the refused lines are left."""

    READY = 0
    APPLYING = 1
    DONE = 2


@dataclass(frozen=True, slots=True)
class Upload:
    """``report``: JSON for the page; ``size`` of the file, in bytes."""

    id: int
    station_id: int
    key_id: int
    state: UploadState
    size: int
    report: dict[str, Any]
    busy_until: datetime | None


async def keep(
    unit: Unit, caller: Caller, station_id: int, pieces: Sequence[bytes], *, report: dict[str, Any], now: datetime
) -> str:
    """Store a waiting list and return its token; replaces an earlier one of the same operator and station."""
    await forget_expired(unit, now)
    earlier = uploads.c.key_id == caller.key_id, uploads.c.station_id == station_id
    await unit.conn.execute(delete(uploads).where(*earlier))
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    row = {
        "hash": hash_of(token),
        "station_id": station_id,
        "key_id": caller.key_id,
        "state": UploadState.READY,
        "size": sum(map(len, pieces)),
        "report": b"",
        "expires_at": now + KEPT,
    }
    upload_id = await unit.conn.scalar(uploads.insert().values(row).returning(uploads.c.id)) or 0
    await report_on(unit, upload_id, report)
    await _keep_pieces(unit, upload_id, pieces)
    return token


async def _keep_pieces(unit: Unit, upload_id: int, pieces: Sequence[bytes]) -> None:
    for number, piece in enumerate(pieces):
        sealed = unit.vault.seal(piece, _of_part(upload_id, number))
        await unit.conn.execute(upload_parts.insert().values(upload_id=upload_id, number=number, sealed=sealed))


async def find(unit: Unit, token: str, now: datetime) -> Upload | None:
    """Return the list of a token; None if unknown or expired."""
    mine = uploads.c.hash == hash_of(token), uploads.c.expires_at > now
    row = (await unit.conn.execute(select(uploads).where(*mine))).one_or_none()
    if row is None:
        return None
    report = json.loads(unit.vault.open(row.report, _of_report(row.id)))
    return of_row(Upload, row, state=UploadState(row.state), report=report)


async def pieces_of(unit: Unit, upload_id: int) -> AsyncIterator[bytes]:
    number = 0
    while True:
        sealed = await unit.conn.scalar(
            select(upload_parts.c.sealed).where(upload_parts.c.upload_id == upload_id, upload_parts.c.number == number)
        )
        if sealed is None:
            return
        yield unit.vault.open(sealed, _of_part(upload_id, number))
        number += 1


async def report_on(unit: Unit, upload_id: int, report: dict[str, Any]) -> None:
    """Update the planned changes."""
    sealed = unit.vault.seal(json.dumps(report).encode(), _of_report(upload_id))
    await unit.conn.execute(update(uploads).where(uploads.c.id == upload_id).values(report=sealed))


async def take(unit: Unit, upload_id: int, now: datetime) -> bool:
    """Lease a list for applying; return False if it is leased or done."""
    free = (uploads.c.state == UploadState.READY) | (
        (uploads.c.state == UploadState.APPLYING) & (uploads.c.busy_until <= now)
    )
    values = {"state": UploadState.APPLYING, "busy_until": now + BUSY, "expires_at": now + KEPT}
    taken = update(uploads).where(uploads.c.id == upload_id, free).values(values)
    return (await unit.conn.execute(taken)).rowcount == 1


async def give_back(unit: Unit, upload_id: int) -> None:
    """Make a list wait again that was not applied."""
    mine = uploads.c.id == upload_id, uploads.c.state == UploadState.APPLYING
    await unit.conn.execute(update(uploads).where(*mine).values(state=UploadState.READY, busy_until=None))


async def done(unit: Unit, upload_id: int, report: dict[str, Any], refused: bytes) -> None:
    """Mark a list applied; keep only the refused lines, until its expiry."""
    await report_on(unit, upload_id, report)
    await unit.conn.execute(
        update(uploads).where(uploads.c.id == upload_id).values(state=UploadState.DONE, busy_until=None)
    )
    await unit.conn.execute(delete(upload_parts).where(upload_parts.c.upload_id == upload_id))
    await _keep_pieces(unit, upload_id, [refused[at : at + _PIECE] for at in range(0, len(refused), _PIECE)])


async def forget(unit: Unit, upload_id: int) -> None:
    """Delete a list, unless it is being applied."""
    await unit.conn.execute(delete(uploads).where(uploads.c.id == upload_id, uploads.c.state != UploadState.APPLYING))


async def forget_expired(unit: Unit, now: datetime) -> None:
    await unit.conn.execute(delete(uploads).where(uploads.c.expires_at <= now))


async def stamp(unit: Unit, station_id: int) -> str:
    """Return a mark that changes with the station's register: its people and their line digests.

    A manual change sets a new digest (``by_hand``), so it changes the mark too.
    """
    rows = await unit.conn.execute(
        select(follows.c.subscriber_id, follows.c.digest)
        .where(follows.c.station_id == station_id)
        .order_by(follows.c.subscriber_id)
    )
    read = unit.vault.fingerprint(
        "register", ";".join(f"{row.subscriber_id}:{(row.digest or b'').hex()}" for row in rows)
    )
    there = await unit.conn.scalar(select(func.count()).select_from(groups).where(groups.c.station_id == station_id))
    return f"{read.hex()}.{there or 0}"


def _of_part(upload_id: int, number: int) -> bytes:
    return b"upload:%d:%d" % (upload_id, number)


def _of_report(upload_id: int) -> bytes:
    return b"upload:%d" % upload_id
