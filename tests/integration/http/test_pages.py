"""Pages for people: the alert's own, the first, the sandbox."""

from __future__ import annotations

import html
import json
import re
from xml.etree import ElementTree as ET

import pytest

from tests.integration.http.conftest import an_alert, circle
from tests.integration.http.test_alerts import someone, until_finished

BOTH = {"texts": {"en": {"headline": "The Risle overflows", "instruction": "Go upstairs."}}}


async def page_of(api, url, language="fr", **headers):
    path = url.removeprefix(api.running.url)
    status, answer, text = await api.call("GET", path, key=None, headers={"Accept-Language": language, **headers})
    return status, answer, html.unescape(text)


async def test_an_alerts_page_says_all_in_the_readers_language(api):
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(**BOTH))
    status, headers, page = await page_of(api, alert["url"])
    assert status == 200
    for said in ("La Risle déborde", "Montez à l'étage.", "Grave danger", "L'Aigle", "Inondation", "48.76310° N"):
        assert said in page
    assert "<dd>France</dd>" in page
    assert '<html lang="fr" dir="ltr"' in page
    assert headers["Content-Language"] == "fr"
    status, headers, page = await page_of(api, alert["url"], "en-GB,en;q=0.9,fr;q=0.5")
    assert "The Risle overflows" in page
    assert "Go upstairs." in page
    assert "What to do" in page
    status, headers, page = await page_of(api, alert["url"] + "?lang=en", "fr")
    assert "The Risle overflows" in page


async def test_a_page_is_in_one_language_where_the_alert_has_one(api):
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
    _, headers, page = await page_of(api, alert["url"], "en")
    assert headers["Content-Language"] == "fr"
    assert "Que faire" in page


@pytest.mark.parametrize(
    ("status", "banner", "mark"),
    [("exercise", "EXERCICE EXERCICE EXERCICE", "[EXERCICE] "), ("test", "ESSAI", "[ESSAI] "), ("actual", None, None)],
)
async def test_a_drill_is_taken_for_no_real_alert(api, status, banner, mark):
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(status=status))
    _, _, page = await page_of(api, alert["url"])
    title = re.search("<title>(.*?)</title>", page)[1]
    heading = re.search("<h1[^>]*>(.*?)</h1>", page)[1]
    if banner is None:
        assert 'class="banner exercise"' not in page
        assert 'class="banner test"' not in page
        assert heading == "La Risle déborde"
    else:
        assert banner in page
        assert title.startswith(mark)
        assert heading.startswith(mark)
        assert f'property="og:title" content="{mark}' in page


async def test_a_lifted_alert_says_so_and_leads_to_its_all_clear(api):
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
    _, _, cleared = await api.call("POST", f"/v1/alerts/{alert['id']}/cancel")
    _, _, page = await page_of(api, alert["url"])
    assert "Cette alerte est levée." in page
    assert cleared["url"].removeprefix(api.running.url) in page
    _, _, page = await page_of(api, cleared["url"])
    assert "FIN D’ALERTE" in page


async def test_a_page_that_was_just_made_is_not_shown_once_its_alert_is_lifted(api):
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
    pages = [(await page_of(api, alert["url"]))[2] for _ in range(3)]
    assert len(set(pages)) == 1
    assert "levée" not in pages[0]
    await api.call("POST", f"/v1/alerts/{alert['id']}/cancel")
    assert "Cette alerte est levée." in (await page_of(api, alert["url"]))[2]


async def test_a_page_holds_nothing_foreign_and_no_script_but_ours(api):
    hostile = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(headline=hostile, description=hostile))
    status, headers, text = await api.call("GET", alert["url"].removeprefix(api.running.url), key=None)
    assert status == 200
    assert re.findall("<script[^>]*>", text) == re.findall(
        '<script type="module" src="/static/alert-[A-Z0-9]+.js">', text
    )
    assert "<img" not in text
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self' 'sha256-")
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in headers
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", text)
    assert len(text.encode()) < 40_000


async def test_the_area_is_drawn_over_the_boundary_with_a_scale(api):
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(area=circle(1000)))
    _, _, page = await page_of(api, alert["url"])
    svg = ET.fromstring(re.search('<svg class="map".*?</svg>', page, re.DOTALL)[0])
    edge, zone, scale = (path.attrib["d"] for path in svg.iter("path"))
    corners = [tuple(map(float, pair.split())) for pair in re.findall(r"-?\d+ -?\d+", zone)]
    assert all((x * x + y * y) ** 0.5 == pytest.approx(1000, rel=0.01) for x, y in corners)
    assert len(corners) > 30
    assert edge.startswith("M")
    assert scale == "M0 0H1000"
    assert "1 km" in page


