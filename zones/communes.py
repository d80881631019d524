"""The communes of France: name, boundary, town hall, population.

Read from ``communes.csv.xz`` beside this module, which ``zones.communes_source`` makes at set-up and wheels include.
The file is streamed up to the requested row, which takes up to a second: call ``find`` and ``search`` from a thread if
there is an event loop.

Names there lack their article, which INSEE's TNCC code identifies. Boundaries are coarse (median error 164 m). A town
hall's point may be plainly wrong (some are in another département, or overseas), so it is used only if in the commune
or within about a kilometre of it.
"""

import csv
import lzma
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import shapely
from anyascii import anyascii
from shapely.geometry import MultiPolygon, Polygon
from slugify import slugify

from zones.errors import CommunesMissing, UnknownCommune
from zones.outlines import outlined

Row = dict[str, str]

FILE = Path(__file__).with_name("communes.csv.xz")
COLUMNS = (
    *("id", "code", "type", "nom", "type_nom", "population_municipale", "commune_parent_id", "geometry"),
    *("mairie_localisation", "mairie_email", "mairie_telephone", "mairie_site", "postal_codes"),
)
_MEND = "make it with python -m zones.communes_source"
_ARTICLES = {"2": "Le ", "3": "La ", "4": "Les ", "5": "L'", "6": "Aux ", "7": "Las ", "8": "Los "}
_FOUND_ITSELF = ("COM", "ARM")  # communes, and the arrondissements of Paris, Lyon and Marseille

_NEAR_DEGREES = 0.01
_SUGGESTIONS = 5
_METRES_A_DEGREE = 111_320.0
_FAR_DEGREES = 0.5
_MOST_AROUND = 80
_SHORT = {"st": "saint", "ste": "sainte"}


@dataclass(frozen=True, slots=True)
class Commune:
    """A commune, or a municipal arrondissement.

    ``insee``: its code; ``name`` with article; ``boundary`` in WGS 84 degrees; ``centre`` (lon, lat): the town hall, or
    a point inside the boundary if unknown. Missing data is None. ``departement``: a code of two characters, or three
    overseas.
    """

    insee: str
    name: str
    boundary: MultiPolygon
    centre: tuple[float, float]
    email: str | None
    phone: str | None
    site: str | None
    population: int | None
    departement: str

    @property
    def slug(self) -> str:
        return slug(self.name)


class CommuneName(NamedTuple):
    """A search result."""

    insee: str
    name: str
    departement: str
    population: int | None


class CommuneOutline(NamedTuple):
    """A commune for a map: its boundary is simplified GeoJSON."""

    insee: str
    name: str
    centre: tuple[float, float]
    boundary: dict[str, Any]


def slug(name: str) -> str:
    """Return a name's slug: ``L'Aigle`` becomes ``laigle``, ``Saint-Étienne`` ``saint-etienne``.

    Stored, and part of public addresses: an article stays joined, though groups' slugs part it (l-aigle).
    """
    return slugify(_plain(name).replace("'", ""))


def _plain(text: str) -> str:
    """Return lower case without accents."""
    return anyascii(text.replace("°", " ")).casefold()  # anyascii spells ° as "deg"


def _words(text: str) -> str:
    """Return plain words with single spaces, St as saint."""
    return " ".join(_SHORT.get(word, word) for word in re.findall("[a-z0-9]+", _plain(text)))


