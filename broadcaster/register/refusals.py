"""What a list can be refused for, line by line or whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from broadcaster.errors import TocsinError
from broadcaster.register.sheets import csv_text

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


HEADER = ("line", "external_id", "field", "reason")


def write_refusals(path: Path, refusals: Iterable[Refusal]) -> None:
    """Write the error file: CSV in UTF-8 with a byte order mark, as spreadsheets want it."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        file.write(csv_text((HEADER, *refusals)))
