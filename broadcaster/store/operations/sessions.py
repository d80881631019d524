"""Console sessions: one row per browser, stored as the hash of its cookie.

A session ends after its lifetime, when idle, with its operator's access, or by request.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, and_, delete, or_, select, update

from broadcaster.domain.permissions import Caller, Permission
from broadcaster.store.alerts import approvals
from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.rows import of_row
from broadcaster.store.operators import operators
from broadcaster.store.stations.labels import open_label
from broadcaster.store.stations.stations import hash_of, holding
from broadcaster.store.tables import OPERATOR, api_keys, operator_roles, sessions
from broadcaster.store.tables import operators as people

_LASTING_BYTES, _NAME_BYTES = 16, 32
_LONGEST_DEVICE = 60
SEEN_EVERY = timedelta(minutes=1)
"""Resolution of a session's last use, since one write per request would be too many."""
_BOTH_HOLD = timedelta(minutes=1)
"""How long a renewed cookie's earlier value holds: other tabs may have asked with it."""


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in operator. ``device``: the browser's short description; ``trusted``: it stays signed in.

    ``proven_at``: when the operator last gave their passkey or password. ``training``: whether one of their stations is
    for training (``domain.approvals``).
    """

    id: int
    caller: Caller
    label: str
    device: str
    began_at: datetime
    seen_at: datetime
    ends_at: datetime
    trusted: bool
    proven_at: datetime
    has_password: bool
    training: bool = False


async def start(unit: Unit, key_id: int, device: str, now: datetime, lasts: timedelta, *, trusted: bool = False) -> str:
    """Begin a session of an operator; return the cookie's value, which is not stored."""
    name = f"{secrets.token_urlsafe(_LASTING_BYTES)}.{secrets.token_urlsafe(_NAME_BYTES)}"
    await unit.conn.execute(
        sessions.insert().values(
            hash=hash_of(name),
            key_id=key_id,
            device=device[:_LONGEST_DEVICE],
            began_at=now,
            seen_at=now,
            ends_at=now + lasts,
            trusted=trusted,
            proven_at=now,
        )
    )
    return name


async def find(unit: Unit, name: str, now: datetime, idle: timedelta) -> Session | None:
    """Return the session of a cookie; None if it ended or the operator was disabled.

    A renewed cookie's earlier value proves no more than it did before.
    """
    given = hash_of(name)
    renewed = and_(sessions.c.earlier_hash == given, sessions.c.proven_at > now - _BOTH_HOLD)
    row = (await unit.conn.execute(_open(now, idle).where(or_(sessions.c.hash == given, renewed)))).one_or_none()
    if row is None:
        return None
    session = await _session(unit, row)
    if row.name_hash != given:
        session = replace(session, proven_at=session.began_at)
    theirs, training = session.caller.stations(Permission.LOOK), await approvals.training_stations(unit)
    return replace(session, training=bool(training if theirs is None else training & theirs))


async def seen(unit: Unit, session_id: int, now: datetime) -> None:
    await unit.conn.execute(update(sessions).where(sessions.c.id == session_id).values(seen_at=now))


async def prove(unit: Unit, session_id: int, name: str, now: datetime) -> str:
    """Record that the operator gave their passkey or password in this session; return the cookie's new value.

    It follows from the earlier value and our key, so that two tabs that prove at once, or an answer that was lost and
    asked for again, leave the browser with a cookie that holds.
    """
    new = f"{lasting(name)}.{unit.vault.fingerprint('session', name).hex()}"
    values = {"hash": hash_of(new), "earlier_hash": hash_of(name), "proven_at": now}
    await unit.conn.execute(update(sessions).where(sessions.c.id == session_id).values(values))
    return new


def lasting(name: str) -> str:
    """Return the part of a cookie's value that stays when the cookie is renewed."""
    return name.partition(".")[0]


async def open_ones(unit: Unit, caller: Caller, now: datetime, idle: timedelta) -> list[Session]:
    """Return the sessions that a caller may end, newest first: their own, and for an owner those of their stations.

    Only administrators may end an administrator's.
    """
    rows = await unit.conn.execute(_theirs(_open(now, idle), caller).order_by(sessions.c.id.desc()))
    return [await _session(unit, row) for row in rows.all()]


async def end(unit: Unit, caller: Caller, session_id: int) -> bool:
    """End a session; False if the caller has no such session."""
    query = select(sessions.c.id).join(api_keys, api_keys.c.id == sessions.c.key_id)
    if await unit.conn.scalar(_theirs(query, caller).where(sessions.c.id == session_id)) is None:
        return False
    await unit.conn.execute(delete(sessions).where(sessions.c.id == session_id))
    return True


async def end_others(unit: Unit, key_id: int, session_id: int) -> None:
    await unit.conn.execute(delete(sessions).where(sessions.c.key_id == key_id, sessions.c.id != session_id))


async def sign_out(unit: Unit, name: str) -> None:
    """End the session of a cookie."""
    given = hash_of(name)
    await unit.conn.execute(delete(sessions).where(or_(sessions.c.hash == given, sessions.c.earlier_hash == given)))


async def forget_ended(unit: Unit, now: datetime) -> int:
    """Delete ended sessions; return how many."""
    return (await unit.conn.execute(delete(sessions).where(sessions.c.ends_at <= now))).rowcount


def _open(now: datetime, idle: timedelta) -> Select[Any]:
    return (
        select(
            sessions.c.id,
            sessions.c.hash.label("name_hash"),
            sessions.c.key_id,
            sessions.c.device,
            sessions.c.began_at,
            sessions.c.seen_at,
            sessions.c.ends_at,
            sessions.c.trusted,
            sessions.c.proven_at,
            api_keys.c.sealed,
            api_keys.c.hash,
            people.c.password.is_not(None).label("has_password"),
        )
        .join(api_keys, and_(api_keys.c.id == sessions.c.key_id, api_keys.c.role == OPERATOR, holding(now)))
        .join(people, people.c.id == sessions.c.key_id)
        .where(sessions.c.ends_at > now, or_(sessions.c.trusted, sessions.c.seen_at > now - idle))
    )


def _theirs(query: Select[Any], caller: Caller) -> Select[tuple[object, ...]]:
    theirs = caller.stations(Permission.OPERATORS)
    if theirs is None:
        return query
    having = (
        select(operator_roles.c.operator_id)
        .join(people, people.c.id == operator_roles.c.operator_id)
        .where(operator_roles.c.station_id.in_(theirs), people.c.admin.is_(False))
    )
    return query.where(or_(sessions.c.key_id == caller.key_id, sessions.c.key_id.in_(having)))


async def _session(unit: Unit, row: Row[Any]) -> Session:
    caller = await operators.caller(unit, row.key_id)
    return of_row(
        Session,
        row,
        caller=caller,
        label=open_label(unit.vault, row),
        trusted=bool(row.trusted),
        proven_at=row.proven_at or row.began_at,
        training=False,
    )
