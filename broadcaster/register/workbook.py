"""Reads an Excel workbook (xlsx) as lines of cells.

A workbook is a ZIP file of XML. Its parts' sizes are checked first: a small file may unpack to gigabytes, and two cells
may be a million rows apart.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, PasswordError, SheetVisibleEnum, ZipError, load_workbook

from broadcaster.register.records import Line
from broadcaster.register.refusals import ListRefused

ZIP = b"PK\x03\x04"
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
"""First bytes of Excel files from before 2007, and of newer ones with a password."""

_MOST_UNPACKED = 300 << 20
_MOST_CELLS = 20_000_000
_MOST_SHEETS = 20
_BLOCK = 1 << 20
_CELL = re.compile(rb'<c [^>]*?r="([A-Z]{1,3})([0-9]{1,7})"')
_LONGEST_TAG = 200
_EXACT = 1e15


def sheets_of(path: Path) -> Iterator[list[Line]]:
    """Yield the lines of each visible sheet. Raises ``ListRefused``."""
    _measure(path)
    try:
        with load_workbook(str(path)) as book:
            shown = [each.name for each in book.sheets_metadata if each.visible == SheetVisibleEnum.Visible]
            for name in shown[:_MOST_SHEETS]:
                yield list(_lines(book.get_sheet_by_name(name)))
    except PasswordError as error:
        raise ListRefused("list-locked") from error
    except (CalamineError, ZipError, OSError) as error:
        raise ListRefused("list-unreadable") from error


def _lines(sheet: Any) -> Iterator[Line]:
    if sheet.start is None:
        return
    for number, row in enumerate(sheet.iter_rows(), start=1):
        yield Line(number, [_text(cell) for cell in row])


def _text(value: object) -> str:
    """Return a cell as in a CSV file: whole numbers without a point."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    return str(value)


def _measure(path: Path) -> None:
    unpacked = 0
    try:
        with zipfile.ZipFile(path) as parts:
            for info in parts.infolist():
                sheet = info.filename.startswith("xl/worksheets/") and info.filename.endswith(".xml")
                right = bottom = 1
                with parts.open(info) as part:
                    rest = b""
                    while block := part.read(_BLOCK):
                        unpacked += len(block)
                        if unpacked > _MOST_UNPACKED:
                            raise ListRefused("list-unpacked-too-large")
                        if sheet:
                            rest += block
                            for column, row in _CELL.findall(rest):
                                right, bottom = max(right, _number(column)), max(bottom, int(row))
                            rest = rest[-_LONGEST_TAG:]
                if right * bottom > _MOST_CELLS:
                    raise ListRefused("list-unpacked-too-large")
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise ListRefused("list-unreadable") from error


def _number(column: bytes) -> int:
    number = 0
    for letter in column:
        number = number * 26 + letter - ord("A") + 1
    return number
