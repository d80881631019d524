"""/console/place: the address at a circle's centre, shown before the alert is sent."""

from aiohttp import web

from broadcaster.geocoding.client import Geocoder, GeocoderUnavailable
from broadcaster.http.answers import answer
from broadcaster.http.route import Call
from broadcaster.http.schemas.base import Lat, Lon, Query, Shown


class PointQuery(Query):
    lon: Lon
    lat: Lat


class PlaceName(Shown):
    """``label``: empty without an address there, or without a geocoder."""

    label: str


async def name(call: Call[None, PointQuery]) -> web.Response:
    """Return the address within 100 m of a point."""
    geocoder = Geocoder(call.services.settings.geocoder_url)
    try:
        label = await geocoder.at(call.query.lon, call.query.lat)
    except GeocoderUnavailable:
        label = ""
    return answer(PlaceName(label=label))
