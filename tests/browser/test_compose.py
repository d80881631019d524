"""An operator writes an alert: within a few taps, by keyboard alone, and never one thing for another."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.browser.visiting import DESK, PHONE, person_s
from tests.servers.town_facts import CENTRE

if TYPE_CHECKING:
    from playwright.async_api import Page

# What a person does with a hand: a tap, a key that writes something. Counted over every page of the visit.
COUNT = """
for (const [name, what] of [["click", "taps"], ["input", "written"]]) {
  addEventListener(name, (event) => {
    if (!event.isTrusted || (what === "taps" && event.detail === 0)) return;
    if (what === "written" && !event.target.matches("textarea, input:not([type=radio], [type=checkbox])")) return;
    sessionStorage.setItem(what, 1 + Number(sessionStorage.getItem(what) || 0));
  }, true);
}"""
HELD_MS = 1500
"""For as long a press does nothing where a second one only ends the first."""
CORNERS = [[0.62, 48.76], [0.64, 48.76], [0.64, 48.77], [0.62, 48.77], [0.62, 48.76]]
SQUARE = {"type": "Polygon", "coordinates": [CORNERS]}
NARROW = {"width": 360, "height": 740}
# Buttons of one word that are higher than a line of it.
HIGH = """[...document.querySelectorAll(".segments span, .onward .button")]
  .filter((each) => each.offsetParent && !each.textContent.trim().includes(" ") && each.offsetHeight > 60)
  .map((each) => each.textContent.trim())"""


async def counted(page: Page, what: str) -> int:
    return int(await page.evaluate("(what) => Number(sessionStorage.getItem(what) || 0)", what))


async def hold(page: Page) -> None:
    button = page.locator("#send")
    await button.scroll_into_view_if_needed()
    await button.hover()
    await page.mouse.down()
    await held(page)
    await page.mouse.up()


async def hold_enter(page: Page) -> None:
    await page.locator("#send").focus()
    await page.keyboard.down("Enter")
    await held(page)
    await page.keyboard.up("Enter")


async def held(page: Page) -> None:
    """Wait until the button was pressed for long enough, by the page's own clock."""
    await expect(page.locator("button.holding")).to_have_count(0)


async def sent(page: Page, village) -> dict:
    """The alert whose page one is led to."""
    await page.wait_for_url(re.compile(r"/console/alerts/\d+$"))
    return await village.api.call("GET", f"/v1/alerts/{page.url.rpartition('/')[2]}")


async def to_where(page: Page, kind: str = "flood") -> None:
    await page.locator(f"[data-kind={kind}]").click()
    await expect(page.locator("#map")).to_be_visible()


async def people(page: Page) -> int:
    """The figure of the reach, once there is one."""
    place = page.locator('[data-reach="people"]')
    await expect(place).to_have_text(re.compile(r"\d"))
    return int(re.sub(r"\D", "", await place.inner_text()))


async def tap_map(page: Page) -> None:
    """A tap in the middle of what is seen of the map."""
    box = await page.locator("#map").bounding_box()
    top = await page.evaluate(
        "parseFloat(getComputedStyle(document.querySelector('#step-where')).getPropertyValue('--middle'))"
    )
    await page.mouse.click(box["x"] + box["width"] / 2, box["y"] + top)


async def test_anybody_who_knows_nothing_sends_a_right_alert_within_a_minute_and_twelve_taps(visit, village):
    page = await visit("/console", signed_in=True)
    await page.context.add_init_script(COUNT)
    await page.reload()
    await page.locator("a.new-alert").click()
    await page.get_by_role("button", name="Inondation").click()
    await tap_map(page)
    assert await people(page) > 0
    await page.locator("#to-words").click()
    await expect(page.locator('[data-preview="push.title"]')).to_contain_text("Inondation")
    await page.locator("#to-check").click()
    await expect(page.locator("#sentence")).to_contain_text("MAINTENANT")
    for each in ("#sentence", "#sum-where"):
        await expect(page.locator(each)).to_contain_text("12 Rue Saint-Jean")
    send = await page.locator("#send").bounding_box()
    assert send["y"] + send["height"] <= PHONE["height"], "the button is on the first screen"
    await expect(page.locator("[data-seen-in=fr] .whole")).to_contain_text("Ne prenez pas la voiture")
    assert await page.locator("[data-seen-in=fr] figure").count() == 4
    taps, written = await counted(page, "taps"), await counted(page, "written")
    await hold(page)
    alert = await sent(page, village)
    assert (taps + 1, written) == (6, 0)
    assert person_s(6, 0) < 60
    assert (alert["status"], alert["severity"], alert["event"]) == ("actual", "severe", "Inondation")
    assert alert["texts"]["en"]["headline"] == "Flood: go upstairs"
    (circle,) = alert["area"]["circles"]
    assert circle["radius_m"] == 1000
    assert abs(circle["lon"] - CENTRE[0]) < 0.05


