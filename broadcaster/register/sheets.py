"""Writes CSV safe for spreadsheets (no formula injection) and reversible on import.

A spreadsheet evaluates cells that begin with ``=``, ``+``, ``-`` or ``@``. It may split lines at a different delimiter
than the file's (a French one at every semicolon), so text after any delimiter counts as a beginning too. A leading
apostrophe makes it text. Numbers are unchanged: a coordinate may be negative.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel import Locale

BOM = "\ufeff"
"""Begins a file whose letters Excel is to read as UTF-8."""

_NUMBER = re.compile(r"-?\d+(\.\d+)?(e-?\d+)?")
_RUNS = r"(?=[\s\"']*[=+\-@])"
_BEGINNING = re.compile(rf"(^|[;,|\t\r\n]){_RUNS}")
_GUARDED = re.compile(rf"(^|[;,|\t\r\n])'{_RUNS}")


def inert(text: str) -> str:
    """Return a cell that no spreadsheet evaluates. ``as_meant`` is its inverse."""
    return text if _NUMBER.fullmatch(text) else _BEGINNING.sub(r"\1'", text)


def as_meant(text: str) -> str:
    """Return ``inert``'s input: without its apostrophes."""
    return _GUARDED.sub(r"\1", text) if "'" in text else text


def csv_text(rows: Iterable[Sequence[object]], delimiter: str = ",") -> str:
    """Return rows as CSV (RFC 4180), every cell inert."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows([inert(str(cell)) for cell in row] for row in rows)
    return text.getvalue()


def delimiter_of(locale: "Locale") -> str:
    """Return the delimiter of spreadsheets in the reader's language: the semicolon where decimals have a comma."""
    from babel.numbers import get_decimal_symbol  # noqa: PLC0415  slow to import, for a terminal that only asks

    return ";" if get_decimal_symbol(locale) == "," else ","
