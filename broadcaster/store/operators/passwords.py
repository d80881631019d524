"""Passwords with an authenticator app, and recovery codes in case the app is lost."""

import base64
import secrets
from typing import NamedTuple

from sqlalchemy import delete, func, or_, select, update

from broadcaster.domain.operators import Operator
from broadcaster.store.engine.engine import Unit
from broadcaster.store.operators import operators as people
from broadcaster.store.stations.stations import hash_of
from broadcaster.store.tables import api_keys, operators, recovery_codes

CODES = 10
_CODE_BYTES = 10
_PART = 4


class Known(NamedTuple):
    """``password``: its hash; ``totp``: the app's secret in base32."""

    operator_id: int
    password: str
    totp: str


async def by_login(unit: Unit, login: str) -> Known | None:
    """Return who signs in with that mail address, or with that name if they have no address.

    All names are opened, so that the time taken does not reveal whether there is one.
    """
    wanted, found = _folded(login), None
    for who in await people.with_password(unit):
        if _folded(who.login) == wanted:
            found = who
    return None if found is None else await of(unit, found.id)


async def of(unit: Unit, operator_id: int) -> Known | None:
    """Return how an operator signs in; None without a password, or if they are disabled."""
    query = (
        select(operators.c.password, operators.c.totp)
        .join(api_keys, api_keys.c.id == operators.c.id)
        .where(operators.c.id == operator_id, operators.c.password.is_not(None), api_keys.c.revoked_at.is_(None))
    )
    row = (await unit.conn.execute(query)).one_or_none()
    if row is None:
        return None
    return Known(operator_id, row.password, unit.vault.open(row.totp, _context(operator_id)).decode())


async def is_taken(unit: Unit, who: Operator) -> bool:
    """Return whether another person signs in with the same name or mail address."""
    others = [each.login for each in await people.with_password(unit) if each.id != who.id]
    return _folded(who.login) in map(_folded, others)


async def keep(unit: Unit, operator_id: int, password: str, totp: str, step: int) -> None:
    """Store a password's hash with the app's secret; ``step``: of the code that proved the app."""
    sealed = unit.vault.seal(totp.encode(), _context(operator_id))
    values = {"password": password, "totp": sealed, "totp_step": step}
    await unit.conn.execute(update(operators).where(operators.c.id == operator_id).values(values))


async def use_step(unit: Unit, operator_id: int, step: int) -> bool:
    """Record the time step of an app's code; return False if that one or a later one was already used."""
    unused = or_(operators.c.totp_step.is_(None), operators.c.totp_step < step)
    done = await unit.conn.execute(
        update(operators).where(operators.c.id == operator_id, unused).values(totp_step=step)
    )
    return done.rowcount == 1


async def new_codes(unit: Unit, operator_id: int) -> list[str]:
    """Replace the recovery codes; return the new ones, of which only hashes are stored."""
    codes = [base64.b32encode(secrets.token_bytes(_CODE_BYTES)).decode().lower() for _ in range(CODES)]
    await unit.conn.execute(delete(recovery_codes).where(recovery_codes.c.operator_id == operator_id))
    rows = [{"operator_id": operator_id, "hash": hash_of(code)} for code in codes]
    await unit.conn.execute(recovery_codes.insert(), rows)
    return ["-".join(code[at : at + _PART] for at in range(0, len(code), _PART)) for code in codes]


async def use_code(unit: Unit, operator_id: int, code: str) -> bool:
    """Mark a recovery code used; return False if it is unknown or already used."""
    plain = "".join(code.lower().replace("-", " ").split())
    mine = (recovery_codes.c.operator_id == operator_id) & (recovery_codes.c.hash == hash_of(plain))
    return (await unit.conn.execute(delete(recovery_codes).where(mine))).rowcount == 1


async def codes_left(unit: Unit, operator_id: int) -> int:
    query = select(func.count()).where(recovery_codes.c.operator_id == operator_id)
    return int(await unit.conn.scalar(query) or 0)


async def remove(unit: Unit, operator_id: int) -> bool:
    """Delete an operator's password and recovery codes; return False if it is their last way to sign in."""
    who = await people.by_id(unit, operator_id)
    if who is None or not who.passkeys:
        return False
    await people.forget_password(unit, operator_id)
    return True


def _folded(login: str) -> str:
    return " ".join(login.casefold().split())


def _context(operator_id: int) -> bytes:
    return b"totp:%d" % operator_id