async def test_all_of_it_goes_by_keyboard_alone(visit, village):
    page = await visit("/console/new", signed_in=True, size=DESK, lang="en")
    await page.locator("[data-kind=fire]").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#map")).to_be_visible()
    await page.locator("#map").focus()
    await page.keyboard.press("Enter")
    await people(page)
    centre = page.locator(".handle.centre")
    told = await page.locator("#where-now").inner_text()
    await centre.focus()
    for _ in range(4):
        await page.keyboard.press("Shift+ArrowUp")
    await expect(page.locator("#where-now")).not_to_have_text(told)
    await page.locator(".handle.edge").focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("#radius")).to_have_value("1010")
    await page.locator("#radius").fill("1500")
    await expect(page.locator("#slider")).to_have_attribute("aria-valuetext", "1,500 metres")
    await expect(page.locator('[data-reach="people"]')).not_to_have_text("–")
    await page.locator("#slider").focus()
    await page.keyboard.press("ArrowLeft")
    await expect(page.locator("#radius")).to_have_value("1450")

    await page.locator("#to-words").press("Enter")
    await expect(page.locator("#headline-en")).to_have_value("Fire: stay indoors")
    await page.locator("#words-en summary", has_text="Easy to read").press("Enter")
    await expect(page.locator("#easy-en")).to_have_value(re.compile(r"fire", re.IGNORECASE))
    await page.locator("#easy-en").fill("There is a fire.\nStay at home.")
    await page.locator("#words-en [data-asking] summary").press("Enter")
    await page.locator("#question-en").press_sequentially("Are your windows shut?")
    await page.locator("#to-check").press("Enter")
    await expect(page.locator("#answers-en-wrong")).to_have_text(re.compile("needs 2 to 5 different answers"))
    await expect(page.locator("#answers-en")).to_be_focused()
    await page.keyboard.type("Yes")
    await page.keyboard.press("Enter")
    await page.keyboard.type("No")
    await expect(page.locator('[data-preview="push.answers"]')).to_have_text(re.compile("Yes.*No"))
    await page.locator("#to-check").press("Enter")
    await expect(page.locator("#sentence")).to_contain_text("Sends NOW to")
    await expect(page.locator("[data-seen-in=en] .whole")).to_contain_text("Are your windows shut?")
    await expect(page.locator("[data-seen-in=en] .whole")).to_contain_text("Easy to read\nThere is a fire.")
    await expect(page.locator("[data-seen-in=en] [data-way=voice]")).to_contain_text("For Yes, press 1.")
    await expect(page.locator("#warnings")).to_contain_text("The question is not asked in")
    await hold_enter(page)
    alert = await sent(page, village)
    assert alert["area"]["circles"][0]["radius_m"] == 1450
    assert alert["texts"]["en"]["answers"] == ["Yes", "No"]
    assert [alert["texts"][each]["easy"] for each in ("en", "fr")] == ["There is a fire.\nStay at home.", ""]
    await expect(page.locator("[data-part=answers] dt")).to_have_text(["Yes", "No"])


