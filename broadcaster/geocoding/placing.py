"""Geocodes a register's addresses, a few hundred at a time; finished batches are kept."""

import math
from collections.abc import Callable
from datetime import timedelta

from broadcaster.clock import Clock
from broadcaster.domain.addresses import Match
from broadcaster.domain.stations import Station
from broadcaster.geocoding.client import MOST_AT_ONCE, Geocoder
from broadcaster.languages import catalogs
from broadcaster.store.alerts import alerts
from broadcaster.store.engine.engine import Store
from broadcaster.store.people import addresses
from broadcaster.store.stations import stations

FAR_KM = 50.0
_RECENT = timedelta(hours=1)
_MOST_ALERTS, _MOST_CIRCLES = 20, 20
_KM_A_DEGREE = 111.32


def home_label(station: Station) -> str:
    """Return the label of a home from an address, in the station's own language."""
    words = catalogs().words(*station.languages)
    return words("home")


async def place(
    store: Store, geocoder: Geocoder, station: Station, clock: Clock, progress: Callable[[int], None] = lambda _: None
) -> int:
    """Look up all of a station's waiting addresses; return how many. ``progress`` is called as they are done.

    Each batch is committed on its own. Two concurrent processes ask twice, and write once. Raises
    ``GeocoderUnavailable``; earlier results are kept, and the rest waits.
    """
    done = 0
    while True:
        asked = await place_some(store, geocoder, station, clock)
        if asked == 0:
            return done
        done += asked
        progress(done)


async def place_some(store: Store, geocoder: Geocoder, station: Station, clock: Clock) -> int:
    """Look up the next few hundred addresses; return how many. No connection is held during the request."""
    async with store.read() as unit:
        wanted = await addresses.waiting(unit, station.id, MOST_AT_ONCE)
    if not wanted:
        return 0
    matches = await geocoder.find_many(list(dict.fromkeys(each.address for each in wanted)))  # once per household
    answered = [
        (each, matches[each.address], _far(station, matches[each.address]))
        for each in wanted
        if each.address in matches
    ]
    missing = [each.subscriber_id for each in wanted if each.address not in matches]
    async with store.write() as unit:
        await addresses.looked_up(unit, station.id, answered, label=home_label(station), now=clock.now())
        if missing:
            await addresses.left_out(unit, station.id, missing)
    return len(wanted) - len(missing)


async def place_all(store: Store, geocoder: Geocoder, clock: Clock) -> None:
    """Look up a few hundred addresses of each station that has some. Raises ``GeocoderUnavailable``."""
    async with store.read() as unit:
        ids = await addresses.stations_waiting(unit)
    for station_id in ids:
        async with store.read() as unit:
            station = await stations.by_id(unit, station_id)
        if station is not None:
            await place_some(store, geocoder, station, clock)


async def name_alerts(store: Store, geocoder: Geocoder, clock: Clock) -> None:
    """Look up addresses at the centres of recent alerts' circles, twenty of each. Raises ``GeocoderUnavailable``."""
    async with store.read() as unit:
        unnamed = await alerts.unnamed(unit, clock.now() - _RECENT, _MOST_ALERTS)
    for alert in unnamed:
        circles = () if alert.area is None else alert.area.circles[:_MOST_CIRCLES]
        places = [await geocoder.at(each.lon, each.lat) for each in circles]
        async with store.write() as unit:
            await alerts.name_places(unit, alert.id, places)


def _far(station: Station, match: Match | None) -> bool:
    if match is None or station.lon is None or station.lat is None:
        return False
    turn = (match.lon - station.lon + 180) % 360 - 180
    east = turn * math.cos(math.radians((match.lat + station.lat) / 2))
    return math.hypot(east, match.lat - station.lat) * _KM_A_DEGREE > FAR_KM
