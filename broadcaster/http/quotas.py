"""Limits on unconfirmed sign-ups per hour, by address and station."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from broadcaster.domain.quotas import exceeds_quota
from broadcaster.http.problems import HttpProblem
from broadcaster.http.rates import address_of
from broadcaster.http.route import Call
from broadcaster.store import Unit
from broadcaster.store.people import confirmations, welcomes

CALLER_HOUR, STATION_HOUR = 150, 2000
"""Most unconfirmed push sign-ups: in a hall behind one address, each is confirmed within seconds and no
longer counts.
"""

_AGAIN_S = 600


def caller_mark(call: Call[Any, Any]) -> bytes:
    """Return the mark by which the caller's address is counted."""
    address = address_of(call.request, call.services.settings.trusted_proxies)
    return confirmations.caller_mark(call.services.store.vault, address)


async def check_quota(unit: Unit, station_ids: Sequence[int], caller: bytes, now: datetime) -> None:
    """Raise a 429 if one more sign-up by push is too many. Concurrent requests may pass together."""
    found = await welcomes.counted(unit, station_ids, caller, now)
    if exceeds_quota(found.caller, found.station, most_mine=CALLER_HOUR, most_everyone=STATION_HOUR):
        raise HttpProblem("too-many", "too-many-sign-ups", headers={"Retry-After": str(_AGAIN_S)})
