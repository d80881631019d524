"""Clocks and scales: CPU time of a process and those it started, memory, and two things measured by turns."""

from __future__ import annotations

import gc
import statistics
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator


@dataclass
class Took:
    """Seconds: by the wall, and of CPU."""

    wall_s: float = 0.0
    cpu_s: float = 0.0


def cpu_s(pid: int | None = None) -> float:
    """CPU seconds of a process and of its children, since their start."""
    process = psutil.Process(pid)
    total = 0.0
    for each in [process, *process.children(recursive=True)]:
        try:
            times = each.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


def rss_mib(pid: int | None = None) -> float:
    """Memory that a process and its children hold, in MiB."""
    process = psutil.Process(pid)
    return sum(each.memory_info().rss for each in [process, *process.children(recursive=True)]) / 2**20


@contextmanager
def watched() -> Iterator[Took]:
    """Measure this process within the block; the collector of rubbish does not run in it."""
    took = Took()
    gc.collect()
    gc.disable()
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        yield took
    finally:
        took.wall_s, took.cpu_s = time.perf_counter() - wall, time.process_time() - cpu
        gc.enable()


def best_s(action: Callable[[], object], times: int = 5, clock: Callable[[], float] = time.perf_counter) -> float:
    """The least of several runs, in seconds."""
    took = []
    for _ in range(times):
        began = clock()
        action()
        took.append(clock() - began)
    return min(took)


async def best_async_s(action: Callable[[], Awaitable[object]], times: int = 5) -> float:
    """The least of several runs, in seconds by the wall."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        await action()
        took.append(time.perf_counter() - began)
    return min(took)


async def by_turns(*things: Callable[[], Awaitable[Took]], turns: int = 3) -> list[Took]:
    """Run things by turns, each turn from another one on, so that what the machine does beside hits all; medians."""
    found: list[list[Took]] = [[] for _ in things]
    for turn in range(turns):
        for at in range(len(things)):
            which = (turn + at) % len(things)
            found[which].append(await things[which]())
    return [median(each) for each in found]


def median(several: list[Took]) -> Took:
    return Took(statistics.median(each.wall_s for each in several), statistics.median(each.cpu_s for each in several))


def percentile(values: list[float], share: float) -> float:
    """The value that ``share`` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered) + 0.5) - 1))]
