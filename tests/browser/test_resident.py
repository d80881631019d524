"""Residents and visitors in their own browser: sign-up by mail and phone, what can go wrong in it, my alerts, here.

Push itself is in ``test_journey`` (Firefox gets it) and ``test_worker``.
"""

from __future__ import annotations

import asyncio
import io
import json
import re
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
import zxingcpp
from aiohttp import web
from PIL import Image
from playwright.async_api import expect
from sqlalchemy import select

from broadcaster.store import tables
from broadcaster.store.operations import rotating
from tests.browser.village import village as founded
from tests.browser.visiting import DESK, PHONE
from tests.contract.test_erasing import NUMBER_STAYS
from tests.servers.town import INSIDE, OUTSIDE
from tests.servers.town_api import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from broadcaster.store import Store
    from tests.browser.village import Village

pytestmark = pytest.mark.timeout(120)
HOUSE = {"label": "12 rue des Émangeards 61300 L'Aigle", "lon": INSIDE[0], "lat": INSIDE[1]}


async def _search(request: web.Request) -> web.Response:
    """France's address service, as far as we speak to it: GeoJSON, the same for all but those who look for nothing."""
    point = {"type": "Point", "coordinates": [HOUSE["lon"], HOUSE["lat"]]}
    found = {"type": "Feature", "geometry": point, "properties": {"label": HOUSE["label"]}}
    return web.json_response(
        {"type": "FeatureCollection", "features": [] if "nulle part" in request.query["q"] else [found]}
    )


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def village(tmp_path_factory, autopush) -> AsyncIterator[Village]:
    app = web.Application()
    app.router.add_get("/search", _search)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with founded(tmp_path_factory.mktemp("residents"), autopush, residents=4, geocoder_url=url) as made:
        yield made
    await runner.cleanup()


class Counted:
    """A person who is counted: presses and fields, and the seconds since they began."""

    def __init__(self, page) -> None:
        self.page, self.taps, self.fields, self.began = page, 0, 0, time.monotonic()

    async def tap(self, name: str | re.Pattern) -> None:
        self.taps += 1
        await self.page.get_by_role("button", name=name).click()

    async def fill(self, label: str, text: str) -> None:
        self.fields += 1
        await self.page.get_by_label(label).press_sequentially(text)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began


async def mailed_code(village: Village, address: str, after: int = 0) -> str:
    """Return the code mailed last, after so many mails; others may have come to that address."""

    def codes() -> list[str]:
        theirs = [each.parsed for each in village.town.smtp.messages[after:] if address in str(each.parsed["To"])]
        return [code for each in theirs for code in re.findall(r"\b\d{6}\b", each["Subject"])]

    await eventually(lambda: bool(codes()), "the mail with the code")
    return codes()[-1]


async def sent_code(village: Village, number: str) -> str:
    def there() -> list:
        return [dict(each.form)["Body"] for each in village.town.twilio.messages if dict(each.form)["To"] == number]

    await eventually(lambda: bool(there()), "the SMS with the code")
    return re.search(r"\d{6}", there()[-1])[0]


async def me_of(village: Village, page) -> dict:
    token = await page.evaluate(
        """() => new Promise((done) => { const asked = indexedDB.open("tocsin", 1);
        asked.onsuccess = () => { const got = asked.result.transaction("facts").objectStore("facts").get("token");
          got.onsuccess = () => done(got.result ?? ""); }; })"""
    )
    return await page.evaluate(
        """async (token) => {
          const headers = {Authorization: `Bearer ${token}`};
          return (await fetch("/v1/subscribers/me", {headers})).json();
        }""",
        token,
    )