class Communes:
    """See the module. Opens nothing before the first query."""

    def __init__(self, path: Path = FILE) -> None:
        self._path = path

    def find(self, insee: str) -> Commune:
        """Return the commune of an INSEE code (``61214``; not a postal code).

        A commune without a boundary in the data gets its delegated communes' together. Raises ``UnknownCommune``,
        suggesting the code that was likely meant, and ``CommunesMissing`` without data.
        """
        code = insee.strip().upper()
        other: Row | None = None
        for row in self._rows():
            if row["code"] != code:
                continue
            if row["type"] in _FOUND_ITSELF:
                return self._commune(row)
            other = row
        if other is not None:
            raise self._part_of(other)
        raise self._unknown(insee[:40], code)

    def search(self, text: str, limit: int = 10) -> list[CommuneName]:
        """Return communes with names like ``text``, best match first, then by population.

        Accents, case, hyphens and the article are ignored, and St means Saint.
        """
        wanted = _words(text)
        if not wanted:
            return []
        squeezed = wanted.replace(" ", "")
        ranked: list[tuple[int, int, CommuneName]] = []
        for full, bare, name in self._names:
            if wanted in (full, bare) or squeezed == full.replace(" ", ""):
                rank = 0
            elif full.startswith(wanted) or bare.startswith(wanted):
                rank = 1
            elif f" {wanted}" in full:
                rank = 2
            else:
                continue
            ranked.append((rank, -(name.population or 0), name))
        ranked.sort()
        return [name for _, _, name in ranked[:limit]]

    def around(
        self, boundary: Mapping[str, Any] | None, centre: tuple[float, float] | None, margin_m: float
    ) -> list[CommuneOutline]:
        """Return the communes within ``margin_m`` of a territory (GeoJSON), or without one of a point (lon, lat).

        By bounding boxes; at most 80, nearest first. Raises ``CommunesMissing``.
        """
        if boundary is None and centre is None:
            return []
        here = shapely.geometry.shape(boundary) if boundary is not None else shapely.Point(centre)
        middle = shapely.Point(centre) if centre is not None else here.centroid
        up = margin_m / _METRES_A_DEGREE
        across = up / max(0.1, math.cos(math.radians(middle.y)))
        west, south, east, north = here.bounds
        near = shapely.box(west - across, south - up, east + across, north + up)
        found: list[tuple[float, CommuneOutline]] = []
        for row in self._rows():
            hall = _shape(row["mairie_localisation"])
            if row["type"] != "COM" or (hall is not None and hall.distance(near) > _FAR_DEGREES):
                continue  # its town hall is far: skip parsing its boundary
            shape = _boundary(row)
            if shape is not None and shape.intersects(near):
                at = _centre(row, shape)
                outline = CommuneOutline(row["code"], _full_name(row), at, outlined(shape))
                found.append((middle.distance(shapely.Point(at)), outline))
        found.sort(key=lambda pair: pair[0])
        return [outline for _, outline in found[:_MOST_AROUND]]

    def shapes(self) -> list[Any]:
        """Return every boundary in the data, including parts of communes, as shapely geometries: all land of France."""
        return [shape for row in self._rows() if (shape := _boundary(row)) is not None]

    @property
    def path(self) -> Path:
        """Return the data file's path. Raises ``CommunesMissing``."""
        if not self._path.is_file():
            raise CommunesMissing("communes-missing", "insee", mend=_MEND)
        return self._path

    @cached_property
    def _names(self) -> list[tuple[str, str, CommuneName]]:
        """Return words of the name, with and without article, and the result."""
        found: list[tuple[str, str, CommuneName]] = []
        for row in self._rows():
            if row["type"] in _FOUND_ITSELF:
                name = CommuneName(row["code"], _full_name(row), _departement(row["code"]), _population(row))
                found.append((_words(name.name), _words(row["nom"]), name))
        return found

    def _rows(self) -> Iterator[Row]:
        yield from _read(self.path)

    def _commune(self, row: Row) -> Commune:
        boundary = _boundary(row) or self._boundary_of_parts(row)
        if boundary is None:
            raise UnknownCommune("commune-without-boundary", "insee", insee=row["code"], name=_full_name(row))
        return Commune(
            insee=row["code"],
            name=_full_name(row),
            boundary=boundary,
            centre=_centre(row, boundary),
            email=row["mairie_email"] or None,
            phone=row["mairie_telephone"] or None,
            site=row["mairie_site"] or None,
            population=_population(row),
            departement=_departement(row["code"]),
        )

    def _boundary_of_parts(self, commune: Row) -> MultiPolygon | None:
        parts = [_boundary(row) for row in self._rows() if row["commune_parent_id"] == commune["id"]]
        known = [part for part in parts if part is not None]
        return _as_multi(shapely.union_all(known)) if known else None

    def _part_of(self, row: Row) -> UnknownCommune:
        whole = next((each for each in self._rows() if each["id"] == row["commune_parent_id"]), row)
        names = {"name": _full_name(row), "whole": _full_name(whole), "use": whole["code"]}
        return UnknownCommune("commune-part", "insee", insee=row["code"], **names)

    def _unknown(self, insee: str, code: str) -> UnknownCommune:
        """Return the error, with a suggestion."""
        if not re.fullmatch(r"[0-9][0-9AB]?[0-9]*", code):
            likely = self.search(insee, _SUGGESTIONS)
        else:
            posted = self._of_postal_code(code)
            if posted:
                return UnknownCommune("commune-postal-code", "insee", insee=code, likely=_listed(posted))
            likely = [name for _, _, name in self._names if _one_slip(code, name.insee)]
            likely.sort(key=lambda name: -(name.population or 0))
        if likely:
            return UnknownCommune("commune-similar", "insee", insee=insee, likely=_listed(likely[:_SUGGESTIONS]))
        return UnknownCommune("commune-unknown", "insee", insee=insee)

    def _of_postal_code(self, code: str) -> list[CommuneName]:
        insee = {row["code"] for row in self._rows() if code in row["postal_codes"].split()}
        found = [name for _, _, name in self._names if name.insee in insee]
        return sorted(found, key=lambda name: -(name.population or 0))[:_SUGGESTIONS]


