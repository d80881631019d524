"""Operators in a browser with an authenticator: first start, passkeys, the second person, another way in.

From the first start to an alert that a second person approved on their phone, and the log that tells of it.
"""

from __future__ import annotations

import os
import re
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import pyotp
import pytest_asyncio
from playwright.async_api import expect
from sqlalchemy import update

from broadcaster.domain.operators import party_of, welcome_url
from broadcaster.store.operations import audit
from broadcaster.store.operators import operators
from broadcaster.store.tables import sessions
from tests.browser.test_compose import hold, to_where
from tests.browser.village import village as founded
from tests.browser.visiting import DESK, PHONE
from tests.servers.forked import ran
from tests.servers.identities import identities

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.browser.village import Village
    from tests.servers.identities import Identities


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def provider() -> AsyncIterator[Identities]:
    async with identities() as found:
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def village(tmp_path_factory, autopush, provider) -> AsyncIterator[Village]:
    given = {"openid_issuer": provider.url, "openid_client_id": "tocsin", "openid_client_secret": "secret"}
    async with founded(tmp_path_factory.mktemp("operators"), autopush, geocoder_url="off", **given) as made:
        yield made


async def tocsin(village: Village, *words: str) -> str:
    """Run a command on the service's machine; return what it says."""
    around = {name: each for name, each in os.environ.items() if not name.startswith("TOCSIN_")}
    code, said, trouble = await ran(*words, env=around | village.town.environment)
    assert code == 0, trouble
    return said


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
    made = await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    await page.goto(party_of(village.url).origin + path)

    async def present(enabled):
        """Let somebody sit at the device, who chooses whatever it offers, or nobody."""
        who = {"authenticatorId": made["authenticatorId"], "enabled": enabled}
        await devtools.send("WebAuthn.setAutomaticPresenceSimulation", who)

    yield page, present


async def test_an_alert_waits_for_the_second_person_who_sends_it_from_their_phone(visit, village):
    visit.forgive("a request left the origin: http://localhost")
    origin = party_of(village.url).origin
    link = (await tocsin(village, "operator", "invite", "Administrator", "--admin")).partition("/console")
    async with device(visit, village, link[1] + link[2].strip(), size=DESK, lang="en") as (desk, _):
        await desk.get_by_label("Your name").fill("Rose Martin")
        await desk.keyboard.press("Enter")
        await expect(desk).to_have_url(origin + "/console")
        await desk.goto(origin + "/console/operators")
        await desk.get_by_label("Name").fill("Paul Petit")
        await desk.get_by_label("Role").last.select_option("approver")
        await desk.get_by_role("button", name="Make the invitation").click()
        invitation = await desk.locator("#secret-link").input_value()
        path = "/console" + invitation.partition("/console")[2]
        async with device(visit, village, path, size=PHONE) as (phone, _):
            await phone.get_by_role("button", name="Créer ma clé d’accès").click()
            await expect(phone).to_have_url(origin + "/console")

            await desk.goto(f"{origin}/console/new")
            await to_where(desk)
            await desk.locator("#add-circle").click()
            await desk.locator("#to-words").click()
            await desk.locator("#to-check").click()
            await expect(desk.locator("#sentence")).to_contain_text("Sends NOW")
            await hold(desk)
            await desk.wait_for_url(re.compile(r"/console/approvals/\d+$"))
            await expect(desk.locator("#state")).to_contain_text("Nothing was sent yet")
            await expect(desk.locator("#state")).to_contain_text(re.compile("Asked: .*Paul Petit"))
            await expect(desk.get_by_role("button", name="approve")).to_have_count(0)

            await phone.reload()
            await phone.locator("#to-approve a").click()
            button = phone.get_by_role("button", name="Maintenir pour valider et envoyer")
            await button.scroll_into_view_if_needed()
            await button.hover()
            await phone.mouse.down()
            await phone.wait_for_url(re.compile(r"/console/alerts/\d+$"))
            await phone.mouse.up()
        alert = await village.api.call("GET", f"/v1/alerts/{phone.url.rpartition('/')[2]}")
        assert alert["state"] != "awaiting_approval"
        await desk.reload()
        await expect(desk.locator("#state")).to_contain_text("Paul Petit approved it: it was sent.")
        await desk.goto(f"{origin}/console/audit")
        log = desk.locator("main .list")
        for told in ("Rose Martin: asked for approval", "Paul Petit: approved an alert", "Paul Petit: sent an alert"):
            await expect(log).to_contain_text(told)
    await village.town.store.transact(audit.chain)
    assert "the log is whole" in await tocsin(village, "audit", "verify")


