"""Time zones of regions, by the tz database's table of countries (``zone.tab``)."""

from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo


@cache
def _zones() -> dict[str, str]:
    """Return each country's zone by ISO 3166 code; the table's first where there are several."""
    table = files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in table.splitlines() if line and not line.startswith("#")]
    return {country: zone for country, _, zone, *_ in reversed(rows)}


@cache
def zone_of(region: str) -> ZoneInfo:
    """Return a region's time zone (ISO 3166: FR, RE, GB); UTC if the table lacks it."""
    return ZoneInfo(_zones().get(region, "Etc/UTC"))
