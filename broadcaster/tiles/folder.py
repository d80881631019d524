"""Tiles on disk, as files ``z/x/y``: pinned ones of territories, and others up to a limit."""

import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from mercantile import Tile

_TRIMMED = 0.9
"""Share of the limit that is left after the least recently used tiles were deleted."""


@dataclass(frozen=True, slots=True)
class KeptTile:
    """``body``: empty if the source has no such tile. ``age_s``: seconds since it was fetched."""

    body: bytes
    age_s: float


class TileFolder:
    """``folder``: one per map. ``most_mb``: limit in megabytes (10^6) for tiles that are not pinned.

    A file's modification time is when it was fetched, its access time when it was last used. Blocking: call it from
    a thread. Several processes may share a folder.
    """

    def __init__(self, folder: Path, most_mb: int, clock: Callable[[], float] = time.time) -> None:
        self._pinned, self._cached = folder / "pinned", folder / "cached"
        self._most = most_mb * 1_000_000
        self._clock = clock
        self._octets: int | None = None
        self._trimming = threading.Lock()

    def read(self, tile: Tile) -> KeptTile | None:
        for root in (self._pinned, self._cached):
            path = _path(root, tile)
            try:
                body, fetched = path.read_bytes(), path.stat().st_mtime
                os.utime(path, (self._clock(), fetched))
            except FileNotFoundError:
                continue
            return KeptTile(body, self._clock() - fetched)
        return None

    def write(self, tile: Tile, body: bytes, *, pinned: bool = False) -> None:
        path = _path(self._pinned if pinned or _path(self._pinned, tile).exists() else self._cached, tile)
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(body)
        os.utime(file.name, (self._clock(), self._clock()))
        Path(file.name).replace(path)
        if pinned:
            _path(self._cached, tile).unlink(missing_ok=True)
        elif self._cached in path.parents:
            self._grown(len(body))

    def pinned(self, tiles: Iterable[Tile], longest_s: float) -> set[Tile]:
        """Return those of ``tiles`` that are pinned, and not older than ``longest_s``."""
        oldest = self._clock() - longest_s
        return {tile for tile in tiles if _fetched(_path(self._pinned, tile)) > oldest}

    def pinned_octets(self) -> int:
        return sum(size for _, size, _ in _files(self._pinned))

    def _grown(self, octets: int) -> None:
        with self._trimming:
            if self._octets is None:
                self._octets = sum(size for _, size, _ in _files(self._cached))
            else:
                self._octets += octets
            if self._octets <= self._most:
                return
            kept = _files(self._cached)  # counted again, as other processes write here too
            self._octets = sum(size for _, size, _ in kept)
            for _, size, path in sorted(kept):
                if self._octets <= self._most * _TRIMMED:
                    return
                path.unlink(missing_ok=True)
                self._octets -= size


def _path(root: Path, tile: Tile) -> Path:
    return root / str(tile.z) / str(tile.x) / str(tile.y)


def _fetched(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("-inf")


def _files(root: Path) -> list[tuple[float, int, Path]]:
    """Return (last use, octets, path) of all tiles below a folder."""
    found = []
    for path in root.glob("*/*/*"):
        try:
            facts = path.stat()
        except FileNotFoundError:  # another process has trimmed it
            continue
        found.append((facts.st_atime, facts.st_size, path))
    return found
