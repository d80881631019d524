"""Answers over HTTP: by a message's link, with one's own token; late, twice, forged, or before the alert comes."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from broadcaster.domain.audit import Action
from broadcaster.domain.people import ChannelName, NewContact, NewPlace, NewSubscriber
from broadcaster.store.people import feed
from broadcaster.store.register import erasing
from broadcaster.store.tables import audit_entries
from tests.integration.http.conftest import LAIGLE, an_alert
from tests.integration.http.test_alerts import someone, until_finished
from tests.integration.http.test_live import look
from tests.servers.town_api import eventually

MOBILE, MAIL = (
    NewContact(ChannelName.SMS, "+33639980001", "+33639980001"),
    NewContact(ChannelName.EMAIL, "rose@example.org", "rose@example.org"),
)
HOUR = timedelta(hours=1)
HOME = NewPlace("home", *LAIGLE)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def answers_of(api, alert):
    _, _, account = await api.call("GET", f"/v1/alerts/{alert['id']}/report")
    return account["answers"], account["people"]["acknowledged"]


async def links(api, alert, use="answer"):
    """The tokens by channel: of a message's page."""
    _, _, page = await api.call("GET", f"/v1/alerts/{alert['id']}/deliveries")
    vault = api.running.services.store.vault
    return {each["channel"]: vault.link(use, int(each["id"])) for each in page["deliveries"]}


async def until_looked_at(api):
    """Until *enter* has looked at everybody who was enrolled."""

    async def looked_at():
        async with api.running.services.store.read() as unit:
            return await feed.entrants_cursor(unit) >= await feed.newest(unit)

    await eventually(looked_at, "all are looked at")


async def test_a_person_has_one_answer_which_every_way_can_change(api):
    rose = await api.enrol(NewSubscriber("fr", (MOBILE, MAIL), (HOME,)))
    paul = await api.enrol(NewSubscriber("fr", (MOBILE,), (HOME,)))
    await until_looked_at(api)  # else he may be found as one who enters, before her, and the number's answer be his
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(channels=["sms", "email"]))
    await until_finished(api, alert["id"])
    token = await links(api, alert)

    # The page of the SMS: whose answer it is, and buttons; to open it changes nothing.
    _, headers, page = await api.call("GET", f"/r/{token['sms']}", key=None)
    assert "Votre réponse compte pour le numéro qui finit par 01." in page
    assert re.findall(r'name="answer" value="(\w+)"', page) == ["received", "safe"]
    assert headers["Cache-Control"] == "no-store"
    assert await answers_of(api, alert) == ({}, 0)

    # A shared number acknowledges for both; the answer is that of one, until it is said to be for all.
    status, headers, _ = await api.call("POST", f"/r/{token['sms']}", key=None, raw="answer=received", headers=FORM)
    assert (status, headers["Location"]) == (303, f"/r/{token['sms']}?said=0")
    _, _, page = await api.call("GET", headers["Location"], key=None)
    assert "Merci\u202f: votre réponse est enregistrée." in page
    assert await answers_of(api, alert) == ({"received": 1}, 2)
    status, _, told = await api.call("POST", f"/v1/answers/{token['email']}", {"answer": "safe"}, key=None)
    assert (status, told["recorded"]) == (200, True)
    assert told["said"] == "Merci. Votre réponse\u202f: Je suis en sécurité."
    assert await answers_of(api, alert) == ({"safe": 1}, 2)
    household = {"answer": "received", "household": True}
    for _ in range(2):
        _, _, told = await api.call("POST", f"/v1/answers/{token['sms']}", household, key=None)
        assert told["recorded"]
    assert await answers_of(api, alert) == ({"received": 2}, 2)

    # With the person's own token; and what was given before, and comes later, changes nothing.
    name = alert["url"].rpartition("/")[2]
    mine = f"/v1/subscribers/me/answers/{name}"
    _, _, asked = await api.call("GET", mine, key=paul)
    assert (asked["answer"], asked["household"]) == ("received", 1)
    assert [each["answer"] for each in asked["offered"]] == ["received", "safe"]
    assert (await api.call("PUT", mine, {"answer": "help"}, key=paul))[2]["recorded"]
    assert (await api.call("POST", f"/v1/answers/{token['sms']}", household, key=None))[2]["recorded"]
    assert await answers_of(api, alert) == ({"received": 1, "help": 1}, 2), "nobody else ends a person's call for help"
    assert (await api.call("PUT", mine, {"answer": "safe"}, key=paul))[2]["recorded"]
    late = {"answer": "received", "age_s": 600}
    _, _, told = await api.call("PUT", mine, late, key=paul)
    assert not told["recorded"]
    assert await answers_of(api, alert) == ({"received": 1, "safe": 1}, 2)

    # Forged, unknown, and after the end.
    for path in ("/v1/answers/AAAAAAAAAAAAAAAA", f"/v1/answers/{(await links(api, alert, 'optout'))['sms']}"):
        assert (await api.call("POST", path, {"answer": "safe"}, key=None))[0] == 404
    assert (await api.call("GET", "/r/AAAAAAAAAAAAAAAA", key=None))[0] == 404
    status, _, problem = await api.call("PUT", mine, {"answer": "3"}, key=rose)
    assert (status, problem["errors"][0]["code"]) == (422, "answer-unknown")
    await api.call("POST", f"/v1/alerts/{alert['id']}/cancel")
    _, _, told = await api.call("PUT", mine, {"answer": "safe"}, key=rose)
    assert told == {"recorded": False, "said": "Cette alerte est terminée\u202f: plus besoin de répondre."}
    assert await answers_of(api, alert) == ({"received": 1, "safe": 1}, 2)
    _, _, page = await api.call("GET", f"/r/{token['sms']}", key=None)
    assert 'name="answer"' not in page


