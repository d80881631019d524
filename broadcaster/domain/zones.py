"""Which time holds where a station is, by the tz database's own table of countries and zones (``zone.tab``)."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo


@cache
def _zones() -> dict[str, str]:
    """Return each country's zone, by its code in ISO 3166; of several, the one that the table has first."""
    table = files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in table.splitlines() if line and not line.startswith("#")]
    return {country: zone for country, _, zone, *_ in reversed(rows)}


@cache
def zone_of(region: str) -> ZoneInfo:
    """Return the time zone of a region (ISO 3166: FR, RE, GB); UTC for one that the table does not have."""
    return ZoneInfo(_zones().get(region, "Etc/UTC"))
