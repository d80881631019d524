"""A list as it comes from a browser: taken in within bounds, looked at, and what is wrong with it as a list to mend.

While it is looked at it is a file without a name, in memory where the system can do that: a process that is killed
leaves nothing. Between two requests it waits in the store, sealed (``store.uploads``).
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import BodyPartReader

from broadcaster.http.problems import HttpProblem
from broadcaster.http.reading import incoming
from broadcaster.register.planning import plan
from broadcaster.register.reading import open_source
from broadcaster.register.sheets import csv_text
from broadcaster.web.console.refusal_words import told

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from aiohttp import web

    from broadcaster.domain.stations import Station
    from broadcaster.register.planning import Plan
    from broadcaster.register.refusals import Refusal
    from broadcaster.store import Store
    from broadcaster.web.i18n import Words

LARGEST = 20 << 20
"""Bytes of a list."""

SHOWN = 100
"""Refusals that a preview lists; all of them are in the file to mend."""

FIELD = "file"
CLEARS = "clears"
_PIECE = 1 << 20
LARGEST_FORM = 4 * LARGEST
"""Octets of a form that are read, and thrown away where the list is too large."""

_MOST_PARTS = 10
_LONGEST_NAME = 80


class NoFile(Exception):
    """Nothing was chosen."""


class FileTooLarge(Exception):
    """It is over the limit."""


@dataclass(frozen=True, slots=True)
class Received:
    """A form with a file: its name and what it holds, in pieces; ``clears``: its empty cells remove something."""

    name: str
    pieces: list[bytes]
    clears: bool


async def received(request: web.Request) -> Received:
    """Return the file of a form, and what was chosen above it. Raises ``NoFile``, ``FileTooLarge``.

    What is too large is read on for a while and thrown away: a browser hears an answer only when it has sent all.
    """
    if request.content_type != "multipart/form-data":
        raise NoFile
    clears = False
    try:
        async with incoming(request):
            parts = await request.multipart()
            for _ in range(_MOST_PARTS):
                part = await parts.next()
                if not isinstance(part, BodyPartReader):
                    break
                if part.name == CLEARS:
                    clears = await part.read_chunk(1 << 10) == b"1"
                elif part.name == FIELD and part.filename:
                    return Received(part.filename[-_LONGEST_NAME:], await _pieces(part), clears)
    except ValueError as error:
        raise NoFile from error
    except HttpProblem as problem:
        raise (FileTooLarge if problem.kind == "too-large" else NoFile) from problem
    raise NoFile


async def _pieces(part: BodyPartReader) -> list[bytes]:
    pieces: list[bytes] = []
    held = bytearray()
    size = 0
    while chunk := await part.read_chunk(1 << 16):
        size += len(chunk)
        if size > LARGEST_FORM:
            raise FileTooLarge
        if size > LARGEST:
            pieces.clear()
            held.clear()
            continue
        held += chunk
        if len(held) >= _PIECE:
            pieces.append(bytes(held))
            held.clear()
    if size > LARGEST:
        raise FileTooLarge
    if held:
        pieces.append(bytes(held))
    return pieces


@contextmanager
def as_file(pieces: Iterable[bytes]) -> Iterator[Path]:
    """Give the path of a file that holds these pieces, and that nobody else can open by a name."""
    if hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("list"), "wb") as file:
            file.writelines(pieces)
            file.flush()
            yield Path(f"/proc/self/fd/{file.fileno()}")
    else:
        with tempfile.NamedTemporaryFile() as file:
            file.writelines(pieces)
            file.flush()
            yield Path(file.name)


async def looked_at(store: Store, station: Station, path: Path, *, clears: bool) -> Plan:
    """Plan what a list would change; close it after use. Raises ``ListRefused``."""
    source = await asyncio.to_thread(open_source, path)
    return await plan(store, station, source, empty_clears=clears)


def report_of(made: Plan, name: str, stamp: str, *, clears: bool) -> dict[str, Any]:
    """Give what a preview tells of a plan, as JSON. ``stamp``: of the register as it was before the plan was made."""
    return {
        "name": name,
        "encoding": made.source.encoding_name,
        "guessed": made.source.guessed and made.source.encoding == "cp1252",
        "unused": [each for each in made.source.columns.ignored if each not in made.overlooked][:20],
        "overlooked": list(made.overlooked[:20]),
        "mangled": made.mangled,
        "header": made.source.header,
        "lines": made.lines,
        "new": made.new,
        "changed": made.changed,
        "unchanged": made.unchanged,
        "refused": made.refused_lines,
        "missing": made.missing,
        "clears": clears,
        "removed": list(made.removed),
        "asks": made.removes_many,
        "far": made.far,
        "speechless": made.speechless,
        "addresses": made.addresses,
        "placeless": made.placeless,
        "groups": [made.group_names[slug] for slug in made.new_groups][:100],
        "refusals": [list(each) for each in made.refusals[:SHOWN]],
        "more": max(0, len(made.refusals) - SHOWN),
        "stamp": stamp,
    }


def to_mend(made: Plan, words: Words) -> bytes:
    """Give the lines that are refused as a list of their own: as they came, with what is to be mended behind them.

    Mended, it can be imported as it is: the two columns that were added mean nothing to an import.
    """
    wrong: dict[int, list[Refusal]] = {}
    for each in made.refusals:
        wrong.setdefault(each.line, []).append(each)
    width = len(made.source.columns.headings)
    rows: list[list[object]] = [[*made.source.columns.headings, words("line of the file"), words("to be mended")]]
    for line in made.source.lines():
        reasons = wrong.get(line.number)
        if reasons is not None:
            cells = [*line.cells[:width], *[""] * (width - len(line.cells))]
            rows.append([*cells, line.number, reasons_told(reasons, words)])
    return csv_text(rows, made.source.delimiter).encode("utf-8-sig")


def reasons_told(reasons: Sequence[Refusal], words: Words) -> str:
    """Give why a line is refused, column by column."""
    return " / ".join(
        (f"{each.field}{words(': ')}" if each.field else "") + told(each.problem, words) for each in reasons
    )
