"""SQL that is compiled once a process and kind of database, and not again for the database of each test."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import util
from sqlalchemy.engine.base import Engine

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

_MOST = 5000
_made: defaultdict[type[Dialect], list[tuple[Dialect, Any]]] = defaultdict(list)


def compile_once() -> None:
    """Let all engines of a kind share the dialect of the first that has connected, and what it has compiled.

    SQLAlchemy compiles for an engine's own dialect, and a test's engine does not live long.
    """
    made = Engine.__init__

    def make(self: Engine, pool: Any, dialect: Dialect, *args: Any, **options: Any) -> None:
        made(self, pool, dialect, *args, **options)
        known = _made[type(dialect)]
        connected = [each for each in known if each[0].server_version_info is not None]
        if connected:
            known[:] = connected[:1]
        else:
            known.append((dialect, util.LRUCache(_MOST)))
        self.dialect, self._compiled_cache = known[-1]
        pool._dialect = self.dialect

    Engine.__init__ = make  # type: ignore[method-assign]
    util.get_cls_kwargs = cache(util.get_cls_kwargs)
