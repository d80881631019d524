"""Takes a backup: one snapshot of the database, while it is in use."""

import errno
import io
import os
from collections.abc import Callable
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from broadcaster.backup.archive import Manifest, Writer
from broadcaster.store import Store
from broadcaster.store.operations import copying
from broadcaster.store.operations.migrate import newest

_OWNER_ONLY = 0o600
_BUFFER = 1 << 20


async def back_up(
    store: Store, path: Path, *, now: datetime, progress: Callable[[int], None] = lambda _: None
) -> Manifest:
    """Write the whole database to ``path``, which must not exist; return the manifest.

    The service may be running. ``progress`` gets the number of rows written. The file appears
    complete and synced to disk, or not at all. Raises ``FileExistsError``, ``OSError``, ``StoreUnavailable``.
    """
    _refuse_if_there(path)
    draft = path.with_name(path.name + ".part")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY)
    try:
        with io.BufferedWriter(_Draft(descriptor, "w"), _BUFFER) as file:
            with Writer(file) as writer:
                made = await _write(store, writer, now, progress)
            file.flush()
            os.fsync(descriptor)
        _refuse_if_there(path)
        _name(draft, path)
    except _WriteFailed as failed:
        raise failed.error from None
    finally:
        _forget(draft)
    return made


class _WriteFailed(Exception):
    """A write error of the file's disk, distinct from errors of the store, within whose snapshot it happens."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error


class _Draft(io.FileIO):
    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            raise _WriteFailed(error) from error


def _refuse_if_there(path: Path) -> None:
    if path.exists():
        raise FileExistsError(errno.EEXIST, "it is there already: give another name", str(path))


def _forget(draft: Path) -> None:
    draft.unlink(missing_ok=True)


async def _write(store: Store, writer: Writer, now: datetime, progress: Callable[[int], None]) -> Manifest:
    done = 0
    async with store.read() as unit:
        for name, columns in copying.shape().items():
            with writer.table(name, columns) as put:
                async for part in copying.rows(unit, name):
                    put(part)
                    done += len(part)
                    progress(done)
        numbering = await copying.numbering(unit)
    made = Manifest(
        version=version("tocsin"),
        migration=newest(),
        taken_at=now.isoformat(),
        store="sqlite" if store.sqlite else "postgresql",
        tables=writer.tables,
        numbering=numbering,
    )
    writer.finish(made, store.vault)
    return made


def _name(draft: Path, path: Path) -> None:
    """Rename the file, durably."""
    draft.replace(path)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
