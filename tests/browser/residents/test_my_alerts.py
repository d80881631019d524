"""Residents and visitors in their own browser after the sign-up: my alerts, here, an alert's page, answers."""

from __future__ import annotations

import asyncio
import io
import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import zxingcpp
from PIL import Image
from playwright.async_api import expect
from sqlalchemy import select

from broadcaster.store import tables
from broadcaster.store.operations import rotating
from tests.browser.residents.following import HOUSE, follow_by_mail, me_of, sent_code
from tests.browser.visiting import DESK
from tests.contract.test_erasing import NUMBER_STAYS
from tests.servers.town import INSIDE, OUTSIDE
from tests.servers.town_api import eventually

if TYPE_CHECKING:
    from broadcaster.store import Store

pytestmark = pytest.mark.timeout(120)


async def test_a_resident_goes_from_the_posters_qr_code_to_exported_and_erased(visit, village):
    poster = await visit(f"/console/stations/{village.station}/poster", signed_in=True, size=DESK)
    picture = poster.locator(".poster img")
    await picture.scroll_into_view_if_needed()
    await poster.wait_for_function("() => document.querySelector('.poster img').naturalWidth > 0")
    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(await picture.screenshot())))
    address = "moi@town.example"
    page = await follow_by_mail(visit, village, address, path=code.text.removeprefix(village.url), at=INSIDE)
    await page.get_by_role("button", name="J’y suis").click()
    await page.get_by_role("link", name="Mes alertes : lieux").click()
    await expect(page.locator("#contacts strong")).to_have_text(address)
    await expect(page.locator("#places strong")).to_be_visible()
    number = int((await me_of(village, page))["id"])

    alert = await village.api.issue(channels=["email"])
    await village.api.finished(alert["id"])
    mails = [each.parsed["Subject"] for each in village.town.smtp.messages if address in str(each.parsed["To"])]
    assert "La Risle déborde" in mails[-1]

    await page.get_by_role("button", name="Un jour").click()
    await expect(page.locator("#paused")).to_contain_text("En pause jusqu’à")
    assert (await me_of(village, page))["paused_until"] is not None
    await page.get_by_role("button", name="Me prévenir de nouveau").click()
    await expect(page.locator("#paused")).to_be_hidden()

    async def taken(name: str) -> str:
        async with page.expect_download() as waiting:
            await page.get_by_role("button", name=name).click()
        return (await (await waiting.value).path()).read_text()

    data, read = json.loads(await taken("Télécharger tout")), await taken("La même chose")
    assert [each["email"] for each in data["subscriber"]["contacts"]] == [address]
    assert data["subscriber"]["places"][0]["lon"] == pytest.approx(INSIDE[0], abs=1e-6)
    assert [each["alert"] for each in data["messages"]] == [alert["url"].removeprefix(village.url)]
    assert (address in read, "Inondation" in read) == (True, True)
    store = village.town.store
    assert {"subscribers", "contacts", "places", "recipients"} <= await tables_that_name(store, number, address)

    page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
    await page.get_by_role("button", name="Retirer Domicile").click()
    await expect(page.locator("#no-places")).to_be_visible()
    await page.get_by_role("button", name="Tout effacer et partir").click()
    await page.get_by_role("dialog").get_by_role("button", name="Tout effacer").click()
    await expect(page.get_by_role("heading", name="Tout est effacé")).to_be_visible()
    proof = json.loads(await taken("Télécharger la preuve"))
    assert proof["number"] == await page.locator("#proof strong").inner_text()
    assert {"profile", "alert", "message"} <= set(proof["kinds"])
    assert await page.locator("#shared").is_visible() is proof["shared"] is False
    left = await tables_that_name(store, number, address)
    assert left <= NUMBER_STAYS, "an alert's sums keep a number that leads to nobody"
    assert not await tables_that_name(store, None, address)
    visit.forgive("401")
    await page.goto(f"{village.url}/me")
    await expect(page.get_by_text("vous ne suivez encore personne")).to_be_visible()


async def tables_that_name(store: Store, number: int | None, address: str) -> set[str]:
    """Return the tables that have a person's number, or their address in any value, what is sealed opened."""
    found = set()
    async with store.read() as unit:
        for table in tables.metadata.sorted_tables:
            whose = "id" if table.name == "subscribers" else "subscriber_id"
            for row in (await unit.conn.execute(select(table))).mappings():
                if (number is not None and row.get(whose) == number) or address in str(tuple(row.values())):
                    found.add(table.name)
        for sealed in rotating.SEALED:
            query = select(sealed.column.label("old"), *(tables.raw(each) for each in sealed.of))
            for value, *of in await unit.conn.execute(query):
                octets = rotating.value_of(sealed, value)
                if octets and address.encode() in unit.vault.open(octets, rotating.context_of(sealed, of)):
                    found.add(sealed.table.name)
    return found


