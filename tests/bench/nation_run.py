"""The simulation itself of one alert to a nation: see ``tests.bench.nation``."""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from broadcaster.domain.people import ChannelName
from broadcaster.sending.providers import batch_size
from tests.bench.nation_plan import CHANNELS, FIRST_PART, GROUP, PART, PUSH, RELAYED, Plan, Took

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    Step = Callable[[], None]

_LINGER_S = 0.03
_LEAST_GROUP_S = 3e-3
_SOON_S = 3.0
RESOLVER = "the one resolver"


class Resource:
    """Serves in the order of coming, ``servers`` at once."""

    def __init__(self, servers: int = 1) -> None:
        self._free = [(0.0, each) for each in range(servers)]
        self._first: float | None = None
        self._work: list[list[list[float]]] = [[] for _ in range(servers)]  # of each: when it began, and ended

    def serve(self, now: float, seconds: float) -> tuple[float, float]:
        """Return when the work begins and ends."""
        free, which = self._free[0]
        begins = max(now, free)
        ends = begins + seconds
        heapq.heapreplace(self._free, (ends, which))
        if seconds:
            self._first = now if self._first is None else self._first
            done = self._work[which]
            if done and done[-1][1] == begins:
                done[-1][1] = ends
            else:
                done.append([begins, ends])
        return begins, ends

    def busy(self, until: float) -> float:
        """Return which share of its servers was at work between the first wish and ``until``."""
        if self._first is None or until <= self._first:
            return 0.0
        worked = sum(min(end, until) - begun for each in self._work for begun, end in each if begun < until)
        return worked / (until - self._first) / len(self._work)


@dataclass
class Process:
    """A sender or a web process: one core, places by channel, and a ledger that writes one group after the other."""

    core: Resource = field(default_factory=Resource)
    places: dict[str, Resource] = field(default_factory=lambda: {name: Resource() for name in CHANNELS})
    ledger: deque[tuple[int, Step]] = field(default_factory=deque)
    writing: bool = False


@dataclass
class Told:
    """What came of a plan: seconds at which each message was accepted by its provider, by channel."""

    plan: Plan
    accepted: dict[str, NDArray[np.float64]]
    resources: dict[str, list[Resource]]
    written_s: float
    accounted_s: float
    _busy: dict[str, dict[str, float]] = field(default_factory=dict)

    def seconds(self, share: float, channel: str | None = None) -> float:
        """Return the time by which ``share`` percent were accepted: by one channel, or in all."""
        every = self.accepted[channel] if channel else np.concatenate(list(self.accepted.values()))
        return float(np.percentile(every, share, method="inverted_cdf")) if len(every) else 0.0

    def busy(self, channel: str) -> dict[str, float]:
        """Return how busy everything was that a channel needs, until 95 percent of its messages were accepted."""
        if channel in self._busy:
            return self._busy[channel]
        until = self.seconds(95, channel)
        others = {f"{kind} {name}" for kind in ("rate", "places") for name in CHANNELS if name != channel}
        if channel != PUSH:
            others |= {f"limit {name}" for name in self.plan.services}
        self._busy[channel] = {
            name: sum(each.busy(until) for each in several) / len(several)
            for name, several in self.resources.items()
            if name not in others
        }
        return self._busy[channel]

    def bound_by(self, channel: str) -> str:
        """Name what a channel waits for most: the one resolver, where it ends with the writing down."""
        if self.seconds(95, channel) <= 0.95 * self.written_s + _SOON_S:
            return RESOLVER
        busy = self.busy(channel)
        return max(busy, key=lambda name: (round(busy[name], 2), name == f"rate {channel}"))


