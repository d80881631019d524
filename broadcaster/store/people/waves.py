"""Unconfirmed sign-ups by hour and source address, for operators to review."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select

from broadcaster.store.engine.engine import Unit
from broadcaster.store.tables import follows, from_micros, raw, subscribers, to_micros

_HOUR = timedelta(hours=1)
_HOUR_US = _HOUR // timedelta(microseconds=1)
_SAMPLE = 5


@dataclass(frozen=True, slots=True)
class Wave:
    """Sign-ups of the hour from ``begins_at``. ``sources``: address mark, and how many. ``newest``: a few ids."""

    begins_at: datetime
    sources: Sequence[tuple[bytes, int]]
    newest: Sequence[int]

    @property
    def people(self) -> int:
        return sum(n for _, n in self.sources)


async def count(unit: Unit, station_id: int) -> int:
    """Count a station's followers with an unconfirmed sign-up."""
    return await unit.conn.scalar(select(func.count()).select_from(_of(station_id).subquery())) or 0


async def waves(unit: Unit, station_id: int, limit: int) -> list[Wave]:
    """Return the latest hours with sign-ups, each with its sources, busiest first."""
    at = raw(subscribers.c.unconfirmed_at).label("at")
    sums = _of(station_id).add_columns(at, subscribers.c.unconfirmed_from).subquery()
    hour = (sums.c.at - sums.c.at % _HOUR_US).label("hour")
    rows = await unit.conn.execute(
        select(hour, sums.c.unconfirmed_from, func.count().label("n"), func.max(sums.c.id).label("newest"))
        .group_by(hour, sums.c.unconfirmed_from)
        .order_by(hour.desc(), func.count().desc())
    )
    found: defaultdict[int, list[tuple[bytes, int, int]]] = defaultdict(list)
    for row in rows:
        if row.hour not in found and len(found) == limit:
            break
        found[row.hour].append((row.unconfirmed_from or b"", row.n, row.newest))
    return [
        Wave(
            from_micros(begins),
            [(source, n) for source, n, _ in sources],
            [newest for _, _, newest in sources[:_SAMPLE]],
        )
        for begins, sources in found.items()
    ]


async def of_wave(unit: Unit, station_id: int, begins_at: datetime, source: bytes | None, limit: int) -> list[int]:
    """Return the unconfirmed people of a wave; ``source``: only those from one address."""
    begins = to_micros(begins_at)
    at = raw(subscribers.c.unconfirmed_at)
    query = _of(station_id).where(at >= begins, at < begins + _HOUR_US)
    if source is not None:
        query = query.where(subscribers.c.unconfirmed_from == source)
    return list(await unit.conn.scalars(query.order_by(subscribers.c.id).limit(limit)))


def _of(station_id: int) -> Select[Any]:
    return (
        select(subscribers.c.id)
        .join(follows, follows.c.subscriber_id == subscribers.c.id)
        .where(follows.c.station_id == station_id, subscribers.c.unconfirmed_at.is_not(None))
    )
