"""Reasons to refuse a list or its lines."""

from collections.abc import Mapping
from typing import NamedTuple

from broadcaster.domain.refusals import Refused


class ListRefused(Refused):
    """The file can't be read as a list of subscribers."""


class LineRefusal(NamedTuple):
    """Why a line is refused. ``line``: from 1; ``who``: its id, else its name; ``field``: the column's heading.

    ``code`` and ``params`` do not repeat the cell.
    """

    line: int
    who: str
    field: str
    code: str
    params: Mapping[str, object] = {}
