"""The ledger while the store is away: who sends waits, and what was sent is not forgotten."""

from __future__ import annotations

import asyncio

import pytest

from broadcaster.bus import LocalBus
from broadcaster.clock import SystemClock
from broadcaster.domain.deliveries import DeliveryState, Outcome
from broadcaster.pipeline.track import Ledger
from broadcaster.store import StoreUnavailable
from broadcaster.store.alerts import tracking
from tests.contract.stores import NOW, opened, sqlite_url
from tests.servers.town_api import eventually


class Writing:
    """What is written down, and whether that can be done."""

    def __init__(self):
        self.there = asyncio.Event()
        self.failed = asyncio.Event()
        self.written = []

    async def __call__(self, unit, outcomes):
        if not self.there.is_set():
            self.failed.set()
            raise StoreUnavailable("disk I/O error")
        self.written += [each.delivery_id for each in outcomes]
        return tracking.Applied(set(), set())


@pytest.fixture
def writing(monkeypatch):
    made = Writing()
    monkeypatch.setattr(tracking, "apply", made)
    return made


@pytest.fixture
async def ledger(tmp_path, writing):
    async with opened(sqlite_url(tmp_path)) as store:
        made = Ledger(store, LocalBus(), SystemClock())
        running = asyncio.create_task(made.run())
        yield made
        running.cancel()
        await asyncio.wait({running})


def accepted(number):
    return Outcome(number, DeliveryState.ACCEPTED, NOW, tried=True)


async def test_who_sends_waits_once_it_is_known_that_nothing_can_be_written(ledger, writing):
    await ledger.record(accepted(1))
    await writing.failed.wait()
    await eventually(lambda: not ledger._room.is_set(), "the ledger knows")
    second, third = (asyncio.create_task(ledger.record(accepted(n))) for n in (2, 3))
    done, _ = await asyncio.wait({second, third}, timeout=0.3)
    assert not done
    third.cancel()  # as a stop does: its message was sent all the same
    await asyncio.wait({third})
    writing.there.set()
    async with asyncio.timeout(30):
        await second
        await ledger.settled()
    assert writing.written == [1, 2, 3]
    async with asyncio.timeout(30):
        await ledger.record(accepted(4))
