"""What the page of a new alert asks of the service: whom it reaches, what each channel says, and that it be sent."""

from __future__ import annotations

import asyncio
import json
import re

from broadcaster.pipeline import reach_density
from broadcaster.store.stations import stations
from tests.integration.http.conftest import BOUNDARY, LAIGLE, an_alert, circle
from tests.integration.http.test_alerts import until_finished

TEXTS = {
    "fr": {"headline": "Inondation : montez", "description": "L'eau monte.", "instruction": "Montez à l'étage."},
    "en": {"headline": "Flood: go up", "description": "Water is rising.", "instruction": "Go upstairs."},
}
DEAR = {"fr": {"headline": "Fenêtres à fermer : l’œuf", "description": "ê" * 70, "instruction": ""}}


def draft(**changes):
    whole = {
        "station": "laigle",
        "status": "actual",
        "severity": "severe",
        "texts": TEXTS,
        "area": circle(),
        "territory": False,
        "audience": {"kind": "followers", "groups": []},
        "channels": ["push", "sms", "voice", "email"],
        "cheap": [],
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not ...}


async def resident(api, external_id, locale="fr", **changes):
    body = {
        "external_id": external_id,
        "locale": locale,
        "contacts": [
            {"channel": "sms", "phone": f"06 39 98 00 {external_id[-2:]}"},
            {"channel": "email", "email": f"{external_id}@example.org"},
            {"channel": "voice", "phone": f"02 61 91 00 {external_id[-2:]}"},
        ],
        "places": [{"label": "home", "lon": LAIGLE[0], "lat": LAIGLE[1]}],
        **changes,
    }
    status, _, made = await api.call("POST", "/v1/stations/laigle/subscribers", body)
    assert status == 201, made


async def ask(api, mine, path, body, **headers):
    return await api.call("POST", path, body, key=None, headers={**mine, **headers})


async def look(api, mine, path, **headers):
    return await api.call("GET", path, key=None, headers={**mine, "Accept-Language": "en", **headers})


async def test_anybody_who_may_only_look_sees_no_way_to_send(api):
    mine = await api.sign_in("laigle-read")
    assert (await look(api, mine, "/console/new"))[0] == 403
    _, _, home = await look(api, mine, "/console")
    assert "/console/new" not in home
    for path in ("/console/reach", "/console/preview", "/console/send"):
        assert (await ask(api, mine, path, draft(), **{"Idempotency-Key": "a"}))[0] == 403, path
    assert (await look(api, mine, "/console/density?station=laigle"))[0] == 403
    assert (await api.counts())["alerts"] == 0


async def test_an_operator_of_another_station_gets_nothing_of_this_one(api):
    mine = await api.sign_in("rugles-publish")
    for path in ("/console/reach", "/console/preview", "/console/send"):
        assert (await ask(api, mine, path, draft(), **{"Idempotency-Key": "a"}))[0] == 403, path
    assert (await look(api, mine, "/console/density?station=laigle"))[0] == 403
    _, _, page = await look(api, mine, "/console/new?station=laigle")
    assert "There is no station" in page


async def test_only_a_page_of_ours_sends(api):
    mine = await api.sign_in("laigle-publish")
    for headers in ({"X-CSRF": ""}, {"X-CSRF": "0" * 40}, {"Sec-Fetch-Site": "cross-site"}):
        assert (await ask(api, mine, "/console/send", draft(), **{"Idempotency-Key": "a", **headers}))[0] == 403
    assert (await api.counts())["alerts"] == 0


async def test_the_page_has_all_that_its_script_needs_and_nothing_of_another_language(api):
    mine = await api.sign_in("laigle-publish")
    for language, title, word in (("fr", "Que se passe-t-il", "personnes"), ("en", "What is happening?", "people")):
        status, _, page = await look(api, mine, f"/console/new?lang={language}")
        assert status == 200
        assert title in page
        given = json.loads(re.search(r'id="given">(.*?)</script>', page, re.DOTALL)[1])
        assert given["station"] == "laigle"
        assert given["words"]["people"] == word
        assert [each["name"] for each in given["beginnings"]][-1] == "other"
        assert given["boundary"]["type"] in ("Polygon", "MultiPolygon")


