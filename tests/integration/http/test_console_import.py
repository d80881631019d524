"""A list uploaded in the console: seen before anything changes, applied once, and what is wrong told line by line."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import text

from broadcaster.store.register import persons, search, uploads
from broadcaster.store.register.search import Only
from broadcaster.store.stations import stations
from broadcaster.web.console.uploading import LARGEST
from tests.integration.http.test_console_people import look, send

LISTS = Path(__file__).parents[1] / "register" / "lists"
GOOD = (
    "identifiant;nom;portable;courriel;groupes;longitude;latitude\n"
    "1;Rose Aubépine;06 39 98 00 01;;École Hugo;0,6283;48,7631\n"
    "2;Paul Houx;;paul@example.org;;;\n"
)
BAD = GOOD + "3;Léa;06 39;lea@;;0,6;\n4;Zoé;+33639980004;zoe@nowhere;;;\n5;=cmd|x;;a@b.fr | nobody;;;\n"


async def upload(api, mine, body, *, lang="en", clears=False):
    form = aiohttp.FormData()
    if clears:
        form.add_field("clears", "1")
    held = io.BytesIO(body.encode() if isinstance(body, str) else body)
    form.add_field("file", held, filename="registre.csv", content_type="text/csv")
    async with api.http.post(
        f"{api.running.url}/console/people/import?station=laigle&csrf={mine['X-CSRF']}",
        data=form,
        headers={"Cookie": mine["Cookie"], "Accept-Language": lang},
        allow_redirects=False,
    ) as answer:
        return answer.status, answer.headers.get("Location", ""), await answer.text()


async def followers(api, slug="laigle"):
    async with api.running.services.store.read() as unit:
        station = await stations.by_slug(unit, slug)
        ids, _ = await search.page(unit, station.id, Only(), after=None, limit=100)
        return await persons.people_of(unit, station.id, ids)


def field(page, name):
    return re.search(f'name="{name}" value="(.*?)"', page)[1]


async def take_over(api, mine, place, **more):
    _, _, page = await look(api, place, mine)
    return await send(api, place, mine, seen=field(page, "seen"), **more)


async def test_a_list_is_shown_first_and_changes_nothing_until_it_is_taken_over(api):
    mine = await api.sign_in("laigle-publish")
    before = await api.counts()
    status, place, _ = await upload(api, mine, GOOD)
    assert status == 303
    status, _, page = await look(api, place, mine)
    assert re.findall(r"<strong>(\d+)</strong>(\w+)", page)[:2] == [("2", "added"), ("0", "changed")]
    assert "École Hugo" in page
    assert await api.counts() == before
    assert (await take_over(api, mine, place))[0] == 303
    _, _, page = await look(api, place, mine)
    assert "Done. The register is as the list says." in page
    assert [each.name for each in await followers(api)] == ["Paul Houx", "Rose Aubépine"]
    status, place, _ = await upload(api, mine, GOOD)
    _, _, page = await look(api, place, mine)
    assert "There is nothing to change" in page


async def test_two_presses_take_a_list_over_once(api):
    mine = await api.sign_in("laigle-publish")
    _, place, _ = await upload(api, mine, GOOD)
    _, _, page = await look(api, place, mine)
    seen = field(page, "seen")
    answers = await asyncio.gather(*[send(api, place, mine, seen=seen) for _ in range(4)])
    assert [status for status, _, _ in answers] == [303] * 4
    assert len(await followers(api)) == 2
    async with api.running.services.store.read() as unit:
        kept = await unit.conn.scalar(text("SELECT count(*) FROM upload_parts"))
        state = await unit.conn.scalar(text("SELECT state FROM uploads"))
    assert (kept, state) == (0, uploads.UploadState.DONE)


async def test_a_preview_of_a_register_that_changed_meanwhile_is_made_anew_and_says_so(api):
    mine = await api.sign_in("laigle-publish")
    _, place, _ = await upload(api, mine, GOOD)
    _, _, page = await look(api, place, mine)
    seen = field(page, "seen")
    await send(api, "/console/people/new", mine, name="Rose", external_id="1", locale="fr")
    status, headers, _ = await send(api, place, mine, seen=seen)
    assert status == 303
    _, _, page = await look(api, headers["Location"], mine)
    assert "The register was changed meanwhile." in page
    assert re.findall(r"<strong>(\d+)</strong>(\w+)", page)[:2] == [("1", "added"), ("1", "changed")]
    assert [each.name for each in await followers(api)] == ["Rose"]
    assert (await take_over(api, mine, place))[0] == 303
    assert sorted(each.name for each in await followers(api)) == ["Paul Houx", "Rose Aubépine"]


@pytest.mark.parametrize(
    ("lang", "told"),
    [
        (
            "en",
            [
                ("4", "3", "courriel", "The domain of this e-mail address has no dot."),
                ("4", "3", "latitude", "This is empty: a place needs both longitude and latitude."),
                ("4", "3", "portable", "This number is too short: write all its digits."),
            ],
        ),
        (
            "fr",
            [
                ("4", "3", "courriel", "Après l’arobase (@), il manque un point."),
                ("4", "3", "latitude", "C’est vide_: un lieu a besoin de la longitude et de la latitude."),
                ("4", "3", "portable", "Ce numéro est trop court_: écrivez-le en entier."),
            ],
        ),
    ],
)
async def test_what_is_wrong_is_told_by_line_and_column_in_the_readers_language(api, lang, told):
    mine = await api.sign_in("laigle-publish")
    _, place, _ = await upload(api, mine, BAD, lang=lang)
    _, _, page = await look(api, place, mine, lang=lang)
    narrow = page.replace("\N{NARROW NO-BREAK SPACE}", "_")
    rows = re.findall(r"<tr>" + r'<td data-is="[^"]*">(.*?)</td>' * 4 + "</tr>", narrow)
    assert rows[:3] == told
    assert [row[:3] for row in rows[3:]] == [("5", "4", "courriel"), ("6", "5", "courriel")]


async def test_a_wrong_line_without_an_id_is_known_by_its_name(api):
    mine = await api.sign_in("laigle-publish")
    _, place, _ = await upload(api, mine, "prénom;nom;portable\nLéa;Houx;06 39\nPaul;Orme;\nZoé;If;06 39 98 00 01\n")
    _, _, page = await look(api, place, mine)
    assert re.findall(r'<td data-is="Who">(.*?)</td>', page) == ["Léa Houx", "Paul Orme"]
    numbered = "identifiant;nom;portable\n;Léa Houx;06 39 98 00 01\n7;Zoé If;06 39 98 00 02\n7;Zoé If;06 39 98 00 02\n"
    _, place, _ = await upload(api, mine, numbered)
    _, _, page = await look(api, place, mine)
    assert re.findall(r'<td data-is="Who">(.*?)</td>', page) == ["Léa Houx", "7", "7"]


async def test_wrong_lines_are_left_out_only_when_that_is_said(api):
    mine = await api.sign_in("laigle-publish")
    _, place, _ = await upload(api, mine, BAD)
    status, _, page = await take_over(api, mine, place)
    assert status == 422
    assert "tick that they may be left out" in page
    assert await followers(api) == []
    assert (await take_over(api, mine, place, skip="1"))[0] == 303
    assert len(await followers(api)) == 2


async def test_the_last_page_says_how_many_lines_were_left_out_and_still_has_them(api):
    mine = await api.sign_in("laigle-publish")
    _, place, _ = await upload(api, mine, BAD)
    where = place.partition("?")[0] + "/refused.csv"
    _, _, before = await look(api, where, mine)
    await take_over(api, mine, place, skip="1")
    _, _, page = await look(api, place, mine)
    assert "3 lines were left out" in page
    assert "They are kept sealed for an hour" in page
    assert f'href="{where}"' in page
    assert "The domain of this e-mail address has no dot." in page
    status, _, after = await look(api, where, mine)
    assert (status, after) == (200, before)
    services = api.running.services
    async with services.store.read() as unit:
        (part,) = await unit.conn.scalars(text("SELECT sealed FROM upload_parts"))
        assert "Léa".encode() not in bytes(part)
    async with services.store.write() as unit:
        await uploads.forget_expired(unit, services.clock.now() + timedelta(minutes=61))
    assert (await look(api, where, mine))[0] == 404


async def test_the_lines_to_mend_can_be_imported_when_they_are_mended(api):
    mine = await api.sign_in("laigle-publish")
    _, place, _ = await upload(api, mine, BAD)
    status, headers, body = await look(api, place.partition("?")[0] + "/refused.csv", mine)
    assert status == 200
    assert headers["Content-Disposition"] == 'attachment; filename="to-mend.csv"'
    rows = list(csv.reader(io.StringIO(body.removeprefix("\ufeff")), delimiter=";"))
    assert rows[0][-2:] == ["line of the file", "to fix"]
    assert [row[0] for row in rows[1:]] == ["3", "4", "5"]
    assert rows[2][2] == "'+33639980004"
    assert rows[3][1] == "'=cmd|x"
    assert rows[1][-1].startswith("courriel: The domain of this e-mail address has no dot. / latitude: This is empty")
    mended = body.replace("06 39;lea@;;0,6;", "06 39 98 00 03;;;;").replace("zoe@nowhere", "zoe@example.org")
    mended = mended.replace("a@b.fr | nobody", "a@b.fr").replace("'=cmd|x", "Max")
    _, place, _ = await upload(api, mine, mended)
    _, _, page = await look(api, place, mine)
    assert 'name="skip"' not in page
    assert (await take_over(api, mine, place))[0] == 303
    assert sorted(each.name for each in await followers(api)) == ["Léa", "Max", "Zoé"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "The file is empty"),
        (b"PK\x03\x04\0\0", "The file is no Excel workbook"),
        (b"id;nom\0\n", "The file holds binary data"),
        (b"nom;groupe\nRose;Club\n", "There is no column external_id"),
        (b"id;nom;name\n", "stand for name: rename or drop one"),
        (b"id;lon\n", "There is a column lon and no lat"),
        (b"id;nom\n\n", "There is a header, and no line below it."),
        (b"x" * 30_000, "Line 1 is longer than 20,000 characters"),
    ],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_a_file_that_is_no_list_is_refused_in_a_sentence_and_not_kept(refusing, body, told):
    mine = await refusing.sign_in("laigle-publish")
    status, _, page = await upload(refusing, mine, body)
    assert status == 422
    assert told in page
    async with refusing.running.services.store.read() as unit:
        assert await unit.conn.scalar(text("SELECT count(*) FROM uploads")) == 0


async def test_a_file_that_is_too_large_is_refused(api):
    mine = await api.sign_in("laigle-publish")
    status, _, page = await upload(api, mine, b"id;nom\n" + b"1;Rose\n" * (LARGEST // 7))
    assert status == 422
    assert "This file is larger than 20 MB" in page


async def test_an_upload_needs_the_right_and_the_proof_that_the_form_is_ours(api):
    mine = await api.sign_in("laigle-publish")
    _, place, _ = await upload(api, mine, GOOD)
    for key, status in (("laigle-read", 403), ("rugles-publish", 404)):
        other = await api.sign_in(key)
        assert (await upload(api, other, GOOD))[0] == status
        assert (await look(api, place, other))[0] == status
        assert (await send(api, place, other, seen="x", skip="1"))[0] == status
    assert (await upload(api, {**mine, "X-CSRF": "x"}, GOOD))[0] == 403
    assert (await api.counts())["subscribers"] == 0


async def test_an_unanswered_upload_is_forgotten_after_an_hour_and_unreadable_in_the_store(api):
    mine = await api.sign_in("laigle-publish")
    _, place, _ = await upload(api, mine, GOOD)
    services = api.running.services
    async with services.store.read() as unit:
        rows = await unit.conn.execute(text("SELECT sealed FROM upload_parts UNION ALL SELECT report FROM uploads"))
        assert not any(word in bytes(row[0]) for row in rows for word in (b"Rose", b"example.org", b"registre"))
        token = re.search(r"import/([\w-]+)\?", place)[1]
        late = services.clock.now() + timedelta(minutes=61)
        assert await uploads.find(unit, token, late) is None
    async with services.store.write() as unit:
        await uploads.forget_expired(unit, late)
        assert await unit.conn.scalar(text("SELECT count(*) FROM upload_parts")) == 0
    assert (await look(api, place, mine))[0] == 404


async def test_what_is_exported_can_be_imported_again_and_changes_nothing(api):
    mine = await api.sign_in("laigle-publish")
    fields = {
        "name": "=HYPERLINK(1)",
        "external_id": "T-9",
        "locale": "en",
        "phone-1": "+44 7911 123456",
        "phone-2": "02 61 91 00 01",
        "mail-1": "rose@example.org",
        "lon": "-0.6283",
        "lat": "48.7631",
    }
    plain = {**fields, "name": "Rose", "external_id": "T-8", "phone-1": "06 39 98 00 01"}
    overseas = {"name": "Zoé", "external_id": "T-7", "phone-1": "0692 12 34 56", "locale": "fr"}
    for each in (fields, plain, overseas):
        assert (await send(api, "/console/people/new", mine, **each))[0] == 303
    status, headers, body = await look(api, "/console/people/export.csv", mine, lang="fr")
    assert status == 200
    assert re.fullmatch(r'attachment; filename="registre-laigle-\d{4}-\d\d-\d\d.csv"', headers["Content-Disposition"])
    rows = list(csv.reader(io.StringIO(body.removeprefix("\ufeff")), delimiter=";"))
    assert rows[0][:8] == ["identifiant", "nom", "langue", "portable", "fixe", "courriel", "groupes", "adresse"]
    assert [row[:8] for row in rows[1:]] == [
        ["T-7", "Zoé", "fr", "06 92 12 34 56", "", "", "", ""],
        ["T-8", "Rose", "en", "06 39 98 00 01", "02 61 91 00 01", "rose@example.org", "", ""],
        ["T-9", "'=HYPERLINK(1)", "en", "00 44 79 11 12 34 56", "02 61 91 00 01", "rose@example.org", "", ""],
    ]
    assert rows[3][12:14] == ["-0.6283", "48.7631"]
    _, place, _ = await upload(api, mine, body)
    _, _, page = await look(api, place, mine)
    counted = {what: n for n, what in re.findall(r"<strong>(\d+)</strong>(\w[\w ]*)", page)}
    assert (counted["added"], counted["changed"], counted["as before"]) == ("0", "0", "3")
    reader = await api.sign_in("laigle-read")
    for path in ("/console/people/export", "/console/people/export.csv"):
        assert (await look(api, path, reader))[0] == 403


async def test_a_list_without_ids_is_taken_and_the_preview_says_how_people_are_recognised(api):
    mine = await api.sign_in("laigle-publish")
    text = "nom,portable\nRose,06 39 98 00 01\nPaul,\n"
    _, place, _ = await upload(api, mine, text)
    _, _, page = await look(api, place, mine)
    assert "This list has no numbers of the register: a name and a contact say who is who." in page
    assert "Without an id, a line needs a telephone or an e-mail address" in page
    assert (await take_over(api, mine, place, skip="1"))[0] == 303
    assert [each.name for each in await followers(api)] == ["Rose"]
    _, place, _ = await upload(api, mine, text)
    _, _, page = await look(api, place, mine)
    assert "1 person is in the register already." in page
    assert "There is nothing to change" in page
    for path in ("", "&who=all"):
        _, _, body = await look(api, f"/console/people/export.csv?station=laigle{path}", mine)
        _, place, _ = await upload(api, mine, body)
        _, _, page = await look(api, place, mine)
        counted = {what: n for n, what in re.findall(r"<strong>(\d+)</strong>(\w[\w ]*)", page)}
        assert (counted["added"], counted["changed"], counted["as before"]) == ("0", "0", "1")


async def test_a_list_without_a_column_removes_nothing_and_one_that_clears_says_what_goes_and_asks(api):
    mine = await api.sign_in("laigle-publish")
    whole = "id;portable;groupes;lon;lat\n" + "".join(f"{n};06 39 98 01 {n:02};Club;0.6;48.7\n" for n in range(30))
    _, place, _ = await upload(api, mine, whole)
    await take_over(api, mine, place)
    less = "id;nom;portable\n" + "".join(f"{n};Rose {n};\n" for n in range(30))
    _, place, _ = await upload(api, mine, less)
    _, _, page = await look(api, place, mine)
    assert "would remove" not in page
    assert 'name="remove"' not in page
    _, place, _ = await upload(api, mine, less, clears=True)
    _, _, page = await look(api, place, mine)
    assert "Empty cells of this list remove what the register holds." in page
    assert "This list would remove from the register: <strong>30 contacts</strong>." in page
    status, _, page = await take_over(api, mine, place)
    assert status == 422
    assert "This list removes a lot" in page
    assert all(each.contacts for each in await followers(api))
    assert (await take_over(api, mine, place, remove="1"))[0] == 303
    people = await followers(api)
    assert not any(each.contacts for each in people)
    assert all(each.places and each.groups and each.name for each in people)
    _, _, page = await look(api, place, mine)
    assert "This list removed from the register: <strong>30 contacts</strong>." in page


async def test_a_workbook_is_imported_and_columns_that_are_overlooked_are_warned_of(api):
    mine = await api.sign_in("laigle-publish")
    _, place, _ = await upload(api, mine, (LISTS / "school.xlsx").read_bytes())
    _, _, page = await look(api, place, mine)
    assert "The names of the columns are in line 3" in page
    assert (await take_over(api, mine, place))[0] == 303
    assert len(await followers(api)) == 15
    _, place, _ = await upload(api, mine, "id;nom;Joindre\n2,40016E+11;Rose;06 39 98 00 01\n")
    _, _, page = await look(api, place, mine)
    assert "These columns seem to hold telephones or e-mail addresses, and are not used." in page
    assert "<strong>Joindre</strong>" in page
    assert "1 number of the register was rounded by a spreadsheet" in page


async def test_each_line_of_a_list_with_a_stray_quotation_mark_is_in_or_told(api):
    mine = await api.sign_in("laigle-publish")
    lines = [f"{n};Personne {n}\n" for n in range(1, 201)]
    lines[3] = lines[3].replace("Personne", '"Personne')
    _, place, _ = await upload(api, mine, "id;nom\n" + "".join(lines))
    _, _, page = await look(api, place, mine)
    assert re.findall(r"<strong>(\d+)</strong>(\w+)", page)[:4] == [
        ("199", "added"),
        ("0", "changed"),
        ("0", "as"),
        ("1", "left"),
    ]
    assert "A quotation mark opens a text here and nothing closes it" in page
