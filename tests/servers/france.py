"""France's communes, unpacked once a process and not again for each question: that takes half a second of CPU."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from zones import communes

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

_read = communes._read


@cache
def _rows(path: Path) -> list[dict[str, str]]:
    return list(_read(path))


def unpack_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the rows of the real file; any other file is read each time."""
    monkeypatch.setattr(communes, "_read", lambda path: iter(_rows(path)) if path == communes.FILE else _read(path))
