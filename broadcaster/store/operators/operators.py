"""Operators, their roles and their one-time links."""

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update

from broadcaster.domain.operators import Operator
from broadcaster.domain.permissions import Caller, Permission, Role
from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.numbering import reserve
from broadcaster.store.stations.labels import open_label, sealed_label
from broadcaster.store.stations.stations import hash_of
from broadcaster.store.tables import (
    OPERATOR,
    api_keys,
    duty_weeks,
    operator_links,
    operator_pushes,
    operator_roles,
    operators,
    passkeys,
    recovery_codes,
    sessions,
    vulnerable_grants,
)

_HANDLE_BYTES = 32
_LINK_BYTES = 24


async def add(
    unit: Unit,
    name: str,
    now: datetime,
    *,
    mail: str | None = None,
    admin: bool = False,
    roles: Mapping[int, Role] | None = None,
) -> int | None:
    """Add an operator, who can't sign in yet. Return the id; None if another operator has this mail address."""
    mark = None if mail is None else _mark(unit, mail)
    if mark is not None and await unit.conn.scalar(select(operators.c.id).where(operators.c.mail_mark == mark)):
        return None
    unknown = secrets.token_bytes(_HANDLE_BYTES)  # a hash that matches no key
    sealed = sealed_label(unit.vault, unknown, name)
    (operator_id,) = await reserve(unit, api_keys, 1)
    await unit.conn.execute(
        api_keys.insert().values(id=operator_id, role=OPERATOR, label="", sealed=sealed, hash=unknown, created_at=now)
    )
    row = {"id": operator_id, "handle": secrets.token_bytes(_HANDLE_BYTES), "mail_mark": mark, "admin": admin}
    if mail is not None:
        row["mail"] = unit.vault.seal(mail.encode(), b"operator:%d" % operator_id)
    await unit.conn.execute(operators.insert().values(row))
    for station_id, role in (roles or {}).items():
        await set_role(unit, operator_id, station_id, role)
    return operator_id


async def rename(unit: Unit, operator_id: int, name: str) -> None:
    mark = await unit.conn.scalar(select(api_keys.c.hash).where(api_keys.c.id == operator_id))
    if mark is not None:
        sealed = sealed_label(unit.vault, mark, name)
        await unit.conn.execute(update(api_keys).where(api_keys.c.id == operator_id).values(sealed=sealed))


async def set_phone(unit: Unit, operator_id: int, phone: str | None) -> None:
    """Set or delete an operator's telephone number (E.164)."""
    sealed = None if phone is None else unit.vault.seal(phone.encode(), b"operator phone:%d" % operator_id)
    await unit.conn.execute(update(operators).where(operators.c.id == operator_id).values(phone=sealed))


async def by_id(unit: Unit, operator_id: int) -> Operator | None:
    found = await _found(unit, operators.c.id == operator_id)
    return found[0] if found else None


async def by_mail(unit: Unit, mail: str) -> Operator | None:
    found = await _found(unit, operators.c.mail_mark == _mark(unit, mail))
    return found[0] if found else None


def openid_mark(unit: Unit, issuer: str, sub: str) -> bytes:
    """Return the mark of a person's identity at an OpenID Connect provider."""
    return unit.vault.fingerprint("openid", f"{issuer} {sub}")


async def by_openid(unit: Unit, mark: bytes) -> Operator | None:
    found = await _found(unit, operators.c.openid_mark == mark)
    return found[0] if found else None


async def join_openid(unit: Unit, operator_id: int, mark: bytes) -> bool:
    """Store an operator's identity, which uses up their link. Return False if they have another one there."""
    mine = and_(operators.c.id == operator_id, operators.c.openid_mark.is_(None))
    done = await unit.conn.execute(update(operators).where(mine).values(openid_mark=mark))
    await unit.conn.execute(delete(operator_links).where(operator_links.c.operator_id == operator_id))
    return done.rowcount == 1


async def listed(unit: Unit, stations: Collection[int] | None, *, administrators: bool = False) -> list[Operator]:
    """Return operators with a role for one of these stations (None: all), by name; also ``administrators``."""
    mine: ColumnElement[bool] = operators.c.id.is_not(None)
    if stations is not None:
        mine = operators.c.id.in_(select(operator_roles.c.operator_id).where(operator_roles.c.station_id.in_(stations)))
        if administrators:
            mine = or_(mine, operators.c.admin)
    return sorted(await _found(unit, mine), key=lambda each: each.name.casefold())


