"""What goes wrong while one writes an alert: nothing is lost, nothing goes twice, and it is told in words."""

from __future__ import annotations

import asyncio
import json
import re

from playwright.async_api import expect

from broadcaster.store.operations import sessions
from tests.browser.test_compose import hold, people, sent, tap_map, to_where
from tests.browser.visiting import DESK, sign_in
from tests.servers.town import INSIDE

OWN = "Le pont de la Madeleine est coupé"


async def to_check(page) -> None:
    await to_where(page)
    await tap_map(page)
    await people(page)
    await page.locator("#to-words").click()
    await page.locator("#to-check").click()
    await expect(page.locator("#sentence")).to_contain_text("MAINTENANT")


async def alerts_of(village) -> list[str]:
    return [each["id"] for each in (await village.api.call("GET", "/v1/alerts?limit=200"))["alerts"]]


async def test_of_many_moves_few_are_asked_and_the_newest_is_shown_whatever_comes_late(visit):
    """Each answer tells the radius that it was asked for, and the first one comes last."""
    page = await visit("/console/new", signed_in=True, size=DESK)
    await to_where(page)
    await tap_map(page)
    await people(page)
    asked: list[int] = []
    first = asyncio.Event()

    async def answer(route) -> None:
        radius = json.loads(route.request.post_data)["area"]["circles"][0]["radius_m"]
        asked.append(radius)
        mine = len(asked)
        told = await route.fetch()
        if mine == 1:
            await first.wait()
        elif mine > 2:
            first.set()
        body = {**await told.json(), "people": radius}
        await route.fulfill(response=told, json=body)

    await page.route("**/console/reach*", answer)
    await page.evaluate(
        """async () => {
          const slider = document.querySelector("#slider");
          for (let place = 0; place <= 60; place += 1) {
            slider.value = place;
            slider.dispatchEvent(new Event("input", { bubbles: true }));
            if (place % 6 === 0) await new Promise((done) => setTimeout(done, 20));
          }
        }"""
    )
    await expect(page.locator('[data-reach="people"]')).to_have_text("900")
    assert asked[-1] == 900
    assert len(asked) <= 12
    assert asked == sorted(asked)
    await page.wait_for_timeout(200)
    await expect(page.locator('[data-reach="people"]')).to_have_text("900")


async def test_a_draft_outlives_a_reload_the_back_button_and_a_tab_that_was_closed(visit):
    page = await visit("/console/new", signed_in=True)
    await to_where(page)
    await tap_map(page)
    await people(page)
    where = await page.locator("#where-now").inner_text()
    await page.locator("#to-words").click()
    await page.locator("#headline-fr").fill(OWN)
    await page.go_back()
    await expect(page.locator("#where-now")).to_have_text(where)
    await page.go_back()
    await expect(page.locator("#step-kind h1")).to_be_visible()
    await page.go_forward()
    await page.go_forward()
    await expect(page.locator("#headline-fr")).to_have_value(OWN)
    await page.reload()
    await expect(page.locator("#headline-fr")).to_have_value(OWN)
    other = await page.context.new_page()
    await page.close()
    await other.goto(page.url.partition("#")[0])
    await expect(other.locator("#unfinished")).to_contain_text(OWN)
    await other.locator("#go-on").click()
    await expect(other.locator("#headline-fr")).to_have_value(OWN)
    await other.go_back()
    await other.reload()
    await other.goto(page.url.partition("#")[0])
    await other.locator("#anew").click()
    await to_where(other, "fire")
    await expect(other.locator("#where-now")).to_have_text("Touchez la carte là où cela se passe.")


async def test_anybody_who_signs_out_leaves_no_draft_on_the_device(visit):
    page = await visit("/console/new", signed_in=True)
    await to_where(page)
    await tap_map(page)
    await people(page)
    await page.locator("#to-words").click()
    await page.locator("#headline-fr").fill(OWN)
    await page.wait_for_function("words => JSON.stringify(localStorage).includes(words)", arg=OWN)
    await page.locator("details.menu summary").click()
    await page.get_by_role("button", name="Se déconnecter").click()
    await expect(page.locator("#login")).to_be_visible()
    assert OWN not in await page.evaluate("JSON.stringify(localStorage)")


