"""The sea near a French territory, from the boundaries of communes.

Ground outside every commune is sea, unless it is abroad. Our data lacks the coasts of France's neighbours, so their
land is hand-drawn here: accurate to about a kilometre where it meets the French coast, which is enough.
"""

from functools import cached_property

import shapely
from shapely.geometry import MultiPolygon, Polygon

from zones.communes import Communes
from zones.ellipsoid import box_reach
from zones.rings import polygons_of

REACH_M = 10_000.0
"""How far the sea is determined: the far edge of the largest circle that touches the shore."""

_LARGEST_DEGREES2 = 10.0  # Guiana, the largest département, has 7; larger ones take too long
_WIDEST_GAP_M = 15_000.0
_COARSE_DEGREES = 0.0005
# Land borders may run inside France here: communes take precedence. WGS 84 degrees.
_ABROAD = (
    # Belgium, Luxembourg, Germany, Switzerland, Italy: from the dunes of De Panne to the Riviera of Ventimiglia
    [(2.546, 51.089), (2.75, 51.16), (3.37, 51.38), (10, 51.5), (10, 44.3), (8.2, 44.0), (7.78, 43.82),
     (7.529, 43.783)],
    # Monaco
    [(7.40, 43.728), (7.413, 43.725), (7.43, 43.733), (7.442, 43.750), (7.43, 43.76), (7.40, 43.74)],
    # Spain and Andorra: from the Bidasoa to Portbou
    [(-1.785, 43.37), (-1.80, 43.397), (-2.0, 43.33), (-10, 43.5), (-10, 36), (0, 38), (3.35, 42.32), (3.175, 42.435)],
    # Suriname and Brazil beside French Guiana
    [(-54.03, 5.80), (-54.08, 5.97), (-57, 6.1), (-58, 1.5), (-51, 1.5), (-50.5, 2.5), (-51.4, 4.45), (-51.63, 4.10),
     (-52.5, 2.5), (-54.5, 2.4), (-54.2, 3.5), (-54.45, 5.0)],
)  # fmt: skip


class Coast:
    """The sea around France. Data is read at the first query, which takes some seconds."""

    def __init__(self, communes: Communes | None = None) -> None:
        """``communes`` are France's by default."""
        self._communes = Communes() if communes is None else communes

    @cached_property
    def _land(self) -> shapely.STRtree:
        return shapely.STRtree(self._communes.shapes())

    def sea_near(self, boundary: MultiPolygon | Polygon) -> MultiPolygon:
        """Return the sea within 10 km of a boundary (WGS 84 degrees), simplified to some 50 m.

        Empty away from a coast, and where unknown: far from France's communes, or around a territory larger than
        Guiana. Raises ``CommunesMissing``.
        """
        window = _around(boundary, REACH_M + _WIDEST_GAP_M)
        if window.area > _LARGEST_DEGREES2:
            return MultiPolygon()
        land = self._land.geometries.take(self._land.query(window, predicate="intersects"))
        if not len(land):
            return MultiPolygon()
        known = shapely.union_all([boundary, *land, *(Polygon(ring) for ring in _ABROAD)])
        empty = polygons_of(shapely.difference(window, known))
        # The data lacks some communes. Unlike such a gap, the sea extends beyond the window.
        open_sea = MultiPolygon([part for part in empty.geoms if part.intersects(window.boundary)])
        near = shapely.intersection(open_sea, _around(boundary, REACH_M))
        thin = shapely.simplify(near, _COARSE_DEGREES, preserve_topology=True)
        return polygons_of(shapely.set_precision(shapely.make_valid(thin), 1e-5))


def _around(boundary: MultiPolygon | Polygon, reach_m: float) -> Polygon | MultiPolygon:
    """Return boxes around a territory's parts that contain everything within the distance."""
    boxes = []
    for west, south, east, north in shapely.bounds(shapely.get_parts(boundary)).tolist():
        width, height = box_reach(max(abs(south), abs(north)), reach_m)
        boxes.append(shapely.box(west - width, south - height, east + width, north + height))
    return shapely.union_all(boxes)
