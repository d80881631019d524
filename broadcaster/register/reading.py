"""Reads a file as lines of cells: detects format, encoding, delimiter and header line.

CSV of any size is streamed. Encoding: UTF-8 (with or without byte order mark), UTF-16, else Windows-1252, in which
spreadsheets in France save. Delimiter: from a line ``sep=;``, else whichever of comma, semicolon, tab and bar fits the
header best. There may be a title above the header.
"""

import codecs
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TextIO

from broadcaster.register.columns import Columns, meaning_of, read_header
from broadcaster.register.records import MAX_LINE, Line, records
from broadcaster.register.refusals import ListRefused
from broadcaster.register.sheets import as_meant
from broadcaster.register.workbook import OLD_EXCEL, ZIP, sheets_of

MAX_LINES = 1_000_000
MAX_FILE = 1 << 30
WORKBOOK = "xlsx"
_DELIMITERS = ",;\t|"
_BLOCK = 1 << 20
_SAMPLE = 400
_NAMES = {
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "cp1252": "Windows-1252",
    WORKBOOK: "Excel",
}
_ABOVE = 20
_LONGEST_HEADING = 100
_SEPARATOR = re.compile(r'\ufeff?"?sep=(.)"?\s*', re.IGNORECASE)


class _Header(NamedTuple):
    """A file's header: its line number, its cells, and the number of lines up to its end."""

    number: int
    cells: list[str]
    through: int
    delimiter: str


@dataclass(frozen=True, slots=True)
class Source:
    """A file and its format. ``header``: its line number; lines above it are ignored."""

    path: Path
    encoding: str
    delimiter: str
    columns: Columns
    size: int
    guessed: bool
    header: int = 1
    through: int = 1
    sheet: int = 0

    @property
    def encoding_name(self) -> str:
        return _NAMES.get(self.encoding, self.encoding)

    def lines(self) -> Iterator[Line]:
        """Yield every record after the header. Raises ``ListRefused`` for an unreadable file."""
        if self.encoding == WORKBOOK:
            rows = next(islice(sheets_of(self.path), self.sheet, None), [])
            yield from _kept(line for line in rows if line.number > self.through)
            return
        with self.path.open(encoding=self.encoding, newline="") as file:
            numbered = ((number, text) for number, text in _numbered(file) if number > self.through)
            yield from _kept(records(numbered, self.delimiter, len(self.columns.headings)))


def open_source(path: Path, *, encoding: str | None = None, delimiter: str | None = None) -> Source:
    """Detect a file's format. Raises ``ListRefused``, and ``OSError`` if it can't be opened."""
    size = path.stat().st_size
    if size == 0:
        raise ListRefused("list-empty")
    if size > MAX_FILE:
        raise ListRefused("list-too-large", most=MAX_FILE >> 30)
    with path.open("rb") as file:
        start = file.read(_SAMPLE)
    if start.startswith(OLD_EXCEL):
        raise ListRefused("list-old-excel")
    if start.startswith(ZIP):
        return _workbook(path, size)
    found = _named(encoding) if encoding else _encoding(path, start)
    with path.open(encoding=found, newline="") as file:
        top = list(islice(_numbered(file), _ABOVE * 2))
    if any("\0" in text for _, text in top):
        raise ListRefused("list-binary")
    header = _header(top, delimiter)
    columns = read_header(header.cells)
    return Source(path, found, header.delimiter, columns, size, encoding is None, header.number, header.through)


def _workbook(path: Path, size: int) -> Source:
    sheets = [list(islice(lines, _ABOVE)) for lines in sheets_of(path)]
    best = max(
        ((sense(line.cells), -number, line) for number, lines in enumerate(sheets) for line in lines),
        key=lambda found: (found[0], found[1], -found[2].number),
        default=None,
    )
    if best is None:
        raise ListRefused("list-empty")
    _, sheet, line = best
    columns = read_header(line.cells)
    return Source(path, WORKBOOK, ";", columns, size, False, line.number, line.number, -sheet)


def sense(cells: Sequence[str]) -> tuple[bool, int]:
    """Return a line's score as a header: whether it names an id, and the number of known headings."""
    meanings = [meaning_of(cell[:_LONGEST_HEADING]) for cell in cells if cell.strip()]
    return "external_id" in meanings, sum(meaning is not None for meaning in meanings)


def _header(top: list[tuple[int, str]], delimiter: str | None) -> _Header:
    """Return the header: among the first lines, one that names an id and has the most known headings."""
    if top and (said := _SEPARATOR.fullmatch(top[0][1])):
        delimiter, top = delimiter or said[1], top[1:]
    top = [(number, text) for number, text in top if text.strip()]
    if not top:
        raise ListRefused("list-empty")
    best: tuple[tuple[bool, int], int, int, _Header] | None = None
    for each in delimiter or _DELIMITERS:
        lines = list(records(iter(top), each, None))
        for line, following in zip(lines[:_ABOVE], [*(line.number for line in lines[1:]), 0], strict=False):
            if line.problem:
                continue
            through = following - 1 if following else top[-1][0]
            found = sense(line.cells), -line.number, len(line.cells), _Header(line.number, line.cells, through, each)
            if best is None or found[:3] > best[:3]:
                best = found
    if best is None:
        raise ListRefused("list-header")
    return best[3]


def _named(encoding: str) -> str:
    try:
        name = codecs.lookup(encoding).name
    except LookupError:
        raise ListRefused("list-encoding-unknown", encoding=encoding) from None
    return "utf-8-sig" if name == "utf-8" else name


def _encoding(path: Path, start: bytes) -> str:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # European text in UTF-16 has zeros in every second octet.
    for name, empty in (("utf-16-le", start[1::2]), ("utf-16-be", start[::2])):
        if len(empty) > 1 and empty.count(0) * 4 > len(empty) * 3:
            return name
    with path.open("rb") as file:
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while block := file.read(_BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8-sig"


def _numbered(file: TextIO) -> Iterator[tuple[int, str]]:
    number = 0
    try:
        while text := file.readline(MAX_LINE + 1):
            number += 1
            if len(text) > MAX_LINE:
                raise ListRefused("list-line-too-long", line=number, most=MAX_LINE)
            yield number, text
    except UnicodeError as error:
        name = _NAMES.get(file.encoding, file.encoding)
        raise ListRefused("list-encoding", encoding=name, why=error.__class__.__name__) from error


def _kept(lines: Iterable[Line]) -> Iterator[Line]:
    """Yield non-empty lines, with spreadsheet protection removed."""
    kept = 0
    for line in lines:
        if not line.problem and not any(cell.strip() for cell in line.cells):
            continue  # trailing empty lines of sheets
        kept += 1
        if kept > MAX_LINES:
            raise ListRefused("list-too-many-lines", most=MAX_LINES)
        yield line._replace(cells=[as_meant(cell.replace("\0", "")) for cell in line.cells])
