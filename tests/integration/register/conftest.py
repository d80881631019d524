"""A fresh store for each test, of every kind there is, with one station."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.stores import URLS, add_station, opened

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from broadcaster.domain.stations import Station
    from broadcaster.store import Store


@pytest.fixture(params=URLS)
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return URLS[request.param](request, tmp_path)


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    async with opened(store_url) as fresh:
        yield fresh


@pytest.fixture
async def station(store: Store) -> Station:
    async with store.write() as unit:
        return await add_station(unit, "laigle", lon=0.63, lat=48.76)
