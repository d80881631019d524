"""A file that a form brings: read within its limits, and held where nobody else can open it."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import BodyPartReader

from broadcaster.http.problems import HttpProblem
from broadcaster.http.reading import incoming

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aiohttp import web

LARGEST = 20 << 20
"""Bytes of a list."""

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
    """Return the path of a file that holds these pieces, and that nobody else can open by a name."""
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