async def test_a_page_is_named_by_what_it_holds(api):
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(**BOTH))
    _, first, _ = await page_of(api, alert["url"])
    assert "max-age=15" in first["Cache-Control"]
    status, again, text = await page_of(api, alert["url"], **{"If-None-Match": first["ETag"]})
    assert (status, text, again["ETag"]) == (304, "", first["ETag"])
    # A browser takes a 304's headers for those of the page that it kept (RFC 9111, section 3.2).
    assert again.get("Content-Security-Policy", first["Content-Security-Policy"]) == first["Content-Security-Policy"]
    assert again.get("Permissions-Policy", first["Permissions-Policy"]) == first["Permissions-Policy"]
    status, other, _ = await page_of(api, alert["url"], "en", **{"If-None-Match": first["ETag"]})
    assert status == 200
    assert other["ETag"] != first["ETag"]


async def test_an_alert_is_packed_and_is_the_same_page_whenever_it_is_made(api):
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
    path = alert["url"].removeprefix(api.running.url)
    first = await api.call("GET", path, key=None, headers={"Accept-Encoding": "gzip"})
    assert first[1]["Content-Encoding"] == "gzip"
    assert int(first[1]["Content-Length"]) < 15_000
    for spelled in ("identity", "gzip;q=0"):
        plain = await api.call("GET", path, key=None, headers={"Accept-Encoding": spelled})
        assert ("Content-Encoding" in plain[1], plain[2]) == (False, first[2])
    assert {first[1]["Vary"], plain[1]["Vary"]} == {"Accept-Language, Accept-Encoding"}
    # Made anew, for other words in a header, it is the same page: there is no time in it.
    wish = {"Accept-Encoding": "gzip", "Accept-Language": "fr-FR,fr;q=0.8", "If-None-Match": first[1]["ETag"]}
    again = await api.call("GET", path, key=None, headers=wish)
    assert (again[0], "Last-Modified" in again[1]) == (304, True)


@pytest.mark.parametrize("path", ["/a/nothing", "/a/" + "x" * 500, "/nowhere"])
async def test_a_link_that_leads_nowhere_is_answered_in_words(api, path):
    status, headers, page = await page_of(api, path, Accept="text/html")
    assert (status, headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "Il n’y a rien ici" in page


async def test_the_first_page_lists_stations_and_what_holds(api):
    _, _, page = await page_of(api, "/")
    assert "Rugles" in page
    assert "BAC À SABLE" in page
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(status="exercise"))
    _, _, page = await page_of(api, "/")
    assert "[EXERCICE] La Risle déborde" in page
    assert alert["url"].removeprefix(api.running.url) in page


async def test_the_sandbox_shows_every_message_to_its_last_byte(api):
    await someone(api)
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(headline="Crue <b>rapide</b>"))
    await until_finished(api, alert["id"])
    mine = await api.sign_in()
    status, _, page = await page_of(api, "/console/sandbox", **mine)
    assert status == 200
    assert "resident@example.org" in page
    assert "06\u00a039\u00a098\u00a000\u00a001" in page
    assert "BAC À SABLE" in page
    assert "segment" in page
    _, _, only = await page_of(api, f"/console/sandbox?alert={alert['id']}&channel=email", **mine)
    assert "98\u00a000\u00a001" not in only
    first = re.search(r'href="(/console/sandbox/\d+)', only)[1]
    status, _, raw = await api.call("GET", first, key=None, headers=mine)
    assert status == 200
    assert "Message-ID" in raw
    assert "<b>rapide" not in raw
    assert (await page_of(api, "/console/sandbox/999999", **mine))[0] == 404


