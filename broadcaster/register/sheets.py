"""CSV for spreadsheets: cells that no spreadsheet runs, and the same cells as they were when a list comes back.

A spreadsheet runs a cell that begins with ``=``, ``+``, ``-`` or ``@``. It may cut a line at another sign than the one
it was written with (a French one cuts at every semicolon), so what follows any separator counts as a beginning too. An
apostrophe before it makes it text. Numbers stay as they are: a coordinate may be negative.
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_NUMBER = re.compile(r"-?\d+(\.\d+)?(e-?\d+)?")
_RUNS = r"(?=[\s\"']*[=+\-@])"
_BEGINNING = re.compile(rf"(^|[;,|\t\r\n]){_RUNS}")
_GUARDED = re.compile(rf"(^|[;,|\t\r\n])'{_RUNS}")


def inert(text: str) -> str:
    """Return a cell that no spreadsheet runs. ``as_meant`` is its inverse."""
    return text if _NUMBER.fullmatch(text) else _BEGINNING.sub(r"\1'", text)


def as_meant(text: str) -> str:
    """Return what ``inert`` was given: without the apostrophes that it put there."""
    return _GUARDED.sub(r"\1", text) if "'" in text else text


def csv_text(rows: Iterable[Sequence[object]], delimiter: str = ",") -> str:
    """Return rows as CSV (RFC 4180), every cell of them inert."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows([inert(str(cell)) for cell in row] for row in rows)
    return text.getvalue()


def delimiter_of(language: str) -> str:
    """Return what a spreadsheet of the reader's language cuts lines at: French ones take the semicolon."""
    return ";" if language == "fr" else ","
