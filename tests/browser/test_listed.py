"""Somebody of the town's list, in a browser: from the station's page to what the list says about them."""

from __future__ import annotations

from playwright.async_api import expect

from broadcaster.domain.people import ChannelName, NewContact, NewSubscriber
from broadcaster.store.people import corrections, people
from broadcaster.store.stations import stations
from tests.browser.residents.following import sent_code

NUMBER = "+33639980077"


async def test_who_is_on_the_list_reads_it_after_a_code_and_is_erased(visit, village):
    town = village.town
    async with town.store.write() as unit:
        station = await stations.by_slug(unit, village.station)
        rose = NewSubscriber(
            "fr", (NewContact(ChannelName.SMS, NUMBER, NUMBER),), external_id="L-1", name="Rose Sureau"
        )
        await people.register(unit, station.id, [rose], [people.new_token()], groups_by_slug={}, now=town.clock.now())
    visit.forgive("422")
    page = await visit(f"/s/{village.station}")
    await page.get_by_role("link", name="Déjà sur la liste").click()
    proving = page.locator("#proving")
    await proving.get_by_label("Votre numéro").fill("06 39 98 00 77")
    await proving.get_by_role("button", name="Recevoir mon code").first.click()
    await expect(page.locator(".ask-code .wrong").first).to_have_text("Écrivez votre nom, comme sur la liste.")
    await proving.get_by_label("Votre nom").fill("sureau rose")
    await proving.get_by_role("button", name="Recevoir mon code").first.click()
    await proving.get_by_label("Les six chiffres").fill(await sent_code(village, NUMBER))
    await expect(page.get_by_text("Vous êtes sur la liste.")).to_be_visible()
    await expect(page.locator("#said li")).to_have_text(["Rose Sureau", "06 39 98 00 77"])
    async with page.expect_download() as saving:
        await page.get_by_role("button", name="à lire ou à imprimer").click()
    kept = await (await saving.value).path()
    assert "Rose Sureau" in kept.read_text(encoding="utf-8")
    await page.get_by_text("Demander une correction").click()
    await page.get_by_role("button", name="Envoyer ma demande").click()
    await expect(page.locator("#correct .wrong")).to_have_text("Écrivez ce qui est faux, et ce qui est juste.")
    await page.get_by_label("ce qui est juste").fill("Je m’appelle Rosa.")
    await page.get_by_label("Nouveau nom").fill("Rosa Sureau")
    await page.get_by_role("button", name="Envoyer ma demande").click()
    await expect(page.get_by_text("Votre demande est envoyée.")).to_be_visible()
    added = page.locator("#new-contact")
    await added.get_by_label("Votre numéro").fill("06 39 98 00 78")
    await added.get_by_role("button", name="Recevoir mon code").first.click()
    await added.get_by_label("Les six chiffres").fill(await sent_code(village, "+33639980078"))
    await expect(added.get_by_text("fait maintenant partie de votre demande")).to_be_visible()
    async with town.store.read() as unit:
        ((asked,),) = [await corrections.of_station(unit, station.id)]
    assert (asked.wanted.name, asked.wanted.text) == ("Rosa Sureau", "Je m’appelle Rosa.")
    assert [each.address for each in asked.wanted.contacts] == ["+33639980078"]
    await page.get_by_role("button", name="Tout effacer et partir").click()
    await page.get_by_role("dialog").get_by_role("button", name="Tout effacer").click()
    await expect(page.locator("#number")).to_contain_text("-")
    async with town.store.read() as unit:
        assert await people.by_external_ids(unit, station.id, ["L-1"]) == {}
