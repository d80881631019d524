"""Requests for help: offered on duty, 112 before all else, taken in charge by name, and never forgotten."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import pytest

from broadcaster.domain.answers import HelpFigures
from broadcaster.domain.people import ChannelName, NewContact, NewPlace, NewSubscriber
from broadcaster.pipeline.helping import tell_untaken
from broadcaster.store import help_requests
from broadcaster.store.operators import operators
from broadcaster.store.stations import stations
from tests.integration.http.conftest import LAIGLE, Api, an_alert
from tests.integration.http.test_answers import FORM, links
from tests.integration.http.test_live import look, send
from tests.servers.town import Town
from tests.servers.town_api import eventually

HERE = {"lon": 0.6291, "lat": 48.7622, "accuracy_m": 12.0}


@pytest.fixture
async def town(tmp_path):
    async with Town(tmp_path) as made:
        yield made


async def test_help_is_offered_on_duty_told_to_all_after_two_minutes_and_taken_in_charge_by_name(  # noqa: PLR0915  one way, walked
    town: Town,
) -> None:
    rose, paul = town.resident("sms", "push"), town.resident("sms")
    await town.settle(rose, paul)
    async with town.serving() as served:
        api = Api(served.running, served.http, {"admin": town.key})
        store, clock = served.running.services.store, served.running.services.clock
        async with store.write() as unit:
            for name in ("Anne Maire", "Luc Adjoint"):
                mail = f"{name.split()[0].lower()}@mairie.example"
                assert await operators.add(unit, name, clock.now(), mail=mail, admin=True)
            station = await stations.by_slug(unit, "laigle")
        anne = await api.sign_in("admin")

        # Her own browser gets pushes, and a first one at once.
        browser = town.push.subscribe(town.vapid.public)[1]
        csrf = {"Content-Type": "application/json", **anne}
        status, _, made = await api.call(
            "POST", "/console/account/pushes", {"subscription": browser.json}, key=None, headers=csrf
        )
        assert (status, made) == (200, {"reached": True})
        assert [each.json["type"] for each in browser.messages] == ["operator"]

        # Nobody on duty: no button, and who asks all the same hears so; all operators are told at once.
        alert = await served.issue(channels=["sms"])
        await served.finished(alert["id"])
        assert "3 aide" not in next(each.body for each in town.twilio.messages if each.to == paul.mobile)
        mine = f"/v1/subscribers/me/answers/{alert['url'].rpartition('/')[2]}"
        _, _, asked = await api.call("GET", mine, key=paul.token)
        assert [each["answer"] for each in asked["offered"]] == ["received", "safe"]
        _, _, told = await api.call("PUT", mine, {"answer": "help"}, key=paul.token)
        assert told["said"].startswith("En danger, appelez le 112 (le 114 par SMS). Personne n’est de permanence")
        _, _, report = await api.call("GET", f"/v1/alerts/{alert['id']}/report")
        assert (report["answers"], report["people"]["acknowledged"]) == ({"help": 1}, 0), "nobody looks away"
        await eventually(lambda: len(town.smtp.messages) == 2, "both operators have a mail")
        assert {each.recipients[0] for each in town.smtp.messages} == {"anne@mairie.example", "luc@mairie.example"}
        assert "1 demande d’aide" in str(town.smtp.messages[0].parsed["Subject"])
        await eventually(lambda: len(browser.messages) == 2, "and so has the browser a push")

        # On duty: the SMS says 112 first and which number is help; a push has its button.
        status, _, _ = await send(api, "/console/help/duty?station=laigle", "hours=3", **anne)
        assert status == 303
        second = await served.issue(channels=["sms", "push"])
        await served.finished(second["id"])
        said = [each.body for each in town.twilio.messages if each.to == rose.mobile][-1]
        assert said.endswith("En danger : 112 (SMS 114). Répondez 1 lu, 2 en sécurité, 3 aide")
        pushed = town.pushed[-1].json
        assert pushed["answers"][-1] == ["help", "Appelez d’abord le 112. J’ai besoin d’aide"]

        # By the page of the link, with where she is, once; the mails wait two minutes.
        token = pushed["answer"]
        form = f"answer=help&lon={HERE['lon']}&lat={HERE['lat']}"
        assert (await api.call("POST", f"/r/{token}", key=None, raw=form, headers=FORM))[0] == 303
        _, _, page = await api.call("GET", f"/r/{token}?said=0", key=None)
        assert "a bien votre demande d’aide" in page
        other = {"answer": "help", "lon": 0.5, "lat": 48.7}
        assert (await api.call("POST", f"/v1/answers/{token}", other, key=None))[2]["recorded"]
        await eventually(lambda: len(browser.messages) == 3, "who is on duty has a push at once")
        told = browser.messages[-1].json
        assert told["title"] == "1 nouvelle demande d’aide"
        assert told["url"].endswith("/console/help?station=laigle")
        await tell_untaken(served.running.services)
        assert len(town.smtp.messages) == 2
        town.clock.advance(121)
        await eventually(lambda: len(town.smtp.messages) == 4, "after two minutes all operators have a mail")
        await eventually(lambda: len(browser.messages) == 4, "and their browsers a push")
        _, _, page = await look(api, "/console/account", **anne)
        (number,) = re.findall(r"/console/account/pushes/(\d+)/remove", page)
        for status in (303, 404):
            assert (await send(api, f"/console/account/pushes/{number}/remove", "", **anne))[0] == status

        # The console: on the live page, in the list with the position first sent, taken and closed once each.
        _, _, live = await look(api, f"/console/alerts/{second['id']}", **anne)
        assert "1 request for help, 1 that nobody has taken" in live
        _, _, page = await look(api, "/console/help?station=laigle", **anne)
        assert "48.76220° N, 0.62910° E" in page
        assert rose.mobile in page
        async with store.read() as unit:
            assert station is not None
            first, last = await help_requests.listed(unit, [station.id], closed=False, limit=9)
        path = f"/console/help/{last.id}?station=laigle"
        assert (await send(api, path, "do=close", **anne))[0] == 409
        assert (await send(api, path, "do=take", **anne))[0] == 303
        assert (await send(api, path, "do=take", **anne))[0] == 409
        _, _, page = await look(api, "/console/help?station=laigle", **anne)
        assert "Taken by admin, after 2\u00a0min" in page
        assert (await send(api, path, "do=close", **anne))[0] == 303
        _, _, account = await api.call("GET", f"/v1/alerts/{second['id']}/report")
        assert account["help"] | {"taken_p95_s": None} == {"asked": 1, "untaken": 0, "closed": 1, "taken_p95_s": None}
        assert 121 <= account["help"]["taken_p95_s"] < 300

        # Safe since: said so beside the request, which stays until somebody closes it.
        await api.call("PUT", mine, {"answer": "safe"}, key=paul.token)
        _, _, page = await look(api, "/console/help?station=laigle", **anne)
        assert "has said since that it is not needed any more" in page
        async with store.write() as unit:
            figures = await help_requests.figures(unit, first.alert_id)
            assert figures == HelpFigures(asked=1, untaken=1, closed=0)
            await help_requests.forget_positions(unit, clock.now() + timedelta(days=1))
            (again,) = await help_requests.listed(unit, [station.id], closed=True, limit=1)
        assert (last.position, again.position) == ((HERE["lon"], HERE["lat"], None), None)


async def test_a_viewer_sees_no_request_for_help(api):
    home = NewPlace("home", *LAIGLE)
    mail = NewContact(ChannelName.EMAIL, "zoe@example.org", "zoe@example.org")
    token = await api.enrol(NewSubscriber("fr", (mail,), (home,), name="Zoé"))
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(channels=["email"]))
    async with asyncio.timeout(20):
        while not (sent := await links(api, alert)):
            pass
    assert (await api.call("POST", f"/v1/answers/{sent['email']}", {"answer": "help"}, key=None))[0] == 200
    for who, seen in (("laigle-publish", 200), ("laigle-read", 403)):
        status, _, page = await look(api, "/console/help?station=laigle", **await api.sign_in(who))
        assert (status, "Zoé" in page) == (seen, seen == 200)
    status, _, page = await look(api, "/console/help?station=rugles", **await api.sign_in("rugles-publish"))
    assert (status, "Zoé" in page) == (200, False)
    async with api.running.services.store.read() as unit:
        (asked,) = await help_requests.listed(unit, None, closed=False, limit=9)
    path = f"/console/help/{asked.id}?station=rugles"
    assert (await send(api, path, "do=take", **await api.sign_in("rugles-publish")))[0] == 404
    assert token
