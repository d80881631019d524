"""On Friday somebody writes Monday's message, changes one of its times, and leaves another out: with a real browser."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from playwright.async_api import expect

from tests.browser.test_compose import to_where

if TYPE_CHECKING:
    from playwright.async_api import Page


def monday() -> datetime:
    today = datetime.now(UTC)
    return today + timedelta(days=7 + (7 - today.weekday()) % 7)


async def to_check(page: Page, words: str) -> None:
    """The way of a message to all followers, by keyboard from the words on."""
    await to_where(page, "other")
    await page.locator("#grip").click()
    await page.locator("#audience").select_option("all_followers")
    await page.locator("#to-words").click()
    await page.locator("input[name=severity][value=minor]").check()
    await page.locator("#headline-fr").fill(words)
    await page.locator("#to-check").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#step-check h1")).to_be_visible()


async def keep(page: Page) -> None:
    """Keep Enter pressed until it is saved."""
    await expect(page.locator("#step-check h1")).to_be_visible()
    await page.locator("#send").focus()
    await page.keyboard.down("Enter")
    await page.wait_for_url(re.compile(r"/console/schedules/\d+$"))
    await page.keyboard.up("Enter")


async def test_mondays_message_is_written_on_friday_and_changed_later(visit, village):
    page = await visit("/console/new", signed_in=True)
    await to_check(page, "Cantine fermée")
    await page.locator("input[name=when][value=now]").focus()
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("#recurs")).to_be_visible()
    at = f"{monday():%Y-%m-%d}T07:30"
    await page.locator("#at").fill(at)
    await page.locator("[data-later=holidays]").check()
    await expect(page.locator("#coming li")).to_have_count(10)
    await expect(page.locator("#coming li").first).to_contain_text("lundi")
    await keep(page)
    number = page.url.rpartition("/")[2]
    made = await village.api.call("GET", f"/v1/schedules/{number}")
    assert (made["at"], made["repeat"], made["skip_public_holidays"]) == (at, "FREQ=WEEKLY;BYDAY=MO", True)
    ahead = (await village.api.call("GET", f"/v1/schedules/{number}/occurrences"))["coming"]

    first = page.locator("details.one").first
    await first.locator("summary").focus()
    await page.keyboard.press("Enter")
    await first.locator("button", has_text="Sauter").click()
    await expect(page.locator("ol.list li")).to_have_count(10)
    after = (await village.api.call("GET", f"/v1/schedules/{number}/occurrences"))["coming"]
    assert after[0] == ahead[1]

    await page.locator("details.one summary").first.click()
    await page.locator("details.one a", has_text="Modifier").first.click()
    await expect(page.locator("#step-check h1")).to_have_text("Vérifiez, puis enregistrez")
    await expect(page.locator("input[name=when][value=at]")).to_be_checked()
    await page.locator(".way a[href='#words']").focus()
    await page.keyboard.press("Enter")
    await page.locator("#headline-fr").fill("Cantine ouverte")
    await page.locator("#to-check").focus()
    await page.keyboard.press("Enter")
    await keep(page)
    await expect(page.locator("h1")).to_have_text("Cantine ouverte")
    other = await village.api.call("GET", f"/v1/schedules/{page.url.rpartition('/')[2]}")
    assert (other["next"], other["repeat"]) == (after[0], None)

    await page.goto(f"{village.url}/console/schedules/{number}/edit")
    await expect(page.locator("#rule")).to_have_value("weekly")
    await expect(page.locator("[data-later=holidays]")).to_be_checked()
    await page.locator("#rule").select_option("nth")
    await page.locator("#until").fill(f"{monday().year + 1}-12-31")
    await expect(page.locator("#coming li").first).to_contain_text("lundi")
    await keep(page)
    await expect(page.locator("h1")).to_have_text("Cantine fermée")
    changed = await village.api.call("GET", f"/v1/schedules/{number}")
    assert re.fullmatch(rf"FREQ=MONTHLY;BYDAY=-?\dMO;UNTIL={monday().year + 1}1231", changed["repeat"])

    await page.evaluate("(month) => location.assign(`/console/schedules?view=month&month=${month}`)", at[:7])
    await expect(page.locator(".calendar a").first).to_be_visible()
    await expect(page.locator("main")).to_contain_text("Cantine")
