"""The register, lists, stations and the poster, in a browser: by keyboard, by thumb, and without scripts."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

import zxingcpp
from PIL import Image
from playwright.async_api import expect

from broadcaster.store.operators import operators
from broadcaster.store.stations import stations
from tests.browser.visiting import DESK, PHONE
from tests.servers.ban import Known

if TYPE_CHECKING:
    from pathlib import Path

ADDRESSES = (
    "identifiant;nom;adresse;code postal;commune\n"
    "Q-1;Rose Sureau;rue du Pont;61300;L'Aigle\n"
    "Q-2;Léa Tilleul;rue Basse;61300;L'Aigle\n"
    "Q-3;Zoé Cormier;introuvable;61300;L'Aigle\n"
)
LIST = (
    "identifiant;nom;portable;courriel;groupes\n"
    "P-1;Rose Aubépine;06 39 98 77 01;;Rue des Lilas\n"
    "P-2;Paul Houx;;paul@example.org;\n"
    "P-3;Léa Orme;06 39;;\n"
)


async def to_field(page, text):
    """Press Tab until the element of this accessible name has the focus, as somebody without a mouse does."""
    for _ in range(80):
        await page.keyboard.press("Tab")
        name = await page.evaluate(
            "() => { const it = document.activeElement;"
            " return (it.labels?.[0]?.textContent || it.getAttribute('aria-label') || it.textContent || '').trim(); }"
        )
        if name == text:
            return
    raise AssertionError(text)


async def test_a_person_is_added_and_told_first_by_keyboard_alone(visit, village):
    page = await visit("/console/people", signed_in=True, size=DESK, lang="en")
    async with village.town.store.write() as unit:
        station = await stations.by_slug(unit, village.station)
        await operators.grant(unit, village.operator, station.id, granted=True)
    await to_field(page, "Add a person")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Add a person")
    for field, text in (
        ("Name", "Rose Aubépine"),
        ("Number in the register", "K-1"),
        ("Telephone", "06 39 98 77 11"),
        ("E-mail address", "rose.aubepine@example.org"),
    ):
        await to_field(page, field)
        await page.keyboard.press("ControlOrMeta+A")
        await page.keyboard.type(text)
    await to_field(page, "Show the place on the map, or give its coordinates")
    await page.keyboard.press("Enter")
    await expect(page.locator(".leaflet-container path").first).to_be_attached()
    for field, text in (("Longitude", "0.6283"), ("Latitude", "48.7631")):
        await to_field(page, field)
        await page.keyboard.type(text)
    await to_field(page, "Save")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_have_text("The person was added.")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Rose Aubépine")
    for told in ("06 39 98 77 11", "rose.aubepine@example.org", "200 m south of the centre", "K-1"):
        await expect(page.get_by_text(told).first).to_be_visible()
    await to_field(page, "Their entry in the register of vulnerable people")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Name", exact=True)).to_have_value("Rose Aubépine")
    await to_field(page, "The person knows of it and does not object; they also agree to be told first by alerts")
    await page.keyboard.press("Space")
    await to_field(page, "Save")
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_contain_text("The letter is due within eight days.")
    await expect(page.locator("main")).to_contain_text("Rose Aubépine, on the alert list, told first")
    await to_field(page, "The letter was sent")
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_contain_text(re.compile("The letter was sent on .*Last confirmed on"))
    await page.goto(f"{village.url}/console/audit")
    for told in ("entered a vulnerable person", "looked at the register of vulnerable people"):
        await expect(page.locator("main .list")).to_contain_text(told)


async def test_a_person_is_added_where_there_are_no_scripts_and_what_is_wrong_is_told(visit):
    visit.forgive("422")  # the answer to a form with something wrong in it
    page = await visit("/console/people/new", signed_in=True, lang="en", java_script_enabled=False)
    await page.get_by_label("Name", exact=True).fill("Sans Script")
    await page.get_by_label("Telephone", exact=True).fill("12")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("alert")).to_contain_text("This number is too short")
    await expect(page.get_by_label("Name", exact=True)).to_have_value("Sans Script")
    await page.get_by_label("Telephone", exact=True).fill("02 61 91 77 12")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Sans Script")
    await expect(page.get_by_text("phone call")).to_be_visible()


async def test_a_slip_of_the_thumb_removes_nobody_and_a_held_press_does(visit):
    page = await visit("/console/people/new", signed_in=True, size=PHONE, lang="en")
    await page.get_by_label("Name", exact=True).fill("Jean Passager")
    await page.get_by_role("button", name="Save").click()
    await page.get_by_role("link", name="Remove this person").click()
    button = page.get_by_role("button", name="Hold to remove")
    await button.click()
    await expect(page.locator("#said")).to_have_text("Hold the button for a second.")
    await expect(page).to_have_url(re.compile(r"/remove\?"))
    await button.hover()
    await page.mouse.down()
    await expect(page.get_by_role("status").first).to_have_text("The person was removed.")
    await page.mouse.up()
    await page.get_by_label("Find someone").fill("passager")
    await page.get_by_role("button", name="Search").click()
    await expect(page.get_by_text("Nobody was found.")).to_be_visible()


async def test_a_list_is_looked_at_mended_and_taken_over(visit, tmp_path: Path):
    (tmp_path / "registre.csv").write_text(LIST, encoding="utf-8")
    page = await visit("/console/people", signed_in=True, size=PHONE, lang="en")
    await page.get_by_role("link", name="Import a list").click()
    await page.get_by_label("The file").set_input_files(tmp_path / "registre.csv")
    await page.get_by_role("button", name="See what it would change").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("What this list would change")
    await expect(page.locator(".stats li").first).to_have_text("2added")
    row = page.locator("table.stacked tbody tr")
    await expect(row).to_have_count(1)
    await expect(row.locator("td")).to_have_text(
        ["4", "P-3", "portable", "This number is too short: write all its digits."]
    )
    async with page.expect_download() as waiting:
        await page.get_by_role("link", name="Download the lines to fix").click()
    download = await waiting.value
    await download.save_as(tmp_path / "kept.csv")
    kept = (tmp_path / "kept.csv").read_text(encoding="utf-8-sig")
    (_, (number, name, phone, *_)) = csv.reader(io.StringIO(kept), delimiter=";")
    assert (number, name, phone) == ("P-3", "Léa Orme", "06 39")
    await page.get_by_role("button", name="Import the list").click()  # the browser asks for the tick first
    await expect(page.get_by_role("heading", level=1)).to_have_text("What this list would change")
    await page.get_by_label("Leave out the line that is wrong").check()
    await page.get_by_role("button", name="Import the list").click()
    await expect(page.get_by_role("status")).to_have_text("Done. The register is as the list says.")
    mended = kept.replace("06 39;", "06 39 98 77 03;")
    (tmp_path / "mended.csv").write_text(mended, encoding="utf-8")
    await page.get_by_role("link", name="Import another list").click()
    await page.get_by_label("The file").set_input_files(tmp_path / "mended.csv")
    await page.get_by_role("button", name="See what it would change").click()
    await page.get_by_role("button", name="Import the list").click()
    await page.get_by_role("link", name="See the residents").click()
    await page.get_by_text("Filter", exact=True).click()
    await page.get_by_label("Group", exact=True).select_option(label="Rue des Lilas")
    await page.get_by_role("button", name="Search").click()
    await expect(page.locator(".people .title")).to_have_text(["Rose Aubépine"])
    await page.get_by_label("Find someone").fill("06 39 98 77 03")
    await page.get_by_role("button", name="Search").click()
    await expect(page.locator(".people .title")).to_have_text(["Léa Orme"])


async def test_uncertain_addresses_of_a_list_are_answered_with_one_key_each(visit, ban):
    for street in ("rue du Pont", "rue Basse"):
        ban.known[street] = Known(0.5, kind="street")
    page = await visit("/console/people/import", signed_in=True, size=DESK, lang="en")
    file = {"name": "adresses.csv", "mimeType": "text/csv", "buffer": ADDRESSES.encode()}
    await page.locator("input[type=file]").set_input_files(file)
    await page.get_by_role("button", name="See what it would change").click()
    await page.get_by_role("button", name="Import the list").click()
    await page.get_by_role("link", name="See which are uncertain").click()
    asked = page.locator("#asked")
    await expect(asked).to_have_text("Rose Sureau")  # the page looks by itself whether the first answers are there
    await expect(page.locator(".pin")).to_be_attached()
    await page.keyboard.press("s")
    await expect(asked).to_have_text("Léa Tilleul")
    await page.keyboard.press("a")
    await expect(asked).to_have_text("Rose Sureau")
    await page.keyboard.press("c")
    await expect(page.get_by_text("Choose an address, or press on the map where it is.")).to_be_visible()
    await page.locator("[data-map]").click(position={"x": 80, "y": 80})
    await page.get_by_role("button", name="Here, where I pressed").click()
    await expect(page.get_by_text("No address is uncertain.")).to_be_visible()
    await expect(page.get_by_role("link", name="Zoé Cormier")).to_be_visible()


async def test_a_station_is_added_by_typing_its_name(visit, village):
    page = await visit("/console/stations", signed_in=True, size=PHONE, lang="en")
    await page.get_by_role("link", name="Add a station").click()
    await page.get_by_label("Which commune?").press_sequentially("bourt")
    await page.get_by_role("link", name="Bourth 27").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Bourth")
    await expect(page.locator(".leaflet-container path").first).to_be_attached()
    await expect(page.locator(".place-name.own")).to_have_text("Bourth")
    await page.get_by_role("button", name="Add this station").click()
    await expect(page).to_have_url(f"{village.url}/console/stations/bourth?done=added")
    await expect(page.get_by_role("status").first).to_have_text("The station was added.")
    await expect(page.locator(".place-name.own")).to_have_text("Bourth")


async def test_a_stations_own_language_is_not_offered_a_second_time(visit, village):
    page = await visit(f"/console/stations/{village.station}/edit", signed_in=True, size=DESK, lang="en")
    own = page.get_by_role("group", name="Its own language")
    also = page.get_by_role("group", name="It also writes in")
    await expect(also.get_by_text("French", exact=True)).to_be_hidden()
    await own.get_by_label("German").check()
    await expect(also.get_by_text("German", exact=True)).to_be_hidden()
    await expect(also.get_by_label("French")).to_be_checked()


async def test_the_poster_is_read_by_anybody_who_points_a_telephone_at_it(visit, village):
    page = await visit(f"/console/stations/{village.station}/poster", signed_in=True, size=DESK, lang="en")
    picture = page.locator(".poster img")
    await picture.scroll_into_view_if_needed()
    await page.wait_for_function("() => document.querySelector('.poster img').naturalWidth > 0")
    seen = Image.open(io.BytesIO(await picture.screenshot()))
    assert [each.text for each in zxingcpp.read_barcodes(seen)] == [f"{village.url}/s/{village.station}?via=qr"]
    # The same at an angle and half the size, as from across the street.
    slanted = seen.rotate(12, expand=True, fillcolor="white").resize((seen.width // 2, seen.height // 2))
    assert [each.text for each in zxingcpp.read_barcodes(slanted)] == [f"{village.url}/s/{village.station}?via=qr"]