async def test_an_outline_is_drawn_by_taps_and_by_the_middle_of_the_map(visit, village):
    page = await visit("/console/new", signed_in=True, size=DESK)
    await to_where(page)
    await page.locator("#add-outline").click()
    box = await page.locator("#map").bounding_box()
    for x, y in ((300, 300), (500, 300), (500, 500)):
        await page.mouse.click(box["x"] + x, box["y"] + y)
    await page.locator("#corner-here").click()
    await page.locator("#corner-back").click()
    await page.locator("#corner-close").click()
    await expect(page.locator("#where-now")).to_have_text("Dans le contour dessiné")
    assert await people(page) >= 0
    await page.locator("#to-words").click()
    await page.locator("#to-check").click()
    await hold(page)
    alert = await sent(page, village)
    assert not alert["area"]["circles"]
    (polygon,) = alert["area"]["polygons"]["coordinates"]
    assert len(polygon[0]) == 4


async def test_the_limit_of_the_territory_is_seen_over_the_tiles_and_below_what_is_drawn(visit):
    page = await visit("/console/new", signed_in=True)
    await to_where(page)
    limit = page.locator(".leaflet-limit-pane path")
    await expect(limit).to_be_visible()
    order = """["tile", "limit", "overlay"].map((each) =>
      Number(getComputedStyle(document.querySelector(`.leaflet-${each}-pane`)).zIndex))"""
    assert await page.evaluate(order) == sorted(await page.evaluate(order))
    assert await limit.evaluate("(path) => getComputedStyle(path).fill") == "none"


async def test_several_circles_and_one_taken_away(visit):
    page = await visit("/console/new", signed_in=True, size=DESK)
    await to_where(page)
    await tap_map(page)
    await page.mouse.move(700, 400)
    await page.mouse.down()
    await page.mouse.move(760, 440, steps=4)
    await page.mouse.up()
    await page.locator("#add-circle").click()
    await expect(page.locator("#shapes li")).to_have_count(2)
    await expect(page.locator("#where-now")).to_have_text("Dans 2 cercles")
    await page.get_by_role("button", name="Enlever Cercle 1").click()
    await expect(page.locator("#where-now")).to_contain_text("1 000")


async def test_an_exercise_looks_like_one_on_every_step_and_is_one(visit, village):
    page = await visit("/console/new", signed_in=True)
    assert "exercise" not in (await page.locator("body").get_attribute("class")).split()
    await page.locator("input[name=status][value=exercise]").check()
    for step in ("kind", "where", "words", "check"):
        if step == "where":
            await to_where(page, "fire")
            await tap_map(page)
            await people(page)
        if step == "words":
            await page.locator("#to-words").click()
        if step == "check":
            await page.locator("#to-check").click()
        assert "exercise" in (await page.locator("body").get_attribute("class")).split(), step
        await expect(page.locator("#drill-banner")).to_be_visible()
        await expect(page.locator("#drill-banner")).to_contain_text("EXERCICE")
    await expect(page.locator("#sentence")).to_contain_text("un EXERCICE")
    await expect(page.locator("#send")).to_contain_text("l’EXERCICE")
    await hold(page)
    assert (await sent(page, village))["status"] == "exercise"


async def test_a_slip_of_the_thumb_sends_nothing(visit, village):
    page = await visit("/console/new", signed_in=True)
    await to_where(page)
    await tap_map(page)
    await people(page)
    await page.locator("#to-words").click()
    await page.locator("#to-check").click()
    await expect(page.locator("#sentence")).to_contain_text("MAINTENANT")
    known = len((await village.api.call("GET", "/v1/alerts"))["alerts"])
    await page.locator("#send").click()
    await expect(page.locator(".held-said")).to_contain_text("plus longtemps")
    await page.locator("#send").click()
    await page.wait_for_timeout(HELD_MS)
    assert "/console/new" in page.url
    assert len((await village.api.call("GET", "/v1/alerts"))["alerts"]) == known


async def test_one_press_adds_the_telephone_and_a_road_closure_has_no_visit_list(visit):
    page = await visit("/console/new", signed_in=True)
    await to_where(page, "road")
    await tap_map(page)
    await people(page)
    await page.locator("#to-words").click()
    await page.locator("#to-check").click()
    reachable = page.locator("[data-tally=reachable] dt")
    await expect(page.locator("[data-tally=unused]")).to_be_visible()
    before = int(re.sub(r"\D", "", await reachable.inner_text()))
    await page.locator("[data-add=sms]").click()
    await expect(reachable).not_to_have_text(str(before))
    assert int(re.sub(r"\D", "", await reachable.inner_text())) > before
    await expect(page.locator("[data-seen-in=fr] [data-way=sms]")).to_have_count(1)
    await expect(page.locator("#tally strong")).to_have_count(0)
    expected = page.locator("[data-tally=cost]")
    await expect(expected).to_contain_text("coût prévu")
    await expect(expected).to_contain_text(re.compile(r"Premier message.+95.+Vu.+environ [0-9]+"))