def _read(path: Path) -> Iterator[Row]:
    try:
        with lzma.open(path, "rt", encoding="utf-8", newline="") as lines:
            rows = csv.DictReader(lines)
            missing = set(COLUMNS).difference(rows.fieldnames or ())
            if missing:
                raise CommunesMissing("communes-column", "insee", file=path.name, column=min(missing), mend=_MEND)
            yield from rows
    except (lzma.LZMAError, EOFError, UnicodeDecodeError, csv.Error) as wrong:
        raise CommunesMissing("communes-unreadable", "insee", file=path.name, why=str(wrong), mend=_MEND) from wrong


def _full_name(row: Row) -> str:
    return _ARTICLES.get(row["type_nom"], "") + row["nom"]


def _departement(code: str) -> str:
    return code[:3] if code.startswith(("97", "98")) else code[:2]


def _population(row: Row) -> int | None:
    known = row["population_municipale"]
    return int(known) if known else None


def _shape(value: str) -> Any:
    """Parse a geometry of the file; None if empty."""
    return shapely.from_wkt(value) if value else None


def _boundary(row: Row) -> MultiPolygon | None:
    shape = _shape(row["geometry"])
    return None if shape is None else _as_multi(shape)


def _as_multi(shape: Polygon | MultiPolygon) -> MultiPolygon:
    return shape if isinstance(shape, MultiPolygon) else MultiPolygon([shape])


def _centre(row: Row, boundary: MultiPolygon) -> tuple[float, float]:
    hall = _shape(row["mairie_localisation"])
    if hall is None or hall.distance(boundary) > _NEAR_DEGREES:
        hall = max(boundary.geoms, key=lambda part: part.area).representative_point()
    return hall.x, hall.y


def _one_slip(typed: str, code: str) -> bool:
    """Return whether one character is wrong, missing or added, or two are swapped."""
    if len(typed) == len(code):
        differ = [at for at in range(len(code)) if typed[at] != code[at]]
        swapped = len(differ) == 2 and typed[differ[0]] == code[differ[1]] and typed[differ[1]] == code[differ[0]]  # noqa: PLR2004
        return len(differ) == 1 or swapped
    if abs(len(typed) - len(code)) != 1:
        return False
    short, long = sorted((typed, code), key=len)
    return any(long[:at] + long[at + 1 :] == short for at in range(len(long)))


def _listed(names: list[CommuneName]) -> str:
    return ", ".join(f"{name.insee} ({name.name})" for name in names)
