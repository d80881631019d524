"""Real browsers on a real service.

A test of a page, in whichever file of this folder::

    async def test_a_page_says_what_it_should(visit, village):
        page = await visit("/console", signed_in=True, size=DESK, lang="en", theme="dark")
        await expect(page.get_by_role("heading", level=1)).to_have_text("…")

``visit`` opens Chromium as a new person; what goes wrong in the page (an error in its console, a violation of the
policy, a request to elsewhere, an answer of 500) fails the test. ``firefox`` goes into ``visit(..., browser=firefox)``:
its pushes are real, ``desktop`` shows its notifications. The village is new for each file of tests.

All of it lives in one event loop, the session's: an asynchronous fixture of your own needs
``@pytest_asyncio.fixture(loop_scope="session")``. The tests of a file run in one worker, one after the other.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from playwright.async_api import async_playwright, expect

from tests.browser.machine import need, start_chromium, start_firefox
from tests.browser.village import village as founded
from tests.browser.visiting import Visits
from tests.servers.autopush import Autopush
from tests.servers.ban import Ban
from tests.servers.desktop import Desktop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser, Playwright

    from tests.browser.village import Village

_HERE = Path(__file__).parent
_PATIENCE_MS = 15_000  # a machine of two cores that has much to do; what is there earlier is not waited for
expect.set_options(timeout=_PATIENCE_MS)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a file in one worker, which founds its village once; the guards share theirs out by page."""
    for item in items:
        if item.path.is_relative_to(_HERE) and inspect.iscoroutinefunction(getattr(item, "obj", None)):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
        if item.path.parent == _HERE:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    async with async_playwright() as driver:
        yield driver


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def autopush() -> AsyncIterator[Autopush]:
    async with Autopush() as push:
        yield push


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def desktop() -> AsyncIterator[Desktop]:
    need(firefox=True)
    async with Desktop() as shown:
        yield shown


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium(playwright: Playwright) -> AsyncIterator[Browser]:
    """Its headless shell, which renders the same: a new person costs a third of the CPU there."""
    need()
    browser = await start_chromium(playwright, shell=True)
    yield browser
    await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def whole_chromium(playwright: Playwright) -> AsyncIterator[Browser]:
    """With notifications: what needs them has a fixture ``chromium`` that is this one."""
    need()
    browser = await start_chromium(playwright)
    yield browser
    await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def firefox(playwright: Playwright, autopush: Autopush, desktop: Desktop) -> AsyncIterator[Browser]:
    browser = await start_firefox(playwright, autopush, desktop)
    yield browser
    await browser.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ban() -> AsyncIterator[Ban]:
    async with Ban() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def village(tmp_path_factory: pytest.TempPathFactory, autopush: Autopush, ban: Ban) -> AsyncIterator[Village]:
    need()
    async with founded(tmp_path_factory.mktemp("village"), autopush, geocoder_url=ban.url) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def visit(village: Village, chromium: Browser) -> AsyncIterator[Visits]:
    async with Visits(village, chromium) as visits:
        yield visits
