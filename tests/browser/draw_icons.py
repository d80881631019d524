"""Draws the bell as PNG in the sizes that devices want, with Chromium: run by hand when the mark changes."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import sync_playwright

from broadcaster.palette import PALETTE

FOLDER = Path(__file__).parents[2] / "broadcaster/web/resident/icons"
BELL = (
    "M16 2.5a2.3 2.3 0 0 1 2.3 2.3v.7c4.6 1 7.4 4.7 7.4 9.9 0 5.2 1.3 7.2 2.9 8.8.9.9.3 2.3-1 2.3H4.4"
    "c-1.3 0-1.9-1.4-1-2.3 1.6-1.6 2.9-3.6 2.9-8.8 0-5.2 2.8-8.9 7.4-9.9v-.7A2.3 2.3 0 0 1 16 2.5z"
    "M12.4 28h7.2a3.6 3.6 0 0 1-7.2 0z"
)
GROUND, BRASS = PALETTE["icon"], PALETTE["icon-bell"]
# name: pixels, the ground's corner and colour, how large the bell is within 32, and its colour. What masks an icon may
# cut off all but the middle 80 %; a badge is only its shape.
ICONS = {
    "192": (192, 7, GROUND, 0.7, BRASS),
    "512": (512, 7, GROUND, 0.7, BRASS),
    "maskable-512": (512, 0, GROUND, 0.56, BRASS),
    "apple-180": (180, 0, GROUND, 0.66, BRASS),
    "badge": (96, 0, "none", 0.9, "#fff"),
}


def drawn(pixels: int, corner: float, ground: str, scale: float, colour: str) -> str:
    """The icon as SVG; the bell's own middle is at 16, 17."""
    x, y = 16 - 16 * scale, 16 - 17 * scale
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{pixels}" height="{pixels}" viewBox="0 0 32 32">'
        f'<rect width="32" height="32" rx="{corner}" fill="{ground}"/>'
        f'<path transform="translate({x} {y}) scale({scale})" fill="{colour}" d="{BELL}"/></svg>'
    )


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for name, facts in ICONS.items():
            page = browser.new_page(viewport={"width": facts[0], "height": facts[0]})
            page.set_content(f"<style>body{{margin:0}}svg{{display:block}}</style>{drawn(*facts)}")
            page.screenshot(path=FOLDER / f"{name}.png", omit_background=True)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
