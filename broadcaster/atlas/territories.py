"""Finds the territories at or near a point, without checking every station's boundary."""

from broadcaster.domain.stations import Station, StationKind
from broadcaster.store import Unit
from broadcaster.store.stations import stations
from zones import Jurisdiction, TerritoryIndex, ZoneError

_PART = 500
_LOOK_BACK = 64
"""How many ids are read again, since on PostgreSQL a station may be committed after one with a greater id."""


class Territories:
    """Stations by territory, kept current from the store; boundaries never change."""

    def __init__(self) -> None:
        self._index = TerritoryIndex()
        self._known: set[int] = set()
        self._newest = 0

    async def at(self, unit: Unit, lon: float, lat: float) -> list[Station]:
        """Return the public authorities whose territory holds a point, by slug."""
        await self.follow(unit)
        found = await stations.by_ids(unit, self._index.at(lon, lat))
        theirs = (each for each in found if each.kind is StationKind.AUTHORITY and _holds(each, lon, lat))
        return sorted(theirs, key=lambda station: station.slug)

    async def near(self, unit: Unit, west: float, south: float, east: float, north: float) -> bool:
        """Return whether any station's territory, or position if it has none, may lie in a box (degrees)."""
        if not self._index.touches(west, south, east, north):
            await self.follow(unit)
        return self._index.touches(west, south, east, north)

    async def follow(self, unit: Unit) -> None:
        """Load the stations added since the last time."""
        ids = await stations.ids_after(unit, self._newest - _LOOK_BACK)
        fresh = [each for each in ids if each not in self._known]
        for start in range(0, len(fresh), _PART):
            part = fresh[start : start + _PART]
            found = await stations.boundaries(unit, part)
            # A concurrent caller may have added some of them.
            new = {each: boundary for each, boundary in found.items() if each not in self._known}
            self._index.put_many(list(new), list(new.values()))
            self._known.update(part)
            self._newest = max(self._newest, part[-1])


def _holds(station: Station, lon: float, lat: float) -> bool:
    """Return whether a point lies within a station's boundary."""
    if station.boundary is None:
        return False
    try:
        return Jurisdiction.from_geojson(station.boundary).holds(lon, lat)
    except ZoneError:  # from an older version with looser checks
        return False
