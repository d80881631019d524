"""Volunteers of an alert's visits: who they are, which streets are theirs, and the session of their phone."""

import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from broadcaster.domain.visits import Volunteer
from broadcaster.ids import new_id
from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.rows import of_row
from broadcaster.store.stations.stations import hash_of
from broadcaster.store.tables import volunteers


async def add(
    unit: Unit,
    alert_id: int,
    station_id: int,
    *,
    name: str,
    phone: str,
    streets: Sequence[str],
    unconfirmed: bool,
    now: datetime,
) -> Volunteer:
    """Add a volunteer. ``alert_id``: the first of the alert's thread. ``phone``: E.164."""
    number = new_id()
    whole = json.dumps([name, phone, *streets]).encode()
    row = {
        "id": number,
        "alert_id": alert_id,
        "station_id": station_id,
        "sealed": unit.vault.seal(whole, _context(number)),
        "unconfirmed": unconfirmed,
        "added_at": now,
    }
    made = await unit.conn.execute(volunteers.insert().values(row).returning(volunteers))
    return _volunteer(unit, made.one())


async def of(unit: Unit, alert_id: int) -> list[Volunteer]:
    """Return the volunteers of an alert's thread, by its first alert; the oldest first."""
    rows = await unit.conn.execute(
        select(volunteers).where(volunteers.c.alert_id == alert_id).order_by(volunteers.c.id)
    )
    return [_volunteer(unit, row) for row in rows]


async def by_id(unit: Unit, volunteer_id: int) -> Volunteer | None:
    row = (await unit.conn.execute(select(volunteers).where(volunteers.c.id == volunteer_id))).one_or_none()
    return None if row is None else _volunteer(unit, row)


async def revoke(unit: Unit, volunteer_id: int, now: datetime) -> bool:
    """End a volunteer's access; False if it had ended."""
    mine = volunteers.c.id == volunteer_id, volunteers.c.revoked_at.is_(None)
    done = await unit.conn.execute(update(volunteers).where(*mine).values(revoked_at=now, session=None))
    return done.rowcount == 1


async def asked(unit: Unit, volunteer_id: int, confirmation_id: int) -> None:
    """Record the code that was sent last."""
    mine = volunteers.c.id == volunteer_id
    await unit.conn.execute(update(volunteers).where(mine).values(confirmation_id=confirmation_id))


async def sign_in(unit: Unit, volunteer_id: int, secret: str, until: datetime) -> None:
    """Open the session of a phone; one that was open before ends. The code can't be used again."""
    values = {"session": hash_of(secret), "session_until": until, "confirmation_id": None}
    await unit.conn.execute(update(volunteers).where(volunteers.c.id == volunteer_id).values(values))


async def signed_in(unit: Unit, volunteer_id: int, secret: str, now: datetime) -> bool:
    """Return whether ``secret`` is a volunteer's open session."""
    mine = volunteers.c.id == volunteer_id, volunteers.c.session_until > now
    kept = await unit.conn.scalar(select(volunteers.c.session).where(*mine))
    return kept is not None and hmac.compare_digest(kept, hash_of(secret))


def _context(volunteer_id: int) -> bytes:
    return b"volunteer:%d" % volunteer_id


def _volunteer(unit: Unit, row: Any) -> Volunteer:
    name, phone, *streets = json.loads(unit.vault.open(row.sealed, _context(row.id)))
    return of_row(Volunteer, row, name=name, phone=phone, streets=tuple(streets))
