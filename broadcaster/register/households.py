"""Open figures of households: a CSV with one line an address or a square, as published.

Known columns, whatever their case and accents: ``lon``/``longitude``, ``lat``/``latitude``, or a square of the French
statistical office (``idcar_200m``, ``idcar_1km``: its south-west corner in EPSG:3035); ``households``, ``menages`` or
``men`` (without it, a line is one household, as in the *Base Adresse Nationale*); ``street``, ``rue`` or ``nom_voie``.
"""

import io
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping

from broadcaster.domain.coverage import CellId, Figures
from broadcaster.domain.refusals import Refused
from broadcaster.domain.spelling import searched
from broadcaster.register.records import records
from zones import from_grid

MOST_LINES = 500_000
_LON = {"lon", "longitude", "long"}
_LAT = {"lat", "latitude"}
_SQUARE = {"idcar 200m", "idcar 1km", "idinspire"}
_HOUSEHOLDS = {"households", "menages", "men"}
_STREET = {"street", "rue", "nom voie", "voie"}
_INSPIRE = re.compile(r"CRS3035RES(\d{1,7})mN(\d{1,7})E(\d{1,7})", re.ASCII)
_MOST_STREETS = 30
_MOST_HOUSEHOLDS = 1_000_000
"""In one line; no square of a kilometre has so many."""


def figures_in(data: bytes, cell_of: Callable[[float, float], CellId]) -> dict[CellId, Figures]:
    """Return the households of each cell. Raises ``Refused`` for a file without the columns, or without a good line."""
    counts: Counter[CellId] = Counter()
    streets: defaultdict[CellId, Counter[str]] = defaultdict(Counter)
    whole: defaultdict[CellId, float] = defaultdict(float)
    for number, (lon, lat, households, street) in enumerate(_lines(data)):
        if number >= MOST_LINES:
            raise Refused("list-too-many-lines", "file", most=MOST_LINES)
        cell = cell_of(lon, lat)
        whole[cell] += households
        if street:
            streets[cell][street] += 1
    counts.update({cell: round(n) for cell, n in whole.items() if n >= 0.5})  # noqa: PLR2004  else none
    if not counts:
        raise Refused("households-none", "file")
    return {
        cell: Figures(n, tuple(sorted(name for name, _ in streets[cell].most_common(_MOST_STREETS))))
        for cell, n in counts.items()
    }


def _lines(data: bytes) -> Iterator[tuple[float, float, float, str]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    first = text.partition("\n")[0]
    lines = records(enumerate(io.StringIO(text), start=1), max(";,\t", key=first.count), None)
    rows = (each.cells for each in lines)
    names = [searched(each) for each in next(rows, [])]
    at = {kind: _column(names, known) for kind, known in _KINDS.items()}
    if at["square"] is None and (at["lon"] is None or at["lat"] is None):
        raise Refused("households-columns", "file")
    for row in rows:
        cells = {
            kind: row[place].strip() if place is not None and place < len(row) else "" for kind, place in at.items()
        }
        point = _point(cells)
        households = _number(cells["households"]) if at["households"] is not None else 1.0
        if point is not None and 0 < households <= _MOST_HOUSEHOLDS:
            yield *point, households, cells["street"]


_KINDS: Mapping[str, set[str]] = {
    "lon": _LON,
    "lat": _LAT,
    "square": _SQUARE,
    "households": _HOUSEHOLDS,
    "street": _STREET,
}


def _column(names: list[str], known: set[str]) -> int | None:
    return next((place for place, name in enumerate(names) if name in known), None)


def _point(cells: Mapping[str, str]) -> tuple[float, float] | None:
    """Return a line's longitude and latitude; a square's are those of its middle."""
    found = _INSPIRE.fullmatch(cells["square"])
    if found:
        size, north, east = map(int, found.groups())
        lon, lat = from_grid(east + size / 2, north + size / 2)
    else:
        lon, lat = _number(cells["lon"]), _number(cells["lat"])
    return (lon, lat) if abs(lon) <= 180 and abs(lat) <= 90 else None  # noqa: PLR2004  degrees


def _number(text: str) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return float("nan")