async def test_the_reach_is_the_one_that_the_api_tells(api):
    await resident(api, "r-01")
    await resident(api, "r-02", "en")
    mine = await api.sign_in("laigle-publish")
    status, _, told = await ask(api, mine, "/console/reach", draft(channels=["sms", "email"]))
    assert status == 200, told
    _, _, known = await api.call("POST", "/v1/reach", an_alert(channels=["sms", "email"]), key="laigle-publish")
    assert (told["people"], told["channels"]["email"]) == (2, known["channels"]["email"])
    assert (await api.counts())["alerts"] == 0


async def test_the_whole_territory_is_the_stations_own_boundary(api):
    await resident(api, "r-01", places=[{"label": "home", "lon": 0.561, "lat": 48.721}])
    await resident(api, "r-02", places=[{"label": "home", "lon": 0.559, "lat": 48.719}])
    mine = await api.sign_in("laigle-publish")
    _, _, told = await ask(api, mine, "/console/reach", draft(area=None, territory=True))
    assert told["people"] == 1
    sent = await ask(api, mine, "/console/send", draft(area=None, territory=True), **{"Idempotency-Key": "all"})
    _, _, alert = await api.call("GET", f"/v1/alerts/{sent[2]['id']}")
    ring = alert["area"]["polygons"]["coordinates"][0]
    assert {tuple(each) for each in ring[0]} == {tuple(each) for each in BOUNDARY["coordinates"][0]}


async def test_each_channel_says_what_was_shown_before(api):
    """What the sandboxed channels composed is what the preview had shown, to the last letter but those of the links."""
    await resident(api, "r-01")
    mine = await api.sign_in("laigle-publish")
    asked = draft(status="exercise", channels=["sms", "voice", "email"])
    _, _, shown = await ask(api, mine, "/console/preview", asked)
    _, _, sent = await ask(api, mine, "/console/send", asked, **{"Idempotency-Key": "x"})
    seen = await said_as_shown(api, shown, sent)
    assert (seen["mail"]["subject"], seen["mail"]["sender"]) == ("[EXERCICE] Inondation : montez - L'Aigle", "L'Aigle")
    assert "Montez à l'étage." in seen["mail"]["text"]
    asked = draft(status="exercise", channels=["sms", "voice", "email"], severity="extreme")
    _, _, shown = await ask(api, mine, "/console/preview", asked | {"updates": sent["id"]})
    there, key = f"/console/alerts/{sent['id']}/update", {"Idempotency-Key": "y"}
    _, _, sent = await ask(api, mine, there, asked, **key)
    seen = await said_as_shown(api, shown, sent)
    assert seen["mail"]["subject"].startswith("[EXERCICE - Mise à jour] ")


async def said_as_shown(api, shown, sent):
    """Compare what a preview showed with what the sandboxed channels composed; give the preview."""
    async with asyncio.timeout(20):
        while True:
            _, _, page = await api.call("GET", f"/v1/sandbox?alert={sent['id']}")
            if len(page["messages"]) == 3:
                break
            await asyncio.sleep(0.05)
    readable = {each["channel"]: each["readable"] for each in page["messages"]}
    seen = shown["languages"]["fr"]
    assert re.sub(r"/[ar]/\S+", "/", readable["sms"]) == re.sub(r"/[ar]/\S+", "/", seen["sms"]["text"])
    assert readable["voice"].startswith(seen["voice"]["say"].split(" Pour confirmer")[0])
    assert readable["email"].startswith(seen["mail"]["subject"].removesuffix(" - L'Aigle"))
    return seen