async def test_the_sandbox_as_json_gives_every_byte(api):
    await someone(api)
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
    await until_finished(api, alert["id"])
    status, _, found = await api.call("GET", f"/v1/sandbox?alert={alert['id']}&limit=1", key="laigle-publish")
    assert (status, len(found["messages"])) == (200, 1)
    _, _, rest = await api.call("GET", f"/v1/sandbox?alert={alert['id']}&cursor={found['next']}", key="laigle-publish")
    channels = {each["channel"] for each in [*found["messages"], *rest["messages"]]}
    assert channels == {"sms", "email"}
    assert len((await api.call("GET", "/v1/sandbox", key="laigle-publish"))[2]["messages"]) == 2
    assert (await api.call("GET", "/v1/sandbox", key="rugles-publish"))[2]["messages"] == []
    status, _, problem = await api.call("GET", f"/v1/sandbox?alert={alert['id']}", key="laigle-read")
    assert (status, "register" in problem["detail"]) == (403, True)
    looking = await api.sign_in("laigle-read")
    assert (
        "+33639980001"
        not in (await api.call("GET", f"/console/sandbox?alert={alert['id']}", key=None, headers=looking))[2]
    )


async def test_what_a_group_is_told_is_on_no_list_that_strangers_read(api):
    await register_in_group(api)
    message = {"severity": "minor", "audience": {"kind": "groups", "groups": ["cm2-b"]}}
    await api.call("POST", "/v1/alerts", an_alert(**message, headline="Réunion des parents", area=...))
    _, _, here = await api.call("POST", "/v1/alerts", an_alert(**message, headline="Classe évacuée"))
    _, _, page = await page_of(api, "/")
    assert "Réunion" not in page
    assert "Classe" not in page
    point = "/v1/nearby?lon=0.6283&lat=48.7631"
    assert (await api.call("GET", point, key=None))[2] == {"alerts": []}
    # Whoever has the link reads it.
    assert "Classe évacuée" in (await page_of(api, here["url"].removeprefix(api.running.url)))[2]
    await api.call("POST", "/v1/alerts", an_alert())
    assert len((await api.call("GET", point, key=None))[2]["alerts"]) == 1


async def register_in_group(api):
    status, _, _ = await api.call("POST", "/v1/stations/laigle/subscribers", {"groups": ["CM2 B"]})
    assert status == 201


async def test_what_installs_the_app_is_there_and_the_worker_may_ask_us_and_nobody_else(api):
    status, headers, text = await api.call("GET", "/manifest.webmanifest", key=None, headers={"Accept-Language": "fr"})
    made = json.loads(text) if isinstance(text, str) else text
    assert (status, made["display"], made["start_url"], made["lang"]) == (200, "standalone", "/", "fr")
    assert {each["purpose"] for each in made["icons"]} == {"any", "maskable"}
    for each in made["icons"]:
        if each["type"] == "image/png":
            async with api.http.get(api.running.url + each["src"]) as answer:
                picture = await answer.read()
            assert picture[:8] == b"\x89PNG\r\n\x1a\n"
            assert f"{int.from_bytes(picture[16:20])}x{int.from_bytes(picture[20:24])}" == each["sizes"]
    status, headers, script = await api.call("GET", "/worker.js", key=None)
    assert (status, headers["Cache-Control"]) == (200, "no-cache")
    assert "connect-src 'self'" in headers["Content-Security-Policy"]
    assert "pushsubscriptionchange" in script
    assert (await api.call("GET", "/icons/nothing.png", key=None))[0] == 404


async def test_a_station_is_found_by_a_part_of_its_name_without_accents(api):
    await api.call(
        "POST", "/v1/stations", {"slug": "st", "name": "Saint-Évroult", "kind": "school", "languages": ["fr"]}
    )
    _, _, page = await page_of(api, "/?q=saint%20evr")
    assert "Saint-Évroult" in page
    assert "Rugles" not in page


async def test_an_idle_sign_shows_the_towns_name_the_time_and_a_code_that_leads_to_its_page(api):
    _, _, page = await page_of(api, "/sign/laigle")
    assert '"alerts":[]' in page
    idle = page.partition('<template id="idle">')[2].partition("</template>")[0]
    assert "<h1>L'Aigle</h1>" in idle
    assert 'class="clock figures"' in idle
    assert "en cas de danger, vous êtes prévenu en quelques secondes" in idle
    address = f"{api.running.url.partition('://')[2]}/s/laigle"
    assert re.search(rf'<img src="data:image/svg\+xml[^"]+" alt="{re.escape(address)}">', idle)


@pytest.mark.parametrize("path", ["/s/nowhere", "/sign/nowhere", "/c/nothing"])
async def test_a_station_or_a_link_that_is_not_there_is_told_in_words(api, path):
    status, _, page = await page_of(api, path)
    assert (status, "Il n’y a rien ici" in page) == (404, True)
