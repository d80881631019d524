"""An alert as an operator sees it go out: live, over a restart of the service, and lifted by keyboard alone."""

from __future__ import annotations

import re
from contextlib import AsyncExitStack, asynccontextmanager

from playwright.async_api import expect

from tests.browser.village import Village
from tests.browser.visiting import DESK, Visits
from tests.servers.town import Town


def told(page):
    """The large figures: told, on the way, not told, concerned."""
    return page.locator('[data-part="figures"] dd:not(.of)')


async def figures(page):
    return [int(re.sub(r"\D", "", each)) for each in await told(page).all_inner_texts()]


@asynccontextmanager
async def hamlet(folder, push, *, residents=12, **settings):
    """Twelve people with a device each, whose push service can be held; the service is not started."""
    async with Town(folder, **settings) as town:
        await town.settle(*(town.resident("push") for _ in range(residents)))
        yield town, lambda process: Village(process.api.url, town.key, process.api, town, push, (0.63, 48.76))


async def test_the_page_moves_by_itself_while_an_alert_goes_out(tmp_path, autopush, chromium):
    async with (
        hamlet(tmp_path, autopush) as (town, served),
        town.process() as process,
        Visits(served(process), chromium) as visit,
    ):
        town.push.hold()
        alert = await process.api.issue()
        page = await visit(f"/console/alerts/{alert['id']}", signed_in=True)
        await expect(page.locator("#pulse")).to_have_class("pulse on")
        await expect(page.locator(".sentence")).to_contain_text("L’envoi continue.")
        await expect(told(page)).to_have_text(["0", "12", "0", "12"])
        await expect(page.locator("#map-box .leaflet-container path.zone")).to_be_visible()
        await page.evaluate("document.body.dataset.same = 'yes'")
        town.push.let_go()
        await expect(page.locator(".sentence")).to_have_text("Tout le monde est prévenu\u202f: 12 personnes.")
        await expect(page.locator(".verdict")).to_have_class("verdict good")
        await expect(told(page)).to_have_text(["12", "0", "0", "12"])
        # One label stands for both percentiles where everybody was told in the same moment.
        await expect(page.locator(".plot .mark").last).to_contain_text("95")
        assert await page.title() == "100\u00a0% · La Risle déborde – Tocsin"
        assert await page.evaluate("document.body.dataset.same") == "yes", "the page was loaded anew"
        first = town.push.messages[0].json["receipt"]
        await process.api.receipt(first, "opened")
        await expect(page.locator('[data-part="channels"]')).to_contain_text("1 arrivé")
        area, chip = page.locator("#map-box path.zone"), page.locator('[data-part="severity"] .severity')
        await expect(area).to_have_class(re.compile(r"\bsevere\b"))
        await expect(chip).to_have_class("severity severe")
        await process.api.cancel(alert["id"])
        await expect(area).to_have_class(re.compile(r"\bpast\b"))
        await expect(area).not_to_have_class(re.compile(r"\bsevere\b"))
        await expect(chip).to_have_class("severity past")
        assert await page.evaluate("document.body.dataset.same") == "yes", "the page was loaded anew"


async def test_the_live_page_says_that_the_service_is_down_and_catches_up_after(tmp_path, autopush, chromium):
    async with hamlet(tmp_path, autopush, push_per_second=4) as (town, served), AsyncExitStack() as after:
        async with town.process() as process:
            visit = await after.enter_async_context(Visits(served(process), chromium))
            alert = await process.api.issue()
            page = await visit(f"/console/alerts/{alert['id']}", signed_in=True, lang="en")
            await expect(page.locator("#pulse")).to_have_class("pulse on")
            await expect(page.locator("#map-box path.zone")).to_be_visible()
            await process.kill()
            visit.forgive("net::ERR_")  # refused, reset or broken off: that is what this is about
            lost = page.locator("#lost")
            await expect(lost).to_have_text(re.compile(r"Connection lost at \d\d:\d\d:\d\d\..+Trying again…"))
            await expect(page.locator("#pulse")).to_have_class("pulse off")
            seen = await figures(page)
            # The next announcement may replace one within seconds: they are written down.
            await page.evaluate(
                "said = []; new MutationObserver(() => said.push(document.getElementById('said').textContent))"
                ".observe(document.body, { childList: true, subtree: true, characterData: true })"
            )
        async with town.process() as process:
            account = await process.api.finished(alert["id"])
            await expect(lost).to_be_hidden()
            await expect(page.locator("#pulse")).to_have_class("pulse on")
            await page.wait_for_function(
                "said.some((words) => words?.includes('The connection is back. The figures are right again.'))"
            )
            await expect(told(page).nth(0)).to_have_text("12")
            assert (await figures(page))[0] == account["people"]["accepted"] >= seen[0]
            assert (await figures(page))[3] == account["matched"] == 12


async def test_an_alert_is_lifted_by_keyboard_alone_and_only_by_holding(visit, village):
    alert = await village.api.issue()
    page = await visit(f"/console/alerts/{alert['id']}", signed_in=True, size=DESK, lang="en")

    async def tab_to(words):
        for _ in range(60):
            await page.keyboard.press("Tab")
            said = await page.evaluate("document.activeElement.textContent || document.activeElement.value || ''")
            if words in said:
                return
        raise AssertionError(f"the keyboard does not come to “{words}”")

    await tab_to("End this alert")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("End this alert")
    headline = page.get_by_label("Headline").first
    await headline.focus()
    await page.keyboard.press("ControlOrMeta+a")
    await page.keyboard.type("C’est fini")
    await tab_to("Hold to send the all-clear")
    await page.keyboard.down("Enter")
    await page.keyboard.up("Enter")
    await expect(page.locator("#said")).to_have_text("Hold longer: nothing was sent.")
    assert (await village.api.call("GET", f"/v1/alerts/{alert['id']}"))["cancelled_at"] is None
    await page.keyboard.down("Enter")
    await page.wait_for_url(lambda url: not url.endswith("/cancel"))
    await page.keyboard.up("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text('All clear: "The Risle floods"')
    cleared = await village.api.call("GET", f"/v1/alerts/{page.url.rpartition('/')[2]}")
    assert cleared["texts"]["fr"]["headline"] == "C’est fini"
    assert cleared["references"] == [alert["id"]]


async def test_without_a_script_the_page_has_the_figures_of_its_loading_and_a_way_to_newer_ones(visit, village):
    alert = await village.api.issue()
    account = await village.api.finished(alert["id"])
    page = await visit(f"/console/alerts/{alert['id']}", signed_in=True, java_script_enabled=False)
    assert (await figures(page))[3] == account["matched"]
    await expect(page.locator("#pulse")).to_contain_text("Chiffres de")
    await expect(page.locator("svg.drawn .zone")).to_be_visible()
    await page.get_by_role("link", name="Actualiser").click()
    await expect(page.locator(".percent")).to_be_visible()


async def test_one_who_is_signed_out_meanwhile_is_told_so_and_led_to_the_key(visit, village):
    alert = await village.api.issue()
    page = await visit(f"/console/alerts/{alert['id']}", signed_in=True, lang="en")
    await expect(page.locator("#pulse")).to_have_class("pulse on")
    visit.forgive("401")
    other = await page.context.new_page()
    await other.goto(village.url + "/console")
    await other.locator("summary[aria-label=More]").click()
    await other.get_by_role("button", name="Sign out").click()
    link = page.locator("#lost a")
    await expect(link).to_have_text("Your session ended. Sign in again.", timeout=30_000)
    assert (await link.get_attribute("href")).startswith("/console/sign-in?then=%2Fconsole%2Falerts%2F")
