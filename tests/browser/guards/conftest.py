"""All guards look at one town in the middle of things; it is founded once in each worker."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from tests.browser.guards.examining import examine
from tests.browser.machine import need
from tests.browser.pages import PAGES
from tests.browser.scene import Scene
from tests.browser.scene import scene as set_up
from tests.browser.visiting import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser

    from tests.browser.guards.examining import Looked
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


# In French alone, whose words are longer: `make guards` looks at each page in both languages.
_LOOKS = [
    pytest.param((page, lang), id=f"{page.name}-{lang}")
    for page in PAGES
    for lang in LANGUAGES
    if lang == "fr" or os.environ.get("GUARDS") == "all"
]


@pytest_asyncio.fixture(scope="session", loop_scope="session", params=_LOOKS)
async def looked(request: pytest.FixtureRequest, scene: Scene, chromium: Browser) -> Looked:
    """A page of the table, visited once in a language and measured for all the guards."""
    shown, lang = request.param
    return await examine(shown, lang, scene, chromium)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep what looks at one page in one worker, so that it is visited once."""
    for item in items:
        if "looked" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group(item.name.partition("[")[2]))
