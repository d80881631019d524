"""What browsers give to screen readers: roles, names and live announcements, of the ways to receive and to send."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.async_api import expect

from tests.servers.town import INSIDE

if TYPE_CHECKING:
    from tests.browser.village import Village
    from tests.browser.visiting import Visits


async def test_the_way_to_receive_alerts_is_spoken(visit: Visits, village: Village) -> None:
    page = await visit(f"/s/{village.station}", lang="en")
    told = await page.locator("body").aria_snapshot()
    landmarks = "banner", "main", "contentinfo", "heading", "[level=1]"
    for part in ('link "Go to the content"', 'navigation "Language"', *landmarks):
        assert part in told, part


async def test_what_is_found_here_is_announced(visit: Visits) -> None:
    page = await visit("/here", lang="en", at=INSIDE)
    await page.get_by_role("button", name="Check where I am").click()
    result = page.locator("#result")
    await expect(result.get_by_role("heading")).to_be_focused()
    await expect(result).to_have_attribute("aria-live", "polite")


async def test_the_way_to_send_is_spoken_and_goes_by_keyboard(visit: Visits) -> None:
    page = await visit("/console/new", lang="en", signed_in=True)
    told = await page.locator("body").aria_snapshot()
    for part in ("navigation", "main", "[level=1]", 'group "Is it for real?"', 'radio "For real" [checked]'):
        assert part in told, part
    await page.get_by_role("button", name=re.compile("^Flood")).press("Enter")
    await expect(page.get_by_role("heading", level=1, name="Where does it happen?")).to_be_focused()
