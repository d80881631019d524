"""What can be wrong with a place, told as what to do about it.

::

    ZoneError (a ValueError)
    ├── InvalidArea           the shape itself can't be used: no area, out of range, self-crossing, too large
    │   └── BoundaryDoubtful  (``zones.boundaries``) a person must say whether the shape is what they mean
    ├── InvalidPoint          a point is not on the Earth, or not a number
    ├── OutsideJurisdiction   the shape is sound, but it goes further than its author may
    ├── UnknownCommune        there is no such commune in the data, or it can't serve as one
    └── CommunesMissing       the data of France's communes is not there, or can't be read

Nothing else leaves this package for a wrong value, whatever JSON it came from.
"""

from __future__ import annotations

from typing import Self


class ZoneError(ValueError):
    """A place was refused.

    ``field`` is the path of what is wrong in the caller's document (``area.circles[0].radius_m``); ``problem`` is a
    sentence for the person who wrote it: what is wrong, and what would be right.
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(field, problem)
        self.field = field
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.field}: {self.problem}" if self.field else self.problem

    def under(self, path: str) -> Self:
        """The same error, its field seen from further out: ``radius_m`` under ``circles[0]``."""
        return type(self)(f"{path}.{self.field}" if self.field else path, self.problem)


class InvalidArea(ZoneError):
    """The shape itself can't be used."""


class InvalidPoint(ZoneError):
    """A point is not on the Earth, or not a number."""


class OutsideJurisdiction(ZoneError):
    """The shape goes further than its author may. ``beyond_m``: how far; None where it is far away."""

    def __init__(self, field: str, problem: str, beyond_m: float | None = None) -> None:
        super().__init__(field, problem)
        self.beyond_m = beyond_m


class UnknownCommune(ZoneError):
    """There is no such commune in the data, or it can't serve as one."""


class CommunesMissing(ZoneError):
    """The data of France's communes is not there, or can't be read."""
