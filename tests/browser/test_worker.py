"""The service worker alone, in Chromium: DevTools hands it pushes. And what is kept for when there is no network."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.browser.visiting import DESK
from tests.servers.town_api import eventually

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

pytestmark = pytest.mark.timeout(120)
_SHOWN = """async () => {
  const registration = await navigator.serviceWorker.ready;
  return (await registration.getNotifications()).map((each) => ({title: each.title, body: each.body, tag: each.tag,
    lang: each.lang, icon: each.icon, requireInteraction: each.requireInteraction, path: each.data.path}));
}"""


_PRESS = """async ([tag, action]) => {
  const [notification] = await registration.getNotifications({tag});
  dispatchEvent(new NotificationEvent("notificationclick", {notification, action}));
}"""


class Worker:
    """A page whose worker gets what a test gives it."""

    def __init__(self, page: Page, session, registration: str) -> None:
        self.page, self._session, self._registration = page, session, registration

    async def push(self, **told) -> None:
        await self._session.send(
            "ServiceWorker.deliverPushMessage",
            {
                "origin": re.match(r"http://[^/]+", self.page.url)[0],
                "registrationId": self._registration,
                "data": json.dumps(told),
            },
        )

    async def shown(self) -> list[dict]:
        return await self.page.evaluate(_SHOWN)

    async def shows(self, title: str) -> dict:
        async def there() -> bool:
            return any(each["title"] == title for each in await self.shown())

        await eventually(there, f"a notification: {title}")
        return next(each for each in await self.shown() if each["title"] == title)


@pytest.fixture
def chromium(whole_chromium: Browser) -> Browser:
    return whole_chromium


async def working(visit, path="/") -> Worker:
    """A page with a worker that is ready and keeps the pages around it."""
    page = await visit(path, permissions=["notifications"])
    await page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    browser = page.context.browser
    session = await page.context.new_cdp_session(page)
    found: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda told: found.extend(each["registrationId"] for each in told["registrations"] if not each["isDeleted"]),
    )
    visit.forgive("waitUntil on a script constructed ExtendableEvent")  # of the events that tests make
    session.on(
        "ServiceWorker.workerErrorReported", lambda told: visit.problems.append(told["errorMessage"]["errorMessage"])
    )
    await session.send("ServiceWorker.enable")
    await eventually(lambda: bool(found), "DevTools knows the worker")
    assert browser is not None
    return Worker(page, session, found[-1])


async def pushed(village, *, headline="La Risle déborde") -> tuple[dict, dict]:
    """An alert, and a push of it as a resident's device gets it: from our own service, read by that device's key."""
    before = len(village.town.pushed)
    alert = await village.api.issue(texts={"fr": {"headline": headline, "instruction": "Montez à l’étage."}})
    await village.api.finished(alert["id"])
    (message, *_) = village.town.pushed[before:]
    return alert, json.loads(message.plaintext)


_HANG = """() => {
  const silent = () => ({});
  IDBDatabase.prototype.transaction = () => ({objectStore: () => ({get: silent, put: silent, getAll: silent})});
}"""


async def receipts(village, alert) -> set[str]:
    found = set()
    for each in await village.api.deliveries(alert["id"]):
        if each["channel"] == "push":
            found |= {name for name in ("displayed_at", "opened_at") if each[name]}
    return found


async def test_a_push_is_shown_in_its_language_with_its_urgency_and_reported(visit, village):
    worker = await working(visit)
    alert, told = await pushed(village)
    await worker.push(**told)
    shown = await worker.shows("La Risle déborde")
    assert "Montez à l’étage." in shown["body"]
    assert (shown["lang"], shown["requireInteraction"], shown["tag"]) == ("fr", True, told["tag"])
    assert shown["path"] == alert["url"].removeprefix(village.url)
    # Chromium shows a notification only after it has fetched its pictures, however long that takes.
    assert shown["icon"].startswith("data:image/png"), "the picture must come from the network"

    # A press on a button answers, and the service's words take the notification's place.
    (script,) = worker.page.context.service_workers
    await script.evaluate(_PRESS, [told["tag"], "received"])
    await village.api.until(alert["id"], lambda each: each["answers"] == {"received": 1})

    async def thanked() -> bool:
        return any("Merci" in each["body"] for each in await worker.shown())

    await eventually(thanked, "the notification says that the answer is recorded")
    await worker.push(type="operator", title="1 demande d’aide", tag="help", url="http://other/console/help?station=a")
    assert (await worker.shows("1 demande d’aide"))["path"] == "/console/help?station=a"

    async def reported() -> bool:
        return "displayed_at" in await receipts(village, alert)

    await eventually(reported, "the worker says that it was shown")


async def test_a_later_message_of_a_thread_replaces_the_earlier_and_not_the_other_way_round(visit):
    worker = await working(visit)
    flood = {"id": "2", "tag": "flood", "status": "actual", "severity": "severe", "lang": "fr", "url": "/a/x"}
    await worker.push(**{**flood, "id": "1", "title": "Alerte"})
    await worker.shows("Alerte")
    await worker.push(**{**flood, "title": "Fin d’alerte", "type": "cancel"})
    await worker.shows("Fin d’alerte")
    await worker.push(**{**flood, "id": "1", "title": "Alerte"})
    await worker.push(id="9", tag="other", title="Autre", url="/a/y")
    await worker.shows("Autre")
    assert sorted(each["title"] for each in await worker.shown()) == ["Autre", "Fin d’alerte"]


async def test_a_push_is_shown_although_the_devices_storage_hangs(visit, village):
    worker = await working(visit)
    (script,) = worker.page.context.service_workers
    await script.evaluate(_HANG)
    await worker.push(status="actual", id="1", tag="t", title="Alerte", url="/a/x")
    await worker.shows("Alerte")


@pytest.mark.parametrize(
    ("told", "stays"),
    [
        ({"status": "actual", "urgent": True}, True),
        ({"status": "actual", "urgent": False}, False),
        ({"status": "actual", "urgent": True, "type": "cancel"}, False),
    ],
    ids=["urgent", "routine", "all-clear"],
)
async def test_only_what_is_urgent_and_no_all_clear_stays_until_it_is_seen(visit, told, stays):
    worker = await working(visit)
    await worker.push(**told, id="1", tag="t", title="Alerte", url="/a/x")
    assert (await worker.shows("Alerte"))["requireInteraction"] is stays


async def test_what_can_t_be_told_offline_is_told_later(visit, village):
    visit.forgive("ERR_INTERNET_DISCONNECTED")
    worker = await working(visit)
    alert, told = await pushed(village, headline="Coupure")
    await worker.page.context.set_offline(True)
    await worker.push(**told)
    await worker.shows("Coupure")
    assert await receipts(village, alert) == set()
    await worker.page.context.set_offline(False)
    await worker.page.reload()

    async def reported() -> bool:
        return "displayed_at" in await receipts(village, alert)

    await eventually(reported, "the report that was kept is told")


# Pages are kept before the files that they name, so that a lost network costs the looks and not the words.
_KEPT = r"""async (paths) => {
  const pages = await Promise.all(paths.map((each) => caches.match(each)));
  if (!pages.every(Boolean)) return false;
  const texts = await Promise.all(pages.map((each) => each.text()));
  const named = (text) => text.match(/\/static\/[\w.-]+\.(?:js|css)/g) || [];
  const [alert, ...shell] = texts.map(named);
  const files = [...alert, ...shell.flat().filter((each) => !each.includes("/map-"))];
  return (await Promise.all(files.map((each) => caches.match(each)))).every(Boolean);
}"""


async def test_the_last_alerts_and_the_pages_around_them_are_read_without_a_network(visit, village):
    visit.forgive("ERR_INTERNET_DISCONNECTED")
    worker = await working(visit)
    alert, told = await pushed(village, headline="Route coupée")
    await worker.push(**told)
    await worker.shows("Route coupée")
    page, path = worker.page, alert["url"].removeprefix(village.url)

    async def kept() -> bool:
        return await page.evaluate(_KEPT, [path, "/", "/here", "/me"])

    await eventually(kept, "the pages and their files are kept")
    await page.context.set_offline(True)
    await page.goto(village.url + path)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Route coupée")
    await page.goto(village.url + "/here")
    # The locale that Playwright emulates is the page's alone: what the worker fetched itself is in Chromium's own.
    await page.get_by_role("button", name=re.compile("Vérifier là où je suis|Check where I am")).wait_for()
    await page.goto(village.url + "/s/nowhere-yet")
    await expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Alertes locales|Local alerts"))


_CHANGE = """(renewed) => {
  const event = new ExtendableEvent("pushsubscriptionchange");
  event.oldSubscription = {endpoint: renewed.replaces};
  event.newSubscription = {endpoint: renewed.subscription.endpoint, toJSON: () => renewed.subscription};
  self.dispatchEvent(event);
}"""
_KEEP = """(token) => new Promise((done) => { indexedDB.open("tocsin", 1).onsuccess = ({target}) => {
  const change = target.result.transaction("facts", "readwrite");
  change.objectStore("facts").put(token, "token");
  change.oncomplete = done; }; })"""


async def test_a_subscription_that_the_browser_renewed_takes_the_place_of_the_old(visit, village):
    worker = await working(visit)
    old, new = (village.town.push.subscribe()[1] for _ in range(2))
    _, token = await village.api.sign_up(old.json)
    await worker.page.evaluate(_KEEP, token)
    (script,) = worker.page.context.service_workers
    await script.evaluate(_CHANGE, {"subscription": new.json, "replaces": old.endpoint})
    ask = """async (token) => {
      const headers = {Authorization: `Bearer ${token}`};
      return (await (await fetch("/v1/subscribers/me", {headers})).json()).contacts;
    }"""

    async def renewed() -> bool:
        contacts = await worker.page.evaluate(ask, token)
        return [each["subscription"]["endpoint"] for each in contacts] == [new.endpoint]

    await eventually(renewed, "the service has the new subscription, and the old no more")


async def test_a_towns_sign_follows_what_holds_and_outlives_a_lost_network(visit, village):
    visit.forgive("ERR_INTERNET_DISCONNECTED")
    page = await visit(f"/sign/{village.station}", size=DESK)
    await page.clock.install()
    await page.reload()
    alert = await village.api.issue(texts={"fr": {"headline": "Fuite de gaz"}})

    async def shown() -> bool:
        await page.clock.run_for(16_000)  # it asks every fifteen seconds
        return "Fuite de gaz" in await page.locator("#sign").inner_text()

    async def gone() -> bool:
        return not await shown()

    await eventually(shown, "the sign shows the alert")
    await expect(page.locator("#last")).to_contain_text("Dernière nouvelle")
    await page.context.set_offline(True)
    await page.clock.run_for(90_000)
    await expect(page.locator("#last")).to_contain_text("Pas de réseau depuis")
    await expect(page.locator("#sign")).to_contain_text("Fuite de gaz")
    await page.context.set_offline(False)
    await village.api.cancel(alert["id"])
    await eventually(gone, "the sign shows it no more")
    await expect(page.locator("#last")).to_contain_text("Dernière nouvelle")
