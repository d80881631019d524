"""From a file to cells: encoding, delimiter, and lines that are never longer than is sane.

The file is read as a stream, whatever its size. Encoding: UTF-8 (with or without byte order mark), UTF-16 with one,
else Windows-1252, which is what spreadsheets in France save. Delimiter: whichever of comma, semicolon, tab and bar
makes most sense of the header.
"""

from __future__ import annotations

import codecs
import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from broadcaster.register.columns import Columns, meaning_of, read_header
from broadcaster.register.refusals import ListRefused
from broadcaster.register.sheets import as_meant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import TextIO

MAX_LINES = 1_000_000
MAX_LINE = 20_000
MAX_FILE = 1 << 30
_DELIMITERS = ",;\t|"
_BLOCK = 1 << 20
_NAMES = {"utf-8-sig": "UTF-8", "utf-16": "UTF-16", "cp1252": "Windows-1252"}


class Line(NamedTuple):
    """One record: the number of its first line in the file (from 1), its cells, or why there are none."""

    number: int
    cells: list[str]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A file, and how it is to be read."""

    path: Path
    encoding: str
    delimiter: str
    columns: Columns
    size: int
    guessed: bool

    @property
    def encoding_name(self) -> str:
        return _NAMES.get(self.encoding, self.encoding)

    def lines(self) -> Iterator[Line]:
        """Give every record after the header. Raises ``ListRefused`` for a file that can't be read on."""
        with self._opened() as file:
            yield from _records(file, self.delimiter)

    def _opened(self) -> TextIO:
        return self.path.open(encoding=self.encoding, newline="")


def open_source(path: Path, *, encoding: str | None = None, delimiter: str | None = None) -> Source:
    """Find out how a file is to be read. Raises ``ListRefused``, and ``OSError`` where it can't be opened."""
    size = path.stat().st_size
    if size == 0:
        raise ListRefused("the file is empty")
    if size > MAX_FILE:
        raise ListRefused(f"the file is larger than {MAX_FILE >> 30} GiB: split it")
    found = _named(encoding) if encoding else _encoding(path)
    try:
        with path.open(encoding=found, newline="") as file:
            first = file.readline(MAX_LINE + 1)
    except UnicodeError as error:
        raise ListRefused(_undecodable(found, error)) from error
    if len(first) > MAX_LINE:
        raise ListRefused(f"the header is longer than {MAX_LINE:,} characters: is this a CSV file?")
    if "\0" in first:
        raise ListRefused("the file holds binary data: save the sheet as CSV first")
    chosen = delimiter or _delimiter(first)
    return Source(path, found, chosen, read_header(_cells(first, chosen)), size, encoding is None)


def _named(encoding: str) -> str:
    try:
        name = codecs.lookup(encoding).name
    except LookupError:
        raise ListRefused(f"there is no encoding {encoding!r}: utf-8 and cp1252 are the usual ones") from None
    return "utf-8-sig" if name == "utf-8" else name


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(2)
        if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return "utf-16"
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while block := file.read(_BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8-sig"


def _undecodable(encoding: str, error: UnicodeError) -> str:
    name = _NAMES.get(encoding, encoding)
    return f"the file is not in {name} ({error.__class__.__name__}): save it as “CSV UTF-8”, or give --encoding"


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return line.split(delimiter)


def _delimiter(header: str) -> str:
    def sense(delimiter: str) -> tuple[int, int]:
        cells = _cells(header, delimiter)
        return sum(meaning_of(cell[:100]) is not None for cell in cells), len(cells)

    return max(_DELIMITERS, key=sense)


def _records(file: TextIO, delimiter: str) -> Iterator[Line]:
    reader = csv.reader(_bounded(file), delimiter=delimiter, strict=True)
    header = True
    records = 0
    while True:
        begins = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except _TooLong:
            raise ListRefused(
                f"line {reader.line_num + 1} is longer than {MAX_LINE:,} characters: is this a CSV file?"
            ) from None
        except UnicodeError as error:
            raise ListRefused(_undecodable(file.encoding, error)) from error
        except csv.Error as error:
            yield Line(begins, [], f"this is no line of CSV ({error}): look at its quotation marks")
            continue
        if header:
            header = False
            continue
        if not any(cell.strip() for cell in cells):
            continue  # sheets end in empty lines
        records += 1
        if records > MAX_LINES:
            raise ListRefused(f"the file has more than {MAX_LINES:,} lines: split it")
        yield Line(begins, [as_meant(cell) for cell in cells])


class _TooLong(Exception):
    """A line beyond the limit."""


def _bounded(file: TextIO) -> Iterator[str]:
    while line := file.readline(MAX_LINE + 1):
        if len(line) > MAX_LINE:
            raise _TooLong
        yield line.replace("\0", "")
