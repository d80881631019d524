"""Errors about places: a code, a field and parameters, from which the caller makes a sentence.

::

    ZoneError (a ValueError)
    ├── InvalidArea           the shape itself can't be used: no area, out of range, self-crossing, too large
    │   └── BoundaryDoubtful  (``zones.boundaries``) a person must confirm that the shape is right
    ├── InvalidPoint          a point is not on the Earth, or not a number
    ├── OutsideJurisdiction   the shape is sound, but it goes further than its author may
    ├── UnknownCommune        there is no such commune in the data, or it can't serve as one
    └── CommunesMissing       the data of France's communes is not there, or can't be read

For a wrong value, from any JSON, this package raises nothing else.
"""

from typing import Self


class ZoneError(ValueError):
    """A refused place.

    ``code`` says why; ``field``: path in the caller's document (``area.circles[0].radius_m``).
    """

    def __init__(self, code: str, field: str = "", **params: object) -> None:
        super().__init__(code, field)
        self.code = code
        self.field = field
        self.params = params

    def __str__(self) -> str:
        told = " ".join((self.code, *(f"{name}={each}" for name, each in self.params.items())))
        return f"{self.field}: {told}" if self.field else told

    def under(self, path: str) -> Self:
        """Return the same error with a prefixed field: ``radius_m`` under ``circles[0]``."""
        return type(self)(self.code, f"{path}.{self.field}" if self.field else path, **self.params)


class InvalidArea(ZoneError):
    """The shape is unusable."""


class InvalidPoint(ZoneError):
    """A point is not on the Earth, or not a number."""


class OutsideJurisdiction(ZoneError):
    """The shape exceeds its author's jurisdiction."""


class UnknownCommune(ZoneError):
    """There is no such commune in the data, or it can't serve as one."""


class CommunesMissing(ZoneError):
    """The data of France's communes is not there, or can't be read."""
