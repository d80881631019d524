"""What is routine stands back for what is urgent, and not for ever."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from broadcaster.sending import precedence
from broadcaster.sending.precedence import Precedence

if TYPE_CHECKING:
    import pytest

URGENT, ROUTINE = 1, 13


async def waits(work):
    """Return whether it has to wait for something that comes later than the loop's next turns."""
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


async def test_for_the_first_seconds_of_an_urgent_alert_of_another_process_no_routine_message_leaves():
    before = Precedence()
    before.expect(URGENT, precedence.FIRST_S - 0.05)
    _, held = await waits(before.stand_back(URGENT))
    assert not held
    task, held = await waits(before.stand_back(ROUTINE))
    assert held
    await task
    _, held = await waits(before.stand_back(ROUTINE))
    assert not held


async def test_nothing_stands_back_for_an_alert_that_is_routine_or_was_sent_a_while_ago():
    before = Precedence()
    before.expect(ROUTINE, 0.0)
    before.expect(URGENT, precedence.FIRST_S)
    _, held = await waits(before.stand_back(ROUTINE))
    assert not held
