"""A language is one .po and one entry: a made-up Arabic is read everywhere, and an alert may be in any language."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from broadcaster import languages
from broadcaster.domain.alerts import Status
from broadcaster.domain.people import ChannelName
from broadcaster.pipeline.render import Context, Links, render
from broadcaster.register import columns, parsing
from broadcaster.store.alerts import alerts
from broadcaster.store.stations import stations
from channels.voice import opening
from tests.integration.http.conftest import BOUNDARY, an_alert
from tests.integration.http.test_live import look

MARK = "ع"
HEADLINE = "فيضان: اصعدوا إلى الطابق العلوي"
UNTRANSLATED = "What is happening"


@pytest.fixture
def arabic(tmp_path, monkeypatch):
    """Arabic's direction, dates and six plural forms; each sentence is its English one behind a letter."""
    made = Catalog("ar")
    for path in sorted(languages.LOCALE_DIR.glob("fr/LC_MESSAGES/*.po")):
        with path.open("rb") as file:
            for message in read_po(file):
                if isinstance(message.id, tuple):
                    made.add(message.id, tuple(f"{MARK} {message.id[1]}" for _ in range(made.num_plurals)))
                elif message.id and message.id != UNTRANSLATED:
                    made.add(message.id, f"{MARK} {message.id}")
    folder = tmp_path / "locale"
    (folder / "fr").parent.mkdir(parents=True)
    (folder / "fr").symlink_to(languages.LOCALE_DIR / "fr")
    (folder / "ar" / "LC_MESSAGES").mkdir(parents=True)
    with (folder / "ar" / "LC_MESSAGES" / "all.po").open("wb") as file:
        write_po(file, made)
    caches = (languages.catalogs, columns._translated, parsing._languages_by_name, parsing._yes_or_no)
    for each in caches:
        each.cache_clear()
    monkeypatch.setattr(languages, "LOCALE_DIR", folder)
    monkeypatch.setitem(languages.LANGUAGES, "ar", "ar_EG")
    yield
    for each in caches:
        each.cache_clear()


async def test_a_further_language_is_read_on_pages_and_in_every_message(arabic, api):
    texts = {"ar": {"headline": HEADLINE}}
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(texts=texts))
    mine = await api.sign_in()
    paths = [alert["url"].removeprefix(api.running.url), "/me", "/s/laigle", "/console", "/console/new",
             "/console/people/import", f"/console/alerts/{alert['id']}/report"]  # fmt: skip
    for path in paths:
        status, headers, page = await api.call("GET", f"{path}?lang=ar", key=None, headers=mine)
        assert (status, headers["Content-Language"]) == (200, "ar"), path
        assert '<html lang="ar" dir="rtl"' in page
        assert "ar-EG" in re.search(r'data-locales="([^"]*)"', page)[1]
        assert page.count(MARK) > 10, path
    assert f'<h1 lang="ar" dir="rtl">{HEADLINE}' in (await api.call("GET", f"{paths[0]}?lang=ar", key=None))[2]
    compose = (await api.call("GET", "/console/new?lang=ar", key=None, headers=mine))[2]
    assert f">{UNTRANSLATED}<" in compose, "a sentence that is not translated is in English"
    assert "العربية" in compose
    forms = languages.catalogs().words("ar").forms("%(n)s byte", "%(n)s bytes")
    assert set(forms) == {"zero", "one", "two", "few", "many", "other"}
    url = f"{api.running.url}/console/alerts/{alert['id']}/report.pdf?lang=ar"
    async with api.http.get(url, headers={"Cookie": mine["Cookie"]}) as answer:
        assert (answer.status, (await answer.read())[:5]) == (200, b"%PDF-")
    status, _, listed = await api.call("GET", "/console/people/export.csv?lang=ar", key=None, headers=mine)
    assert [columns.meaning_of(each.strip("\ufeff")) for each in listed.splitlines()[0].split(",")][:3] == [
        "external_id", "name", "locale",
    ]  # fmt: skip

    here = await context_of(api, alert, status=Status.EXERCISE)
    first = f"[{MARK} EXERCISE] {HEADLINE}"
    mail = render(ChannelName.EMAIL, here, "ar")(1).template
    assert mail.subject.startswith(first)
    assert '<html lang="ar" dir="rtl">' in mail.html
    assert f"{MARK} No more mail from" in mail.text
    assert render(ChannelName.SMS, here, "ar-MA")(1).text.startswith(f"[{MARK} EXERCISE] ")
    assert json.loads(render(ChannelName.PUSH, here, "ar")(1).payload)["dir"] == "rtl"
    call = render(ChannelName.VOICE, here, "ar")(1)
    assert (call.language, call.menu[0], call.opening[0]) == ("arb", MARK, MARK)


async def test_an_alert_in_a_language_without_words_of_ours_has_those_of_its_station(api):
    body = {"slug": "campus", "name": "Campus", "kind": "authority", "boundary": BOUNDARY, "languages": ["fr", "ar"]}
    assert (await api.call("POST", "/v1/stations", body))[0] == 201
    asked = an_alert(station="campus", texts={"ar": {"headline": HEADLINE, "instruction": "لا تقودوا"}})
    status, _, alert = await api.call("POST", "/v1/alerts", asked)
    assert status == 202
    page = (await look(api, alert["url"].removeprefix(api.running.url), "ar"))[2]
    assert 'dir="ltr">La Risle' in page, "without a page in Arabic, the page and the text are the station's"
    here = await context_of(api, alert, status=Status.EXERCISE)
    assert render(ChannelName.SMS, here, "ar")(1).text.startswith(f"[EXERCICE] Campus: {HEADLINE}")
    mail = render(ChannelName.EMAIL, here, "ar")(1).template
    assert '<html lang="ar" dir="rtl">' in mail.html
    assert '<span lang="fr" dir="ltr">Que faire' in mail.html
    call = render(ChannelName.VOICE, here, "ar")(1)
    assert (call.language, call.prompts) == ("arb", "fr-FR")
    assert call.opening.startswith("Exercice, exercice")
    assert opening(call).index('language="fr-FR">Exercice') < opening(call).index(f'language="arb">{HEADLINE}')
    status, _, cleared = await api.call("POST", f"/v1/alerts/{alert['id']}/cancel", {})
    assert status == 202
    assert HEADLINE in cleared["texts"]["ar"]["headline"]
    mine = await api.sign_in()
    compose = (await look(api, "/console/new?station=campus", **mine))[2]
    assert 'lang="ar" dir="rtl"' in compose


async def context_of(api, alert, **changes):
    services = api.running.services
    async with services.store.read() as unit:
        found = await alerts.by_id(unit, int(alert["id"]))
        station = await stations.by_id(unit, found.station_id)
    links = Links(api.running.url, services.store.vault)
    return Context(replace(found, **changes), station, found.token, links, services.clock.now())
