"""What is routine stands back for what is urgent, and not for ever."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from broadcaster.pipeline import precedence
from broadcaster.pipeline.precedence import Precedence

if TYPE_CHECKING:
    import pytest

URGENT, ROUTINE = 1, 13


async def waits(work):
    """Tell whether it has to wait for something that comes later than the loop's next turns."""
    task = asyncio.create_task(work)
    for _ in range(5):
        await asyncio.sleep(0)
    return task, not task.done()


async def test_a_routine_part_waits_while_something_urgent_is_in_hand_and_goes_on_after():
    before = Precedence()
    with before.holding(ROUTINE), before.holding(URGENT):
        task, held = await waits(before.give_way(ROUTINE))
        assert held
        _, held = await waits(before.give_way(URGENT))
        assert not held
    await task
    _, held = await waits(before.give_way(ROUTINE))
    assert not held


async def test_an_urgent_alert_that_takes_hours_does_not_stop_what_is_routine(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(precedence, "LONGEST_S", 0.01)
    before = Precedence()
    with before.holding(URGENT):
        await before.give_way(ROUTINE)
