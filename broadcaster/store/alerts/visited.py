"""What volunteers found at people's doors, by the first alert of a thread."""

from datetime import timedelta

from sqlalchemy import func, select, update

from broadcaster.domain.visits import Finding, Visited
from broadcaster.store.engine.engine import Unit
from broadcaster.store.tables import to_micros, visits

_SENT_TWICE = timedelta(minutes=1)
"""The same finding within this time is the same visit; later it is a new one: help may be needed again."""


async def of(unit: Unit, alert_id: int) -> dict[int, Visited]:
    """Return the last visit of each person; ``alert_id``: the first of the thread."""
    rows = await unit.conn.execute(select(visits).where(visits.c.alert_id == alert_id))
    return {row.subscriber_id: Visited(Finding(row.finding), row.at, row.volunteer_id) for row in rows}


async def sums(unit: Unit, alert_id: int) -> dict[Finding, int]:
    """Return how many people were found how."""
    query = select(visits.c.finding, func.count()).where(visits.c.alert_id == alert_id).group_by(visits.c.finding)
    return {Finding(finding): n for finding, n in await unit.conn.execute(query)}


async def mark_of(unit: Unit, alert_id: int) -> str:
    """Return a mark of a thread's visits: it changes with each."""
    query = select(func.count(), func.max(visits.c.at)).where(visits.c.alert_id == alert_id)
    n, newest = (await unit.conn.execute(query)).one()
    return f"{n}.{0 if newest is None else to_micros(newest)}"


async def record(unit: Unit, alert_id: int, subscriber_id: int, found: Visited) -> bool:
    """Record a visit; False if the same was recorded before, by a form that was sent twice."""
    await unit.in_turn("visit", subscriber_id)
    mine = visits.c.alert_id == alert_id, visits.c.subscriber_id == subscriber_id
    known = (await unit.conn.execute(select(visits).where(*mine))).one_or_none()
    values = {"finding": found.finding, "volunteer_id": found.volunteer_id, "at": found.at}
    if known is None:
        key = {"alert_id": alert_id, "subscriber_id": subscriber_id}
        await unit.conn.execute(visits.insert().values(key | values))
    elif (known.finding, known.volunteer_id) == (found.finding, found.volunteer_id) and (
        found.at - known.at < _SENT_TWICE
    ):
        return False
    else:
        await unit.conn.execute(update(visits).where(*mine).values(values))
    return True
