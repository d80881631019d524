"""Services on both stores, and a station with a group and a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from broadcaster.domain.permissions import KeyRole
from broadcaster.store.stations import stations
from tests.contract.service import service
from tests.contract.stores import NOW, add_station, mail, register, resident
from tests.servers.postgres import driven
from tests.servers.shaped import shaped

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from broadcaster.domain.stations import Station
    from broadcaster.pipeline.services import Services


@pytest.fixture(params=["sqlite", "postgresql"])
async def services(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Services]:
    changes: dict[str, Any] = {}
    if request.param == "postgresql":
        changes["database_url"] = driven(shaped(request.getfixturevalue("postgres")))
    async with service(tmp_path, **changes) as opened:
        yield opened


@pytest.fixture
async def station(services: Services) -> Station:
    async with services.store.write() as unit:
        made = await add_station(unit, "laigle")
        await stations.add_key(unit, KeyRole.PUBLISH, made.id, "Mairie", NOW)
        await register(unit, made.id, resident(mail("a@example.org"), at=(0.63, 48.76), groups=("ecole",)))
    return made