async def administrators(unit: Unit) -> list[Operator]:
    return [each for each in await _found(unit, operators.c.admin) if not each.disabled]


async def with_password(unit: Unit) -> list[Operator]:
    return await _found(unit, operators.c.password.is_not(None))


async def is_last_administrator(unit: Unit, who: Operator) -> bool:
    """Return whether no other administrator can sign in. Locked, so that two can't remove each other at once."""
    await unit.conn.execute(select(operators.c.id).where(operators.c.admin).with_for_update())
    others = [each for each in await administrators(unit) if each.id != who.id]
    return who.admin and who.can_sign_in and not any(each.can_sign_in for each in others)


async def caller(unit: Unit, operator_id: int) -> Caller:
    """Return an operator as caller, with what they may do. Raises if the id is unknown."""
    admin = await unit.conn.scalar(select(operators.c.admin).where(operators.c.id == operator_id))
    rows = await unit.conn.execute(select(operator_roles).where(operator_roles.c.operator_id == operator_id))
    roles = {row.station_id: Role(row.role) for row in rows}
    granted = await _granted(unit, [operator_id])
    return Caller(operator_id, roles, Role.ADMIN if admin else None, granted=granted.get(operator_id, frozenset()))


async def handle(unit: Unit, operator_id: int) -> bytes:
    """Return the random bytes by which passkeys know an operator."""
    mine = await unit.conn.execute(select(operators.c.handle).where(operators.c.id == operator_id))
    return bytes(mine.scalar_one())


async def set_role(unit: Unit, operator_id: int, station_id: int, role: Role | None) -> None:
    """Set or remove the role for a station; the operator's sessions end."""
    mine = and_(operator_roles.c.operator_id == operator_id, operator_roles.c.station_id == station_id)
    await unit.conn.execute(delete(operator_roles).where(mine))
    if role is None or not role.holds(Permission.SEND):
        theirs = duty_weeks.c.operator_id == operator_id, duty_weeks.c.station_id == station_id
        await unit.conn.execute(delete(duty_weeks).where(*theirs))
    if role is None:
        await grant(unit, operator_id, station_id, granted=False)
    else:
        values = {"operator_id": operator_id, "station_id": station_id, "role": str(role)}
        await unit.conn.execute(operator_roles.insert().values(values))
    await _end_sessions(unit, operator_id)


async def grant(unit: Unit, operator_id: int, station_id: int, *, granted: bool) -> None:
    """Grant or revoke an operator's access to a station's register of vulnerable people, from their next request on."""
    mine = and_(vulnerable_grants.c.operator_id == operator_id, vulnerable_grants.c.station_id == station_id)
    await unit.conn.execute(delete(vulnerable_grants).where(mine))
    if granted:
        row = {"operator_id": operator_id, "station_id": station_id}
        await unit.conn.execute(vulnerable_grants.insert().values(row))


async def _granted(unit: Unit, operator_ids: Collection[int]) -> dict[int, frozenset[int]]:
    found: dict[int, frozenset[int]] = {}
    query = select(vulnerable_grants).where(vulnerable_grants.c.operator_id.in_(operator_ids))
    for row in await unit.conn.execute(query):
        found[row.operator_id] = found.get(row.operator_id, frozenset()) | {row.station_id}
    return found


async def set_admin(unit: Unit, operator_id: int, *, admin: bool) -> None:
    """Make an operator an administrator of the installation, or revoke that; their sessions end."""
    await unit.conn.execute(update(operators).where(operators.c.id == operator_id).values(admin=admin))
    await _end_sessions(unit, operator_id)


async def disable(unit: Unit, operator_id: int, now: datetime | None) -> None:
    """Disable an operator (None: enable); their sessions and links end."""
    await unit.conn.execute(update(api_keys).where(api_keys.c.id == operator_id).values(revoked_at=now))
    await unit.conn.execute(delete(operator_links).where(operator_links.c.operator_id == operator_id))
    await _end_sessions(unit, operator_id)


async def forget_ways(unit: Unit, operator_id: int) -> None:
    """Delete all of an operator's ways to sign in, for a recovery; their sessions end."""
    await unit.conn.execute(delete(passkeys).where(passkeys.c.operator_id == operator_id))
    await forget_password(unit, operator_id)
    await unit.conn.execute(update(operators).where(operators.c.id == operator_id).values(openid_mark=None))
    await _end_sessions(unit, operator_id)