async def test_a_session_that_ends_while_one_writes_loses_nothing(visit, village):
    visit.forgive("401")
    page = await visit("/console/new", signed_in=True)
    await to_where(page)
    await tap_map(page)
    await people(page)
    await page.locator("#to-words").click()
    cookies = await page.context.cookies()
    name = next(each["value"] for each in cookies if each["name"] == "tocsin_operator")
    async with village.town.store.write() as unit:
        await sessions.sign_out(unit, name)
    await page.locator("#headline-fr").fill(OWN)
    await expect(page.locator("#trouble")).to_contain_text("Rien n’est perdu")
    await page.get_by_role("link", name="Se reconnecter").click()
    then = await page.locator("#passkey").get_attribute("data-then")
    await sign_in(page.context, village)
    await page.goto(village.url + then)
    await expect(page.locator("#headline-fr")).to_have_value(OWN)
    await page.locator("#to-check").click()
    await hold(page)
    assert (await sent(page, village))["texts"]["fr"]["headline"] == OWN


async def test_a_network_lost_while_sending_makes_one_alert_in_the_end(visit, village):
    visit.forgive("ERR_")
    page = await visit("/console/new", signed_in=True)
    await to_check(page)
    known = set(await alerts_of(village))
    lost = asyncio.Event()

    async def lose(route) -> None:
        if lost.is_set():
            await route.continue_()
            return
        await route.fetch()  # it arrives, and is taken; the answer does not come back
        lost.set()
        await route.abort("connectionreset")

    await page.route("**/console/send*", lose)
    await hold(page)
    await expect(page.locator("#refused")).to_contain_text("l’alerte part une fois, jamais deux")
    assert len(set(await alerts_of(village)) - known) == 1
    await hold(page)
    alert = await sent(page, village)
    assert set(await alerts_of(village)) - known == {alert["id"]}


async def test_what_was_changed_after_it_may_have_gone_is_not_sent_beside_it(visit, village):
    visit.forgive("ERR_")
    visit.forgive("409")
    page = await visit("/console/new", signed_in=True)
    await to_check(page)
    known = set(await alerts_of(village))

    async def lose(route) -> None:
        await route.fetch()
        await route.abort("connectionreset")

    await page.route("**/console/send*", lose)
    await hold(page)
    await expect(page.locator("#refused")).to_contain_text("jamais deux")
    await page.unroute("**/console/send*")
    await page.go_back()
    await page.locator("#headline-fr").fill(OWN)
    await page.locator("#to-check").click()
    await expect(page.locator("#sentence")).to_contain_text("MAINTENANT")
    await hold(page)
    await expect(page.locator("#refused")).to_contain_text("déjà partie")
    (first,) = set(await alerts_of(village)) - known
    await expect(page.locator("#refused a")).to_have_attribute("href", f"/console/alerts/{first}")
    await page.get_by_role("button", name="comme nouvelle alerte").click()
    await hold(page)
    second = await sent(page, village)
    assert set(await alerts_of(village)) - known == {first, second["id"]}
    assert second["texts"]["fr"]["headline"] == OWN


async def test_without_network_the_draft_stays_and_that_is_said(visit, village):
    visit.forgive("ERR_")
    page = await visit("/console/new", signed_in=True)
    await to_check(page)
    known = await alerts_of(village)
    await page.context.set_offline(True)
    await expect(page.locator("#trouble")).to_contain_text("Votre brouillon est gardé")
    await hold(page)
    await expect(page.locator("#refused")).to_be_visible()
    assert await alerts_of(village) == known
    await page.context.set_offline(False)
    await expect(page.locator("#trouble")).to_be_hidden()
    await hold(page)
    assert (await sent(page, village))["id"] not in known