class Nation:
    """Runs one plan."""

    def __init__(self, plan: Plan, times: Mapping[str, Took], seed: int = 61214) -> None:
        self.plan, self.times = plan, times
        self.now = 0.0
        self._events: list[tuple[float, int, Step]] = []
        self._order = itertools.count()
        self._random = np.random.default_rng(seed)
        self.database = Resource(plan.database_cores)
        self.sums, self.bus = Resource(), Resource()
        self.buckets = {name: Resource() for name in plan.channels}
        self.services = {name: Resource() for name in plan.services}
        self.senders = [Process() for _ in range(plan.senders)]
        self.webs = [Process() for _ in range(plan.webs)]
        self._webs = itertools.cycle(self.webs)
        self._waiting: dict[str, deque[int]] = {name: deque() for name in plan.channels}
        self._idle: dict[str, deque[Process]] = {
            name: deque(each for _ in range(plan.runners) for each in self.senders) for name in plan.channels
        }
        self._outbox: deque[tuple[str, int]] = deque()
        self._relaying = False
        self._begun = 0
        self._accepted: dict[str, list[NDArray[np.float64]]] = {name: [] for name in plan.channels}
        self._owed = dict.fromkeys(plan.channels, 0.0)
        self._written_s = self._accounted_s = 0.0

    def run(self) -> Told:
        ready = self._store("issue") + self._store("relay") + 2 * self.times["bus"].wall_s
        for _ in range(self.plan.side_by_side):
            self._at(ready + self.plan.people * self.times["find a person"].wall_s, self._part)
        while self._events:
            self.now, _, step = heapq.heappop(self._events)
            step()
        accepted = {name: np.concatenate([np.empty(0), *every]) for name, every in self._accepted.items()}
        return Told(self.plan, accepted, self._resources(), self._written_s, self._accounted_s)

    def _at(self, when: float, step: Step) -> None:
        heapq.heappush(self._events, (when, next(self._order), step))

    def _store(self, name: str, share: float = 1.0, least_s: float = 0.0) -> float:
        """Return when a step in the store that begins now is committed; ``share``: of the step that was measured."""
        took = self.times[name]
        _, served = self.database.serve(self.now, took.server_s * share)
        ended = served + max(least_s, (took.wall_s - took.server_s) * share)
        if took.locked_s:
            _, ended = self.sums.serve(ended - took.locked_s * share, took.locked_s * share)
        return ended

    def _over_bus(self) -> float:
        _, ended = self.bus.serve(self.now, self.times["bus"].server_s)
        return ended + self.times["bus"].wall_s

    def _part(self) -> None:
        """Write down the next part, and then the one after it."""
        size = min(PART if self._begun else FIRST_PART, self.plan.people - self._begun)
        if size:
            self._begun += size
            self._at(self._store("part", size / PART), partial(self._part_written, size))

    def _part_written(self, size: int) -> None:
        for name, count in self._by_channel(size).items():
            most = batch_size(ChannelName(name), self.plan.channels[name].per_second)
            for first in range(0, count, most):
                self._outbox.append((name, min(most, count - first)))
        self._relay()
        self._written_s = self.now
        self._part()

    def _by_channel(self, size: int) -> dict[str, int]:
        """Share a part out, so that each channel has its share of all parts together, and nobody is left over."""
        for name, channel in self.plan.channels.items():
            self._owed[name] += size * channel.share
        counts = {name: max(0, int(owed)) for name, owed in self._owed.items()}
        nearest = sorted(counts, key=lambda name: counts[name] - self._owed[name])
        for name in nearest[: size - sum(counts.values())]:
            counts[name] += 1
        for name, count in counts.items():
            self._owed[name] -= count
        return counts

    def _relay(self) -> None:
        if self._relaying or not self._outbox:
            return
        self._relaying = True
        carried = [self._outbox.popleft() for _ in range(min(RELAYED, len(self._outbox)))]
        self._at(max(self._store("relay"), self._over_bus()), partial(self._relayed, carried))

    def _relayed(self, carried: list[tuple[str, int]]) -> None:
        self._relaying = False
        for name, count in carried:
            self._waiting[name].append(count)
        for name in self.plan.channels:
            self._match(name)
        self._relay()

    def _match(self, name: str) -> None:
        while self._waiting[name] and self._idle[name]:
            process, count = self._idle[name].popleft(), self._waiting[name].popleft()
            self._at(self._over_bus(), partial(self._take, process, name, count))

    def _take(self, process: Process, name: str, count: int) -> None:
        self._at(self._store(f"take {name}"), partial(self._send, process, name, count))

    def _send(self, process: Process, name: str, count: int) -> None:
        channel, now = self.plan.channels[name], self.now
        held_s = channel.latency_s * float(np.exp(channel.spread**2 / 2))  # the mean of what is in the middle latency_s
        flows = [
            process.core.serve(now, count * self.times[f"cpu {name}"].wall_s),
            self.buckets[name].serve(now, count * channel.cost / channel.per_second),
            process.places[name].serve(now, count * held_s / channel.places),
        ]
        parts = self._by_service(count) if name == PUSH else [(count, None)]
        answers = []
        for n, service in parts:
            through = flows
            if service is not None:
                limit = self.plan.services[service].per_second
                through = [*flows, self.services[service].serve(now, n / limit)]
            begins, ends = max(each[0] for each in through), max(each[1] for each in through)
            leaves = np.linspace(begins, ends, n + 1)[1:]
            answers.append(leaves + channel.latency_s * self._random.lognormal(0.0, channel.spread, n))
        accepted = np.concatenate(answers)
        self._accepted[name].append(accepted)
        self._at(float(accepted.max()), partial(self._sent, process, name, count))

    def _by_service(self, count: int) -> list[tuple[int, str]]:
        shares = [each.share for each in self.plan.services.values()]
        drawn = self._random.multinomial(count, np.array(shares) / sum(shares))
        return [(int(n), name) for n, name in zip(drawn, self.plan.services, strict=True) if n]

    def _sent(self, process: Process, name: str, count: int) -> None:
        self._record(process, count, partial(self._release, process, name))
        shown = round(count * self.plan.receipts) if name == PUSH else 0
        if shown:
            self._at(self.now + self.plan.receipt_s, partial(self._receipts, next(self._webs), shown))

    def _receipts(self, web: Process, count: int) -> None:
        _, ended = web.core.serve(self.now, count * self.times["cpu receipt"].wall_s)
        self._at(ended, partial(self._record, web, count, lambda: None))

    def _record(self, process: Process, count: int, then: Step) -> None:
        process.ledger.append((count, then))
        if not process.writing:
            process.writing = True
            linger_s = 0.0 if count >= GROUP else min(_LINGER_S, self.times["group"].wall_s)
            self._at(self.now + linger_s, self._group(process))

    def _group(self, process: Process) -> Step:
        def write() -> None:
            room, done = GROUP, []
            while process.ledger and room:
                count, then = process.ledger.popleft()
                taken = min(room, count)
                room -= taken
                if taken < count:
                    process.ledger.appendleft((count - taken, then))
                else:
                    done.append(then)
            least_s = min(_LEAST_GROUP_S, self.times["group"].wall_s)
            self._at(self._store("group", (GROUP - room) / GROUP, least_s), partial(self._grouped, process, done))

        return write

    def _grouped(self, process: Process, done: list[Step]) -> None:
        self._accounted_s = self.now
        for then in done:
            then()
        if process.ledger:
            self._at(self.now, self._group(process))
        else:
            process.writing = False

    def _release(self, process: Process, name: str) -> None:
        self._at(self._store("release"), partial(self._released, process, name))

    def _released(self, process: Process, name: str) -> None:
        self._idle[name].append(process)
        self._match(name)

    def _resources(self) -> dict[str, list[Resource]]:
        return {
            "senders' cores": [each.core for each in self.senders],
            "web cores": [each.core for each in self.webs],
            "database": [self.database],
            "alert's sums": [self.sums],
            "bus": [self.bus],
            **{f"rate {name}": [each] for name, each in self.buckets.items()},
            **{f"places {name}": [each.places[name] for each in self.senders] for name in self.plan.channels},
            **{f"limit {name}": [each] for name, each in self.services.items()},
        }
