"""The whole way: residents sign up in Firefox, an operator alerts a circle in Chromium, and who is in it knows.

Nothing on it is made up for the test but the peers outside: the push service speaks Firefox' own protocol, and the
desktop is a D-Bus service that shows to nobody what Firefox gives it to show.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.browser.visiting import DESK
from tests.servers.town import INSIDE, OUTSIDE
from tests.servers.town_api import eventually
from tests.servers.town_facts import CENTRE, RADIUS_M

if TYPE_CHECKING:
    from playwright.async_api import Page

pytestmark = pytest.mark.timeout(180)
_PATIENCE_S = 30


async def follow_by_push(visit, village, firefox, at) -> Page:
    """Somebody who read the QR code: this device, then the place where they are."""
    page = await visit(f"/s/{village.station}", browser=firefox, at=at)
    await page.get_by_role("button", name="Sur cet appareil").click()
    await page.get_by_role("button", name="J’y suis").click()
    await expect(page.get_by_role("heading", name="C’est fait")).to_be_visible()
    return page


async def send_flood(village) -> dict:
    circle = {"lon": CENTRE[0], "lat": CENTRE[1], "radius_m": RADIUS_M}
    return await village.api.issue(area={"circles": [circle]})


async def test_who_is_in_the_circle_is_told_and_a_press_opens_the_alert(visit, village, firefox, desktop):
    resident = await follow_by_push(visit, village, firefox, INSIDE)
    await follow_by_push(visit, village, firefox, OUTSIDE)
    subscribed = len(village.push.subscriptions)
    alert = await send_flood(village)

    async with asyncio.timeout(_PATIENCE_S):
        notice = await desktop.shown(lambda each: "Risle" in each.title)
    assert "La Risle déborde" in notice.title
    assert "Montez à l'étage." in notice.text

    await desktop.press(notice)
    async with asyncio.timeout(_PATIENCE_S):
        await eventually(lambda: any("/a/" in page.url for page in resident.context.pages), "the alert is open")
    read = next(page for page in resident.context.pages if "/a/" in page.url)
    await expect(read.get_by_role("heading", level=1)).to_contain_text("La Risle déborde")

    async def opened() -> list[str]:
        return [each["channel"] for each in await village.api.deliveries(alert["id"]) if each["opened_at"]]

    async def reported() -> bool:
        return await opened() == ["push"]

    await eventually(reported, "the worker says that it was opened")
    # Two Firefoxes subscribed; one of them was in the circle.
    assert subscribed == 2
    assert len(village.push.messages) == 1
    assert len([each for each in desktop.notices if "Risle" in each.title]) == 1

    console = await visit("/console", signed_in=True, size=DESK)
    await expect(console.get_by_text("La Risle déborde").first).to_be_visible()


async def test_a_visitor_who_walks_in_is_told_on_the_way(visit, village, firefox, desktop):
    alert = await village.api.issue(texts={"fr": {"headline": "Fuite de gaz", "instruction": "Ne fumez pas."}})
    await village.api.finished(alert["id"])
    page = await visit("/here", browser=firefox, at=OUTSIDE)
    await page.get_by_role("button", name="Regarder là où je suis").click()
    await page.get_by_role("button", name=re.compile("^2")).click()
    await expect(page.locator("#staying")).to_be_visible()
    assert not [each for each in desktop.notices if "gaz" in each.title]

    await page.context.set_geolocation({"longitude": INSIDE[0], "latitude": INSIDE[1]})
    await page.reload()
    async with asyncio.timeout(_PATIENCE_S):
        notice = await desktop.shown(lambda each: "gaz" in each.title)
    assert "Ne fumez pas." in notice.text
