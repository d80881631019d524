"""All guards look at one town in the middle of things; it is founded once in each worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio

from tests.browser.machine import need
from tests.browser.scene import Scene
from tests.browser.scene import scene as set_up

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest

    from tests.browser.village import Village
    from tests.servers.autopush import Autopush


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def scene(tmp_path_factory: pytest.TempPathFactory, autopush: Autopush) -> AsyncIterator[Scene]:
    need()
    async with set_up(tmp_path_factory.mktemp("scene"), autopush) as made:
        yield made


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def village(scene: Scene) -> Village:
    return scene.village