async def follow_by_mail(visit, village, address, *, path="", **how):
    page = await visit(path or f"/s/{village.station}", **how)
    await page.get_by_role("button", name="Par e-mail").click()
    await page.get_by_label("Votre adresse e-mail").fill(address)
    before = len(village.town.smtp.messages)
    await page.get_by_role("button", name="Recevoir mon code").click()
    await page.get_by_label("Les six chiffres").fill(await mailed_code(village, address, before))
    await expect(page.get_by_role("heading", name="Où habitez-vous")).to_be_visible()
    return page


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
async def test_a_phone_follows_a_station_in_four_presses_and_two_fields_within_thirty_seconds(visit, village, size):
    number = "+33639980051" if size is PHONE else "+33639980052"
    page = await visit(f"/s/{village.station}", size=size, at=INSIDE)
    person = Counted(page)
    await person.tap("Par SMS ou par appel")
    await person.fill("Votre numéro", number.replace("+33", "0"))
    await person.tap("Recevoir mon code")
    await person.fill("Les six chiffres", await sent_code(village, number))
    await person.tap("J’y suis en ce moment")
    await expect(page.get_by_role("heading", name="C’est fait")).to_be_visible()
    assert (person.taps, person.fields) == (3, 2), "the code goes by itself when it is whole"
    assert person.seconds < 30
    me = await me_of(village, page)
    assert [each["phone"] for each in me["contacts"]] == [number]
    assert me["places"][0]["lon"] == pytest.approx(INSIDE[0], abs=1e-6)


async def test_a_station_is_followed_by_keyboard_alone(visit, village):
    page = await visit(f"/s/{village.station}", size=DESK)

    async def to(name: str) -> None:
        for _ in range(40):
            await page.keyboard.press("Tab")
            if name in await page.evaluate("() => document.activeElement.innerText || document.activeElement.id"):
                return
        pytest.fail(f"the keyboard does not reach {name}")

    await to("Par e-mail")
    await page.keyboard.press("Enter")
    await to("email")
    await page.keyboard.type("clavier@town.example")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Votre code")).to_be_focused()
    await to("code")
    await page.keyboard.type(await mailed_code(village, "clavier@town.example"))
    await expect(page.get_by_role("heading", name="Où habitez-vous")).to_be_focused()
    await to("address")
    await page.keyboard.type("12 rue des Emangeards")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="12 rue des Émangeards")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="C’est fait")).to_be_visible()
    assert (await me_of(village, page))["places"][0]["lat"] == HOUSE["lat"]


async def test_the_link_in_the_mail_confirms_and_the_first_page_goes_on_by_itself(visit, village):
    page = await visit(f"/s/{village.station}", lang="en")
    await page.get_by_role("button", name="By e-mail").click()
    await page.get_by_label("Your e-mail address").fill("lien@town.example")
    await page.get_by_role("button", name="Get my code").click()
    await mailed_code(village, "lien@town.example")
    text = village.town.smtp.messages[-1].parsed.get_body(("plain",)).get_content()
    link = re.search(r"http\S+(/c/\S+)", text)[1]
    mail = await visit(link, lang="en")
    await mail.get_by_role("button", name="Yes, this is me").click()
    await expect(mail.get_by_role("heading", name="Your address is confirmed")).to_be_visible()
    await expect(page.get_by_role("heading", name="Where do you live?")).to_be_visible()


async def test_home_is_a_press_on_the_map_that_is_made_of_our_own_data(visit, village):
    page = await follow_by_mail(visit, village, "carte@town.example")
    await page.get_by_role("button", name="Ou sur la carte").click()
    box = page.locator(".map-box")
    await expect(box.locator("svg path, canvas").first).to_be_attached()
    await box.click(position={"x": 150, "y": 150})
    await page.get_by_role("button", name="C’est ici").click()
    await expect(page.get_by_role("heading", name="C’est fait")).to_be_visible()
    (place,) = (await me_of(village, page))["places"]
    assert 0.3 < place["lon"] < 0.9
    assert 48.6 < place["lat"] < 48.95


async def test_a_refused_position_leaves_the_address_and_the_map(visit, village):
    page = await follow_by_mail(visit, village, "refus@town.example")
    await page.get_by_role("button", name="J’y suis").click()
    await expect(page.locator('[data-step="home"] .wrong')).to_contain_text("Écrivez une adresse")
    await page.get_by_label("Ou une adresse").fill("nulle part")
    await page.get_by_role("button", name="Chercher").click()
    await expect(page.locator('[data-step="home"] .wrong')).to_contain_text("Rien trouvé")
    await page.get_by_role("button", name="Pas maintenant").click()
    await expect(page.get_by_role("heading", name="C’est fait")).to_be_visible()
    assert (await me_of(village, page))["places"] == []


