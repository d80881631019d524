"""Templates: shipped ones and a station's own, by the API and in the console; an alert that names one."""

from __future__ import annotations

import json
import re

from broadcaster.domain.stations import StationKind
from broadcaster.shipped import shipped
from tests.integration.http.conftest import circle

OWN = {
    "events": {"fr": "Marché"},
    "texts": {"fr": {"headline": "Marché déplacé [lieu]", "instruction": "Venez [lieu]."}},
    "all_clear": {"fr": {"headline": "Le marché revient"}},
    "severity": "minor",
    "topic": "events",
}
MISSING = {"Prénom": "Lina", "First name": "Lina", "00": "7", "habits": "un ciré", "clothes": "a raincoat",
           "lieu, heure": "au lavoir à 9 h", "place, time": "at the wash-house at 9"}  # fmt: skip


async def test_an_alert_says_what_its_template_says_once_its_blanks_are_filled(api):
    asked = {"station": "laigle", "template": "missing", "area": circle()}
    status, _, refused = await api.call("POST", "/v1/alerts", asked)
    assert (status, refused["errors"][0]["code"]) == (422, "still-blank")
    assert refused["errors"][0]["params"]["blank"] == "[Prénom]"
    status, _, alert = await api.call("POST", "/v1/alerts", asked | {"blanks": MISSING})
    assert status == 202, alert
    assert (alert["severity"], alert["category"], alert["event"]) == ("moderate", "rescue", "Disparition")
    assert alert["texts"]["en"]["description"].startswith("Lina, aged 7, was wearing a raincoat.")
    assert "voice" not in alert["channels"]
    assert alert["prepared"]["all_clear"]["fr"]["headline"] == "Disparition : la personne est retrouvée"
    assert alert["expires"] > alert["sent_at"]
    page = (await api.call("GET", alert["url"].removeprefix(api.running.url), key=None))[2]
    assert "<summary>" in page.partition('id="easy"')[2][:30]
    assert "Vous avez vu cette personne ? Appelez le 17." in page
    status, _, reach = await api.call("POST", "/v1/reach", asked | {"blanks": MISSING})
    assert status == 200, reach


async def test_updates_and_all_clears_are_easy_to_read_while_they_say_what_the_template_says(api):
    _, _, alert = await api.call("POST", "/v1/alerts", {"station": "laigle", "template": "flood", "area": circle()})
    mine = await api.sign_in()
    draft = {"station": "laigle", "updates": alert["id"], "texts": written(alert["prepared"]["update"])}
    _, _, seen = await api.call("POST", "/console/preview", draft, key=None, headers=mine)
    assert seen["easy"]["fr"].startswith("L'eau monte encore.\n")
    draft["texts"]["fr"]["instruction"] = "Descendez."
    _, _, seen = await api.call("POST", "/console/preview", draft, key=None, headers=mine)
    assert list(seen["easy"]) == ["en"]
    new = {"station": "laigle", "template": "flood", "texts": written(alert["texts"])}
    _, _, seen = await api.call("POST", "/console/preview", new, key=None, headers=mine)
    assert seen["easy"]["en"].startswith("There is a flood.\n")

    texts = written(alert["prepared"]["update"])
    _, _, update = await api.call("POST", f"/v1/alerts/{alert['id']}/updates", {"texts": texts})
    assert "L&#39;eau monte encore." in await page_of(api, update)
    asked = await api.http.get(f"{api.running.url}/console/alerts/{update['id']}/cancel", headers=mine)
    assert "L&#39;inondation est finie." in await asked.text()
    offered = shipped(StationKind.AUTHORITY)["flood"].easy_all_clear["fr"]
    form = {
        "csrf": mine["X-CSRF"],
        "easy.fr": f"{offered.headline}\n{offered.instruction}".replace("\n", "\r\n"),
        "easy.en": "It is over.\r\nGo home.",
    }
    path = f"{api.running.url}/console/alerts/{update['id']}/cancel"
    gone = await api.http.post(path, data=form, headers=mine, allow_redirects=False)
    _, _, ended = await api.call("GET", f"/v1/alerts/{gone.headers['Location'].rpartition('/')[2]}")
    assert {each: text["easy"] for each, text in ended["texts"].items()} == {"fr": "", "en": "It is over.\nGo home."}
    assert "L&#39;inondation est finie." in await page_of(api, ended)
    english = await api.http.get(ended["url"], headers={"Accept-Language": "en"})
    assert "<strong>It is over.</strong></p><p>Go home.</p>" in await english.text()


