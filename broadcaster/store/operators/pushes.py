"""Browsers in which operators get pushes."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.rows import of_row
from broadcaster.store.tables import operator_pushes

MOST = 10
"""Browsers of one operator; the oldest goes first."""


@dataclass(frozen=True, slots=True)
class Browser:
    """``address``: its subscription, as ``channels.addresses`` reads it; ``device``: its name."""

    id: int
    operator_id: int
    address: str
    device: str
    made_at: datetime


async def add(
    unit: Unit, operator_id: int, endpoint: str, address: str, *, device: str, now: datetime, replaces: str = ""
) -> None:
    """Keep a browser's subscription, for this operator alone; ``replaces``: the endpoint that it had before."""
    marks = [_mark(unit, each) for each in (endpoint, replaces) if each]
    await unit.conn.execute(delete(operator_pushes).where(operator_pushes.c.mark.in_(marks)))
    sealed = unit.vault.seal(address.encode(), _context(operator_id))
    row = {"operator_id": operator_id, "mark": marks[0], "sealed": sealed, "device": device, "made_at": now}
    await unit.conn.execute(operator_pushes.insert().values(row))
    for old in (await of(unit, [operator_id]))[:-MOST]:
        await forget(unit, old.id)


async def of(unit: Unit, operator_ids: Collection[int]) -> list[Browser]:
    """Return the browsers of these operators, oldest first."""
    query = select(operator_pushes).where(operator_pushes.c.operator_id.in_(operator_ids))
    rows = await unit.conn.execute(query.order_by(operator_pushes.c.id))
    return [
        of_row(Browser, row, address=unit.vault.open(row.sealed, _context(row.operator_id)).decode()) for row in rows
    ]


async def remove(unit: Unit, operator_id: int, browser_id: int) -> bool:
    """Forget one of an operator's browsers; False if it is not theirs."""
    mine = (operator_pushes.c.id == browser_id) & (operator_pushes.c.operator_id == operator_id)
    return (await unit.conn.execute(delete(operator_pushes).where(mine))).rowcount == 1


async def forget(unit: Unit, browser_id: int) -> None:
    """Forget a browser whose push service says that it is gone."""
    await unit.conn.execute(delete(operator_pushes).where(operator_pushes.c.id == browser_id))


def _mark(unit: Unit, endpoint: str) -> bytes:
    return unit.vault.fingerprint("operator push", endpoint)


def _context(operator_id: int) -> bytes:
    return b"operator push:%d" % operator_id
