"""Splits the lines of a CSV file into records (RFC 4180), robust against stray quotation marks.

A stray quotation mark must spoil only one line. A quoted cell spans lines only if that is plausible: it is closed
within a few lines, and none of its further lines could be a record of its own. Otherwise the opening line is refused,
and reading continues with the next.
"""

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from broadcaster.domain.refusals import Refused

MAX_LINE = 20_000
"""Characters per line, and per record over several lines."""

_MOST_JOINED = 50


class Line(NamedTuple):
    """One record: number of its first line in the file (from 1), and its cells, or why there are none."""

    number: int
    cells: list[str]
    problem: Refused | None = None


class _Unclosed(Exception):
    """The text ends within a quotation."""


def records(lines: Iterable[tuple[int, str]], delimiter: str, width: int | None) -> Iterator[Line]:
    """Yield the records of numbered lines (with line ends); each non-blank line is in exactly one.

    ``width``: cells of the header; None while it is unknown.
    """
    ahead: deque[tuple[int, str]] = deque()
    source = iter(lines)
    while True:
        number, text = ahead.popleft() if ahead else next(source, (0, ""))
        if not number:
            return
        try:
            yield Line(number, cells_of(text, delimiter))
        except _Unclosed:
            cells, taken = _joined(text, ahead, source, delimiter, width)
            for _ in range(taken):
                ahead.popleft()
            yield Line(number, cells, None if cells else Refused("line-unclosed"))
        except csv.Error as error:
            yield Line(number, [], Refused("line-unreadable", why=str(error)))


def cells_of(text: str, delimiter: str) -> list[str]:
    """Return the cells of one record. Raises ``csv.Error``, and ``_Unclosed`` if it continues on the next line."""
    if '"' not in text:  # by far the most common case
        return text.rstrip("\r\n").split(delimiter)
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise _Unclosed from error
        raise


def _joined(
    text: str, ahead: deque[tuple[int, str]], source: Iterator[tuple[int, str]], delimiter: str, width: int | None
) -> tuple[list[str], int]:
    """Return the cells of a record that continues in lines ``ahead``, and over how many; no cells if it doesn't."""
    opens_first = text.lstrip().startswith('"')
    whole = text
    for taken in range(1, _MOST_JOINED):
        if len(ahead) < taken:
            further = next(source, None)
            if further is None:
                break
            ahead.append(further)
        more = ahead[taken - 1][1]
        whole += more
        if len(whole) > MAX_LINE:
            break
        try:
            cells = [] if '"' not in more else _split(whole, delimiter)
        except csv.Error:
            break
        last_of_first = bool(cells) and opens_first
        if width is not None and not last_of_first and more.count(delimiter) >= max(1, width - 1):
            break
        if cells:
            return cells, taken
    return [], 0


def _split(text: str, delimiter: str) -> list[str]:
    try:
        return cells_of(text, delimiter)
    except _Unclosed:
        return []
