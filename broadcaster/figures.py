"""Metrics of pending work, which the leading scheduler reads from the store and the bus for all processes.

Only one process exports them, since graphs would add them up. A new leader starts counting from its first reading.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from broadcaster.bus import BusUnavailable
from broadcaster.domain.alerts import LEAST_RANK, Lane
from broadcaster.domain.latency import middle_s
from broadcaster.metrics import LEADER, PERSON, STAGE, Tally
from broadcaster.pipeline.services import Services
from broadcaster.pipeline.topics import queue_of, resolve_queue
from broadcaster.store.alerts import counting
from broadcaster.store.operations import gauges
from broadcaster.store.operations.gauges import Reading, Watched

_BUS_S = 2.0


@dataclass
class _Seen:
    """The counts of an alert that were already exported."""

    stages: set[str] = field(default_factory=set)
    told: dict[str, int] = field(default_factory=dict)
    buckets: dict[str, Counter[int]] = field(default_factory=dict)


class Figures:
    """Reads and exports the metrics."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._seen: dict[int, _Seen] | None = None

    def forget(self) -> None:
        """Stop exporting, as another process leads."""
        self._seen = None
        LEADER.hide()

    async def renew(self) -> None:
        """Read and export the metrics. While the bus is unavailable, only its figures are missing."""
        async with self._services.store.read() as unit:
            reading = await gauges.read(unit, self._services.clock.now())
            first, before = self._seen is None, self._seen or {}
            moved = [each for each in reading.alerts if (before.get(each.id) or _Seen()).told != each.told]
            buckets = await gauges.latencies(unit, [each.id for each in moved])
        seen: dict[int, _Seen] = {}
        for alert in reading.alerts:
            seen[alert.id] = _count(alert, before.get(alert.id) or _Seen(), buckets, silent=first)
        self._seen = seen
        LEADER.show(self._gauges(reading) | {"tocsin_queue_depth": await self._depths()})

    async def _depths(self) -> dict[tuple[str, ...], float]:
        depths: dict[tuple[str, ...], float] = {}
        with suppress(BusUnavailable, TimeoutError):
            async with asyncio.timeout(_BUS_S):
                for queue in self._queues():
                    depths[queue,] = await self._services.bus.depth(queue)
        return depths

    def _queues(self) -> list[str]:
        ranks = LEAST_RANK.values()
        sending = [queue_of(name, rank) for name in self._services.senders for rank in ranks]
        return [*map(resolve_queue, ranks), *sending]

    def _gauges(self, reading: Reading) -> dict[str, dict[tuple[str, ...], float]]:
        senders = self._services.senders
        ages: dict[tuple[str, ...], float] = {(queue,): 0.0 for queue in self._queues()}

        def waits(queue: str, since: datetime) -> None:
            ages[queue,] = max(ages.get((queue,), 0.0), (reading.at - since).total_seconds())

        for (channel, rank), due_at in reading.due.items():
            waits(queue_of(channel, rank), due_at)
        for alert in reading.alerts:
            if alert.resolved_at is None and not alert.leased:
                waits(resolve_queue(alert.rank), alert.sent_at)
        unfinished = Counter(alert.lane for alert in reading.alerts if alert.finished_at is None)
        return {
            "tocsin_leader": {(): 1.0},
            "tocsin_queue_age_seconds": ages,
            "tocsin_deliveries_waiting": {
                (name, lane): float(reading.waiting[name, lane]) for name in senders for lane in Lane
            },
            "tocsin_alerts_unfinished": {(lane,): float(unfinished[lane]) for lane in Lane},
            "tocsin_unaccounted_deliveries": {(): float(reading.unaccounted)},
            "tocsin_unaccounted_people": {(): float(reading.people)},
            "tocsin_late_deliveries": {(lane,): float(reading.late[lane]) for lane in Lane},
            "tocsin_outbox_waiting": {(): float(reading.outbox)},
            "tocsin_channel_stop_seconds": {
                (name,): (reading.at - since).total_seconds() for name, since in reading.stops.items()
            },
        }


def _count(alert: Watched, seen: _Seen, buckets: Mapping[tuple[int, str], Counter[int]], *, silent: bool) -> _Seen:
    """Count an alert's new events; ``silent``: only record them as counted."""
    stages = Tally() if silent else STAGE
    people = Tally() if silent else PERSON
    for measure in (counting.ACCEPTED, counting.DELIVERED):
        now = buckets.get((alert.id, measure))
        if now is not None:
            for number, n in (now - seen.buckets.get(measure, Counter())).items():
                people.add((measure, alert.lane), middle_s(number), n)
            seen.buckets[measure] = now
    seen.told = alert.told
    for stage, seconds in _stages(alert, seen).items():
        if stage not in seen.stages:
            seen.stages.add(stage)
            stages.add((stage, alert.lane), seconds)
    return seen


def _stages(alert: Watched, seen: _Seen) -> dict[str, float]:
    """Return the seconds of each stage that an alert has completed."""
    done: dict[str, float] = {}
    accepted = seen.buckets.get(counting.ACCEPTED)
    first_s = middle_s(min(accepted)) if accepted else None
    if first_s is not None:
        done["first_accepted"] = first_s
    if alert.resolved_at is not None:
        done["resolved"] = resolved_s = max(0.0, (alert.resolved_at - alert.sent_at).total_seconds())
        if first_s is not None:
            # 0 if the first messages are sent while the last people are still being written.
            done["resolved_to_accepted"] = max(0.0, first_s - resolved_s)
    if alert.finished_at is not None:
        done["finished"] = max(0.0, (alert.finished_at - alert.sent_at).total_seconds())
    return done
