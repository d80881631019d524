"""A tile server behind a cache: concurrent requests share one fetch per tile, and nothing is fetched while the server
fails.

Default: *Plan IGN v2* of the French State's Géoplateforme (WMTS, Web Mercator, no key).
https://geoservices.ign.fr/documentation/services/services-geoplateforme/diffusion
"""

import asyncio
import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from mercantile import Tile

from broadcaster.availability import Availability
from broadcaster.config import Settings
from broadcaster.tiles.folder import TileFolder
from channels.transport.breaker import Breaker

FINEST = 19
"""The highest zoom that is fetched."""

_PATIENCE_S = 5.0
_AT_ONCE = 8
_MOST_WAITING = 200
_LARGEST = 512 * 1024
_FRESH_S = 30 * 86_400.0
_IN_MEMORY = 256
_NOT_THERE = frozenset({204, 404})
_OK = 200
_PICTURES = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"RIFF", "image/webp"))


class TilesUnavailable(Exception):
    """The tile is not available now."""


class TilesDisabled(TilesUnavailable):
    """No tile server is configured."""


class NoTile(Exception):
    """The map has no such tile."""


@dataclass(frozen=True, slots=True)
class MapSource:
    """``template``: address of a tile, with ``{z}``, ``{x}``, ``{y}``; empty: none. ``by``: the map's attribution."""

    template: str
    by: str

    def folder(self, data_dir: Path) -> Path:
        """Return the folder of its tiles, so that two maps are not mixed."""
        return data_dir / "tiles" / hashlib.sha256(self.template.encode()).hexdigest()[:12]

    def address(self, tile: Tile) -> str:
        return self.template.replace("{z}", str(tile.z)).replace("{x}", str(tile.x)).replace("{y}", str(tile.y))


class Tiles:
    """Tiles from memory, from disk, or from the source."""

    def __init__(self, source: MapSource, folder: TileFolder, *, breaker: Breaker | None = None) -> None:
        self.source = source
        self.folder = folder
        self.breaker = Breaker() if breaker is None else breaker
        self._used: OrderedDict[Tile, bytes] = OrderedDict()
        self._under_way: dict[Tile, asyncio.Task[bytes]] = {}
        self._free = asyncio.Semaphore(_AT_ONCE)
        self._client: aiohttp.ClientSession | None = None
        self._server, self._disk = Availability("the server of map tiles"), Availability("the folder of map tiles")

    async def kept(self, tile: Tile) -> bytes | None:
        """Return a cached tile that needs no fetch; None if there is none. Raises ``NoTile``."""
        body = await self._kept(tile)
        return None if body is None else _there(tile, body)

    async def get(self, tile: Tile) -> bytes:
        """Return a picture. Raises ``NoTile``, ``TilesDisabled``, ``TilesUnavailable``.

        A tile older than thirty days is fetched again; if that fails, the old one is shown.
        """
        try:
            return _there(tile, await self._had(tile))
        except TilesUnavailable:
            old = await asyncio.to_thread(self.folder.read, tile)
            if old is None:
                raise
            return _there(tile, old.body)

    async def fetched(self, tile: Tile) -> bytes:
        """Return a tile fresh from the source; empty if it has none. Raises ``TilesUnavailable``."""
        return await self._asked(tile)

    async def pin(self, tile: Tile) -> None:
        """Keep a tile regardless of the limit. Raises ``TilesDisabled``, ``TilesUnavailable``, ``OSError`` (disk)."""
        body = await self._had(tile)
        await asyncio.to_thread(self.folder.write, tile, body, pinned=True)

    async def close(self) -> None:
        for task in list(self._under_way.values()):
            task.cancel()
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)
        if self._client is not None:
            await self._client.close()

    async def _kept(self, tile: Tile) -> bytes | None:
        body = self._used.get(tile)
        if body is None:
            found = await asyncio.to_thread(self.folder.read, tile)
            body = None if found is None or found.age_s > _FRESH_S else found.body
        if body is not None:
            self._remember(tile, body)
        return body

    async def _had(self, tile: Tile) -> bytes:
        """Return a tile, cached or fetched; concurrent requests share one fetch. Empty if the source has none."""
        body = await self._kept(tile)
        if body is not None:
            return body
        if not self.source.template:
            raise TilesDisabled
        task = self._under_way.get(tile)
        if task is None:
            if len(self._under_way) >= _MOST_WAITING:
                raise TilesUnavailable
            task = self._under_way[tile] = asyncio.create_task(self._fetch(tile))
            task.add_done_callback(lambda done: self._done(tile, done))
        return await asyncio.shield(task)

    def _done(self, tile: Tile, task: asyncio.Task[bytes]) -> None:
        self._under_way.pop(tile, None)
        if not task.cancelled():
            task.exception()  # the caller may be gone, and asyncio would log the error as never retrieved

    def _remember(self, tile: Tile, body: bytes) -> None:
        self._used[tile] = body
        self._used.move_to_end(tile)
        if len(self._used) > _IN_MEMORY:
            self._used.popitem(last=False)

    async def _fetch(self, tile: Tile) -> bytes:
        async with self._free:
            ticket = self.breaker.enter()
            if ticket is None:
                raise TilesUnavailable
            well: bool | None = None
            try:
                body = await self._asked(tile)
                well = True
                self._server.found()
            except TilesUnavailable as error:
                well = False
                self._server.lost(error)
                raise
            finally:
                self.breaker.leave(ticket, well=well)
        self._remember(tile, body)
        try:
            await asyncio.to_thread(self.folder.write, tile, body)
            self._disk.found()
        except OSError as error:
            self._disk.lost(error)
        return body

    async def _asked(self, tile: Tile) -> bytes:
        if self._client is None:
            self._client = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=_PATIENCE_S), headers={"User-Agent": "Tocsin"}
            )
        try:
            async with self._client.get(self.source.address(tile), allow_redirects=False) as answer:
                if answer.status in _NOT_THERE:
                    return b""
                if answer.status != _OK:
                    raise TilesUnavailable(f"status {answer.status}")
                body = await answer.content.read(_LARGEST + 1)
                while len(body) <= _LARGEST and (more := await answer.content.read(_LARGEST + 1)):
                    body += more
        except (TimeoutError, aiohttp.ClientError) as error:
            raise TilesUnavailable(type(error).__name__) from error
        if len(body) > _LARGEST or not picture_type(body):
            raise TilesUnavailable("what came is no PNG, JPEG or WebP, or too large")
        return body


def tiles_of(settings: Settings) -> Tiles:
    """Return the tiles of the configured map, kept in the data folder."""
    source = MapSource(settings.tiles_url, settings.tiles_by)
    return Tiles(source, TileFolder(source.folder(settings.data_dir), settings.tiles_cache_mb))


def picture_type(body: bytes) -> str:
    """Return a picture's media type by its first octets, ignoring the server's; empty if it is not a picture."""
    return next((kind for magic, kind in _PICTURES if body.startswith(magic)), "")


def _there(tile: Tile, body: bytes) -> bytes:
    if not body:
        raise NoTile(tile)
    return body
