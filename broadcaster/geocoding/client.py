"""The API of France's Base Adresse Nationale (BAN): ``/search``, ``/search/csv`` for many, ``/reverse`` for a point.

Only the service queries it, never a browser, so that nobody else learns who looks for which address. A list is sent as
bare addresses, without names, ids or line numbers, so answers are matched by the address, which the API repeats.
https://geoservices.ign.fr/documentation/services/services-geoplateforme/geocodage
"""

import csv
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

from broadcaster.availability import Availability
from broadcaster.domain.addresses import Address, Found, Match

MOST_AT_ONCE = 500
"""Addresses per request."""

_PATIENCE_S, _PATIENCE_MANY_S = 4.0, 60.0
_MOST = 6
_LARGEST, _LARGEST_MANY = 200_000, 4_000_000
_LONGEST_LABEL = 200
_NEAR_M = 100.0
_METRES_A_DEGREE = 111_320.0
_COLUMNS = ("adresse", "code_postal", "commune")
_OK = 200
_standing = Availability("the geocoder")  # of this process, which asks one


class GeocoderUnavailable(Exception):
    """Addresses can't be looked up now, which may be temporary."""


class GeocoderDisabled(GeocoderUnavailable):
    """No geocoder is configured."""


@dataclass(frozen=True, slots=True)
class Geocoder:
    """``url``: the API's base; empty for none."""

    url: str

    async def find(self, text: str, near: tuple[float, float] | None) -> list[Found]:
        """Return places for a query, equal matches nearest to (lon, lat) first.

        Raises ``GeocoderDisabled``, ``GeocoderUnavailable``.
        """
        query = {"q": " ".join(text.split()), "limit": str(_MOST)}
        if near is not None:
            query |= {"lon": f"{near[0]:.4f}", "lat": f"{near[1]:.4f}"}
        told = await self._asked("GET", "/search", _LARGEST, _PATIENCE_S, params=query)
        try:
            return list(_read(orjson.loads(told)))
        except ValueError as error:
            raise _away("no JSON") from error

    async def at(self, lon: float, lat: float) -> str:
        """Return the address within 100 m of a point; empty if no address is near. Raises like ``find``."""
        query = {"lon": f"{lon:.6f}", "lat": f"{lat:.6f}", "limit": "1"}
        told = await self._asked("GET", "/reverse", _LARGEST, _PATIENCE_S, params=query)
        try:
            found = list(_read(orjson.loads(told)))
        except ValueError as error:
            raise _away("no JSON") from error
        return found[0].label if found and _near(found[0], lon, lat) else ""

    async def find_many(self, addresses: Sequence[Address]) -> dict[Address, Match | None]:
        """Return the best match of each address, None if not found.

        At most ``MOST_AT_ONCE`` are queried. An address missing from the answer is not in the result. Raises
        ``GeocoderDisabled``, ``GeocoderUnavailable``.
        """
        text = io.StringIO(newline="")
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(_COLUMNS)
        rows.writerows((each.street, each.postcode, each.city) for each in addresses)
        form = aiohttp.FormData()
        form.add_field("data", text.getvalue().encode(), filename="addresses.csv", content_type="text/csv")
        for name in _COLUMNS:
            form.add_field("columns", name)
        told = await self._asked("POST", "/search/csv", _LARGEST_MANY, _PATIENCE_MANY_S, data=form)
        return _matches(told, set(addresses))

    async def _asked(self, method: str, path: str, largest: int, patience_s: float, **sent: Any) -> bytes:
        if not self.url:
            raise GeocoderDisabled("this service looks up no addresses")
        timeout = aiohttp.ClientTimeout(total=patience_s)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as client,
                client.request(method, self.url + path, allow_redirects=False, **sent) as answered,
            ):
                if answered.status != _OK:
                    raise _away(f"status {answered.status}")
                body = bytearray()
                async for part in answered.content.iter_any():
                    body += part
                    if len(body) > largest:
                        raise _away("an answer too large")
                _standing.found()
                return bytes(body)
        except (TimeoutError, aiohttp.ClientError) as error:
            raise _away(type(error).__name__) from error


def _away(why: str) -> GeocoderUnavailable:
    _standing.lost(why)
    return GeocoderUnavailable(f"the geocoder does not answer ({why})")


def _read(told: Any) -> Iterator[Found]:
    """Parse BAN's GeoJSON; anything but labelled points is ignored."""
    features = told.get("features", []) if isinstance(told, dict) else []
    for feature in features[:_MOST] if isinstance(features, list) else []:
        try:
            lon, lat = (float(each) for each in feature["geometry"]["coordinates"][:2])
            label = str(feature["properties"]["label"])[:_LONGEST_LABEL]
        except (KeyError, TypeError, ValueError):
            continue
        if _on_earth(lon, lat):
            yield Found(label, lon, lat)


def _matches(told: bytes, asked: set[Address]) -> dict[Address, Match | None]:
    try:
        rows = csv.DictReader(io.StringIO(told.decode("utf-8-sig"), newline=""))
        if not {*_COLUMNS, "latitude", "longitude", "result_score", "result_label"} <= set(rows.fieldnames or ()):
            raise _away("an answer without the columns of BAN")
        found = {}
        for row in rows:
            address = Address(*(row[name] or "" for name in _COLUMNS))
            if address in asked and row["result_label"] is not None:
                found[address] = _match(row)
    except (UnicodeDecodeError, csv.Error) as error:
        raise _away("an answer that is no CSV") from error
    return found


def _match(row: dict[str, Any]) -> Match | None:
    try:
        lon, lat, score = (float(row[name]) for name in ("longitude", "latitude", "result_score"))
    except (TypeError, ValueError):
        return None
    if not _on_earth(lon, lat) or not 0 <= score <= 1:
        return None
    return Match(row["result_label"][:_LONGEST_LABEL], lon, lat, score, (row.get("result_type") or "")[:20])


def _near(found: Found, lon: float, lat: float) -> bool:
    east = (found.lon - lon) * math.cos(math.radians(lat))
    return math.hypot(east, found.lat - lat) * _METRES_A_DEGREE <= _NEAR_M


def _on_earth(lon: float, lat: float) -> bool:
    return math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90  # noqa: PLR2004
