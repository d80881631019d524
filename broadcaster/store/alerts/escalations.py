"""Further steps of alerts, as rows of a few hundred people each: who may get a round, and when.

``recipients.next_round`` is the next round of a person; rows of other rounds skip that person. So a person may be in
several rows, and the later ones find nothing to do.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any, NamedTuple

from sqlalchemy import func, select, update

from broadcaster.domain.alerts import Alert
from broadcaster.ids import new_id
from broadcaster.store.engine.engine import Unit
from broadcaster.store.tables import alerts, escalations


class RowState(IntEnum):
    """``SKIPPING``: the round sends nothing, and its people wait for the next one."""

    WAITING = 0
    SKIPPING = 1
    DONE = 2


class Due(NamedTuple):
    """A due row. ``began_at``: when its people were first told."""

    id: int
    alert_id: int
    round: int
    rank: int
    began_at: datetime
    skips: bool
    subscriber_ids: list[int]


class NextRound(NamedTuple):
    """An alert's next round, and when it is due."""

    number: int
    due_at: datetime


_OPEN = escalations.c.state < RowState.DONE
_WAITS = escalations.c.state == RowState.WAITING


async def plan(unit: Unit, alert: Alert, people: Mapping[int, Iterable[int]], began_at: datetime) -> None:
    """Write rows for people by their next round, due at the round's time or the end of escalation if earlier."""
    rounds, ends_at = alert.rounds, alert.escalates_until
    shared = {"alert_id": alert.id, "rank": alert.rank, "began_at": began_at}
    due = {number: began_at + timedelta(seconds=rounds[number].after_s) for number in sorted(people)}
    rows = [{**shared, "round": number, "due_at": min(at, ends_at)} for number, at in due.items()]
    await _add(unit, rows, people)


async def plan_now(
    unit: Unit, alert_id: int, people: Mapping[int, Iterable[int]], began_at: datetime, now: datetime
) -> None:
    """Write rows due now for people by their next round: nothing sent so far can reach them."""
    if people:
        rank = await unit.conn.scalar(select(alerts.c.rank).where(alerts.c.id == alert_id))
        shared = {"alert_id": alert_id, "rank": rank, "began_at": began_at, "due_at": now}
        await _add(unit, [{**shared, "round": number} for number in sorted(people)], people)


async def _add(unit: Unit, rows: list[dict[str, Any]], people: Mapping[int, Iterable[int]]) -> None:
    for row in rows:
        row |= {"id": new_id(), "people": sorted(people[row["round"]]), "state": RowState.WAITING}
    if rows:
        await unit.conn.execute(escalations.insert(), rows)


async def due(unit: Unit, now: datetime) -> Due | None:
    """Return the most severe row that is due."""
    rows = select(escalations).where(_OPEN, escalations.c.due_at <= now)
    row = await unit.conn.execute(rows.order_by(escalations.c.rank, escalations.c.due_at, escalations.c.id).limit(1))
    return _due(row.one_or_none())


async def take(unit: Unit, row_id: int) -> Due | None:
    """Mark a row done and return it unchanged; None if it was already done."""
    mine = escalations.c.id == row_id
    found = _due((await unit.conn.execute(select(escalations).where(mine, _OPEN))).one_or_none())
    done = await unit.conn.execute(update(escalations).where(mine, _OPEN).values(state=RowState.DONE, people=[]))
    return found if done.rowcount == 1 else None


def _due(row: Any) -> Due | None:
    if row is None:
        return None
    skips = row.state == RowState.SKIPPING
    return Due(row.id, row.alert_id, row.round, row.rank, row.began_at, skips, row.people)


async def soonest(unit: Unit, alert_id: int) -> NextRound | None:
    """Return an alert's next round: the one whose first row is due first."""
    rows = await unit.conn.execute(
        select(escalations.c.round, func.min(escalations.c.due_at).label("due_at"))
        .where(escalations.c.alert_id == alert_id, _WAITS)
        .group_by(escalations.c.round)
    )
    return min((NextRound(row.round, row.due_at) for row in rows), key=lambda each: each.due_at, default=None)


async def hasten(unit: Unit, alert_id: int, now: datetime, *, number: int | None = None, skip: bool = False) -> bool:
    """Make an alert's rows due now, all or a round's; ``skip``: skip the round.

    Return whether there were any; a round's rows that are due already don't count.
    """
    which = [escalations.c.alert_id == alert_id, _WAITS]
    if number is not None:
        which.append(escalations.c.round == number)
        if not skip:
            which.append(escalations.c.due_at > now)
    state = RowState.SKIPPING if skip else RowState.WAITING
    done = await unit.conn.execute(update(escalations).where(*which).values(due_at=now, state=state))
    return done.rowcount > 0


async def stop(unit: Unit, alert_id: int, now: datetime) -> bool:
    """Stop an alert's escalation. Return False if it was already stopped, or no row was left."""
    still = alerts.c.id == alert_id, alerts.c.stopped_at.is_(None)
    done = await unit.conn.execute(update(alerts).where(*still).values(stopped_at=now))
    return await hasten(unit, alert_id, now) and done.rowcount == 1
