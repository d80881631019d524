"""Estimates how a station's followers would hear an alert, without revealing anybody's choice.

A choice (quiet hours, topics, least severity) is private, even that of somebody whom the station registered. So choices
are not counted within an area or a group, where a few people could be compared with a few others: all answers come from
one table of a station's followers by choice, kept for a quarter of an hour, and each sum is rounded.
"""

import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime

from broadcaster.domain.alerts import Alert
from broadcaster.domain.timing import Timing, Wishes
from broadcaster.store import Store, Unit
from broadcaster.store.engine.rounding import rounded
from broadcaster.store.people import wishes
from broadcaster.store.stations import stations

KEPT_S = 900.0

_Table = tuple[int, Counter[Wishes]]
"""The number of followers, and the numbers by choice of those who made any."""


class Choices:
    """Tables by station and topic, read on demand and kept for a quarter of an hour."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock``: monotonic seconds."""
        self._store = store
        self._clock = clock
        self._period = -1
        self._tables: dict[tuple[int, str], _Table] = {}

    async def timings(self, alert: Alert, people: int, usual: Wishes, now: datetime) -> Counter[Timing]:
        """Estimate how about this many people would get an alert that may wait; ``usual``: the default wishes."""
        followers, chosen = await self._table(alert, usual)
        most = usual.timing_of(alert, now)[0]
        apart: Counter[Timing] = Counter()
        for each, n in chosen.items():
            apart[each.timing_of(alert, now)[0]] += n
        apart.pop(most, None)
        what = f"{alert.station_id} {alert.topic} {alert.severity}"
        told = {how: rounded(self._store.vault, n, f"{how} {what}") for how, n in apart.items()}
        all_of_them = max(followers, sum(told.values()), 1)
        found = Counter({how: people * n // all_of_them for how, n in told.items() if n})
        found[most] = people - found.total()
        return found

    async def _table(self, alert: Alert, usual: Wishes) -> _Table:
        period = int(self._clock() // KEPT_S)
        if period != self._period:
            self._tables.clear()
            self._period = period
        which = alert.station_id, alert.topic or ""
        if which not in self._tables:

            async def read(unit: Unit) -> _Table:
                followers = await stations.followers_count(unit, alert.station_id)
                return followers, await wishes.chosen(unit, *which, usual)

            self._tables[which] = await self._store.run_read(read)
        return self._tables[which]
