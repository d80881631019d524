"""Map tiles that the service fetches, keeps and serves, so that no browser speaks to a third party."""

from broadcaster.tiles.folder import TileFolder
from broadcaster.tiles.source import MapSource, NoTile, Tiles, TilesAway, TilesOff

__all__ = ["MapSource", "NoTile", "TileFolder", "Tiles", "TilesAway", "TilesOff"]
