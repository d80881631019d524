"""Passkeys, and the challenges that they answer.

A new challenge is not stored, since strangers could fill the table: it carries its time and a MAC. An answered one is
stored, so that none is accepted twice.
"""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Row, delete, select, update
from sqlalchemy.exc import IntegrityError

from broadcaster.domain.operators import Passkey
from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.rows import of_row
from broadcaster.store.engine.sealing import Vault
from broadcaster.store.operators import operators
from broadcaster.store.stations.stations import holding
from broadcaster.store.tables import api_keys, from_micros, passkeys, to_micros, used_challenges

CHALLENGE_HOLDS = timedelta(minutes=15)
_RANDOM, _TIME, _MAC = 16, 8, 16


class NewPasskey(NamedTuple):
    """See ``Passkey``."""

    operator_id: int
    credential: bytes
    public_key: bytes
    sign_count: int
    device: str
    made_at: datetime


def new_challenge(vault: Vault, use: str, now: datetime) -> bytes:
    """Return a challenge for one use (sign-in, or adding somebody's passkey)."""
    body = secrets.token_bytes(_RANDOM) + to_micros(now).to_bytes(_TIME)
    return body + vault.fingerprint(f"challenge {use}", body.hex())


def is_ours(vault: Vault, challenge: bytes, use: str, now: datetime) -> bool:
    """Return whether we issued that challenge for that use less than ``CHALLENGE_HOLDS`` ago."""
    if len(challenge) != _RANDOM + _TIME + _MAC:
        return False
    body = challenge[:-_MAC]
    given_at = from_micros(int.from_bytes(body[_RANDOM:]))
    mac = vault.fingerprint(f"challenge {use}", body.hex())
    return hmac.compare_digest(mac, challenge[-_MAC:]) and now - CHALLENGE_HOLDS < given_at <= now + CHALLENGE_HOLDS


async def use_up(unit: Unit, challenge: bytes, now: datetime) -> bool:
    """Record a challenge as answered; return False if it already was."""
    await unit.conn.execute(delete(used_challenges).where(used_challenges.c.ends_at < now))
    row = {"hash": hashlib.sha256(challenge).digest(), "ends_at": now + 2 * CHALLENGE_HOLDS}
    try:
        async with unit.conn.begin_nested():
            await unit.conn.execute(used_challenges.insert().values(row))
    except IntegrityError:
        return False
    return True


async def add(unit: Unit, new: NewPasskey) -> None:
    row = {"hash": hashlib.sha256(new.credential).digest(), "used_at": new.made_at, **new._asdict()}
    await unit.conn.execute(passkeys.insert().values(row))


async def of(unit: Unit, operator_id: int) -> list[Passkey]:
    rows = await unit.conn.execute(
        select(passkeys).where(passkeys.c.operator_id == operator_id).order_by(passkeys.c.id)
    )
    return [_passkey(row) for row in rows]


async def by_credential(unit: Unit, credential: bytes, now: datetime) -> Passkey | None:
    """Return the passkey with that id, if its operator may sign in."""
    query = (
        select(passkeys)
        .join(api_keys, api_keys.c.id == passkeys.c.operator_id)
        .where(passkeys.c.hash == hashlib.sha256(credential).digest(), holding(now))
    )
    row = (await unit.conn.execute(query)).one_or_none()
    return None if row is None else _passkey(row)


async def used(unit: Unit, passkey: Passkey, sign_count: int, now: datetime) -> None:
    values = {"sign_count": sign_count, "used_at": now}
    await unit.conn.execute(update(passkeys).where(passkeys.c.id == passkey.id).values(values))


async def remove(unit: Unit, operator_id: int, passkey_id: int) -> bool:
    """Delete one of an operator's passkeys; return False if it is their last way to sign in."""
    who = await operators.by_id(unit, operator_id)
    if who is None or (who.passkeys <= 1 and not who.has_password):
        return False
    mine = (passkeys.c.id == passkey_id) & (passkeys.c.operator_id == operator_id)
    return (await unit.conn.execute(delete(passkeys).where(mine))).rowcount == 1


def _passkey(row: Row[Any]) -> Passkey:
    return of_row(Passkey, row, credential=bytes(row.credential), public_key=bytes(row.public_key))