async def test_from_the_first_link_to_the_second_person(visit, village):
    visit.forgive("a request left the origin: http://localhost")
    store, now = village.town.store, village.town.clock.now()
    async with store.write() as unit:
        first = await operators.add(unit, "Administrator", now, admin=True)
        secret = await operators.new_link(unit, first, now + timedelta(hours=1))
    link = welcome_url(village.url, secret).partition("/console")
    async with device(visit, village, link[1] + link[2], size=DESK, lang="en") as (page, present):
        await page.get_by_label("Your name").fill("Anne Roy")
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(party_of(village.url).origin + "/console")
        await page.get_by_label("More").click()
        await page.get_by_role("link", name="Operators").click()
        await page.get_by_label("Name").fill("Luc Noir")
        await page.get_by_label("Role").last.select_option("writer")
        await page.get_by_role("button", name="Make the invitation").click()
        invitation = await page.locator("#secret-link").input_value()
        await page.get_by_label("More").click()
        await page.get_by_role("button", name="Sign out").click()
        # Among the field's suggestions (conditional UI): nothing is pressed on the page.
        await expect(page).to_have_url(party_of(village.url).origin + "/console")
        await present(False)
        await page.get_by_label("More").click()
        await page.get_by_role("button", name="Sign out").click()
        await page.get_by_label("Stay signed in on this device for 30 days").check()
        await present(True)
        await page.get_by_role("button", name="Sign in with my passkey").click()
        await expect(page).to_have_url(party_of(village.url).origin + "/console")
        async with store.write() as unit:  # some time later, the telephone still lies there
            await unit.conn.execute(update(sessions).values(proven_at=village.town.clock.now() - timedelta(hours=1)))
        await page.goto(party_of(village.url).origin + "/console/operators")
        await page.get_by_text("Luc Noir", exact=True).click()
        visit.forgive("403")
        await page.get_by_label("Role").first.select_option("viewer")
        await page.get_by_role("button", name="Set the role").first.click()
        await page.get_by_role("button", name="Confirm with my passkey").click()
        await page.get_by_role("button", name="Send it now").click()
        await expect(page.locator("main")).to_contain_text("The role was changed.")
    async with device(visit, village, "/console" + invitation.partition("/console")[2], size=PHONE) as (page, _):
        await page.get_by_role("button", name="Créer ma clé d’accès").click()
        await expect(page).to_have_url(party_of(village.url).origin + "/console")
        await expect(page.get_by_role("link", name="Nouvelle alerte")).to_have_count(0)
        await page.goto(party_of(village.url).origin + "/console/account")
        await expect(page.locator("main")).to_contain_text("Luc Noir")
        await page.goto(party_of(village.url).origin + "/console" + invitation.partition("/console")[2])
        visit.forgive("404")
        await page.reload()
        await expect(page.get_by_role("alert")).to_contain_text("Ce lien a servi")


async def test_where_there_are_no_passkeys_a_password_and_a_code_do_by_keyboard(visit, village):
    store, now = village.town.store, village.town.clock.now()
    async with store.write() as unit:
        made = await operators.add(unit, "Jeanne", now, admin=True)
        link = welcome_url(village.url, await operators.new_link(unit, made, now + timedelta(hours=1)))
    page = await visit("/console/welcome" + link[link.index("#") :], size=DESK, lang="en")  # numbers: no passkeys
    keys = page.keyboard
    await expect(page.get_by_role("button", name="Create my passkey")).to_be_hidden()
    await expect(page.get_by_role("alert")).to_contain_text("Passkeys need this address")
    await expect(page.get_by_label("Your name")).to_be_focused()
    await keys.press("ControlOrMeta+a")
    await keys.type("Jeanne Blanc")
    app = pyotp.TOTP((await page.locator("#app-secret:not(:empty)").inner_text()).replace(" ", ""))
    await keys.press("Tab")  # the fold
    await keys.press("Tab")
    await keys.type(app.at(village.town.clock.now()))
    await keys.press("Tab")
    await keys.type("quatre vaches dansent ici")
    await keys.press("Enter")
    await expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    codes = await page.locator("#codes-list li").all_inner_texts()
    await keys.press("Tab")
    await keys.press("Enter")
    await expect(page).to_have_url(village.url + "/console")
    await page.context.clear_cookies()
    await page.goto(village.url + "/console/people")
    await page.get_by_label("Stay signed in on this device for 30 days").check()
    await page.get_by_label("E-mail or name").focus()
    for typed in ("Jeanne Blanc", "quatre vaches dansent ici", codes[0]):
        await keys.type(typed)
        await keys.press("Tab")
    await keys.press("Enter")
    await expect(page).to_have_url(village.url + "/console/people")
    await page.goto(village.url + "/console/account")
    await expect(page.locator("main")).to_contain_text("9 recovery codes left")
    async with store.write() as unit:
        await unit.conn.execute(update(sessions).values(proven_at=now - timedelta(hours=1)))
    visit.forgive("403")
    await page.get_by_role("button", name="New recovery codes").press("Enter")
    dialog = page.get_by_role("dialog", name="Is it you?")
    await expect(dialog.get_by_label("Password")).to_be_focused()
    await keys.type("quatre vaches dansent ici")
    await keys.press("Tab")
    await keys.type(codes[1])
    await keys.press("Enter")
    await expect(page.locator("#codes-list li")).to_have_count(10)


async def test_an_operator_comes_in_by_a_provider_of_identities_and_leaves_there_too(visit, village, provider):
    for each in ("a request left the origin", provider.url, "401"):
        visit.forgive(each)
    await provider.knows("lea", email="lea@town.example", email_verified=True)
    async with village.town.store.write() as unit:
        await operators.add(unit, "Léa Blanc", village.town.clock.now(), mail="lea@town.example", admin=True)
    origin = party_of(village.url).origin
    page = await visit("/", lang="en", size=DESK)
    await page.goto(origin + "/console/people")
    await page.get_by_role("link", name="Sign in with ProConnect").click()
    await page.get_by_placeholder("sub").fill("lea")
    await page.get_by_role("button", name="Authorize").click()
    await expect(page).to_have_url(origin + "/console/people")
    await page.get_by_label("More").click()
    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_role("button", name="End session").click()
    await expect(page).to_have_url(re.compile(f"^{re.escape(origin)}/console/sign-in"))
