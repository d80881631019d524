"""Scheduled alerts by keyboard alone, and a new alert at night: it is night for everyone in this file's village."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from playwright.async_api import expect

from broadcaster.domain.schedules import Occurrence, Outcome
from broadcaster.store import schedules
from broadcaster.store.schedules import Settled
from tests.browser.test_compose import hold_enter, sent, to_where
from tests.browser.test_schedule import keep
from tests.browser.village import village as founded
from tests.browser.visiting import DESK, PHONE
from tests.servers.town_facts import STATION

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Locator, Page

    from tests.browser.village import Village
    from tests.servers.autopush import Autopush

PARIS = ZoneInfo("Europe/Paris")
TEXTS = {
    "fr": {"headline": "Marché : la place est fermée", "instruction": "Garez-vous à la gare."},
    "en": {"headline": "Market: the square is closed", "instruction": "Park at the station."},
}
ON_TOP = """(each) => {
  const { left, top, width, height } = each.getBoundingClientRect();
  return each.contains(document.elementFromPoint(left + Math.min(width / 2, 8), top + Math.min(height / 2, 8)));
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def village(tmp_path_factory: pytest.TempPathFactory, autopush: Autopush) -> AsyncIterator[Village]:
    now = datetime.now(PARIS)
    night = f"{now - timedelta(hours=3):%H:%M}-{now + timedelta(hours=5):%H:%M}"
    folder = tmp_path_factory.mktemp("village")
    async with founded(folder, autopush, residents=25, geocoder_url="off", quiet_hours=night) as made:
        yield made


async def scheduled(village: Village, **asked: Any) -> dict[str, Any]:
    at = f"{datetime.now(PARIS) + timedelta(days=1):%Y-%m-%d}T12:30"
    body = {"station": STATION, "at": at, "repeat": "FREQ=DAILY", "texts": TEXTS} | asked
    return await village.api.call("POST", "/v1/schedules", body, expect=201)


async def missed(village: Village, schedule: dict[str, Any]) -> None:
    """Yesterday's occurrence was not sent."""
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    async with village.town.store.write() as unit:
        found = await schedules.by_id(unit, int(schedule["id"]))
        assert found is not None
        late = Occurrence(found.id, at, Outcome.MISSED)
        assert await schedules.settle(unit, [Settled(found, found.next_at, None, (late,))])


async def go(page: Page, where: Locator) -> None:
    """Press Tab until one is there and sees it, then Enter."""
    await expect(where).to_be_visible()
    for _ in range(90):
        await page.keyboard.press("Tab")
        if await where.evaluate("(each) => each === document.activeElement"):
            break
    await expect(where).to_be_focused()
    assert await where.evaluate(ON_TOP), "nothing lies over what has the focus"
    await page.keyboard.press("Enter")


@pytest.mark.parametrize(("lang", "size"), [("fr", PHONE), ("en", DESK)], ids=["fr-390", "en-1280"])
async def test_from_what_was_not_sent_to_the_month_the_agenda_and_a_change(visit, village, lang, size):
    schedule = await scheduled(village, severity="minor", audience="all_followers", lasts_minutes=720)
    await missed(village, schedule)
    there, headline = f"/console/schedules/{schedule['id']}", TEXTS[lang]["headline"]
    entry = f"main a[href='{there}']"
    page = await visit("/console", signed_in=True, lang=lang, size=size)
    await go(page, page.locator(entry).first)
    await expect(page.locator("h1")).to_have_text(headline)
    await go(page, page.locator("a.back"))
    await go(page, page.locator("main nav a[href$='view=month']"))
    await go(page, page.locator("main a[rel=next]"))
    await expect(page.locator(f".calendar {entry.removeprefix('main ')}").nth(20)).to_be_visible()
    await expect(page.locator(".calendar a").first).to_contain_text({"fr": "Par ", "en": "By "}[lang])
    await go(page, page.locator("main nav a[href$='view=agenda']"))
    first = page.locator(f"section li {entry.removeprefix('main ')}.line").first
    await expect(first).to_contain_text({"fr": "Par ", "en": "By "}[lang])
    await go(page, first)
    await expect(page.locator("h1")).to_have_text(headline)
    await go(page, page.locator(f"a[href='{there}/edit']"))
    await expect(page.locator("#coming li")).to_have_count(10)
    await expect(page.locator("#sum-until")).to_contain_text({"fr": "12 heures", "en": "12 hours"}[lang])
    await page.goto(village.url + there)
    await page.locator("button.danger").press("Enter")
    await page.wait_for_url("**/console/schedules")


async def test_at_night_nothing_is_sent_before_its_author_says_whom_to_wake(visit, village):
    page = await visit("/console/new", signed_in=True, lang="en", size=DESK, timezone_id="Europe/Paris")
    await to_where(page, "other")
    await page.locator("#grip").press("Enter")
    await page.locator("#audience").select_option("all_followers")
    await page.locator("#to-words").press("Enter")
    await page.locator("input[name=severity][value=minor]").press("Space")
    await page.locator("#headline-en").fill("Water is cut off for an hour")
    await page.locator("#headline-fr").fill("L'eau est coupée une heure")
    await page.locator("input[name=hours][value='3']").press("Space")
    await page.locator("input[name=onset][value='']").focus()
    await page.keyboard.press("ArrowRight")
    onset = page.locator("#onset")
    await expect(onset).to_have_value(re.compile(r"T\d\d:\d\d$"))
    begins = (datetime.now(UTC) + timedelta(hours=2)).astimezone(PARIS).replace(second=0, microsecond=0)
    await onset.fill(f"{begins:%Y-%m-%dT%H:%M}")
    await page.locator("#to-check").press("Enter")
    await expect(page.locator("#waking legend")).to_have_text("Wake people?")
    await expect(page.locator("#sum-until")).to_contain_text(f"{begins:%H:%M}")
    wake, leave = (page.locator(f"input[name=wakes][value={each}]") for each in ("yes", "no"))

    await hold_enter(page)
    await expect(page.locator("#wakes-wrong")).to_have_text("Choose first: wake people, or let them sleep?")
    await expect(wake).to_be_focused()
    await page.keyboard.press("Space")
    await expect(wake).to_be_checked()
    await page.keyboard.press("ArrowDown")
    await expect(leave).to_be_checked()
    await page.keyboard.press("ArrowUp")
    await expect(wake).to_be_checked()
    await hold_enter(page)
    alert = await sent(page, village)
    assert datetime.fromisoformat(alert["onset"]) == begins
    account = await village.api.finished(alert["id"])
    assert (account["waiting"], account["people"]["accepted"] > 0) == (0, True), "they were woken"


async def test_a_reminder_is_changed_by_keyboard_and_still_reminds(visit, village):
    alert = await village.api.issue()
    reminder = await scheduled(village, reminds=alert["id"])
    there = f"/console/schedules/{reminder['id']}"
    page = await visit(there, signed_in=True, lang="en", size=DESK)
    await go(page, page.locator(f"a[href='{there}/edit']"))
    await expect(page.locator("#coming li")).to_have_count(10)
    await page.locator(".way a[href='#words']").press("Enter")
    await expect(page.locator("#headline-en")).to_have_value(TEXTS["en"]["headline"])
    await page.locator("#headline-en").fill("Still no drinking water")
    await page.locator("#to-check").press("Enter")
    await keep(page)
    changed = await village.api.call("GET", f"/v1/schedules/{reminder['id']}")
    assert (changed["kind"], changed["reminds"], changed["repeat"]) == ("reminder", alert["id"], "FREQ=DAILY")
    assert changed["texts"]["en"]["headline"] == "Still no drinking water"
    assert changed["texts"]["fr"]["headline"] == TEXTS["fr"]["headline"]
