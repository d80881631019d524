"""Models of a station's coverage."""

from typing import Literal

from pydantic import Field

from broadcaster.domain.coverage import LEAST_HOUSEHOLDS, Month
from broadcaster.http.schemas.base import Shown


class CoveredOut(Shown):
    """A cell of about 280 m with at least eleven households. Households are rounded down to tens."""

    cell: str = Field(description="Row and column of the lattice.", examples=["17415.316"])
    box: tuple[float, float, float, float] = Field(description="West, south, east, north: WGS 84 degrees.")
    households: int
    missing: int = Field(description="Of these, households that no message would reach.")
    quarter: int = Field(ge=0, le=3, description="Share enrolled: 0 under a quarter, to 3 three quarters or more.")
    streets: tuple[str, ...]


class CoverageOut(Shown):
    """Who is not enrolled; ``households`` and ``enrolled`` are of all cells, in tens."""

    households_from: Literal["open-figures", "register"] = Field(
        description="Open figures, or the homes that the station knows: then the true share is lower."
    )
    households: int
    enrolled: int
    small: int = Field(description=f"Cells with fewer than {LEAST_HOUSEHOLDS} households, which are not shown.")
    cells: tuple[CoveredOut, ...] = Field(description="Most households to win first.")
    months: tuple[Month, ...] = Field(description="The last twelve, oldest first.")
