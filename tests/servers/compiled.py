"""SQL that is compiled once a process and kind of database, not again for the database of each test; and templates."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING, Any

import jinja2
from sqlalchemy import util
from sqlalchemy.engine.base import Engine

from tests.servers.made_once import folder_once

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

_MOST = 5000
_made: defaultdict[type[Dialect], list[tuple[Dialect, Any]]] = defaultdict(list)


def compile_once() -> None:
    """Call it once a process, before a service is made."""
    _compile_sql_once()
    _compile_templates_once()


def _compile_templates_once() -> None:
    """Keep compiled templates for the services of all tests, in whichever process of this run."""
    made = jinja2.Environment.__init__
    kept = jinja2.FileSystemBytecodeCache(str(folder_once("templates", lambda _: None)))

    def make(self: jinja2.Environment, *args: Any, **options: Any) -> None:
        made(self, *args, **{"bytecode_cache": kept, **options})

    jinja2.Environment.__init__ = make  # type: ignore[method-assign]


def _compile_sql_once() -> None:
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