async def test_a_session_that_ended_is_told_to_anybody_who_holds_the_button(visit, village):
    visit.forgive("401")
    page = await visit("/console/new", signed_in=True)
    await to_check(page)
    known = await alerts_of(village)
    await page.context.clear_cookies()
    await hold(page)
    again = page.get_by_role("link", name="Se reconnecter")
    await expect(again).to_be_focused()
    await expect(again).to_be_in_viewport()
    assert await alerts_of(village) == known


async def test_what_was_mended_without_network_is_not_held_back_by_an_older_finding(visit):
    visit.forgive("ERR_")
    page = await visit("/console/new", signed_in=True)
    await to_where(page)
    await tap_map(page)
    await people(page)
    await page.locator("#to-words").click()
    await page.locator("#headline-fr").fill("🌊🌊")
    await expect(page.locator('[data-field="texts.fr.headline"] .wrong')).to_contain_text("Des signes seuls")
    await page.context.set_offline(True)
    await page.locator("#headline-fr").fill(OWN)
    await page.locator("#to-check").click()
    await expect(page.locator("#step-check")).to_be_visible()
    await expect(page.locator("#seen")).to_contain_text(OWN)


async def test_a_headline_too_long_and_signs_alone_are_told_beside_their_field(visit):
    page = await visit("/console/new", signed_in=True)
    await to_where(page)
    await tap_map(page)
    await people(page)
    await page.locator("#to-words").click()
    await page.locator("#headline-fr").fill("a" * 500)
    field = page.locator('[data-field="texts.fr.headline"]')
    await expect(field.locator(".wrong")).to_have_text(re.compile("Trop long de 340 caractères"))
    await expect(field.locator("[data-left]")).to_contain_text("340 caractères de trop")
    await page.locator("#headline-fr").fill("🌊🌊")
    await expect(field.locator(".wrong")).to_contain_text("Des signes seuls ne disent rien")
    await page.locator("#to-check").click()
    await expect(page.locator("#step-words")).to_be_visible()
    await expect(page.locator("#headline-fr")).to_be_focused()
    await page.locator("#headline-fr").fill(OWN)
    await expect(field.locator(".wrong")).to_be_hidden()


async def test_what_makes_an_sms_dearer_is_told_and_spelled_otherwise_at_one_tap_only(visit):
    page = await visit("/console/new", signed_in=True)
    await to_where(page)
    await tap_map(page)
    await people(page)
    await page.locator("#to-words").click()
    await page.locator("#headline-fr").fill("Fermez les fenêtres")
    await page.locator("input[name=seen][value=sms]").check()
    await expect(page.locator("#cheaper")).to_contain_text("sans : ê".replace(" :", "\u202f:"))
    await expect(page.locator('[data-preview="sms.text"]')).to_contain_text("fenêtres")
    await page.locator("#spell-cheap").click()
    await expect(page.locator('[data-preview="sms.text"]')).to_contain_text("fenetres")
    await expect(page.locator("#headline-fr")).to_have_value("Fermez les fenêtres")
    await page.locator("#spell-dear").click()
    await expect(page.locator('[data-preview="sms.text"]')).to_contain_text("fenêtres")


async def test_here_puts_the_circle_where_one_is_and_a_refusal_is_told(visit):
    page = await visit("/console/new", signed_in=True, at=INSIDE)
    await to_where(page)
    await page.locator("#here").click()
    await expect(page.locator("#where-now")).to_contain_text("là où vous êtes")
    page = await visit("/console/new", signed_in=True, permissions=[])
    await to_where(page)
    await page.locator("#here").click()
    await expect(page.locator("#area-wrong")).to_contain_text("Votre appareil ne")


async def test_an_address_that_cannot_be_looked_up_is_told_in_words(visit, ban, monkeypatch):
    monkeypatch.setattr(ban, "searches_fail", True)
    visit.forgive("503")
    page = await visit("/console/new", signed_in=True)
    await to_where(page)
    await page.locator("#q").fill("12 rue des Émangeards")
    await page.keyboard.press("Enter")
    await expect(page.locator("#found")).to_contain_text("Touchez la carte")
