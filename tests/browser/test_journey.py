"""The whole way: residents sign up in Firefox, an operator alerts a circle in Chromium, and who is in it knows.

Nothing on it is made up for the test but the peers outside: the push service speaks Firefox' own protocol, and the
desktop is a D-Bus service that shows to nobody what Firefox gives it to show.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect
from sqlalchemy import func, select

from broadcaster.store.tables import subscribers
from tests.browser.visiting import DESK
from tests.servers.autopush import DELIVERED
from tests.servers.town import CENTRE, away
from tests.servers.town_api import eventually

if TYPE_CHECKING:
    from playwright.async_api import Page

    from tests.servers.desktop import Notice

pytestmark = pytest.mark.timeout(180)
_PATIENCE_S = 30
_LIVE = re.compile(r"/console/alerts/\d+$")

# The endpoint that the device knows the service to have is a new one, and nothing waits to be told.
_RENEWED = """async (before) => {
  const database = await new Promise((done) => {
    const asked = indexedDB.open("tocsin");
    asked.onsuccess = () => done(asked.result);
  });
  const fact = (name) => new Promise((done) => {
    const asked = database.transaction("facts").objectStore("facts").get(name);
    asked.onsuccess = () => done(asked.result);
  });
  const [endpoint, waiting] = [await fact("endpoint"), await fact("renewal")];
  database.close();
  return !waiting && !before.includes(endpoint);
}"""


async def follow_by_push(visit, village, firefox, at) -> Page:
    """Somebody who read the QR code: this device, then the place where they are."""
    page = await visit(f"/s/{village.station}", browser=firefox, at=at)
    await page.get_by_role("button", name="Sur cet appareil").click()
    await page.get_by_role("button", name="J’y suis").click()
    await expect(page.get_by_role("heading", name="C’est fait")).to_be_visible()
    return page


async def draw_and_send(visit) -> Page:
    """An operator at a desk: a flood, a circle in the middle of the map, a held press. Gives the alert's live page."""
    page = await visit("/console", signed_in=True, size=DESK)
    await page.get_by_role("link", name="Nouvelle alerte").first.click()
    await page.get_by_role("button", name="Inondation").click()
    await page.locator("#map").press("Enter")
    await expect(page.locator('[data-reach="people"]')).to_have_text(re.compile("[1-9]"))
    await page.locator("#to-words").click()
    await page.locator("#headline-fr").fill("La Risle déborde")
    await page.locator("#instruction-fr").fill("Montez à l’étage.")
    await page.locator("#to-check").click()
    await expect(page.locator("#sentence")).to_contain_text("MAINTENANT")
    await page.locator("#send").hover()
    await page.mouse.down()
    await page.wait_for_url(_LIVE)  # it goes as soon as it was held for long enough
    await page.mouse.up()
    return page


# The first of this file: a Firefox that has closed other people's windows tells those too, and takes its time.
async def test_a_browser_whose_subscription_was_lost_takes_a_new_one_and_is_told(visit, village, firefox, desktop):
    page = await follow_by_push(visit, village, firefox, CENTRE)
    before = set(village.push.subscriptions)
    await village.push.forget(next(each for each in village.push.browsers.values() if each.socket is not None))

    async def renewed() -> bool:
        return bool(await page.evaluate(_RENEWED, list(before)))

    await eventually(renewed, "the worker subscribed anew and told the service", _PATIENCE_S)
    lon, lat = CENTRE
    texts = {"fr": {"headline": "Panne d’eau", "instruction": "Ne buvez pas l’eau du robinet."}}
    await village.api.issue(texts=texts, area={"circles": [{"lon": lon, "lat": lat, "radius_m": 300}]})
    async with asyncio.timeout(_PATIENCE_S):
        await desktop.shown(lambda each: "Panne d’eau" in each.title)


async def test_who_is_in_the_circle_is_told_and_a_press_opens_the_alert(visit, village, firefox, desktop):
    resident = await follow_by_push(visit, village, firefox, away(300, centre=village.middle))
    await follow_by_push(visit, village, firefox, away(3000, centre=village.middle))
    known, told = len(village.push.subscriptions), len(village.push.messages)
    live = await draw_and_send(visit)

    async with asyncio.timeout(_PATIENCE_S):
        notice = await desktop.shown(lambda each: "Risle" in each.title)
    assert "La Risle déborde" in notice.title
    assert "Montez à l’étage." in notice.text

    await desktop.press(notice)
    async with asyncio.timeout(_PATIENCE_S):
        await eventually(lambda: any("/a/" in page.url for page in resident.context.pages), "the alert is open")
    read = next(page for page in resident.context.pages if "/a/" in page.url)
    await expect(read.get_by_role("heading", level=1)).to_contain_text("La Risle déborde")

    await live.locator("#states summary").click()
    await expect(live.locator("#states tr").filter(has_text="ouvert")).to_contain_text("1")

    alert_id = live.url.rpartition("/")[2]
    report = await village.api.until(alert_id, lambda each: each["people"]["pending"] == 0)
    assert report["unaccounted"] == 0
    # Two Firefoxes subscribed; one of them was in the circle.
    assert known >= 2
    assert [each.code for each in village.push.messages[told:]] == [DELIVERED]
    assert len([each for each in desktop.notices if "Risle" in each.title]) == 1