async def test_a_dear_sms_is_offered_in_cheap_letters_and_changed_only_when_that_was_chosen(api):
    await resident(api, "r-01")
    mine = await api.sign_in("laigle-publish")
    _, _, told = await ask(api, mine, "/console/preview", draft(texts=DEAR))
    sms = told["languages"]["fr"]["sms"]
    assert (sms["encoding"], sms["culprits"]) == ("UCS-2", ["ê", "’", "œ"])
    assert sms["cheaper"]["segments"] < sms["segments"]
    assert "Fenêtres" in sms["text"]
    _, _, told = await ask(api, mine, "/console/preview", draft(texts=DEAR, cheap=["fr"]))
    chosen = told["languages"]["fr"]
    assert (chosen["sms"]["encoding"], chosen["sms"]["cheaper"]) == ("GSM-7", None)
    assert chosen["sms"]["text"] == sms["cheaper"]["text"]
    assert "Fenêtres" in chosen["push"]["title"]
    alerts = {}
    for cheap in ([], ["fr"]):
        body = draft(texts=DEAR, cheap=cheap, channels=["sms"])
        _, _, sent = await ask(api, mine, "/console/send", body, **{"Idempotency-Key": f"k{len(cheap)}"})
        _, _, alerts[len(cheap)] = await api.call("GET", f"/v1/alerts/{sent['id']}")
    assert alerts[0]["texts"]["fr"]["sms"] == ""
    assert "Fenetres" in alerts[1]["texts"]["fr"]["sms"]
    assert alerts[1]["texts"]["fr"]["headline"] == DEAR["fr"]["headline"]


async def test_one_draft_is_one_alert_however_often_it_is_sent(api):
    mine = await api.sign_in("laigle-publish")
    key = {"Idempotency-Key": "draft-1"}
    answers = await asyncio.gather(*(ask(api, mine, "/console/send", draft(), **key) for _ in range(5)))
    assert {status for status, _, _ in answers} == {202}
    assert len({told["id"] for _, _, told in answers}) == 1
    status, _, told = await ask(api, mine, "/console/send", draft(severity="extreme"), **key)
    assert (status, told) == (409, {"id": answers[0][2]["id"]})
    assert (await api.counts())["alerts"] == 1


async def test_an_own_question_is_seen_on_every_channel_and_counted_on_the_live_page(api):
    await resident(api, "r-01")
    mine = await api.sign_in("laigle-publish")

    def asking(question="Pouvez-vous héberger quelqu'un ?", answers=("Oui", "Non")):
        texts = {**TEXTS, "fr": {**TEXTS["fr"], "question": question, "answers": list(answers)}}
        return draft(texts=texts, severity="moderate", channels=["email"])

    for wrong, field in ((asking(answers=("Oui",)), "answers"), (asking(question=""), "question"),
                         (asking(answers=("Oui", "N" * 41)), "answers")):  # fmt: skip
        _, _, told = await ask(api, mine, "/console/preview", wrong)
        assert [each["field"] for each in told["findings"]] == [f"texts.fr.{field}"]
    _, _, told = await ask(api, mine, "/console/preview", asking())
    assert told["findings"] == []
    seen = told["languages"]["fr"]
    assert seen["push"]["answers"] == ["Oui", "Non"]
    assert seen["push"]["body"].endswith("Pouvez-vous héberger quelqu'un ?")
    assert "Pouvez-vous héberger quelqu'un ?\nOui / Non" in seen["mail"]["text"]
    assert seen["voice"]["say"].count("Oui") == 1
    assert seen["sms"]["text"].startswith("L'Aigle")

    status, _, sent = await ask(api, mine, "/console/send", asking(), **{"Idempotency-Key": "own-question"})
    assert status == 202, sent
    await until_finished(api, sent["id"])
    _, _, page = await look(api, mine, f"/console/alerts/{sent['id']}")
    assert re.findall(r"<dt>(Oui|Non)</dt><dd>(\d)</dd>", page) == [("Oui", "0"), ("Non", "0")]
    _, _, found = await api.call("GET", f"/v1/alerts/{sent['id']}/deliveries")
    token = api.running.services.store.vault.link("answer", int(found["deliveries"][0]["id"]))
    assert (await api.call("POST", f"/v1/answers/{token}", {"answer": "1"}, key=None))[0] == 200
    _, _, page = await look(api, mine, f"/console/alerts/{sent['id']}")
    assert re.findall(r"<dt>(Oui|Non)</dt><dd>(\d)</dd>", page) == [("Oui", "1"), ("Non", "0")]


