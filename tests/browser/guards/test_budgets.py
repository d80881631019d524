"""What a page weighs on a cheap telephone's line: octets as they are sent, compressed."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from tests.browser.pages import KB, PAGES

if TYPE_CHECKING:
    from playwright.async_api import Page, Response

_ALERT_BUDGET = 50 * KB


class Scales:
    """Weighs what comes into a context's pages: (kind, path, octets)."""

    def __init__(self) -> None:
        self._came: list[Response] = []

    def watch(self, page: Page) -> None:
        page.context.on("response", lambda each: self._came.append(each))  # noqa: PLW0108 - it wants a function

    async def weigh(self) -> list[tuple[str, str, int]]:
        came = [each for each in self._came if each.status == 200]
        return [(each.request.resource_type, each.url, await _octets(each)) for each in came]


async def _octets(response: Response) -> int:
    body = await response.body()
    return len(gzip.compress(body, 6)) if (await response.all_headers()).get("content-encoding") else len(body)


async def load_anew(shown, visit, scene, **how):
    """What a page of the table brings with it, loaded with an empty cache."""
    page = await shown.open(visit, scene, **how)
    scales = Scales()
    session = await page.context.new_cdp_session(page)
    await session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    scales.watch(page)
    await page.reload()
    await shown.settle(page)
    await page.wait_for_load_state("networkidle")
    return await scales.weigh()


@pytest.mark.parametrize("shown", PAGES, ids=lambda page: page.name)
async def test_a_page_keeps_within_its_budget_of_scripts(visit, scene, shown):
    came = await load_anew(shown, visit, scene)
    scripts = {url: octets for kind, url, octets in came if kind == "script"}
    assert sum(scripts.values()) <= shown.script_budget, scripts


ALERTS = [page for page in PAGES if page.answers == "/a/{token}"]


@pytest.mark.parametrize("shown", ALERTS, ids=lambda page: page.name)
async def test_an_alert_is_under_50_kb_without_its_map(visit, scene, shown):
    came = await load_anew(shown, visit, scene)
    assert sum(octets for _, _, octets in came) < _ALERT_BUDGET, came


@pytest.mark.parametrize("shown", ALERTS, ids=lambda page: page.name)
async def test_an_alert_says_the_same_without_scripts(visit, scene, shown):
    with_scripts = await shown.open(visit, scene)
    without = await shown.open(visit, scene, java_script_enabled=False)
    for part in ("h1", "main"):
        said = await with_scripts.locator(part).first.inner_text()
        assert (await without.locator(part).first.inner_text()).split()[:20] == said.split()[:20]


async def test_the_scales_see_every_script(visit, scene):
    (console,) = [page for page in PAGES if page.name == "home"]
    came = await load_anew(console, visit, scene)
    assert [octets for kind, _, octets in came if kind == "script" and octets > 100]
    assert [octets for kind, _, octets in came if kind == "document" and octets > 100]
