"""Which address a caller has."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import make_mocked_request

from broadcaster.http.rates import address_of


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