async def test_a_wrong_number_is_told_beside_its_field_and_a_second_press_sends_nothing_more(visit, village):
    visit.forgive("422")
    page = await visit(f"/s/{village.station}")
    await page.get_by_role("button", name="Par SMS ou par appel").click()
    await page.get_by_label("Votre numéro").fill("12345")
    await page.get_by_role("button", name="Recevoir mon code").click()
    await expect(page.locator('[data-step="phone"] .wrong')).to_contain_text("Écrivez-le comme 06 12 34 56 78")
    await page.get_by_label("Votre numéro").fill("06 39 98 00 61")
    await page.get_by_role("button", name="Recevoir mon code").dblclick()
    await expect(page.get_by_role("heading", name="Votre code")).to_be_visible()
    await sent_code(village, "+33639980061")
    assert len([each for each in village.town.twilio.messages if dict(each.form)["To"] == "+33639980061"]) == 1
    await page.get_by_label("Les six chiffres").fill("000000")
    await expect(page.locator(".give-code .wrong")).to_have_text(re.compile("Essais restants.*4"))
    await page.get_by_role("button", name="Valider").click()  # it went with its sixth digit: this costs no second try
    await page.get_by_label("Les six chiffres").fill("000001")
    await expect(page.locator(".give-code .wrong")).to_have_text(re.compile("Essais restants.*3"))


async def test_the_back_button_goes_one_step_back(visit, village):
    page = await visit(f"/s/{village.station}")
    await page.get_by_role("button", name="Par e-mail").click()
    await expect(page).to_have_url(re.compile("#mail$"))
    await page.go_back()
    await expect(page.get_by_role("heading", name="Comment vous prévenir")).to_be_visible()
    await page.get_by_role("button", name="Par SMS").click()
    await expect(page.get_by_label("Votre numéro")).to_be_visible()


async def test_a_sign_up_outlives_a_lost_network_and_a_page_that_was_left(visit, village):
    visit.forgive("ERR_INTERNET_DISCONNECTED")
    address = "tunnel@town.example"
    page = await visit(f"/s/{village.station}", service_workers="block")
    await page.get_by_role("button", name="Par e-mail").click()
    await page.get_by_label("Votre adresse e-mail").fill(address)
    await page.context.set_offline(True)
    await page.get_by_role("button", name="Recevoir mon code").click()
    await expect(page.locator('[data-step="mail"] .wrong')).to_contain_text("Pas de réseau")
    await page.context.set_offline(False)
    await page.get_by_role("button", name="Recevoir mon code").click()
    code = await mailed_code(village, address)
    await page.close()
    again = await page.context.new_page()
    await again.goto(f"{village.url}/s/{village.station}")
    await expect(again.get_by_role("heading", name="Votre code")).to_be_visible()
    await again.context.set_offline(True)
    await again.get_by_label("Les six chiffres").fill(code)
    await expect(again.locator(".give-code .wrong")).to_contain_text("Pas de réseau")
    await again.context.set_offline(False)
    await again.get_by_role("button", name="Valider").click()
    await expect(again.get_by_role("heading", name="Où habitez-vous")).to_be_visible()


NO_PUSH = "delete window.PushManager"
DENIED = "Object.defineProperty(Notification, 'permission', {get: () => 'denied'})"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Safari/604.1"


@pytest.mark.parametrize(
    ("script", "how", "words"),
    [
        (NO_PUSH, {}, "Ce navigateur ne peut pas recevoir de notifications"),
        (DENIED, {}, "Les notifications sont bloquées pour ce site"),
        (NO_PUSH, {"user_agent": IPHONE}, "Sur l’écran d’accueil"),
    ],
    ids=["without", "denied", "iphone"],
)
async def test_where_there_is_no_push_the_page_says_why_and_offers_the_other_ways(visit, village, script, how, words):
    page = await visit("/me", **how)
    await page.context.add_init_script(script)
    await page.goto(f"{village.url}/s/{village.station}")
    await expect(page.get_by_text(words)).to_be_visible()
    await expect(page.locator("#by-push")).to_be_hidden()
    await expect(page.get_by_role("button", name="Par SMS")).to_be_visible()
    await expect(page.get_by_role("button", name="Par e-mail")).to_be_visible()


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
            query = select(sealed.column.label("old"), *(rotating.raw(each) for each in sealed.of))
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
