"""The address by which a caller's requests are counted.

An IPv6 /64 network, as a home has, counts as one address.
"""

import ipaddress
from functools import lru_cache

from aiohttp import web

_HOME_BITS = 64


def address_of(request: web.Request, trusted_proxies: int) -> str:
    """Return the caller's address: the peer, or the one seen by the outermost trusted proxy.

    ``X-Forwarded-For`` grows to the right, one entry per proxy; entries left of ours can be forged.
    """
    address = request.remote or "unknown"
    if trusted_proxies > 0:
        seen = [part.strip() for line in request.headers.getall("X-Forwarded-For", []) for part in line.split(",")]
        if seen:
            address = seen[-min(trusted_proxies, len(seen))]
    return _normal(address[:64])


@lru_cache(4096)
def _normal(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:45]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.IPv6Network((parsed, _HOME_BITS), strict=False))
    return str(parsed)