def written(texts):
    parts = ("headline", "description", "instruction")
    return {language: {part: text[part].strip("[]") for part in parts} for language, text in texts.items()}


async def page_of(api, alert):
    return (await api.call("GET", alert["url"].removeprefix(api.running.url), key=None))[2]


async def test_what_is_given_goes_before_the_template_and_a_drill_is_a_drill(api):
    asked = {"station": "laigle", "template": "flood", "area": circle(), "severity": "extreme", "headline": "Crue"}
    status, _, alert = await api.call("POST", "/v1/alerts", asked)
    assert status == 202, alert
    assert (alert["severity"], list(alert["texts"]), alert["category"]) == ("extreme", ["fr"], "met")
    status, _, drill = await api.call("POST", "/v1/alerts", {"station": "laigle", "template": "drill"})
    assert (status, drill["status"]) == (202, "exercise")
    assert drill["area"]["polygons"], "it goes to the whole territory"
    for body, code in (({"template": "nothing"}, "template-unknown"), ({}, "needed")):
        status, _, refused = await api.call("POST", "/v1/alerts", {"station": "laigle", "headline": "x", **body})
        assert (status, refused["errors"][0]["code"]) == (422, code)


async def test_a_school_is_named_by_itself_and_writes_its_own_language(api):
    school = {"slug": "hugo", "name": "École Victor-Hugo", "kind": "school", "languages": ["fr"]}
    assert (await api.call("POST", "/v1/stations", school))[0] == 201
    asked = {"station": "hugo", "template": "school-closed", "audience": {"kind": "all_followers"}}
    filled = {"jour": "lundi", "raison": "la neige"}
    status, _, refused = await api.call("POST", "/v1/alerts", asked | {"blanks": filled})
    assert (status, refused["errors"][0]["params"]["blank"]) == (422, "[lieu ou aucun]")
    status, _, alert = await api.call("POST", "/v1/alerts", asked | {"blanks": filled | {"lieu ou aucun": "aucun"}})
    assert status == 202, alert
    assert {language: text["description"] for language, text in alert["texts"].items()} == {
        "fr": "École Victor-Hugo : fermeture lundi. Raison : la neige."
    }
    mine = await api.sign_in()
    _, _, page = await api.call("GET", "/console/new?station=hugo&lang=fr", key=None, headers=mine)
    given = json.loads(re.search(r'id="given">(.*?)</script>', page, re.DOTALL)[1])
    closed = next(each for each in given["beginnings"] if each["name"] == "school-closed")
    assert closed["said"]["fr"]["description"].startswith("École Victor-Hugo : fermeture [jour]")
    more = re.findall(r'data-also="(\w+)".*?</svg>([^<]+)<', page)
    assert given["station_languages"] == ["fr"]
    assert [code for code, _ in more] == ["en", "de", "nl", "es", "it", "pt", "ar"]
    assert more[0][1] == "Anglais"


