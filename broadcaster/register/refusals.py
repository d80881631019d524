"""Reasons to refuse a list or its lines."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from broadcaster.domain.refusals import ENGLISH, Reader, Refused, sentence
from broadcaster.register.sheets import csv_text


class ListRefused(Refused):
    """The file can't be read as a list of subscribers."""


class Refusal(NamedTuple):
    """Why a line is refused. ``line``: from 1; ``field``: the column's heading.

    ``code`` and ``params`` do not repeat the cell: an error file may be passed around.
    """

    line: int
    external_id: str
    field: str
    code: str
    params: Mapping[str, object] = {}


HEADER = ("line", "external_id", "field", "reason")


def write_refusals(path: Path, refusals: Iterable[Refusal], words: Reader = ENGLISH) -> None:
    """Write the error file: CSV in UTF-8 with a byte order mark, for spreadsheets."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        rows = ((each.line, each.external_id, each.field, sentence(each, words)) for each in refusals)
        file.write(csv_text((HEADER, *rows)))
