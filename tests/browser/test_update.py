"""An operator updates an alert that is out: the area before and the new one, three numbers, a press that is held."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser.test_compose import hold, sent
from tests.browser.visiting import DESK

WORDS = {
    "en": ("Update…", "The words", "Update an alert", "Updated on"),
    "fr": ("Mettre à jour…", "Le texte", "Mettre à jour une alerte", "Mise à jour le"),
}


@pytest.mark.parametrize("lang", ["en", "fr"])
async def test_an_alert_is_updated_from_its_page_with_what_changes_for_whom(visit, village, lang):
    button, _, title, after = WORDS[lang]
    alert = await village.api.issue()
    await village.api.finished(alert["id"])
    page = await visit(f"/console/alerts/{alert['id']}", signed_in=True, size=DESK, lang=lang)
    await page.get_by_role("link", name=button).click()
    await expect(page).to_have_title(re.compile(f"^{title}"))
    await page.locator("#to-words").click()
    await page.locator("#headline-fr").fill("La Risle monte encore")
    await page.locator("#to-check").click()
    await expect(page.locator("#delta")).to_be_visible()
    await expect(page.locator("[data-delta=outside] strong")).to_have_text("0")
    await expect(page.locator("[data-delta=still] strong")).not_to_have_text(re.compile("^[0–]$"))
    await expect(page.locator("#small-map path[stroke-dasharray]")).to_have_count(1)
    await page.locator("#silent").check()
    await hold(page)
    new = await sent(page, village)
    assert (new["role"], new["silent"], new["references"]) == ("update", True, [alert["id"]])
    assert new["texts"]["fr"]["headline"] == "La Risle monte encore"
    assert new["area"] == alert["area"]
    await page.goto(re.sub(r"\d+$", alert["id"], page.url))
    await expect(page.locator("[data-part=state]")).to_contain_text(after)
