"""Coverage: about how many households of each cell nothing would reach. Whole cells only, and tens."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

CellId = tuple[int, int]
"""Row and column of the lattice (``atlas.lattice``)."""

LEAST_HOUSEHOLDS = 11
"""Households of a cell that is shown: the least of the French statistical office's squares too."""

TENS = 10
MOST_STREETS = 30
MONTHS = 12


@dataclass(frozen=True, slots=True)
class Figures:
    """Households of a cell, and the names of its streets."""

    households: int
    streets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Homes:
    """Homes of a cell that the station knows: ``enrolled``: those that a message could reach; ``known``: all."""

    enrolled: int
    known: int


@dataclass(frozen=True, slots=True)
class Covered:
    """A cell that may be shown. ``households`` and ``missing`` are tens; ``quarter``: 0 to 3, the share enrolled."""

    cell: CellId
    households: int
    missing: int
    quarter: int
    streets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """``cells``: those with most households to win first. ``households`` and ``enrolled``: tens, of all cells together,
    the small ones too; ``small``: how many cells are too small to be shown.
    """

    cells: tuple[Covered, ...] = ()
    households: int = 0
    enrolled: int = 0
    small: int = 0


@dataclass(frozen=True, slots=True)
class Month:
    """People who follow the station today, by when they began. ``first``: the month's first day, in the station's time
    zone. ``new``: those who began in it; ``total``: by its end.
    """

    first: date
    new: int
    total: int


def estimated(figures: Mapping[CellId, Figures], homes: Mapping[CellId, Homes], *, open_figures: bool) -> Coverage:
    """Return the coverage by open figures, or without them by the homes that the station knows.

    A cell's share is that of homes known to be reachable; more homes than households count as all of them.
    """
    cells, households, enrolled, small = [], 0, 0, 0
    for cell in sorted(figures.keys() | homes.keys()):
        known, its = homes.get(cell, Homes(0, 0)), figures.get(cell, Figures(0))
        in_all = its.households if open_figures else known.known
        reached = min(known.enrolled, in_all)
        households += in_all
        enrolled += reached
        if in_all < LEAST_HOUSEHOLDS:
            small += in_all > 0
            continue
        shown, less = _tens(in_all), _tens(reached)
        quarter = min(3, 4 * less // shown)
        cells.append(Covered(cell, shown, max(0, shown - less), quarter, its.streets[:MOST_STREETS]))
    cells.sort(key=lambda each: (-each.missing, each.cell))
    if households < LEAST_HOUSEHOLDS:
        return Coverage()
    return Coverage(tuple(cells), _tens(households), _tens(enrolled), small)


def _tens(n: int) -> int:
    return n // TENS * TENS


def streets_of(cells: Iterable[Covered]) -> list[str]:
    """Return the streets of these cells, each once, by name."""
    return sorted({street for each in cells for street in each.streets}, key=str.casefold)


def by_month(days: Sequence[tuple[datetime, int]], now: datetime, zone: tzinfo) -> list[Month]:
    """Return the last twelve months, oldest first. ``days``: how many people enrolled on each, in order."""
    today = now.astimezone(zone)
    begin = today.year * 12 + today.month - MONTHS
    new = [0] * MONTHS
    total = 0
    for day, n in days:
        local = day.astimezone(zone)
        place = local.year * 12 + local.month - 1 - begin
        if place < 0:
            total += n
        else:
            new[min(place, MONTHS - 1)] += n
    found = []
    for place, n in enumerate(new):
        total += n
        year, month = divmod(begin + place, 12)
        found.append(Month(date(year, month + 1, 1), n, total))
    return found