@pytest.mark.parametrize("lang", ["fr", "en"])
async def test_on_the_narrowest_common_telephone_no_button_breaks_its_word(visit, lang):
    page = await visit("/console/new", signed_in=True, lang=lang, size=NARROW)
    assert await page.evaluate(HIGH) == []
    await to_where(page)
    await page.locator("#add-circle").click()
    await people(page)
    assert await page.evaluate(HIGH) == []
    await page.locator("#to-words").click()
    await expect(page.locator("#step-words")).to_be_visible()
    assert await page.evaluate(HIGH) == []


async def test_a_school_secretary_writes_to_class_3b_in_six_taps_and_sees_no_map(visit, village):
    school = {"slug": "ecole", "name": "École Victor-Hugo", "kind": "school", "languages": ["fr"]}
    school["boundary"] = SQUARE
    await village.api.call("POST", "/v1/stations", school, expect=201)
    for number, group in (("1", "3B"), ("2", "3B"), ("3", "4A")):
        pupil = {"external_id": f"E-{number}", "groups": [group]}
        pupil["contacts"] = [{"channel": "email", "email": f"parent{number}@example.org"}]
        await village.api.call("POST", "/v1/stations/ecole/subscribers", pupil, expect=201)
    page = await visit("/console/new?station=ecole", signed_in=True)
    await page.context.add_init_script(COUNT)
    await page.reload()
    await page.locator("[data-kind=other]").click()
    await expect(page.locator("#map")).to_be_hidden()
    await expect(page.locator("#area-wrong")).to_be_hidden()
    await page.get_by_label("3B").check()
    assert await people(page) == 2
    await page.locator("#to-words").click()
    await page.locator("#headline-fr").fill("Retour du musée à 17 h")
    await page.locator("input[name=severity][value=minor]").check()
    await expect(page.locator("#step-words")).to_contain_text("Information")
    await expect(page.locator("#headline-en")).to_be_hidden()
    await page.locator("#to-check").click()
    await expect(page.locator("#sentence")).to_contain_text("3B")
    await expect(page.locator("#small-map")).to_be_hidden()
    taps = await counted(page, "taps")
    await hold(page)
    alert = await sent(page, village)
    assert taps + 1 <= 6
    assert (alert["audience"]["groups"], alert["area"], alert["severity"]) == (["3b"], None, "minor")


async def test_a_text_is_added_in_any_language_of_residents_from_right_to_left_too(visit, village):
    club = {"slug": "club", "name": "Club", "kind": "association", "languages": ["fr"]}
    await village.api.call("POST", "/v1/stations", club, expect=201)
    page = await visit("/console/new?station=club", signed_in=True, size=PHONE)
    await page.locator("[data-kind=other]").click()
    await page.locator("#to-words").click()
    await page.locator("#headline-fr").fill("Match annulé")
    await page.locator("input[name=severity][value=minor]").check()
    also = page.locator("[data-also]")
    assert await also.evaluate_all("(all) => all.map((each) => each.dataset.also).sort()") == sorted(
        ["en", "de", "nl", "es", "it", "pt", "ar"]
    )
    await page.locator("[data-also=ar]").click()
    headline = page.locator("#headline-ar")
    await expect(headline).to_be_focused()
    assert await headline.evaluate("(area) => getComputedStyle(area).direction") == "rtl"
    await headline.fill("المباراة ملغاة")
    await expect(page.locator("[data-also=ar]")).to_be_hidden()
    await expect(page.locator("[data-also=de]")).to_be_visible()
    await page.locator("#to-check").click()
    await hold(page)
    alert = await sent(page, village)
    assert {code: text["headline"] for code, text in alert["texts"].items()} == {
        "fr": "Match annulé",
        "ar": "المباراة ملغاة",
    }
