"""What takes seconds and is the same for every test."""

from __future__ import annotations

import pytest

from broadcaster import territory
from zones import Coast

_COAST = Coast()


@pytest.fixture(autouse=True)
def one_coast(monkeypatch: pytest.MonkeyPatch) -> None:
    """The land of France, which takes seconds to read, is read once for all tests."""
    monkeypatch.setattr(territory, "Coast", lambda: _COAST)
