"""Who writes next."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext

import pytest

from broadcaster.store import urgently
from broadcaster.store.engine.turnstile import Turnstile


async def behind(turnstile, comers):
    """Let ``comers`` (name, urgent) come in this order while one is inside; give the order they were let in."""
    let_in = []

    async def come(name):
        async with turnstile:
            let_in.append(name)
            await asyncio.sleep(0)

    async with turnstile:
        tasks = []
        for name, urgent in comers:
            with urgently() if urgent else nullcontext():
                tasks.append(asyncio.create_task(come(name)))
            await asyncio.sleep(0)
        assert let_in == []
    await asyncio.gather(*tasks, return_exceptions=True)
    return let_in


async def test_the_urgent_go_before_the_others_and_each_in_the_order_they_came():
    comers = [("a", False), ("b", True), ("c", False), ("d", True)]
    assert await behind(Turnstile(5), comers) == ["b", "d", "a", "c"]


async def test_who_has_waited_long_gets_each_fifth_turn_among_the_urgent():
    comers = [("a", False), ("b", False), *((str(n), True) for n in range(10))]
    assert "".join(await behind(Turnstile(5, patience_s=0), comers)) == "0123a4567b89"


async def test_a_sender_cancelled_at_the_gate_blocks_nobody():
    turnstile = Turnstile(5)
    for let_in_first in (False, True):
        await turnstile.__aenter__()
        waiting = asyncio.create_task(turnstile.__aenter__())
        await asyncio.sleep(0)
        if let_in_first:
            await turnstile.__aexit__()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        if not let_in_first:
            await turnstile.__aexit__()
        assert await behind(turnstile, [("a", False)]) == ["a"]


async def test_nobody_waits_for_ever():
    turnstile = Turnstile(0.01)
    async with turnstile:
        with pytest.raises(TimeoutError):
            await turnstile.__aenter__()
    assert await behind(turnstile, [("a", True)]) == ["a"]
