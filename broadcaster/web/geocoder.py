"""Addresses, found by the service that France runs for it (Base Adresse Nationale), or by one of the same API.

The service asks, never the browser: nobody but us learns who looks for which address.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp
import orjson
import structlog

from broadcaster.http.problems import HttpProblem

if TYPE_CHECKING:
    from collections.abc import Iterator

log = structlog.get_logger(__name__)

_PATIENCE_S = 4.0
_MOST = 6
_LARGEST = 200_000
_LONGEST_LABEL = 200
_RETRY_S = 30


@dataclass(frozen=True, slots=True)
class Found:
    """A place; WGS 84 degrees."""

    label: str
    lon: float
    lat: float


async def find(url: str, text: str, near: tuple[float, float] | None) -> list[Found]:
    """Give places for what people write, the nearest to (lon, lat) first where they are alike.

    Raises a 503 where nobody can be asked, or whoever is asked does not answer: the map is there all the same.
    """
    if not url:
        raise _away("This service looks up no addresses: show the place on the map.")
    query = {"q": " ".join(text.split()), "limit": str(_MOST)}
    if near is not None:
        query |= {"lon": f"{near[0]:.4f}", "lat": f"{near[1]:.4f}"}
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_PATIENCE_S)) as client,
            client.get(f"{url}/search", params=query, allow_redirects=False) as answered,
        ):
            if answered.status != 200:  # noqa: PLR2004
                raise _away("The search for addresses does not work now: show the place on the map.")
            told = await answered.content.read(_LARGEST)
            return list(_read(orjson.loads(told)))
    except (TimeoutError, aiohttp.ClientError, ValueError) as error:
        log.warning("the geocoder does not answer", problem=type(error).__name__)
        raise _away("The search for addresses does not answer now: show the place on the map.") from error


def _read(told: Any) -> Iterator[Found]:
    """Read GeoJSON as BAN gives it; whatever is no point with a label is left out."""
    features = told.get("features", []) if isinstance(told, dict) else []
    for feature in features[:_MOST] if isinstance(features, list) else []:
        try:
            lon, lat = (float(each) for each in feature["geometry"]["coordinates"][:2])
            label = str(feature["properties"]["label"])[:_LONGEST_LABEL]
        except (KeyError, TypeError, ValueError):
            continue
        if math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90:  # noqa: PLR2004
            yield Found(label, lon, lat)


def _away(sentence: str) -> HttpProblem:
    return HttpProblem("unavailable", sentence, headers={"Retry-After": str(_RETRY_S)})