async def test_a_station_writes_its_own_and_gets_the_shipped_one_back(api):
    path = "/v1/stations/laigle/templates"
    _, _, before = await api.call("GET", path)
    assert {each["name"] for each in before["templates"]} >= {"flood", "drill"}
    assert "absence" not in {each["name"] for each in before["templates"]}, "that is for schools"
    for name in ("market", "flood"):
        status, _, made = await api.call("PUT", f"{path}/{name}", OWN)
        assert (status, made["own"], made["hours"]) == (200, True, 3)
    _, _, now = await api.call("GET", path)
    flood = next(each for each in now["templates"] if each["name"] == "flood")
    assert flood["texts"]["fr"]["headline"] == "Marché déplacé [lieu]"
    asked = {"station": "laigle", "template": "market", "blanks": {"lieu": "place Boislandry"}, "area": circle()}
    status, _, alert = await api.call("POST", "/v1/alerts", asked)
    assert (status, alert["topic"]) == (202, "events")
    assert alert["texts"]["fr"]["instruction"] == "Venez place Boislandry."
    assert (await api.call("DELETE", f"{path}/flood"))[0] == 204
    _, _, after = await api.call("GET", path)
    assert next(each for each in after["templates"] if each["name"] == "flood")["own"] is False
    assert (await api.call("DELETE", f"{path}/flood"))[0] == 404
    for wrong, code in (
        ({"topic": "nothing"}, "topic-unknown"),
        ({"texts": {"en": {"headline": "Market"}}}, "text-in-own-language"),
        ({"silent": True}, "silent-calls"),
        ({"silent": True, "policy": {"steps": [{"channels": ["voice"]}]}}, "silent-calls"),
        ({"channels": ["push"], "policy": {"steps": [{"channels": ["push"]}]}}, "policy-or-channels"),
        ({"policy": {"steps": [{"channels": ["push"], "after_s": 9}]}}, "policy-order"),
        ({"ppms": True}, "still-blank"),  # one press sends it as it stands
    ):
        status, _, refused = await api.call("PUT", f"{path}/market", OWN | wrong)
        assert (status, refused["errors"][0]["code"]) == (422, code)


async def test_the_console_changes_a_template_and_shows_what_is_received(api):
    mine = await api.sign_in("laigle-publish")
    _, _, listed = await api.call("GET", "/console/templates?lang=fr", key=None, headers=mine)
    assert "Inondation" in listed
    _, _, page = await api.call("GET", "/console/templates/flood?lang=fr", key=None, headers=mine)
    assert "Montez à l&#39;étage" in page
    assert "sms-bubble" in page
    form = {
        "csrf": mine["X-CSRF"], "severity": "severe", "hours": "6", "radius_m": "1500", "events.fr": "Crue",
        "texts.fr.headline": "Crue de la Risle", "all_clear.fr.headline": "La Risle baisse",
        "policy.0.channels": "push", "policy.0.every": "2", "policy.1.channels": "sms", "policy.1.after": "90 s",
        "policy.1.until": "displayed", "policy.1.repeat": "1", "policy.1.every": "1", "policy.longest": "15",
    }  # fmt: skip
    form |= {"texts.fr.question": "Êtes-vous à l'étage ?", "texts.fr.answers": "Oui\r\nNon"}
    for wrong in ({"texts.fr.headline": ""}, {"texts.fr.answers": "Oui"}, {"texts.fr.answers": "N" * 41}):
        status, _, refused = await post(api, mine, "/console/templates/flood", form | wrong)
        assert status == 422
        assert "pas encore enregistré" in refused
        assert 'aria-invalid="true"' in refused
    for wrong in ({"hours": "9" * 20}, {"radius_m": "9" * 5000}, {"hours": "٣"}):
        assert (await post(api, mine, "/console/templates/flood", form | wrong))[0] == 422
    for wrong in ({"policy.1.after": "soon"}, {"policy.1.channels": "push"}, {"policy.longest": "89 s"}):
        status, _, refused = await post(api, mine, "/console/templates/flood", form | wrong)
        assert status == 422
        assert f'name="{next(iter(wrong))}" ' in refused, "what was entered is still there"
        assert refused.count('<span class="wrong">') == 1
        assert ("Étape 2, Minutes après la première étape" in refused) == (wrong == {"policy.1.after": "soon"})
    _, _, seen = await post(api, mine, "/console/templates/flood", form | {"do": "see"})
    assert '<span class="answers">Oui  ·  Non</span>' in seen
    status, headers, _ = await post(api, mine, "/console/templates/flood", form)
    assert (status, headers["Location"]) == (303, "/console/templates?station=laigle&done=kept")
    _, _, known = await api.call("GET", "/v1/stations/laigle/templates")
    flood = next(each for each in known["templates"] if each["name"] == "flood")
    assert (flood["own"], flood["hours"], flood["channels"], flood["category"]) == (True, 6, None, "met")
    second = {"channels": ["sms"], "after_s": 90, "until": "displayed", "repeat": 1, "every_s": 60}
    assert (flood["policy"]["steps"][1], flood["policy"]["longest_s"]) == (second, 900)
    _, _, page = await api.call("GET", "/console/templates/flood?lang=fr", key=None, headers=mine)
    assert 'name="policy.1.channels" value="sms" checked' in page
    assert (await post(api, mine, "/console/templates/flood", strip_steps(form)))[0] == 303
    _, _, known = await api.call("GET", "/v1/stations/laigle/templates")
    flood = next(each for each in known["templates"] if each["name"] == "flood")
    assert flood["policy"] is None, "the station's again"
    assert flood["all_clear"]["fr"]["headline"] == "La Risle baisse"
    assert flood["texts"]["fr"]["answers"] == ["Oui", "Non"]
    assert (await post(api, mine, "/console/templates/flood", form | {"do": "delete"}))[0] == 303