async def forget(unit: Unit, operator_id: int) -> None:
    """Erase all that names a disabled operator but their label, and their roles; their number stays."""
    await forget_ways(unit, operator_id)
    for table in (operator_roles, vulnerable_grants, operator_pushes, operator_links, duty_weeks):
        await unit.conn.execute(delete(table).where(table.c.operator_id == operator_id))
    none = {"mail": None, "mail_mark": None, "phone": None, "admin": False}
    await unit.conn.execute(update(operators).where(operators.c.id == operator_id).values(none))


async def forget_password(unit: Unit, operator_id: int) -> None:
    """Delete an operator's password, app and recovery codes."""
    await unit.conn.execute(delete(recovery_codes).where(recovery_codes.c.operator_id == operator_id))
    none = {"password": None, "totp": None, "totp_step": None}
    await unit.conn.execute(update(operators).where(operators.c.id == operator_id).values(none))


async def new_link(unit: Unit, operator_id: int, ends_at: datetime) -> str:
    """Return the secret of a new one-time link; the operator's earlier link ends."""
    secret = secrets.token_urlsafe(_LINK_BYTES)
    await unit.conn.execute(delete(operator_links).where(operator_links.c.operator_id == operator_id))
    await unit.conn.execute(
        operator_links.insert().values(hash=hash_of(secret), operator_id=operator_id, ends_at=ends_at)
    )
    return secret


async def link_ends(unit: Unit, now: datetime) -> datetime | None:
    """Return until when the newest open link of an administrator holds; None if none is open."""
    ends_at: datetime | None = await unit.conn.scalar(
        select(func.max(operator_links.c.ends_at))
        .join(operators, operators.c.id == operator_links.c.operator_id)
        .where(operators.c.admin, operator_links.c.ends_at > now)
    )
    return ends_at


async def of_link(unit: Unit, secret: str, now: datetime) -> int | None:
    """Return the operator of a link's secret; None if it is used, expired or unknown."""
    return await unit.conn.scalar(
        select(operator_links.c.operator_id)
        .join(api_keys, api_keys.c.id == operator_links.c.operator_id)
        .where(
            operator_links.c.hash == hash_of(secret), operator_links.c.ends_at > now, api_keys.c.revoked_at.is_(None)
        )
    )


async def use_link(unit: Unit, secret: str) -> bool:
    """Mark a link used; return False if another request was faster."""
    done = await unit.conn.execute(delete(operator_links).where(operator_links.c.hash == hash_of(secret)))
    return done.rowcount == 1


async def _found(unit: Unit, which: ColumnElement[bool]) -> list[Operator]:
    count = select(func.count()).where(passkeys.c.operator_id == operators.c.id).scalar_subquery()
    query = (
        select(operators, api_keys.c.sealed, api_keys.c.hash, api_keys.c.revoked_at, count.label("passkeys"))
        .join(api_keys, api_keys.c.id == operators.c.id)
        .where(which)
        .order_by(operators.c.id)
    )
    rows = (await unit.conn.execute(query)).all()
    if not rows:
        return []
    roles: dict[int, dict[int, Role]] = {row.id: {} for row in rows}
    for row in await unit.conn.execute(select(operator_roles).where(operator_roles.c.operator_id.in_(roles))):
        roles[row.operator_id][row.station_id] = Role(row.role)
    granted = await _granted(unit, roles)
    return [
        Operator(
            row.id,
            open_label(unit.vault, row),
            None if row.mail is None else unit.vault.open(row.mail, b"operator:%d" % row.id).decode(),
            row.admin,
            roles[row.id],
            row.revoked_at is not None,
            row.passkeys,
            row.password is not None,
            None if row.phone is None else unit.vault.open(row.phone, b"operator phone:%d" % row.id).decode(),
            granted.get(row.id, frozenset()),
            row.openid_mark is not None,
        )
        for row in rows
    ]


def _mark(unit: Unit, mail: str) -> bytes:
    return unit.vault.fingerprint("operator", mail.casefold())


async def _end_sessions(unit: Unit, operator_id: int) -> None:
    await unit.conn.execute(delete(sessions).where(sessions.c.key_id == operator_id))
