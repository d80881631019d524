"""The rig itself: what goes wrong in a page is seen, and the chain from a page to a notification and back is whole."""

from __future__ import annotations

import pytest
from playwright.async_api import Error, expect

from tests.browser.visiting import DESK
from tests.servers.town_api import eventually


async def test_a_signed_in_operator_sees_the_console(visit, village):
    page = await visit("/console", signed_in=True, size=DESK)
    await expect(page).to_have_url(f"{village.url}/console")
    assert await page.evaluate("innerWidth") == DESK["width"]


async def test_who_is_not_signed_in_is_asked_who_they_are(visit):
    page = await visit("/console", lang="en")
    await expect(page.locator("#login")).to_be_visible()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("console.error('it broke')", "it broke"),
        ("setTimeout(() => { throw new Error('uncaught') })", "uncaught"),
        ("document.body.setAttribute('style', 'color: red')", "policy"),
        ("document.body.append(Object.assign(document.createElement('script'), {textContent: '1'}))", "policy"),
        ("fetch('http://localhost:9/').catch(() => 0)", "policy: connect-src"),
    ],
)
async def test_what_goes_wrong_in_a_page_is_seen(visit, script, words):
    page = await visit("/")
    await page.evaluate(f"() => {{ {script} }}")
    await eventually(lambda: any(words in each for each in visit.unforgiven), f"{words} is seen")
    visit.problems.clear()


async def test_chromium_finds_nobody_but_this_machine(visit):
    page = await visit("/")
    with pytest.raises(Error):
        await page.goto("http://example.org/")
    await eventually(lambda: any("left the origin" in each for each in visit.unforgiven), "the request is seen")
    visit.problems.clear()