def strip_steps(form):
    return {name: value for name, value in form.items() if not name.endswith(".channels")}


async def post(api, mine, path, form, station="laigle"):
    url = f"{api.running.url}{path}?lang=fr&station={station}"
    async with api.http.post(url, data=form, headers=mine, allow_redirects=False) as answer:
        return answer.status, answer.headers, await answer.text()


async def test_an_alert_is_offered_in_the_languages_that_most_followers_read_and_too_few_are_not_counted(api):
    town = {"slug": "lens", "name": "Lens", "kind": "association", "languages": ["fr"]}
    assert (await api.call("POST", "/v1/stations", town))[0] == 201
    locales = ["pt-PT"] * 45 + ["ar"] * 21 + ["de"] * 3 + ["fr"] * 2
    for number, locale in enumerate(locales):
        person = {"external_id": f"R-{number}", "locale": locale}
        person["contacts"] = [{"channel": "email", "email": f"r{number}@example.org"}]
        assert (await api.call("POST", "/v1/stations/lens/subscribers", person))[0] == 201
    mine = await api.sign_in()
    _, _, page = await api.call("GET", "/console/new?station=lens&lang=fr", key=None, headers=mine)
    more = re.findall(r'data-also="(\w+)".*?</svg>([^<]+)(?:<span class="n">environ (\d+) abonnés)?<', page)
    assert [code for code, *_ in more] == ["pt", "ar", "en", "de", "nl", "es", "it"]
    counts = [int(n) if n else None for *_, n in more]
    assert counts[0] in (40, 50), "to tens, at a limit of the station's own"
    assert counts[1] in (20, 30)
    assert counts[2:] == [None] * 5, "three people are too few to be told of"
    for number in range(30):
        person = {"external_id": f"D-{number}", "locale": "de"}
        person["contacts"] = [{"channel": "email", "email": f"d{number}@example.org"}]
        assert (await api.call("POST", "/v1/stations/lens/subscribers", person))[0] == 201
    _, _, later = await api.call("GET", "/console/new?station=lens&lang=fr", key=None, headers=mine)
    assert re.search(r'data-also="de".*', later)[0] == re.search(r'data-also="de".*', page)[0], (
        "kept, so that nobody sees one person come"
    )
