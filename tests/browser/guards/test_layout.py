"""What axe-core does not judge: width, targets, the keyboard's way, movement."""

from __future__ import annotations

import pytest

from tests.browser.pages import PAGES
from tests.browser.visiting import DESK, LANGUAGES, PHONE

# 1280 pixels at 400 %, or a telephone of 640 at 200 % (WCAG 2.2, 1.4.10)
NARROW = {"width": 320, "height": 640}

_WIDE = """() => {
  const limit = document.documentElement.clientWidth;
  if (document.scrollingElement.scrollWidth <= limit) return [];
  const scrolls = (el) => el && el !== document.body && (/auto|scroll|hidden|clip/.test(getComputedStyle(el).overflowX)
    || scrolls(el.parentElement));
  return [...document.body.querySelectorAll("*")]
    .filter((el) => el.getBoundingClientRect().right > limit + 1 && !scrolls(el.parentElement))
    .map((el) => `${el.tagName.toLowerCase()}.${el.className}: to ${Math.round(el.getBoundingClientRect().right)} px`);
}"""

# A link in the middle of a sentence is as high as its line (WCAG 2.2, 2.5.8: inline); a box to tick is as large as
# its label.
_SMALL = """(least) => {
  const inSentence = (el) => el.tagName === "A" && getComputedStyle(el).display === "inline"
    && [...el.parentElement.childNodes].some((node) => node.nodeType === 3 && node.data.trim().length > 1);
  const seen = (el) => el.checkVisibility({opacityProperty: true, visibilityProperty: true})
    && el.getBoundingClientRect().width > 1 && el.getBoundingClientRect().right > 0
    && el.getBoundingClientRect().bottom > 0 && !el.closest("[inert]");
  const asks = "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [role=slider]";
  return [...document.querySelectorAll(asks)].filter((el) => seen(el) && !inSentence(el) && !el.disabled).map((el) => {
    const boxes = [el, ...(el.labels ?? [])].map((each) => each.getBoundingClientRect());
    const large = boxes.some((box) => box.width >= least && box.height >= least);
    const {width, height} = boxes[0];
    const words = (el.textContent.trim() || el.getAttribute("aria-label") || el.name || el.id || "").slice(0, 40);
    return large ? "" : `${el.tagName.toLowerCase()} “${words}”: ${width.toFixed(1)} × ${height.toFixed(1)}`;
  }).filter(Boolean);
}"""
_TARGET_PX = 43.5  # 44, and what a browser rounds away

_STOPS = """() => [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, "
  + "[tabindex]:not([tabindex='-1'])")].filter((el) => !el.disabled && el.tabIndex >= 0 && !el.closest("[inert]")
    && el.checkVisibility({visibilityProperty: true})
    && !(el.type === "radio" && !el.checked && document.querySelector(`[name="${CSS.escape(el.name)}"]:checked`)))
  .filter((el, at, all) => !(el.type === "radio" && all.slice(0, at).some((other) => other.type === "radio"
    && other.name === el.name && other.form === el.form)))
  .map((el, at) => { el.dataset.stop = at; return at; }).length"""
_FOCUSED = """() => {
  const el = document.activeElement;
  if (!el || el === document.body) return null;
  const look = getComputedStyle(el), around = el.closest("label, .field, summary") ?? el;
  const ring = (style) => (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2)
    || style.boxShadow !== "none";
  return {stop: el.dataset.stop ?? "", ring: ring(look) || ring(getComputedStyle(around)),
    words: `${el.tagName.toLowerCase()} “${(el.textContent.trim() || el.name || el.id).slice(0, 40)}”`};
}"""
_MOST_STOPS = 60

_MOVES = """() => {
  const ms = (each) => (each.trim().endsWith("ms") ? 1 : 1000) * parseFloat(each);
  const long = (words) => words.split(",").some((each) => ms(each) > 20);
  const styles = [...document.querySelectorAll("body *")].map((el) => [el, getComputedStyle(el)]);
  return styles.filter(([, style]) => (style.animationName !== "none" && long(style.animationDuration))
      || (style.transitionProperty !== "none" && long(style.transitionDuration)))
    .map(([el, style]) => `${el.tagName.toLowerCase()}.${el.className}: ${style.transitionProperty} `
      + `${style.transitionDuration}, ${style.animationName}`)
    .concat(getComputedStyle(document.documentElement).scrollBehavior === "smooth" ? ["html scrolls smoothly"] : []);
}"""


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("shown", PAGES, ids=lambda page: page.name)
async def test_at_320_pixels_nothing_scrolls_sideways_and_targets_are_of_44(visit, scene, shown, lang):
    page = await shown.open(visit, scene, lang=lang, size=NARROW)
    assert await page.locator("html").get_attribute("lang") == lang
    wide, small = await page.evaluate(_WIDE), await page.evaluate(_SMALL, _TARGET_PX)
    assert not wide, "\n".join(wide)
    assert not small, "\n".join(small)


@pytest.mark.parametrize("shown", PAGES, ids=lambda page: page.name)
async def test_the_keyboard_goes_everywhere_and_shows_where_it_is(visit, scene, shown):
    page = await shown.open(visit, scene, size=DESK)
    await page.evaluate("() => { document.activeElement?.blur(); scrollTo(0, 0); }")
    count = await page.evaluate(_STOPS)
    visited, dim = set(), []
    for _ in range(min(count, _MOST_STOPS) + 2):
        await page.keyboard.press("Tab")
        now = await page.evaluate(_FOCUSED)
        if now is None or now["stop"] in visited:
            break
        visited.add(now["stop"])
        if not now["ring"]:
            dim.append(now["words"])
    assert not dim, f"the focus can't be seen on {dim}"
    assert len(visited - {""}) >= min(count, _MOST_STOPS), f"of {count} places the keyboard reaches {len(visited)}"


@pytest.mark.parametrize("shown", PAGES, ids=lambda page: page.name)
async def test_nothing_moves_for_who_wants_it_still(visit, scene, shown):
    page = await shown.open(visit, scene, size=PHONE, reduced_motion="reduce")
    moving = await page.evaluate(_MOVES)
    assert not moving, "\n".join(moving)