async def test_quiet_hours_and_topics_are_chosen_by_keyboard_alone(visit, village):
    page = await follow_by_mail(visit, village, "calme@town.example", at=INSIDE)
    await page.get_by_role("button", name="J’y suis").click()
    await page.get_by_role("link", name="Mes alertes : lieux").click()
    await expect(page.get_by_text("vous réveille même pendant ces heures")).to_be_visible()
    await page.get_by_label("De", exact=True).fill("21:30")
    await page.get_by_label("À", exact=True).fill("06:15")
    await page.get_by_label("À", exact=True).press("Enter")

    async def quiet() -> bool:
        chosen = (await me_of(village, page))["quiet_hours"]
        return chosen["own"] and (chosen["begin"], chosen["end"]) == ("21:30", "06:15") and chosen["zone"] is not None

    await eventually(quiet, "the quiet hours are kept")
    await page.locator("#wishes summary").focus()
    await page.keyboard.press("Enter")
    for label, letters in (("Travaux", "J"), ("Événements", "E")):
        await page.get_by_label(label).focus()
        await page.keyboard.type(letters)

    async def chosen() -> bool:
        topics = {each["slug"]: each["choice"] for each in (await me_of(village, page))["follows"][0]["topics"]}
        return (topics["works"], topics["events"], topics["traffic"]) == ("mute", "digest", "now")

    await eventually(chosen, "the topics are kept")


async def test_here_tells_the_service_a_cell_and_decides_the_rest_itself(visit, village):
    alert = await village.api.issue()
    await village.api.finished(alert["id"])
    asked: list[str] = []
    page = await visit("/here", at=INSIDE)
    page.context.on("request", lambda request: asked.append(request.url + (request.post_data or "")))
    await page.get_by_role("button", name="Vérifier là où je suis").click()
    await expect(page.locator("#result")).to_contain_text("La Risle déborde")
    await page.context.set_geolocation({"longitude": OUTSIDE[0], "latitude": OUTSIDE[1]})
    await page.get_by_role("button", name="Vérifier là où je suis").click()
    await expect(page.locator("#result h2")).to_have_text(re.compile(r"Aucune ici.*km à l’ouest de vous"))
    await expect(page.locator("#result")).to_contain_text("Vous êtes hors de sa zone")
    about_us = [each for each in asked if "lon=" in each]
    assert about_us
    assert all(re.search(r"/v1/cells\?lon=-?\d+\.\d&lat=-?\d+\.\d[05]$", each) for each in about_us), about_us
    precise = f"{INSIDE[0]:.4f}"[:6]
    assert not [each for each in asked if precise in each]


async def test_here_without_a_position_a_place_can_be_written(visit, village):
    page = await visit("/here")
    await page.get_by_role("button", name="Vérifier là où je suis").click()
    await expect(page.locator("#trouble")).to_contain_text("Écrivez une commune ou une adresse")
    await page.get_by_label("Ou une commune").fill("L'Aigle")
    await page.get_by_role("button", name="Chercher").click()
    await expect(page.locator("#result")).to_contain_text(HOUSE["label"])


async def test_an_alert_says_whether_one_is_in_it_only_when_asked(visit, village):
    alert = await village.api.issue()
    path = alert["url"].removeprefix(village.url)
    page = await visit(path, at=INSIDE)
    assert await page.locator("#you").count() == 0
    await page.get_by_role("button", name="Suis-je dans la zone").click()
    await expect(page.locator("#where-said")).to_contain_text("Vous êtes dans la zone")
    await expect(page.locator("#you circle").first).to_be_attached()
    await page.context.set_geolocation({"longitude": OUTSIDE[0], "latitude": OUTSIDE[1]})
    await page.get_by_role("button", name="Suis-je dans la zone").click()
    await expect(page.locator("#where-said")).to_contain_text("2,5 km de la zone")


async def test_the_first_page_shows_what_holds_at_my_places(visit, village):
    alert = await village.api.issue()
    await village.api.finished(alert["id"])
    page = await follow_by_mail(visit, village, "chezmoi@town.example", at=INSIDE)
    await page.get_by_role("button", name="J’y suis").click()
    await expect(page.get_by_role("heading", name="C’est fait")).to_be_visible()
    await page.goto(village.url + "/")
    await expect(page.locator("#mine")).to_contain_text("La Risle déborde")
    await expect(page.locator("#mine")).to_contain_text("Lieu : Domicile")


