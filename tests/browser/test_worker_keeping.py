"""What the service worker keeps, in Chromium: behind a proxy that fails, over a release, and where there is no room."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.test_worker import pushed, receipts, working
from tests.browser.visiting import Visits
from tests.servers.between import Proxy
from tests.servers.town_api import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser

    from tests.browser.village import Village

pytestmark = pytest.mark.timeout(120)
_KEPT = "async (paths) => Promise.all(paths.map(async (each) => Boolean(await caches.match(each, {ignoreVary: true}))))"
_CACHES = """async () => Object.fromEntries(await Promise.all((await caches.keys()).map(async (name) =>
  [name, (await (await caches.open(name)).keys()).map((each) => new URL(each.url).pathname)])))"""


@pytest.fixture
def chromium(whole_chromium: Browser) -> Browser:
    return whole_chromium


@pytest_asyncio.fixture(loop_scope="session")
async def proxy(village: Village) -> AsyncIterator[Proxy]:
    async with Proxy(village.url) as between:
        yield between


@pytest_asyncio.fixture(loop_scope="session")
async def behind(village: Village, proxy: Proxy, chromium: Browser) -> AsyncIterator[Visits]:
    """Visits that go through the proxy."""
    async with Visits(replace(village, url=proxy.url), chromium) as visits:
        yield visits


async def kept(page, *paths):
    async def there() -> bool:
        return all(await page.evaluate(_KEPT, list(paths)))

    await eventually(there, f"{paths} are kept")


async def test_a_502_never_takes_the_place_of_a_kept_page(behind, village, proxy):
    behind.forgive("502")
    behind.forgive("never-seen")
    worker = await working(behind)
    page = worker.page
    alert, told = await pushed(village, headline="Rupture de digue")
    path = alert["url"].removeprefix(village.url)
    await worker.push(**told | {"url": path})
    pages = (path, f"/s/{village.station}", f"/sign/{village.station}", "/")
    for each in pages[1:]:
        await page.goto(proxy.url + each)
    await kept(page, *pages)
    proxy.down = True
    for each in pages:
        answer = await page.goto(proxy.url + each)
        assert answer.status == 200, each
        assert "Bad Gateway" not in await page.content(), each
    await page.goto(proxy.url + path)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Rupture de digue")
    answer = await page.goto(proxy.url + "/s/never-seen")
    assert answer.status == 502, "what was never kept is told as it is"
    proxy.down = False
    assert (await page.goto(proxy.url + f"/s/{village.station}")).status == 200


async def test_a_release_brings_its_own_files_and_takes_those_of_the_last_away(behind, village, proxy):
    worker = await working(behind)
    page = worker.page
    alert, told = await pushed(village, headline="Fuite de gaz")
    path = alert["url"].removeprefix(village.url)
    await worker.push(**told | {"url": path})
    await kept(page, path, "/", "/here", "/me")
    before = await page.evaluate(_CACHES)
    (files,) = (name for name in before if name.startswith("files-"))
    await page.evaluate(
        "async (name) => (await caches.open(name)).put('/static/of-a-release-long-ago-AAAA.js', new Response('x'))",
        files,
    )
    script = (await (await page.request.get(proxy.url + "/worker.js")).body()).decode()
    release = files.removeprefix("files-")
    proxy.instead["/worker.js"] = ("text/javascript", script.replace(release, "the-next-one").encode())
    await page.evaluate("() => navigator.serviceWorker.getRegistration().then((each) => each.update())")

    async def released() -> bool:
        return {"shell-the-next-one", "files-the-next-one", "pages-1"} == set(await page.evaluate(_CACHES))

    await eventually(released, "only the new release's caches are left")
    after = await page.evaluate(_CACHES)
    assert after["pages-1"] == before["pages-1"], "alerts are kept over a release"
    needed = set(re.findall(r"/static/[\w.-]+\.(?:js|css)", await (await page.request.get(proxy.url + path)).text()))
    assert needed <= set(after["files-the-next-one"]), "and so is what their pages need"
    assert "/static/of-a-release-long-ago-AAAA.js" not in after["files-the-next-one"]
    proxy.down = True
    behind.forgive("502")
    await page.goto(proxy.url + path)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Fuite de gaz")


async def test_an_icon_that_changed_is_renewed(behind, proxy):
    page = (await working(behind)).page
    await kept(page, "/icon.svg")
    new = b'<svg xmlns="http://www.w3.org/2000/svg"><title>new</title></svg>'
    proxy.instead["/icon.svg"] = ("image/svg+xml", new)

    async def renewed() -> bool:
        return "new" in await page.evaluate("async () => (await fetch('/icon.svg', {cache: 'no-store'})).text()")

    await eventually(renewed, "the new icon is shown")


_FULL = """() => {
  const full = () => Promise.reject(new DOMException("no room", "QuotaExceededError"));
  Cache.prototype.put = full;
  IDBObjectStore.prototype.put = () => { throw new DOMException("no room", "QuotaExceededError"); };
}"""


async def test_without_room_every_request_is_answered_and_a_push_is_shown_and_reported(behind, village, proxy):
    behind.forgive("no room")
    worker = await working(behind)
    page = worker.page
    (script,) = page.context.service_workers
    await script.evaluate(_FULL)
    for path in (f"/s/{village.station}", "/"):
        answer = await page.goto(proxy.url + path)
        assert answer.status == 200, path
    assert await page.evaluate("async () => (await fetch('/icons/512.png')).status") == 200
    alert, told = await pushed(village, headline="Disque plein")
    await worker.push(**told | {"url": alert["url"].removeprefix(village.url)})
    await worker.shows("Disque plein")

    async def reported() -> bool:
        return "displayed_at" in await receipts(village, alert)

    await eventually(reported, "the report that can't be kept is told at once")


async def test_only_the_last_pages_are_kept(behind, village, proxy):
    page = (await working(behind)).page
    await kept(page, "/", "/here", "/me")
    await page.evaluate(
        """async () => { const pages = await caches.open("pages-1");
        for (let n = 0; n < 80; n += 1) await pages.put(`/s/old-${n}`, new Response("old")); }"""
    )
    await page.goto(f"{proxy.url}/s/{village.station}")

    async def trimmed() -> bool:
        pages = (await page.evaluate(_CACHES))["pages-1"]
        return len(pages) == 60 and pages[-1] == f"/s/{village.station}" and "/s/old-0" not in pages

    await eventually(trimmed, "sixty pages are left, the last one among them")


_DEVICE = """() => {
  window.persisted = 0;
  Object.defineProperty(navigator.storage, "persist", { value: async () => { window.persisted += 1; return true; } });
  const fake = { endpoint: "https://push.example/x", options: {}, toJSON: () => ({ endpoint: "https://push.example/x",
    keys: { p256dh: "", auth: "" } }) };
  PushManager.prototype.subscribe = async () => fake;
  PushManager.prototype.getSubscription = async () => null;
}"""


async def test_who_subscribes_asks_the_browser_to_keep_what_it_has(behind, village, proxy):
    behind.forgive("422")  # the subscription is no real one
    page = await behind("/", permissions=["notifications"])
    await page.context.add_init_script(f"({_DEVICE})()")
    await page.goto(f"{proxy.url}/s/{village.station}")
    assert await page.evaluate("window.persisted") == 0
    await page.get_by_role("button", name="Sur cet appareil").click()

    async def asked() -> bool:
        return await page.evaluate("window.persisted") == 1

    await eventually(asked, "storage.persist() was asked for, once")
