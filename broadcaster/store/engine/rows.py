"""Dataclasses whose fields are named as the columns that they are stored in."""

from collections.abc import Callable
from dataclasses import fields
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Table

T = TypeVar("T")


def of_row(kind: Callable[..., T], row: Any, /, **others: Any) -> T:
    """Return a dataclass: fields in ``others``, and all the rest from the columns of the same names."""
    return kind(**others, **{name: getattr(row, name) for name in _fields(kind) if name not in others})


def as_row(item: Any, table: Table, /, **others: Any) -> dict[str, Any]:
    """Return the columns of a dataclass: ``others``, and all the rest from the fields of the same names."""
    return {name: getattr(item, name) for name in _fields(item.__class__) if name in table.c} | others


@cache
def _fields(kind: Any) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind))