async def test_who_follows_already_follows_a_second_station_as_the_same_person(visit, village):
    page = await follow_by_mail(visit, village, "deux@town.example", at=INSIDE)
    await page.get_by_role("button", name="J’y suis").click()
    await expect(page.get_by_role("heading", name="C’est fait")).to_be_visible()
    await page.goto(f"{village.url}/s/rugles")
    await page.get_by_role("button", name="Par SMS").click()
    await page.get_by_label("Votre numéro").fill("0639980071")
    await page.get_by_role("button", name="Recevoir mon code").click()
    await page.get_by_label("Les six chiffres").fill(await sent_code(village, "+33639980071"))
    await expect(page.get_by_role("heading", name="C’est fait")).to_be_visible()
    me = await me_of(village, page)
    assert {each["station"] for each in me["follows"]} == {"laigle", "rugles"}
    assert {each["channel"] for each in me["contacts"]} == {"email", "sms"}
    assert len(me["places"]) == 1, "where one lives is not asked again"


async def test_help_and_a_vote_by_the_links_of_messages_and_a_text_reach_the_operator(visit, village):
    rose, operator = village.town.residents[0], await visit("/console/help", signed_in=True, size=DESK)
    await operator.get_by_role("button", name="Prendre la permanence").click()
    await expect(operator.get_by_role("button", name="Prendre la permanence")).to_have_count(0)
    before = len(village.town.twilio.messages)
    alert = await village.api.issue(channels=["sms"])
    await village.api.finished(alert["id"])
    texts = {each.to: each.body for each in village.town.twilio.messages[before:]}

    # By the link of the SMS, on a telephone that says where it is; 112 stands before all else.
    path = re.search(r"/r/[\w-]+", texts[rose.mobile])[0]
    phone = await visit(path, at=INSIDE)
    await expect(phone.locator("[data-danger]")).to_contain_text("appelez le 112")
    await expect(phone.get_by_text(f"finit par {rose.mobile[-2:]}")).to_be_visible()
    await phone.get_by_label("indiquer où je suis, une seule fois").check()
    await phone.get_by_role("button", name="J’ai besoin d’aide").click()
    await expect(phone.locator("[data-said]")).to_contain_text("a bien votre demande d’aide")

    # The operator's page shows it by itself; then a text, which is none of the answers.
    await expect(operator.get_by_text("envoyé avec la demande")).to_be_visible()
    await operator.get_by_role("button", name="Je m’en charge").click()
    await expect(operator.get_by_text("Prise en charge par").first).to_be_visible()
    written = {"From": rose.mobile, "Body": "Le pont est coupé", "MessageSid": "SM" + "0" * 32}
    await village.town.twilio.tell(f"{village.url}/hooks/twilio/sms", written)
    await operator.goto(f"{village.url}/console/inbox")
    await expect(operator.get_by_text("Le pont est coupé")).to_be_visible()
    await operator.get_by_role("button", name="Traité").click()
    await expect(operator.locator(".tag.good")).to_have_count(1)

    # A poll from the console, and a vote by the link of its mail.
    await operator.goto(f"{village.url}/console/polls")
    await operator.get_by_label("Question").fill("Un marché le soir ?")
    await operator.get_by_label("Réponses").fill("Oui\nNon")
    await operator.get_by_label("Se ferme le").fill(f"{village.town.clock.now() + timedelta(days=2):%Y-%m-%dT%H:%M}")
    await operator.get_by_role("button", name="Ouvrir le sondage").click()
    await expect(operator.get_by_role("link", name="Un marché le soir ?")).to_be_visible()

    def came() -> list[str]:
        mails = [each for each in village.town.smtp.messages if each.recipients[0] == rose.mail]
        bodies = [each.parsed.get_body(("plain",)).get_content() for each in mails]
        return [each for each in bodies if "Un marché le soir ?" in each]

    await eventually(lambda: bool(came()), "the mail of the poll")
    await phone.goto(village.url + re.search(r"/r/[\w-]+", came()[0])[0])
    await phone.get_by_role("button", name="Oui").click()
    await expect(phone.get_by_text("vous avez voté")).to_be_visible()
    await expect(phone.get_by_role("button", name="Oui")).to_have_count(0)