async def test_the_alerts_own_question_takes_the_place_of_the_usual_answers(api):
    await someone(api)
    asking = {"question": "Pouvez-vous héberger quelqu'un ?", "answers": ["Oui", "Non", "Peut-être"]}
    few = (["Oui"], ["Oui", " oui"])
    for wrong in ({"question": "Quoi ?"}, {"answers": ["Oui", "Non"]}, *(asking | {"answers": each} for each in few)):
        status, _, problem = await api.call("POST", "/v1/alerts", an_alert(**wrong))
        assert (status, problem["errors"][0]["code"]) == (422, "answers-number")
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(channels=["email"], severity="minor", **asking))
    assert alert["texts"]["fr"]["answers"] == asking["answers"]
    await until_finished(api, alert["id"])
    token = (await links(api, alert))["email"]
    _, _, page = await api.call("GET", f"/r/{token}", key=None)
    assert re.findall(r'value="(\d)" aria-pressed="false">([^<]+)<', page) == [
        ("1", "Oui"),
        ("2", "Non"),
        ("3", "Peut-être"),
    ]
    status, _, told = await api.call("POST", f"/v1/answers/{token}", {"answer": "3"}, key=None)
    assert (status, told["said"]) == (200, "Merci. Votre réponse\u202f: Peut-être.")
    assert (await api.call("POST", f"/v1/answers/{token}", {"answer": "safe"}, key=None))[0] == 422
    assert await answers_of(api, alert) == ({"3": 1}, 1)


async def test_an_answer_that_comes_before_the_alert_has_found_its_person_counts_when_it_has(api):
    person = await api.enrol(NewSubscriber("fr", (MAIL,)))
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(channels=["email"]))
    await until_finished(api, alert["id"])
    mine = f"/v1/subscribers/me/answers/{alert['url'].rpartition('/')[2]}"
    assert (await api.call("PUT", mine, {"answer": "safe"}, key=person))[2]["recorded"]
    assert await answers_of(api, alert) == ({"safe": 1}, 0)
    here = {"lon": 0.6283, "lat": 48.7631}
    assert (await api.call("PUT", "/v1/subscribers/me/position", here, key=person))[0] == 204
    async with asyncio.timeout(20):
        while (await answers_of(api, alert)) != ({"safe": 1}, 1):
            pass


