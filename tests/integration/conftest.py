"""What takes seconds and is the same for every test."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from broadcaster import territory
from zones import Coast, communes

if TYPE_CHECKING:
    from pathlib import Path

_COAST = Coast()
_read = communes._read


@cache
def _rows(path: Path) -> list[dict[str, str]]:
    return list(_read(path))


@pytest.fixture(autouse=True)
def france(monkeypatch: pytest.MonkeyPatch) -> None:
    """France's communes and its land are read once for all tests."""
    monkeypatch.setattr(territory, "Coast", lambda: _COAST)
    monkeypatch.setattr(communes, "_read", lambda path: iter(_rows(path)) if path == communes.FILE else _read(path))
