"""Recurring jobs of the leading process.

APScheduler only wakes them. Jobs are in memory, and created at every start.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

_CANCELLED_S = 5.0
# It would log each job still running when due again, which is harmless here.
logging.getLogger("apscheduler").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Job:
    """A recurring job. Runs at start and never overlaps itself; several missed runs become one."""

    name: str
    every: timedelta
    work: Callable[[], Awaitable[None]]


class Timetable:
    """Runs jobs between ``start`` and ``stop``. ``failed(name, error)`` gets a job's exceptions."""

    def __init__(self, jobs: Sequence[Job], failed: Callable[[str, Exception], None]) -> None:
        self._jobs = {each.name: each for each in jobs}
        self._failed = failed
        self._scheduler: AsyncIOScheduler | None = None
        self._under_way: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Start; idempotent."""
        if self._scheduler is not None:
            return
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        now = datetime.now(UTC)
        for job in self._jobs.values():
            self._scheduler.add_job(
                self._run,
                IntervalTrigger(seconds=job.every.total_seconds(), timezone=UTC),
                (job,),
                id=job.name,
                next_run_time=now,
                coalesce=True,
                misfire_grace_time=None,
            )
        self._scheduler.start()

    def wake(self, name: str, delay: timedelta) -> None:
        """Run a job once more after ``delay``, replacing an earlier request; no-op while stopped."""
        if self._scheduler is not None:
            self._scheduler.add_job(
                self._run,
                DateTrigger(datetime.now(UTC) + max(delay, timedelta(0)), timezone=UTC),
                (self._jobs[name],),
                id=f"{name}, once more",
                replace_existing=True,
                misfire_grace_time=None,
            )

    async def stop(self) -> None:
        """Stop, and cancel running jobs."""
        if self._scheduler is None:
            return
        self._scheduler.shutdown(wait=False)
        self._scheduler = None
        cancelled = set(self._under_way)
        for task in cancelled:
            task.cancel()
        if cancelled:
            await asyncio.wait(cancelled, timeout=_CANCELLED_S)

    async def _run(self, job: Job) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  a coroutine runs in a task
        self._under_way.add(task)
        try:
            await job.work()
        except Exception as error:  # noqa: BLE001  it is reported; the other jobs and the next turn go on
            self._failed(job.name, error)
        finally:
            self._under_way.discard(task)
