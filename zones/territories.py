"""Finds the territories that may contain a point by bounding boxes, for as many as a nation has communes.

Boxes take 40 bytes a territory, and a point is in three or four of them, whose boundaries then decide. A query scans
all boxes, which takes some 100 µs for 36,000. Single-threaded, as on an event loop.
"""

from collections.abc import Sequence

import numpy as np
import shapely

from zones.ellipsoid import Floats
from zones.keytable import Ints


class TerritoryIndex:
    """Boxes by id (int64); each id is added once."""

    def __init__(self) -> None:
        self._ids: Ints = np.empty(0, dtype=np.int64)
        self._boxes: Floats = np.empty(
            (4, 0)
        )  # west, south, east, north; east beyond 180 excluded: such a box wraps round

    def __len__(self) -> int:
        return len(self._ids)

    def put_many(self, ids: Sequence[int], boundaries: Sequence[str]) -> None:
        """Add territories with boundaries in GeoJSON, WGS 84. Invalid ones are skipped: they contain no point."""
        bounds = shapely.bounds(shapely.from_geojson(list(boundaries), on_invalid="ignore")).reshape(-1, 4)
        there = ~np.isnan(bounds).any(axis=1)
        self._ids = np.concatenate((self._ids, np.array(ids, dtype=np.int64)[there]))
        self._boxes = np.concatenate((self._boxes, bounds[there].T), axis=1)

    def touches(self, west: float, south: float, east: float, north: float) -> bool:
        """Return whether any territory's box meets this one (WGS 84 degrees; ``west`` <= ``east``)."""
        wests, souths, easts, norths = self._boxes
        meeting = (wests <= east) & (west <= easts) & (souths <= north) & (south <= norths)
        return bool(meeting.any())

    def at(self, lon: float, lat: float) -> list[int]:
        """Return the ids of territories that may contain a point (WGS 84 degrees), edges included: ascending."""
        west, south, east, north = self._boxes
        held = (west <= lon) & (lon <= east) & (south <= lat) & (lat <= north)
        return [int(each) for each in np.sort(self._ids[held])]
