"""Messages and residents' pages in the languages of residents, Arabic for one; an alert may be in any language."""

from __future__ import annotations

import json
import re
from dataclasses import replace

from broadcaster.domain.alerts import Status
from broadcaster.domain.people import ChannelName
from broadcaster.pipeline.render import Context, Links, render
from broadcaster.store.alerts import alerts
from broadcaster.store.stations import stations
from channels.voice import opening
from tests.integration.http.conftest import BOUNDARY, an_alert
from tests.integration.http.test_live import look

HEADLINE = "فيضان: اصعدوا إلى الطابق العلوي"
PERSIAN = "سیل: به طبقه بالا بروید"
GERMAN = "Hochwasser: Gehen Sie nach oben"


async def test_residents_read_pages_and_messages_in_their_language_and_operators_in_the_consoles(api):
    texts = {"ar": {"headline": HEADLINE}, "de": {"headline": GERMAN}}
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(texts=texts))
    mine = await api.sign_in()
    page_of_it = alert["url"].removeprefix(api.running.url)
    told = {"ar": ("rtl", "ar-MA", "تنبيهاتي", "ما العمل"), "de": ("ltr", "de-DE", "Meine Warnungen", "Was passiert")}
    for language, (direction, locale, mine_named, _) in told.items():
        for path in ("/", "/me", "/here", "/s/laigle", "/accessibility", page_of_it, "/a/nothing"):
            asked = {"Accept-Language": f"{language}-LU,fr;q=0.5"}
            _, headers, page = await api.call("GET", path, key=None, headers=asked)
            assert headers["Content-Language"] == language, path
            assert f'<html lang="{language}" dir="{direction}"' in page
            assert locale in re.search(r'data-locales="([^"]*)"', page)[1]
        assert mine_named in (await api.call("GET", f"/me?lang={language}", key=None))[2]
    assert f'<h1 lang="ar" dir="rtl">{HEADLINE}' in (await api.call("GET", f"{page_of_it}?lang=ar", key=None))[2]
    _, headers, page = await api.call("GET", "/s/laigle", key=None, headers={"Accept-Language": "ja"})
    assert headers["Content-Language"] == "en", "who has no page in their language reads English before French"
    for path in ("/console", "/console/new", f"/console/alerts/{alert['id']}/report"):
        _, headers, page = await api.call("GET", f"{path}?lang=ar", key=None, headers=mine)
        assert (headers["Content-Language"], 'hreflang="ar"' in page) == ("fr", False), "the console has two languages"

    here = await context_of(api, alert, status=Status.EXERCISE)
    mail = render(ChannelName.EMAIL, here, "ar")(1).template
    assert mail.subject.startswith(f"[تمرين] {HEADLINE}")
    assert '<html lang="ar" dir="rtl">' in mail.html
    assert render(ChannelName.SMS, here, "ar-DZ")(1).text.startswith("[تمرين] ")
    assert render(ChannelName.SMS, here, "de-AT")(1).text.startswith("[ÜBUNG] ")
    assert json.loads(render(ChannelName.PUSH, here, "ar")(1).payload)["dir"] == "rtl"
    spoken = {tag: render(ChannelName.VOICE, here, tag)(1) for tag in told}
    assert [(call.language, call.prompts) for call in spoken.values()] == [("arb", "arb"), ("de-DE", "de-DE")]
    assert spoken["de"].menu.startswith("Um zu bestätigen, dass Sie diese Nachricht gehört haben")


async def test_an_alert_in_a_language_without_words_of_ours_has_those_of_its_station(api):
    body = {"slug": "campus", "name": "Campus", "kind": "authority", "boundary": BOUNDARY, "languages": ["fr", "fa"]}
    assert (await api.call("POST", "/v1/stations", body))[0] == 201
    asked = an_alert(station="campus", texts={"fa": {"headline": PERSIAN, "instruction": "رانندگی نکنید"}})
    status, _, alert = await api.call("POST", "/v1/alerts", asked)
    assert status == 202
    page = (await look(api, alert["url"].removeprefix(api.running.url), "fa"))[2]
    assert 'dir="ltr">La Risle' in page, "without a page in Persian, the page and the text are the station's"
    here = await context_of(api, alert, status=Status.EXERCISE)
    assert render(ChannelName.SMS, here, "fa")(1).text.startswith(f"[EXERCICE] Campus: {PERSIAN}")
    mail = render(ChannelName.EMAIL, here, "fa")(1).template
    assert '<html lang="fa" dir="rtl">' in mail.html
    assert '<span lang="fr" dir="ltr">Que faire' in mail.html
    call = render(ChannelName.VOICE, here, "fa")(1)
    assert (call.language, call.prompts) == ("fa", "fr-FR")
    assert call.opening.startswith("Exercice, exercice")
    assert opening(call).index('language="fr-FR">Exercice') < opening(call).index(f'language="fa">{PERSIAN}')
    status, _, cleared = await api.call("POST", f"/v1/alerts/{alert['id']}/cancel", {})
    assert status == 202
    assert PERSIAN in cleared["texts"]["fa"]["headline"]
    mine = await api.sign_in()
    compose = (await look(api, "/console/new?station=campus", **mine))[2]
    assert 'lang="fa" dir="rtl"' in compose


async def context_of(api, alert, **changes):
    services = api.running.services
    async with services.store.read() as unit:
        found = await alerts.by_id(unit, int(alert["id"]))
        station = await stations.by_id(unit, found.station_id)
    links = Links(api.running.url, services.store.vault)
    return Context(replace(found, **changes), station, found.token, links, services.clock.now())