async def test_a_sign_up_is_confirmed_by_the_worker_that_shows_the_welcome(visit, village, firefox, desktop):
    await follow_by_push(visit, village, firefox, CENTRE)
    async with asyncio.timeout(_PATIENCE_S):
        notice = await desktop.shown(lambda each: "inscrit" in each.title)
    assert "arriveront ici" in notice.text

    async def confirmed() -> bool:
        async with village.town.store.read() as unit:
            waiting = select(func.count()).where(subscribers.c.unconfirmed_at.is_not(None))
            return await unit.conn.scalar(waiting) == 0

    await eventually(confirmed, "its answer confirms the sign-up", _PATIENCE_S)


async def test_a_visitor_who_walks_in_is_told_on_the_way(visit, village, firefox, desktop):
    lon, lat = village.middle
    area = {"circles": [{"lon": lon, "lat": lat, "radius_m": 600}]}
    texts = {"fr": {"headline": "Fuite de gaz", "instruction": "Ne fumez pas."}}
    alert = await village.api.issue(texts=texts, area=area)
    await village.api.finished(alert["id"])
    page = await visit("/here", browser=firefox, at=CENTRE)  # in the town, and some 1,400 m from the gas
    await page.get_by_role("button", name="Vérifier là où je suis").click()
    await page.get_by_role("button", name=re.compile("^2")).click()
    await expect(page.locator("#staying")).to_be_visible()
    assert not [each for each in desktop.notices if "gaz" in each.title]

    await page.context.set_geolocation({"longitude": lon, "latitude": lat})
    await page.reload()
    async with asyncio.timeout(_PATIENCE_S):
        notice = await desktop.shown(lambda each: "gaz" in each.title)
    assert "Ne fumez pas." in notice.text


async def test_a_flood_is_answered_by_its_buttons_moves_on_and_ends_on_the_screens(visit, village, firefox, desktop):
    """The short form, in browsers, of ``test_flood_story``: three people, an alert, an update, the all-clear."""
    homes = [away(metres, centre=village.middle) for metres in (0, 100, 1000)]
    people = [await follow_by_push(visit, village, firefox, each) for each in homes]
    lon, lat = village.middle

    def circle(radius_m: int) -> dict[str, Any]:
        return {"circles": [{"lon": lon, "lat": lat, "radius_m": radius_m}]}

    def standing(words: str) -> list[Notice]:
        return [each for each in desktop.standing.values() if words in each.title and "L’Iton monte" in each.title]

    async def shown(n: int, words: str = "") -> list[Notice]:
        async with asyncio.timeout(_PATIENCE_S):
            await desktop.until(lambda: len(standing(words)) == n)
        return standing(words)

    async def press(notice: Notice, button: str) -> None:
        await desktop.press(notice, next(key for key, name in notice.actions.items() if name == button))

    async def answered(alert: dict[str, Any], **counts: int) -> None:
        await village.api.until(alert["id"], lambda each: each["answers"] == counts)

    # Nobody is on duty, so help is not offered; a press on a button answers, and its thanks replace the notice.
    texts = {"fr": {"headline": "L’Iton monte", "instruction": "Montez."}}
    alert = await village.api.issue(texts=texts, area=circle(1500), channels=["push"])
    first, *_ = await shown(3)
    assert list(first.actions.values())[1:] == ["Bien reçu", "Je suis en sécurité"]
    await press(first, "Bien reçu")
    await answered(alert, received=1)
    await desktop.until(lambda: any("Merci" in each.text for each in standing("")))

    # An operator is on duty, and the area moves: whom it still concerns is told, and whom it does not.
    duty = await visit("/console/help", signed_in=True, size=DESK)
    await duty.get_by_role("button", name="Prendre la permanence").click()
    await expect(duty.get_by_role("button", name="Prendre la permanence")).to_have_count(0)
    moved = await village.api.call("POST", f"/v1/alerts/{alert['id']}/updates", {"area": circle(500)}, expect=202)
    safe, in_need = await shown(2, "Mise à jour")
    await shown(1, "Ne vous concerne plus")
    assert len(standing("")) == 3, "each took the place of the one before"
    await press(safe, "Je suis en sécurité")
    await answered(moved, safe=1)
    await press(in_need, "Appelez d’abord le 112. J’ai besoin d’aide")
    await answered(moved, safe=1, help=1)

    def helped() -> list[Page]:
        return [page for each in people for page in each.context.pages if "/r/" in page.url]

    await eventually(lambda: bool(helped()), "the page that says 112 first is open", _PATIENCE_S)
    await expect(helped()[0].locator("[data-danger]")).to_contain_text("appelez le 112")
    await expect(duty.get_by_role("button", name="Je m’en charge")).to_be_visible()

    await village.api.cancel(moved["id"])
    await shown(2, "Fin")
    await shown(1, "Ne vous concerne plus")


async def test_an_operators_firefox_gets_pushes_and_a_press_opens_the_console(visit, village, firefox, desktop):
    page = await visit("/console/account", browser=firefox, signed_in=True)
    await page.get_by_role("button", name="Recevoir les notifications sur cet appareil").click()
    await expect(page.get_by_text("Les notifications arrivent sur cet appareil")).to_be_visible()
    async with asyncio.timeout(_PATIENCE_S):
        notice = await desktop.shown(lambda each: "s’afficheront ici" in each.text)
    await page.wait_for_load_state()  # or what it still loads is told as an error of its worker
    await page.goto("about:blank")
    await desktop.press(notice)

    def opened() -> bool:
        return any(each.url == f"{village.url}/console/account" for each in page.context.pages)

    await eventually(opened, "the console is open", _PATIENCE_S)
    page = next(each for each in page.context.pages if "/console/account" in each.url)
    await page.get_by_role("button", name="Plus de notifications sur").click()
    await expect(page.get_by_text("Plus aucune notification n’arrive")).to_be_visible()
