"""Shapes on the Earth, indexes of points and areas, jurisdictions, and the communes of France.

WGS 84 degrees, longitude before latitude; lengths in metres. The package does not depend on the service. Importing it
opens nothing.
"""

from zones.alert_areas import AreaIndex
from zones.boundaries import Boundary, CrossingOutline, SwappedCoordinates, read_boundary, unpacked_boundary
from zones.coast import Coast
from zones.communes import Commune, CommuneName, Communes, slug
from zones.distinct import distinct
from zones.errors import CommunesMissing, InvalidArea, InvalidPoint, OutsideJurisdiction, UnknownCommune, ZoneError
from zones.geometry import MAX_AREA_KM2, MAX_CIRCLES, MAX_RADIUS_M, MAX_VERTICES, MIN_RADIUS_M, Area, Circle
from zones.grid import from_grid
from zones.jurisdictions import Jurisdiction, parse_boundary
from zones.outlines import simplified
from zones.places import Hits, PlaceIndex
from zones.territories import TerritoryIndex

__all__ = [
    "MAX_AREA_KM2",
    "MAX_CIRCLES",
    "MAX_RADIUS_M",
    "MAX_VERTICES",
    "MIN_RADIUS_M",
    "Area",
    "AreaIndex",
    "Boundary",
    "Circle",
    "Coast",
    "Commune",
    "CommuneName",
    "Communes",
    "CommunesMissing",
    "CrossingOutline",
    "Hits",
    "InvalidArea",
    "InvalidPoint",
    "Jurisdiction",
    "OutsideJurisdiction",
    "PlaceIndex",
    "SwappedCoordinates",
    "TerritoryIndex",
    "UnknownCommune",
    "ZoneError",
    "distinct",
    "from_grid",
    "parse_boundary",
    "read_boundary",
    "simplified",
    "slug",
    "unpacked_boundary",
]
