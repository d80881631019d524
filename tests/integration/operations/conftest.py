"""A fresh store for each test, of every kind there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.stores import URLS, opened

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from broadcaster.store import Store


@pytest.fixture(params=URLS)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(URLS[request.param](request, tmp_path)) as fresh:
        yield fresh
