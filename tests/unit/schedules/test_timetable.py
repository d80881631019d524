"""The timetable wakes its jobs, and nothing that a job does stops it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from schedules import Job, Timetable

SOON = timedelta(milliseconds=10)


async def until(condition):
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_a_job_runs_at_the_start_and_again():
    turns = []

    async def work():
        turns.append(None)

    running = Timetable([Job("count", SOON, work)], lambda *_: None)
    running.start()
    running.start()
    await until(lambda: len(turns) >= 3)
    await running.stop()


async def test_a_job_that_fails_is_reported_and_comes_again_and_the_others_go_on():
    failures, turns = [], []

    async def fails():
        raise ValueError("no")

    async def works():
        turns.append(None)

    running = Timetable(
        [Job("fails", SOON, fails), Job("works", SOON, works)], lambda name, error: failures.append((name, str(error)))
    )
    running.start()
    await until(lambda: len(failures) >= 2 and len(turns) >= 2)
    await running.stop()
    assert set(failures) == {("fails", "no")}


async def test_a_job_never_overlaps_itself_and_is_cancelled_when_the_timetable_stops():
    begun, cancelled = [], []

    async def hangs():
        begun.append(None)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(None)
            raise

    others = []

    async def counts():
        others.append(None)

    running = Timetable([Job("hangs", SOON, hangs), Job("counts", SOON, counts)], lambda *_: None)
    running.start()
    await until(lambda: len(others) >= 5)
    assert len(begun) == 1
    await running.stop()
    assert len(cancelled) == 1


async def test_a_timetable_can_start_again():
    turns = []

    async def work():
        turns.append(None)

    running = Timetable([Job("hourly", timedelta(hours=1), work)], lambda *_: None)
    for n in (1, 2):
        running.start()
        await until(lambda n=n: len(turns) == n)
        await running.stop()
