"""Postal addresses of a register, and how sure a geocoder is of where they are."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import IntEnum

SURE_SCORE = 0.8
"""From here on a match of the very house or hamlet is taken without asking anybody."""

LEAST_SCORE = 0.2
"""Below it a match is a guess that would only waste an operator's time."""

_EXACT = ("housenumber", "locality")


class AddressState(IntEnum):
    """``WAITING`` to be looked up; ``PLACED`` by the geocoder; ``UNCERTAIN`` until an operator says so.

    ``CONFIRMED`` by an operator; ``NOT_FOUND`` by anybody; ``GIVEN``: the list has coordinates, so nobody is asked.
    """

    WAITING = 0
    PLACED = 1
    UNCERTAIN = 2
    CONFIRMED = 3
    NOT_FOUND = 4
    GIVEN = 5


OPEN = frozenset({AddressState.WAITING, AddressState.UNCERTAIN, AddressState.NOT_FOUND})
"""As long as nobody knows where an address is."""


@dataclass(frozen=True, slots=True)
class Address:
    """As it stands in the cells of a list; any of them may be empty."""

    street: str = ""
    postcode: str = ""
    city: str = ""

    def __bool__(self) -> bool:
        return bool(self.street or self.postcode or self.city)

    def __str__(self) -> str:
        return ", ".join(part for part in (self.street, f"{self.postcode} {self.city}".strip()) if part)

    @property
    def canonical(self) -> str:
        """Return what makes two the same: capitals, accents, commas and blanks do not."""
        apart = unicodedata.normalize("NFKD", f"{self.street}|{self.postcode}|{self.city}".casefold())
        plain = "".join(sign for sign in apart if not unicodedata.combining(sign))
        return " ".join(re.sub(r"[^\w|]+", " ", plain).split())


@dataclass(frozen=True, slots=True)
class Found:
    """A place; WGS 84 degrees."""

    label: str
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Match:
    """What a geocoder takes an address for: ``score`` from 0 to 1, ``kind`` as housenumber, street, municipality."""

    label: str
    lon: float
    lat: float
    score: float
    kind: str = ""


def state_of(match: Match | None, *, far: bool) -> AddressState:
    """Judge a match. ``far``: it is far from the station, which some are rightly, and many by mistake."""
    if match is None or match.score < LEAST_SCORE:
        return AddressState.NOT_FOUND
    if match.score >= SURE_SCORE and match.kind in _EXACT and not far:
        return AddressState.PLACED
    return AddressState.UNCERTAIN
