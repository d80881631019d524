"""Map tiles that the service fetches, caches and serves, so that browsers contact no third party."""

from broadcaster.tiles.folder import TileFolder
from broadcaster.tiles.source import MapSource, NoTile, Tiles, TilesDisabled, TilesUnavailable

__all__ = ["MapSource", "NoTile", "TileFolder", "Tiles", "TilesDisabled", "TilesUnavailable"]
