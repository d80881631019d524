"""How often one address may ask, and which address that is."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import make_mocked_request

from broadcaster.http import rates
from broadcaster.http.rates import RateLimit, address_of


class Time:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def test_as_many_as_a_minute_may_hold_pass_at_once_and_the_next_waits():
    time = Time()
    limit = RateLimit(6, time)
    assert [limit.take("a") for _ in range(6)] == [None] * 6
    assert limit.take("a") == 10
    assert limit.take("b") is None


def test_a_refused_request_costs_nothing():
    time = Time()
    limit = RateLimit(6, time)
    for _ in range(50):
        limit.take("a")
    time.now += 10
    assert limit.take("a") is None
    assert limit.take("a") == 10


def test_after_a_quiet_minute_all_is_there_again():
    time = Time()
    limit = RateLimit(6, time)
    for _ in range(6):
        limit.take("a")
    time.now += 60
    assert [limit.take("a") for _ in range(7)] == [None] * 6 + [10]


def test_a_flood_of_addresses_costs_no_more_memory_than_is_set(monkeypatch):
    monkeypatch.setattr(rates, "_MOST_ADDRESSES", 10)
    limit = RateLimit(6, Time())
    for number in range(1000):
        limit.take(str(number))
    assert len(limit) == 10


def request(peer, *forwarded):
    found = make_mocked_request("GET", "/", headers=[("X-Forwarded-For", each) for each in forwarded])
    return found.clone(remote=peer)


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "address"),
    [
        ("203.0.113.7", [], 0, "203.0.113.7"),
        ("203.0.113.7", ["198.51.100.1"], 0, "203.0.113.7"),
        ("10.0.0.1", ["198.51.100.1"], 1, "198.51.100.1"),
        ("10.0.0.1", ["9.9.9.9, 198.51.100.1"], 1, "198.51.100.1"),
        ("10.0.0.1", ["9.9.9.9", "198.51.100.1, 10.0.0.2"], 2, "198.51.100.1"),
        ("10.0.0.1", [], 1, "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", [], 0, "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", [], 0, "203.0.113.7"),
        ("10.0.0.1", ["x" * 500], 1, "x" * 45),
    ],
)
def test_the_address_is_the_one_that_the_outermost_trusted_proxy_saw(peer, forwarded, proxies, address):
    assert address_of(request(peer, *forwarded), proxies) == address
