"""What a list can be refused for, line by line or whole."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, NamedTuple

from broadcaster.errors import TocsinError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class ListRefused(TocsinError):
    """The file as a whole can't be read as a list of subscribers; the sentence says what to do."""


class Refusal(NamedTuple):
    """Why one line is not taken. ``line`` counts the file's lines from 1; ``field`` is the column, as it is headed.

    ``problem`` is a sentence that does not repeat what stood there: an error file may be passed around.
    """

    line: int
    external_id: str
    field: str
    problem: str


def write_refusals(path: Path, refusals: Iterable[Refusal]) -> None:
    """Write the error file: CSV in UTF-8 with a byte order mark, as spreadsheets want it."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("line", "external_id", "field", "reason"))
        # A spreadsheet runs what begins with these signs; an id is somebody else's text.
        writer.writerows((each.line, _inert(each.external_id), _inert(each.field), each.problem) for each in refusals)


def _inert(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
