"""Which territories may hold a point: their boxes, of as many as a nation has communes.

Boxes alone: 40 bytes a territory, and a point is held by three or four of them, whose boundaries then say. A question
looks at all boxes at once, which takes some 100 µs for 36,000. For one thread, such as an event loop's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zones.ellipsoid import Floats
    from zones.keytable import Ints


class TerritoryIndex:
    """Boxes by id (int64); an id is put once."""

    def __init__(self) -> None:
        self._ids: Ints = np.empty(0, dtype=np.int64)
        self._boxes: Floats = np.empty(
            (4, 0)
        )  # west, south, east, north; east beyond 180 is not: such a box goes round

    def __len__(self) -> int:
        return len(self._ids)

    def put_many(self, ids: Sequence[int], boundaries: Sequence[str]) -> None:
        """Add territories: their boundaries are GeoJSON, WGS 84. What is none is passed over: it holds no point."""
        bounds = shapely.bounds(shapely.from_geojson(list(boundaries), on_invalid="ignore")).reshape(-1, 4)
        there = ~np.isnan(bounds).any(axis=1)
        self._ids = np.concatenate((self._ids, np.array(ids, dtype=np.int64)[there]))
        self._boxes = np.concatenate((self._boxes, bounds[there].T), axis=1)

    def at(self, lon: float, lat: float) -> list[int]:
        """The ids of the territories that may hold a point (WGS 84 degrees), edges too: ascending."""
        west, south, east, north = self._boxes
        held = (west <= lon) & (lon <= east) & (south <= lat) & (lat <= north)
        return [int(each) for each in np.sort(self._ids[held])]
