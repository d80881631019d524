"""WCAG 2.2 AA on every page, as far as a machine can judge it: axe-core finds nothing."""

from __future__ import annotations

import pytest

from tests.browser.machine import ROOT
from tests.browser.pages import PAGES
from tests.browser.visiting import DESK, LANGUAGES, PHONE, THEMES

_AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_LOOK = """async (rules) => {
  const found = await axe.run(document, {runOnly: {type: "tag", values: rules}});
  return found.violations.flatMap((rule) => rule.nodes.map((node) =>
    `${rule.id} (${rule.impact}): ${node.target.join(" ")}: ${node.failureSummary.replaceAll("\\n", " ")}`));
}"""


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("shown", PAGES, ids=lambda page: page.name)
async def test_axe_finds_nothing_in_either_theme(visit, scene, shown, lang):
    page = await shown.open(visit, scene, lang=lang, size=PHONE if lang == "fr" else DESK)
    await page.evaluate(_AXE.read_text())
    found = []
    for theme in THEMES:
        await page.emulate_media(color_scheme=theme)
        found += [f"{theme}: {each}" for each in await page.evaluate(_LOOK, _RULES)]
    assert not found, "\n".join(found)


async def test_axe_finds_what_is_wrong(visit):
    page = await visit("/")
    await page.evaluate(_AXE.read_text())
    await page.evaluate("() => { document.querySelector('main').append(document.createElement('button')) }")
    found = await page.evaluate(_LOOK, _RULES)
    assert any(each.startswith("button-name (critical): ") for each in found), found
