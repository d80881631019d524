"""A limit ends what takes too long, and only that."""

from __future__ import annotations

import asyncio

import pytest

from broadcaster.sending.time_limit import Limit


async def _held(limit, until, seen):
    try:
        with limit.block():
            await until.wait()
    except TimeoutError:
        seen.append("too long")
    except asyncio.CancelledError:
        seen.append("cancelled")
        raise
    else:
        seen.append("in time")


async def test_what_takes_too_long_ends_and_what_is_done_in_time_does_not():
    limit, never, soon, seen = Limit(0.05), asyncio.Event(), asyncio.Event(), []
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        for each in (never, soon, never):
            group.create_task(_held(limit, each, seen))
        await asyncio.sleep(0)
        soon.set()
    assert seen == ["in time", "too long", "too long"]


async def test_one_that_begins_later_ends_later():
    limit, never, ends = Limit(0.1), asyncio.Event(), {}
    loop = asyncio.get_running_loop()

    async def held(name, after):
        await asyncio.sleep(after)
        began = loop.time()
        with pytest.raises(TimeoutError), limit.block():
            await never.wait()
        ends[name] = loop.time() - began

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        for number in range(5):
            group.create_task(held(number, number * 0.03))
    assert len(ends) == 5
    assert all(spent >= 0.1 for spent in ends.values())


async def test_anybody_who_is_cancelled_from_outside_is_cancelled():
    limit, never, seen = Limit(30), asyncio.Event(), []
    task = asyncio.create_task(_held(limit, never, seen))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == ["cancelled"]


async def test_a_cancel_from_outside_in_the_same_moment_goes_before_the_limit():
    limit, never, seen = Limit(0.02), asyncio.Event(), []
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(_held(limit, never, seen))
    began = loop.time()
    await asyncio.sleep(0)
    while loop.time() < began + 0.05:  # the loop stands still: the limit and the cancel come in one turn of it
        pass
    loop.call_soon(task.cancel)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == ["cancelled"]


async def test_a_limit_can_be_used_again_once_all_of_it_has_ended():
    limit, never = Limit(0.02), asyncio.Event()
    async with asyncio.timeout(5):
        for _ in range(3):
            with pytest.raises(TimeoutError), limit.block():
                await never.wait()
            with limit.block():
                await asyncio.sleep(0)


async def test_what_swallows_the_interruption_is_interrupted_once():
    limit, never, seen = Limit(0.02), asyncio.Event(), []
    with limit.block():
        try:
            await never.wait()
        except asyncio.CancelledError:
            seen.append("interrupted")
        await asyncio.sleep(0.05)
    assert seen == ["interrupted"]
    assert asyncio.current_task().cancelling() == 0
