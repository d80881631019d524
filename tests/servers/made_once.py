"""What takes seconds to make, and is the same for every worker of a run: who wants it first makes it."""

from __future__ import annotations

import atexit
import fcntl
import os
import pickle
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_WHERE = "MADE_ONCE"
_T = TypeVar("_T")


def place() -> Path:
    """Return where it is kept: until the process ends that asked first, for those too that it starts afterwards."""
    if _WHERE not in os.environ:
        os.environ[_WHERE] = tempfile.mkdtemp(prefix="tocsin-made-")
        atexit.register(shutil.rmtree, os.environ[_WHERE], ignore_errors=True)
    return Path(os.environ[_WHERE])


def made_once(name: str, make: Callable[[], _T]) -> _T:
    """Return what ``make`` returns, which is pickled for others."""
    folder = folder_once(name, lambda made: (made / "it").write_bytes(pickle.dumps(make())))
    return pickle.loads((folder / "it").read_bytes())


def folder_once(name: str, fill: Callable[[Path], object]) -> Path:
    """Return a folder that ``fill`` has filled, to copy from."""
    folder = place() / name
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            making = folder.with_suffix(".making")
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir()
            fill(making)
            making.rename(folder)
    return folder
