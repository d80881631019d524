"""What takes seconds and is the same for every test."""

from __future__ import annotations

import pytest

from broadcaster import territory
from tests.servers.france import unpack_once
from zones import Coast

_COAST = Coast()


@pytest.fixture(autouse=True)
def france(monkeypatch: pytest.MonkeyPatch) -> None:
    """France's communes and its land are read once for all tests."""
    monkeypatch.setattr(territory, "Coast", lambda: _COAST)
    unpack_once(monkeypatch)
