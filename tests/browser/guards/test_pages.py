"""What is promised of every page: WCAG 2.2 AA as far as a machine can judge it, and few octets."""

from __future__ import annotations

import pytest

from tests.browser.guards.examining import ALERT, AXE_SOURCE, NARROW, TARGET_PX, walk
from tests.browser.guards.measures import AXE, COLOUR_RULES, CUT, MOVES, RULES, SMALL, WIDE
from tests.browser.pages import KB, PAGES

_ALERT_BUDGET = 50 * KB
# 1.6 Mbit/s carry 100 kB in half a second.
_RESIDENT_FIRST, _CONSOLE_FIRST = 50 * KB, 100 * KB
_MOST_STYLES = 4


def test_axe_finds_nothing_in_either_theme(looked):
    assert not looked.axe, "\n".join(looked.axe)


def test_at_320_pixels_nothing_scrolls_sideways(looked):
    assert not looked.wide, "\n".join(looked.wide)


def test_no_words_are_cut_on_a_desk_a_tablet_or_a_telephone(looked):
    assert not looked.cut, "\n".join(looked.cut)


def test_what_is_pressed_is_44_pixels_large(looked):
    assert not looked.small, "\n".join(looked.small)


def test_the_keyboard_goes_everywhere_and_shows_where_it_is(looked):
    assert not looked.dim, f"the focus can't be seen on {looked.dim}"
    wanted, reached = looked.stops
    assert reached == wanted


def test_nothing_moves_for_who_wants_it_still(looked):
    assert not looked.moving, "\n".join(looked.moving)


def test_a_page_is_in_the_language_of_its_reader_and_nothing_goes_wrong_in_it(looked):
    assert looked.says_lang == looked.lang
    assert not looked.problems, "\n".join(looked.problems)


def test_a_page_keeps_within_its_budget_of_octets(looked):
    scripts = {url: octets for kind, url, octets in looked.came if kind == "script"}
    assert sum(scripts.values()) <= looked.shown.script_budget, scripts
    if looked.shown.answers == ALERT:
        assert sum(octets for _, _, octets in looked.came) < _ALERT_BUDGET, looked.came


def test_what_a_page_has_to_have_before_it_is_painted_comes_in_one_further_round_trip(looked):
    """Its styles are named in the page itself, and few: a slow telephone shows something within two seconds."""
    (_, page), *styles = looked.awaited
    most = _CONSOLE_FIRST if looked.shown.path.startswith("/console") else _RESIDENT_FIRST
    assert page + sum(octets for _, octets in styles) <= most, looked.awaited
    assert len(styles) <= _MOST_STYLES, looked.awaited
    assert all(url.endswith(".css") for url, _ in styles), "no script holds it up"


@pytest.mark.parametrize("shown", [page for page in PAGES if page.answers == ALERT], ids=lambda page: page.name)
async def test_an_alert_says_the_same_without_scripts(visit, scene, shown):
    whole = await shown.open(visit, scene)
    bare = await shown.open(visit, scene, java_script_enabled=False)
    for part in ("h1", ".do, .instruction, main p"):
        said = await whole.locator(part).first.inner_text()
        assert await bare.locator(part).first.inner_text() == said


# The measures themselves: what is wrong is found.


async def test_axe_finds_a_button_without_a_name(visit):
    page = await visit("/")
    await page.evaluate(AXE_SOURCE())
    await page.evaluate("() => { document.querySelector('main').append(document.createElement('button')) }")
    assert [each for each in await page.evaluate(AXE, RULES) if each.startswith("button-name (critical): ")]


async def test_axe_finds_words_that_a_dark_theme_makes_pale(visit):
    page = await visit("/", theme="dark")
    await page.evaluate(AXE_SOURCE())
    await page.evaluate("() => { document.querySelector('h1').style.setProperty('color', '#222', 'important') }")
    assert [each for each in await page.evaluate(AXE, COLOUR_RULES) if each.startswith("color-contrast (serious): ")]


async def test_what_is_wide_cut_small_moving_or_dim_is_found(visit):
    page = await visit("/", size=NARROW)
    await page.evaluate("""() => {
      const wide = document.createElement("p"), small = document.createElement("button");
      wide.textContent = "w";
      wide.style.setProperty("min-width", "900px", "important");
      small.textContent = "x";
      for (const [name, value] of [["outline", "none"], ["box-shadow", "none"], ["width", "20px"], ["height", "20px"],
        ["min-height", "0"], ["min-width", "0"], ["padding", "0"]]) small.style.setProperty(name, value, "important");
      small.style.setProperty("transition", "color 3s", "important");
      const pill = document.createElement("span");
      pill.className = "severity";
      pill.textContent = "Serious danger";
      for (const [name, value] of [["width", "40px"], ["white-space", "nowrap"]]) pill.style.setProperty(name, value);
      document.querySelector("main").append(small, wide, pill);
    }""")
    assert any("“Serious danger”" in each for each in await page.evaluate(CUT))
    assert await page.evaluate(WIDE)
    assert any("“x”: 20.0 × 20.0" in each for each in await page.evaluate(SMALL, TARGET_PX))
    assert any("color 3s" in each for each in await page.evaluate(MOVES))
    dim, (wanted, reached) = await walk(page)
    assert any("“x”" in each for each in dim)
    assert wanted == reached > 1


def test_what_comes_with_a_page_is_weighed(looked):
    kinds = {kind for kind, _, octets in looked.came if octets > 100}
    assert "document" in kinds
    if looked.shown.name == "home":
        assert "script" in kinds
