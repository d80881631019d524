"""One look at one page in one language: all that the guards want to know of it, found in a single visit."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.browser.guards.measures import AWAITED, AXE, COLOUR_RULES, CUT, MOVES, RULES, SMALL, STOPS, WATCH, WAY, WIDE
from tests.browser.machine import ROOT
from tests.browser.visiting import DESK, PHONE, THEMES, Visits

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page, Response

    from tests.browser.pages import Shown
    from tests.browser.scene import Scene

# 1280 pixels at 400 %, or a telephone of 640 at 200 % (WCAG 2.2, 1.4.10)
NARROW = {"width": 320, "height": 640}
TABLET = {"width": 1024, "height": 768}
TARGET_PX = 43.5  # 44, and what a browser rounds away
MOST_STOPS = 60
ALERT = "/a/{token}"
MOST_HEIGHT_PX = 16_000
_UNCHANGED = 304
_PARTS = 12
AXE_SOURCE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text


@dataclass
class Looked:
    """What was found on a page. ``stops``: (places that the keyboard should reach, those it did reach).

    ``came``: (kind, address, octets as sent) of what the page brought with it into an empty cache.
    ``awaited``: (address, octets as sent) of what the browser had to have before it painted anything.
    """

    shown: Shown
    lang: str
    says_lang: str | None
    axe: list[str] = field(default_factory=list)
    wide: list[str] = field(default_factory=list)
    small: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)
    dim: list[str] = field(default_factory=list)
    stops: tuple[int, int] = (0, 0)
    moving: list[str] = field(default_factory=list)
    came: list[tuple[str, str, int]] = field(default_factory=list)
    awaited: list[tuple[str, int]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


async def examine(shown: Shown, lang: str, scene: Scene, browser: Browser) -> Looked:
    """Visit a page and measure it, French on a telephone and English at a desk."""
    visit = Visits(scene.village, browser)
    page = await shown.open(visit, scene, lang=lang, size=PHONE if lang == "fr" else DESK)
    try:
        looked = Looked(shown, lang, await page.locator("html").get_attribute("lang"))
        weighed = [each for each in visit.came if each.status != _UNCHANGED and _counts(each, shown)]
        looked.came = await asyncio.gather(*map(_weighed, weighed))
        looked.awaited = [(url, octets) for url, octets in await page.evaluate(AWAITED)]
        if lang == "fr":  # the way of the keyboard is the same in every language, and the longest to go
            looked.dim, looked.stops = await walk(page)
        await page.evaluate(AXE_SOURCE())
        await whole(page)
        for theme, rules in zip(THEMES, (RULES, COLOUR_RULES), strict=True):
            await page.emulate_media(color_scheme=theme)
            looked.axe += [f"{theme}: {each}" for each in await page.evaluate(AXE, rules)]
        for size in (DESK, TABLET, PHONE):
            await page.set_viewport_size(size)
            looked.cut += await page.evaluate(CUT)
        await page.set_viewport_size(NARROW)
        looked.wide = await page.evaluate(WIDE)
        looked.small = await page.evaluate(SMALL, TARGET_PX)
        await page.emulate_media(reduced_motion="reduce")
        looked.moving = await page.evaluate(MOVES)
        looked.problems = visit.unforgiven
        return looked
    finally:
        await page.context.close()


async def whole(page: Page) -> None:
    """Make the window as high as the page: what a bar at its edge covers for now, scrolling would show."""
    width: int = await page.evaluate("() => { scrollTo(0, 0); return innerWidth; }")
    height: int = await page.evaluate("() => document.documentElement.scrollHeight")
    if height <= MOST_HEIGHT_PX:
        await page.set_viewport_size({"width": width, "height": max(height, PHONE["height"])})


async def walk(page: Page) -> tuple[list[str], tuple[int, int]]:
    """Go through a page by the Tab key: (where the focus can't be seen, (places to reach, places reached))."""
    # From the top: a heading that a step has given the focus to would else be where the way begins.
    await page.evaluate(
        "() => { document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex'); }"
    )
    await page.emulate_media(reduced_motion="reduce")  # a ring that comes slowly is there in the end
    count: int = min(await page.evaluate(STOPS), MOST_STOPS)
    await page.evaluate(WATCH)
    for _ in range(count):
        await page.keyboard.down("Tab")  # held: letting go of it each time takes as long again
    dim, reached = await _went(page)
    for _ in range(_PARTS):  # a date has a stop for each of its parts, and one element for all
        if reached >= count:
            break
        await page.keyboard.down("Tab")
        dim, reached = await _went(page)
    await page.keyboard.up("Tab")
    await page.evaluate("() => document.activeElement?.blur()")
    await page.emulate_media(reduced_motion="null")
    return dim, (count, min(reached, count))


async def _went(page: Page) -> tuple[list[str], int]:
    """Return where the focus could not be seen, and how many places it reached before it left the page."""
    way: list[dict[str, Any] | None] = await page.evaluate(WAY)
    visited: set[str] = set()
    dim: list[str] = []
    last = ""
    for now in way:
        if now is None or (now["stop"] in visited and now["stop"] != last):
            break  # out of the page, or round again
        last = now["stop"]
        if last not in visited and not now["ring"]:
            dim.append(now["words"])
        visited.add(last)
    return dim, len(visited - {""})


def _counts(response: Response, shown: Shown) -> bool:
    """Return whether a budget counts it: all that an alert's page brings; but a stream of events has no end."""
    kind = response.request.resource_type
    return kind in ("document", "script") or (shown.answers == ALERT and kind != "eventsource")


async def _weighed(response: Response) -> tuple[str, str, int]:
    sizes = await response.request.sizes()
    return response.request.resource_type, response.url, max(0, sizes["responseBodySize"])
