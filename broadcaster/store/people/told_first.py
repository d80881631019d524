"""People told before others: a sealed flag of each subscriber, set while a register of vulnerable people names them."""

from collections.abc import Collection, Sequence

from sqlalchemy import select, update

from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.sealing import Vault
from broadcaster.store.tables import subscribers, vulnerable_people

_AT_ONCE = 500


def sealed(vault: Vault, token_hash: bytes, *, first: bool) -> bytes:
    """Seal the flag, so that both values look alike and have the same length."""
    return vault.seal(b"\1" if first else b"\0", b"vulnerable:" + token_hash)


def opened(vault: Vault, token_hash: bytes, flag: bytes | None) -> bool:
    """Open ``sealed``; rows from before the flag existed have none."""
    return flag is not None and vault.open(flag, b"vulnerable:" + token_hash) == b"\1"


def all_opened(vault: Vault, token_hashes: Sequence[bytes], flags: Sequence[bytes | None]) -> list[bool]:
    there = [each for each in flags if each is not None]
    if len(there) < len(flags):
        return [opened(vault, token_hash, flag) for token_hash, flag in zip(token_hashes, flags, strict=True)]
    contexts = [b"vulnerable:" + each for each in token_hashes]
    return [plain == b"\1" for plain in vault.open_all(there, contexts)]


def mark_of(vault: Vault, subscriber_id: int) -> bytes:
    """Return the mark by which an entry of the register finds a subscriber."""
    return vault.fingerprint("vulnerable", str(subscriber_id))


async def settle(unit: Unit, subscriber_ids: Collection[int]) -> None:
    """Set the flags of these subscribers as the registers say. The caller records the change (``people.touched``)."""
    ids = sorted(subscriber_ids)
    for start in range(0, len(ids), _AT_ONCE):
        marks = {mark_of(unit.vault, each): each for each in ids[start : start + _AT_ONCE]}
        mark = vulnerable_people.c.person_mark
        found = await unit.conn.scalars(select(mark).where(mark.in_(list(marks))))
        named = {marks[bytes(each)] for each in found}
        part = select(subscribers.c.id, subscribers.c.token_hash).where(subscribers.c.id.in_(list(marks.values())))
        for row in (await unit.conn.execute(part)).all():
            flag = sealed(unit.vault, row.token_hash, first=row.id in named)
            await unit.conn.execute(update(subscribers).where(subscribers.c.id == row.id).values(vulnerable=flag))


async def unlink(unit: Unit, subscriber_id: int, station_id: int | None = None) -> None:
    """Unlink a subscriber who leaves one or all alert lists from their register entries, which another law keeps."""
    theirs = vulnerable_people.c.person_mark == mark_of(unit.vault, subscriber_id)
    if station_id is not None:
        theirs &= vulnerable_people.c.station_id == station_id
    done = await unit.conn.execute(update(vulnerable_people).where(theirs).values(person_mark=None, person=None))
    if done.rowcount:
        await settle(unit, [subscriber_id])