async def test_a_draft_without_its_key_is_not_sent(api):
    mine = await api.sign_in("laigle-publish")
    assert (await ask(api, mine, "/console/send", draft()))[0] == 422
    assert (await api.counts())["alerts"] == 0


async def test_the_mail_is_shown_in_a_frame_that_can_do_nothing(api):
    mine = await api.sign_in("laigle-publish")
    texts = {"fr": {"headline": "Crue <script>alert(1)</script>"}}
    form = {"draft": json.dumps({"station": "laigle", "severity": "severe", "texts": texts}), "language": "fr"}
    async with api.http.post(f"{api.running.url}/console/preview/mail", data=form, headers=mine) as answer:
        page = await answer.text()
        assert answer.status == 200
        policy = answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert {"default-src 'none'", "sandbox", "frame-ancestors 'self'"} <= {each.strip() for each in policy.split(";")}
    assert "Crue &lt;script&gt;" in page
    assert "{{" not in page
    form["draft"] = "no JSON"
    async with api.http.post(f"{api.running.url}/console/preview/mail", data=form, headers=mine) as answer:
        assert answer.status == 204


async def test_where_people_live_is_shown_in_cells_that_show_nobody(api):
    mine = await api.sign_in("laigle-publish")
    for at in range(4):
        place = [{"label": "home", "lon": LAIGLE[0] + at * 3e-4, "lat": LAIGLE[1]}]
        await resident(api, f"r-0{at}", places=place)
    status, headers, told = await look(api, mine, "/console/density?station=laigle")
    assert (status, told) == (200, {"cells": []})
    assert "private" in headers["Cache-Control"]


async def test_another_process_gets_the_same_picture_from_a_resolver(api):
    mine = await api.sign_in("laigle-publish")
    for at in range(3):
        place = [{"label": "home", "lon": LAIGLE[0] + at * 2e-4, "lat": LAIGLE[1]}]
        await resident(api, f"r-0{2 * at}", places=place)
        await resident(api, f"r-0{2 * at + 1}", places=place)
    _, _, told = await look(api, mine, "/console/density?station=laigle")
    assert [cell[4] for cell in told["cells"]] == [1]
    services = api.running.services
    async with services.store.read() as unit:
        station = await stations.by_slug(unit, "laigle")
    asked = services.bus.ask(reach_density.ASKED, json.dumps({reach_density.QUESTION: station.id}).encode(), 10.0)
    assert json.loads(await asked) == told["cells"]


async def test_a_station_without_territory_shows_its_alerts_where_a_circle_is_drawn(api):
    body = {"slug": "club", "name": "Club", "kind": "association", "languages": ["fr"]}
    status, _, made = await api.call("POST", "/v1/stations", body)
    assert status == 201, made
    mine = await api.sign_in()
    _, _, page = await look(api, mine, "/console/new?station=club&lang=fr")
    given = json.loads(re.search(r'id="given">(.*?)</script>', page, re.DOTALL)[1])
    assert (given["territory"], given["boundary"], given["centre"]) == (False, None, None)
    assert 'id="territory"' not in page
    assert 'value="everyone"' not in page
    assert "PPMS" not in page, "a safety plan is a school's"
    status, _, told = await ask(api, mine, "/console/reach?lang=fr", draft(station="club", area=None, territory=True))
    assert (status, told["errors"][0]["field"]) == (422, "area")
    assert "pas de territoire" in told["errors"][0]["problem"]
    status, _, told = await ask(api, mine, "/console/reach", draft(station="club"))
    assert (status, told["people"]) == (200, 0)
    assert (await look(api, mine, "/console/density?station=club"))[2] == {"cells": []}


async def test_where_there_is_no_station_yet_it_says_how_to_add_one(api):
    services = api.running.services
    async with services.store.write() as unit:
        for table in ("api_keys", "stations"):
            column = "station_id" if table == "api_keys" else "id"
            await unit.conn.exec_driver_sql(f"DELETE FROM {table} WHERE {column} IS NOT NULL")
    mine = await api.sign_in()
    _, _, page = await look(api, mine, "/console/new")
    assert "There is none yet." in page
    assert 'href="/console/stations"' in page
    _, _, page = await look(api, mine, "/console")
    assert "There is no station yet." in page
