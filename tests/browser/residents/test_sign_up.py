"""Sign-up by mail and telephone in a resident's own browser, and what can go wrong in it.

Push itself is in ``test_journey`` (Firefox gets it) and ``test_worker``.
"""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser.residents.following import HOUSE, follow_by_mail, mailed_code, me_of, sent_code
from tests.browser.visiting import DESK, PHONE, person_s
from tests.servers.town import INSIDE

pytestmark = pytest.mark.timeout(120)


class Counted:
    """A person who is counted: presses, fields and their letters."""

    def __init__(self, page) -> None:
        self.page, self.taps, self.fields, self.letters = page, 0, 0, 0

    async def tap(self, name: str | re.Pattern) -> None:
        self.taps += 1
        await self.page.get_by_role("button", name=name).click()

    async def fill(self, label: str, text: str) -> None:
        self.fields += 1
        self.letters += len(text)
        await self.page.get_by_label(label).press_sequentially(text)

    @property
    def seconds(self) -> float:
        return person_s(self.taps + self.fields, self.letters)


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
    mailed = await village.town.smtp.mail_to("lien@town.example")
    text = mailed.parsed.get_body(("plain",)).get_content()
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
    right = await sent_code(village, "+33639980061")
    first, second, *_ = (each for each in ("000000", "000001", "000002") if each != right)
    assert len([each for each in village.town.twilio.messages if dict(each.form)["To"] == "+33639980061"]) == 1
    await page.get_by_label("Les six chiffres").fill(first)
    await expect(page.locator(".give-code .wrong")).to_have_text(re.compile("Essais restants.*4"))
    await page.get_by_role("button", name="Valider").click()  # it went with its sixth digit: this costs no second try
    await page.get_by_label("Les six chiffres").fill(second)
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


async def test_a_code_is_sent_again_after_the_page_was_loaded_anew(visit, village):
    number, asked = "+33639980063", []
    page = await visit(f"/s/{village.station}")
    page.on("request", lambda each: "phone" in (each.post_data or "") and asked.append(each.post_data_json))
    await page.clock.install()
    await page.reload()
    await page.get_by_role("button", name="Par SMS ou par appel").click()
    await page.get_by_label("Votre numéro").fill("06 39 98 00 63")
    await page.get_by_role("button", name="Recevoir mon code").click()
    before = await sent_code(village, number)
    again = page.locator(".give-code .again")
    await expect(again).to_be_disabled()
    await page.reload()
    await expect(page.get_by_role("heading", name="Votre code")).to_be_visible()
    await expect(page.locator(".sent")).to_contain_text("06 39 98 00 63")
    await expect(again).to_be_disabled()
    await page.clock.fast_forward(46_000)
    await expect(again).to_be_enabled()
    await again.click()
    await expect(again).to_be_disabled()
    after = await sent_code(village, number, times=2)
    assert asked[0] == asked[1], "the same is asked, though the form is empty now"
    if before != after:
        visit.forgive("422")
        await page.get_by_label("Les six chiffres").fill(before)
        await expect(page.locator(".give-code .wrong")).to_contain_text("Essais restants")
    await page.get_by_label("Les six chiffres").fill(after)
    await expect(page.get_by_role("heading", name="Où habitez-vous")).to_be_visible()
    assert [each["phone"] for each in (await me_of(village, page))["contacts"]] == [number]


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
