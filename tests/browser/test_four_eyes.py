"""From the first start to an alert that a second person approved on their phone, and the log that tells of it."""

from __future__ import annotations

import re
from datetime import timedelta

from playwright.async_api import expect

from broadcaster.domain.operators import party_of, welcome_url
from broadcaster.store.operations import audit, audit_reading
from broadcaster.store.operators import operators
from tests.browser.test_compose import hold, to_where
from tests.browser.test_operators import device
from tests.browser.visiting import DESK, PHONE


async def test_an_alert_waits_for_the_second_person_who_sends_it_from_their_phone(visit, village):
    visit.forgive("a request left the origin: http://localhost")
    store, now, origin = village.town.store, village.town.clock.now(), party_of(village.url).origin
    async with store.write() as unit:
        first = await operators.add(unit, "Administrator", now, admin=True)
        secret = await operators.new_link(unit, first, now + timedelta(hours=1))
    link = welcome_url(village.url, secret).partition("/console")
    async with device(visit, village, link[1] + link[2], size=DESK, lang="en") as (desk, _):
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
            await expect(desk.locator("#state")).to_contain_text("Asked: Paul Petit.")
            await expect(desk.get_by_role("button", name="approve")).to_have_count(0)

            await phone.reload()
            await phone.locator("#to-approve a").click()
            button = phone.get_by_role("button", name="Maintenez pour valider et envoyer")
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
    await store.transact(audit.chain)
    async with store.read() as unit:
        verdict = await audit_reading.verify(unit)
    assert (verdict.faults, verdict.waiting) == ((), 0)