async def test_the_report_says_which_guardian_answered_for_a_child_and_a_look_at_it_is_recorded(api):
    contacts = [
        {"channel": "sms", "phone": "+33639980001", "guardian": 1},
        {"channel": "email", "email": "luc@example.org", "guardian": 2},
    ]
    child = {"name": "Lina Martin", "guardians": ["Rose Martin", "Luc Orme"], "contacts": contacts}
    child |= {"places": [{"label": "home", "lon": HOME.lon, "lat": HOME.lat}]}
    assert (await api.call("POST", "/v1/stations/laigle/subscribers", child))[0] == 201
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(channels=["sms", "email"]))
    await until_finished(api, alert["id"])
    token, mine = await links(api, alert), await api.sign_in("admin")
    report = f"/console/alerts/{alert['id']}/report?lang=en"
    assert "Answers for children" not in (await look(api, report, **mine))[2]
    for channel, who, said in (("sms", "Rose Martin", "safe"), ("email", "Luc Orme", "received")):
        assert (await api.call("POST", f"/v1/answers/{token[channel]}", {"answer": said}, key=None))[0] == 200
        _, _, page = await look(api, report, **mine)
        label = {"safe": "I am safe", "received": "Received"}[said]
        assert re.search(f"<td>Lina Martin</td><td>{who}</td><td>{label}</td>", page), who
    assert page.count("<td>Lina Martin</td>") == 1, "the newest answer"
    table = (await look(api, report.replace("report?", "report.csv?"), **mine))[2]
    assert "\r\nChild,Answered by,Answer,When\r\nLina Martin,Luc Orme,Received," in table
    status, _, found = await api.call("GET", f"/v1/alerts/{alert['id']}/guardians")
    (answered,) = found["answers"]
    assert (status, found["next"], answered["child"], answered["guardian"]) == (200, None, "Lina Martin", "Luc Orme")
    assert (answered["number"], answered["answer"]) == (2, "received")

    # An operator and a key that may not see residents see none of it.
    viewer = await api.sign_in("laigle-read")
    for path in (report, report.replace("report?", "report.csv?")):
        status, _, page = await look(api, path, **viewer)
        assert (status, "Lina" in page) == (200, False)
    assert (await api.call("GET", f"/v1/alerts/{alert['id']}/guardians", key="laigle-read"))[0] == 403
    async with api.running.services.store.read() as unit:
        seen = select(audit_entries.c.about).where(audit_entries.c.action == Action.ANSWERS_SEEN)
        assert set(await unit.conn.scalars(seen)) == {int(alert["id"])}


async def test_an_answer_for_the_household_ends_the_wait_of_who_sleeps(api):
    rose, paul = [await api.enrol(NewSubscriber("fr", (MOBILE,), (HOME,))) for _ in range(2)]
    ends = (datetime.now(UTC) + timedelta(hours=20)).isoformat()
    sent = an_alert(channels=["sms"], severity="moderate", expires=ends)
    _, _, alert = await api.call("POST", "/v1/alerts", sent)
    await until_finished(api, alert["id"])
    now = datetime.now(UTC)
    night = {"begin": f"{now - HOUR:%H:%M}", "end": f"{now + 2 * HOUR:%H:%M}", "zone": "UTC"}
    assert (await api.call("PATCH", "/v1/subscribers/me", {"quiet_hours": night}, key=paul))[0] == 200
    _, _, newer = await api.call("POST", f"/v1/alerts/{alert['id']}/updates", {"headline": "La Risle monte"})

    async def report():
        return (await api.call("GET", f"/v1/alerts/{newer['id']}/report"))[2]

    async def one_waits():
        found = await report()
        return (found["waiting"], found["people"]["accepted"]) == (1, 1)

    await eventually(one_waits, "Paul sleeps")
    token = (await links(api, newer))["sms"]
    household = {"answer": "safe", "household": True}
    assert (await api.call("POST", f"/v1/answers/{token}", household, key=None))[2]["recorded"]
    await until_finished(api, newer["id"])
    found = await report()
    assert (found["waiting"], found["people"]["acknowledged"]) == (0, 2), rose


async def test_an_old_link_of_a_removed_station_is_nobody_elses(api):
    services = api.running.services
    sent = {"channels": ["email"], "audience": "all_followers", "area": ...}
    await api.enrol(NewSubscriber("fr", (MAIL,), (HOME,)), station="rugles")
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(station="rugles", **sent))
    await until_finished(api, alert["id"])
    old = (await links(api, alert, "optout"))["email"]
    async with services.store.write() as unit:
        await erasing.erase_station(unit, 2, services.clock.now())
    await api.enrol(NewSubscriber("fr", (NewContact(ChannelName.EMAIL, *["paul@example.org"] * 2),), (HOME,)))
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(**sent))
    await until_finished(api, alert["id"])
    await api.call("POST", f"/u/{old}", key=None)
    _, _, again = await api.call("POST", "/v1/alerts", an_alert(**sent))
    await until_finished(api, again["id"])
    _, _, account = await api.call("GET", f"/v1/alerts/{again['id']}/report")
    assert account["people"]["accepted"] == 1, "Paul left nothing"
