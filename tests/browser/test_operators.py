"""Operators in a browser with an authenticator: the first start, a passkey, an invitation, the second person."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import timedelta

from playwright.async_api import expect
from sqlalchemy import update

from broadcaster.domain.operators import party_of, welcome_url
from broadcaster.store.operators import operators
from broadcaster.store.tables import sessions
from tests.browser.visiting import DESK, PHONE


@asynccontextmanager
async def device(visit, village, path, **how):
    """A person's device that has an authenticator, with the page of a path of the service's own domain open."""
    page = await visit("/", **how)
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    await page.goto(party_of(village.url).origin + path)
    yield page


async def test_from_the_first_link_to_the_second_person(visit, village):
    visit.forgive("a request left the origin: http://localhost")
    store, now = village.town.store, village.town.clock.now()
    async with store.write() as unit:
        first = await operators.add(unit, "Administrator", now, admin=True)
        secret = await operators.new_link(unit, first, now + timedelta(hours=1))
    link = welcome_url(village.url, secret).partition("/console")
    async with device(visit, village, link[1] + link[2], size=DESK, lang="en") as page:
        await page.get_by_label("Your name").fill("Rose Martin")
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(party_of(village.url).origin + "/console")
        await page.get_by_label("More").click()
        await page.get_by_role("link", name="Operators").click()
        await page.get_by_label("Name").fill("Paul Petit")
        await page.get_by_label("Role").last.select_option("writer")
        await page.get_by_role("button", name="Make the invitation").click()
        invitation = await page.locator("#secret-link").input_value()
        await page.get_by_label("More").click()
        await page.get_by_role("button", name="Sign out").click()
        await page.get_by_label("Stay signed in on this device for 30 days").check()
        await page.get_by_role("button", name="Sign in with my passkey").click()
        await expect(page).to_have_url(party_of(village.url).origin + "/console")
        async with store.write() as unit:  # some time later, the telephone still lies there
            await unit.conn.execute(update(sessions).values(proven_at=village.town.clock.now() - timedelta(hours=1)))
        await page.goto(party_of(village.url).origin + "/console/operators")
        await page.get_by_text("Paul Petit", exact=True).click()
        visit.forgive("403")
        await page.get_by_label("Role").first.select_option("viewer")
        await page.get_by_role("button", name="Set the role").first.click()
        await page.get_by_role("button", name="Confirm with my passkey").click()
        await page.get_by_role("button", name="Send it now").click()
        await expect(page.locator("main")).to_contain_text("The role was changed.")
    async with device(visit, village, "/console" + invitation.partition("/console")[2], size=PHONE) as page:
        await page.get_by_role("button", name="Créer ma clé d’accès").click()
        await expect(page).to_have_url(party_of(village.url).origin + "/console")
        await expect(page.get_by_role("link", name="Nouvelle alerte")).to_have_count(0)
        await page.goto(party_of(village.url).origin + "/console/account")
        await expect(page.locator("main")).to_contain_text("Paul Petit")
        await page.goto(party_of(village.url).origin + "/console" + invitation.partition("/console")[2])
        visit.forgive("404")
        await page.reload()
        await expect(page.get_by_role("alert")).to_contain_text("Ce lien a servi")
