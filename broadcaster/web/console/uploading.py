"""Reads file uploads within limits, and holds them where nobody else can open them."""

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import BodyPartReader, web
from aiohttp.http import HttpProcessingError

from broadcaster.http.problems import HttpProblem
from broadcaster.http.reading import incoming

LARGEST = 20 << 20
"""Most bytes of a list."""

FIELD = "file"
CLEARS = "clears"
_PIECE = 1 << 20
LARGEST_FORM = 4 * LARGEST
"""Most octets of a form that are read; those beyond ``LARGEST`` are discarded."""

_MOST_PARTS = 10
_LONGEST_NAME = 80


class NoFile(Exception):
    """No file was chosen."""


class FileTooLarge(Exception):
    """The file is over the limit."""


@dataclass(frozen=True, slots=True)
class Received:
    """An uploaded file: its name and content, in pieces; ``clears``: empty cells remove values."""

    name: str
    pieces: list[bytes]
    clears: bool


async def received(request: web.Request) -> Received:
    """Return a form's file and options. Raises ``NoFile``, ``FileTooLarge``.

    The rest of an oversized file is read and discarded up to a limit, since browsers read the answer only after sending
    everything.
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
    except (ValueError, HttpProcessingError) as error:  # the latter: of a part's headers
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
    """Yield the path of a file with these pieces, which nobody else can open by name."""
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
