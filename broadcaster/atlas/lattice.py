"""The global lattice of cells for density and crowd."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

STEP = 0.0025
"""Cell height in degrees: 278 m. Its width is about the same."""


class Square(NamedTuple):
    """``people`` (a multiple of ten) in the square at ``row`` and ``column`` of a level."""

    level: int
    row: int
    column: int
    people: int

    @property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east, north in WGS 84 degrees."""
        size = 1 << self.level
        south = self.row * size * STEP
        width = float(width_at(np.array([south + STEP / 2]))[0]) * size
        return self.column * width, south, (self.column + 1) * width, south + size * STEP


def width_at(lats: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return cell widths at these latitudes in degrees: constant within each whole degree, at most 4 steps."""
    middle = np.floor(np.abs(lats)) + 0.5
    widths: NDArray[np.float64] = STEP * np.clip(np.round(2 / np.cos(np.radians(np.minimum(middle, 89.5)))) / 2, 1, 4)
    return widths
