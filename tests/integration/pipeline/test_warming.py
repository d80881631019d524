"""Warming: the first update's statements are ready before it, and nothing of the rehearsal stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select, text

from broadcaster.pipeline.warming import warm_connections, warm_store
from broadcaster.store.tables import metadata
from tests.contract.service import service
from tests.contract.stores import URLS, add_station, phone, push, register, resident

if TYPE_CHECKING:
    from pathlib import Path

    from broadcaster.pipeline.services import Services

_UPDATE = ("UPDATE alerts SET followed_by%", "INSERT INTO batches%", "INSERT INTO audit_entries%")


async def _rows(services: Services) -> dict[str, int]:
    async with services.store.read() as unit:
        return {
            table.name: await unit.conn.scalar(select(func.count()).select_from(table))
            for table in metadata.sorted_tables
        }


@pytest.mark.parametrize("store", URLS)
async def test_a_rehearsed_update_leaves_nothing_and_its_statements_ready(
    store: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = URLS[store](request, tmp_path)
    heard: list[str] = []
    async with service(tmp_path, database_url=None if store == "sqlite" else url) as services:
        services.store.on_publish = lambda: heard.append("told")
        await warm_store(services)  # no station yet
        async with services.store.write() as unit:
            station = await add_station(unit, "laigle")
            person = resident(push("https://push.example/1"), phone("+33600000001"))
            await register(unit, station.id, person)
        heard.clear()
        before = await _rows(services)
        await warm_store(services)
        await warm_connections(services)
        assert await _rows(services) == before
        assert heard == [], "nothing is announced that was never committed"
        if store == "postgresql":
            async with services.store.session() as conn:
                for each in _UPDATE:
                    prepared = text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE :like")
                    assert await conn.scalar(prepared, {"like": each}) == 1, each
