"""Postal addresses in a register, and how reliable their geocoding is."""

import re
import unicodedata
from dataclasses import dataclass

from broadcaster.domain.words import Worded

SURE_SCORE = 0.8
"""Lowest score at which a match of a house or hamlet is accepted without review."""

LEAST_SCORE = 0.2
"""Matches below this score are discarded as guesses."""

_EXACT = ("housenumber", "locality")
_LINE = re.compile(r"(.+?)[\s,]*\b(\d{5})\s+(\D.*)")
_HOUSE = re.compile(r"\s*(\d+(?:[-/]\d+)?)(?:\s*(bis|ter|quater|[a-z])(?![\w'’]))?[\s,]*(.*)", re.IGNORECASE)


class AddressState(Worded):
    """``WAITING``: not looked up yet. ``PLACED``: by the geocoder. ``UNCERTAIN``: needs review. ``CONFIRMED``: placed
    by an operator. ``NOT_FOUND``: the geocoder has no match. ``GIVEN``: the list has coordinates, so the address is
    never looked up.
    """

    WAITING = 0
    PLACED = 1
    UNCERTAIN = 2
    CONFIRMED = 3
    NOT_FOUND = 4
    GIVEN = 5


OPEN = frozenset({AddressState.WAITING, AddressState.UNCERTAIN, AddressState.NOT_FOUND})
"""States in which an address has no reliable position."""


@dataclass(frozen=True, slots=True)
class Address:
    """An address as in the cells of a list; any field may be empty."""

    street: str = ""
    postcode: str = ""
    city: str = ""

    def __bool__(self) -> bool:
        return bool(self.street or self.postcode or self.city)

    def __str__(self) -> str:
        return ", ".join(part for part in (self.street, f"{self.postcode} {self.city}".strip()) if part)

    @classmethod
    def of_line(cls, text: str) -> "Address":
        """Return an address written in one line; without a postal code of five digits, all of it is its street."""
        line = " ".join(text.split())
        found = _LINE.fullmatch(line)
        return cls(line) if found is None else cls(*found.groups())

    def is_written(self, text: str) -> bool:
        """Return whether a line says this address; case, accents and commas do not count."""
        written, mine = (each.canonical.replace("|", " ").split() for each in (Address(text), self))
        return written == mine

    @property
    def canonical(self) -> str:
        """Return the comparison form, without differences in case, accents, commas and blanks.

        The store keeps keyed hashes of it: it must not change with ``spelling.folded``.
        """
        apart = unicodedata.normalize("NFKD", f"{self.street}|{self.postcode}|{self.city}".casefold())
        plain = "".join(sign for sign in apart if not unicodedata.combining(sign))
        return " ".join(re.sub(r"[^\w|]+", " ", plain).split())


def split_street(line: str) -> tuple[str, str]:
    """Return a house number and the street of a line such as "12 bis rue Saint-Jean"; either may be empty."""
    found = _HOUSE.fullmatch(line)
    if found is None:
        return "", line.strip()
    return f"{found[1]} {found[2] or ''}".strip(), found[3].strip()


@dataclass(frozen=True, slots=True)
class Found:
    """A place; WGS 84 degrees."""

    label: str
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Match:
    """A geocoder's match: ``score`` from 0 to 1; ``kind`` such as housenumber, street, municipality."""

    label: str
    lon: float
    lat: float
    score: float
    kind: str = ""


def state_of(match: Match | None, *, far: bool) -> AddressState:
    """Classify a match. ``far``: it lies far from the station, which is sometimes right and often a mistake."""
    if match is None or match.score < LEAST_SCORE:
        return AddressState.NOT_FOUND
    if match.score >= SURE_SCORE and match.kind in _EXACT and not far:
        return AddressState.PLACED
    return AddressState.UNCERTAIN
