"""Takes a picture of every page of the table, in both languages, sizes and themes: ``make screenshots``.

``build/screenshots/alert-fr-phone-dark.png`` is the alert in French on a telephone at night. With names of pages as
arguments, of these pages only.
"""

from __future__ import annotations

import asyncio
import itertools
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.async_api import async_playwright

from tests.browser.machine import ROOT, lacking, start_chromium
from tests.browser.pages import PAGES
from tests.browser.scene import scene
from tests.browser.visiting import DESK, LANGUAGES, PHONE, THEMES, Visits
from tests.servers.autopush import Autopush

if TYPE_CHECKING:
    from tests.browser.pages import Shown
    from tests.browser.scene import Scene

FOLDER = ROOT / "build" / "screenshots"
_SIZES = {"phone": PHONE, "desk": DESK}
_AT_ONCE = 3


async def _take(shown: Shown, visit: Visits, here: Scene) -> None:
    for lang, (size_name, size) in itertools.product(LANGUAGES, _SIZES.items()):
        page = await shown.open(visit, here, lang=lang, size=size, device_scale_factor=2)
        for theme in THEMES:
            await page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            path = FOLDER / f"{shown.name}-{lang}-{size_name}-{theme}.png"
            await page.screenshot(path=path, full_page=shown.whole, animations="disabled", scale="css")
        await page.context.close()


async def main(names: list[str]) -> int:
    """Return the exit code: 1 where something went wrong in a page, which is told."""
    wanted = [page for page in PAGES if not names or page.name in names]
    if not names:
        shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    gate = asyncio.Semaphore(_AT_ONCE)
    with tempfile.TemporaryDirectory() as folder:
        async with async_playwright() as playwright, Autopush() as push, scene(Path(folder), push) as here:
            browser = await start_chromium(playwright)
            visit = Visits(here.village, browser)

            async def take(shown: Shown) -> None:
                async with gate:
                    await _take(shown, visit, here)

            done = await asyncio.gather(*map(take, wanted), return_exceptions=True)
            await browser.close()
    for shown, error in zip(wanted, done, strict=True):
        if error is not None:
            print(f"{shown.name}: {error}")
    for problem in sorted(set(visit.unforgiven)):
        print(problem)
    print(f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER.relative_to(ROOT)}")
    return int(any(done) or bool(visit.unforgiven))


if __name__ == "__main__":
    sentence = lacking()
    sys.exit(sentence or asyncio.run(main(sys.argv[1:])))
