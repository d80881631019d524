"""The console's update of an alert: filled in, three numbers before it is sent, and what a second operator is told."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta

from broadcaster.domain.approvals import ApprovalRules
from broadcaster.domain.permissions import KeyRole
from broadcaster.store.alerts import approvals
from broadcaster.store.operators import passkeys
from broadcaster.store.stations import stations
from tests.contract.stores import NOW
from tests.integration.http.conftest import an_alert, circle
from tests.integration.http.test_alerts import someone, until_finished
from tests.integration.http.test_live import look, send

SAID = ("headline", "description", "instruction")


def given(page: str) -> dict:
    return json.loads(re.search(r'id="given">(.*?)</script>', page, re.DOTALL)[1])


def body_of(left: dict, **changes) -> dict:
    """What the page's script sends of the draft that the server left for it."""
    draft = left["editing"]["draft"]
    kept = ("status", "severity", "urgency", "certainty", "category", "event", "channels", "expires", "silent")
    return {
        "station": left["station"],
        **{name: draft[name] for name in kept},
        "texts": {code: {name: text[name] for name in SAID} for code, text in draft["texts"].items()},
        "area": {"circles": draft["circles"]},
        "audience": {"kind": draft["audience"], "groups": draft["groups"]},
        "territory": False,
        **changes,
    }


async def test_an_update_is_filled_in_and_a_second_operator_hears_what_the_first_changed(api):
    await someone(api)
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(headline="La Risle déborde", description=""))
    await until_finished(api, alert["id"])
    mine = await api.sign_in("laigle-publish")
    path = f"/console/alerts/{alert['id']}"
    _, _, page = await look(api, path, **mine)
    assert f'href="{path}/update"' in page
    assert f'href="{path}/cancel?kind=mistake"' in page
    status, _, raw = await api.call("GET", f"{path}/update", key=None, headers=mine)
    assert status == 200
    left = given(raw)
    assert left["editing"]["draft"]["texts"]["fr"]["headline"] == "La Risle déborde"
    assert left["editing"]["area"]["circles"][0]["radius_m"] == an_alert()["area"]["circles"][0]["radius_m"]
    moved = {"circles": [circle(300, 0.57, 48.73)["circles"][0]]}
    for area, delta in (
        (an_alert()["area"], {"new": 0, "still": 1, "outside": 0}),
        (moved, {"new": 0, "still": 0, "outside": 1}),
    ):
        question = {name: each for name, each in body_of(left, area=area).items() if name != "silent"}
        _, _, found = await api.call(
            "POST", "/console/reach", question | {"updates": alert["id"]}, key=None, headers=mine
        )
        assert found["delta"] == delta
    keyed = mine | {"Idempotency-Key": "one-draft"}
    nothing = await api.call("POST", f"{path}/update", body_of(left), key=None, headers=keyed)
    assert (nothing[0], nothing[2]["code"]) == (422, "update-empty")
    bare = await api.call("POST", f"{path}/update", body_of(left, area=None), key=None, headers=keyed)
    assert bare[0] == 422
    words = {"fr": {"headline": "La Risle monte encore"}}
    status, _, new = await api.call("POST", f"{path}/update", body_of(left, texts=words), key=None, headers=keyed)
    assert status == 202
    again = await api.call("POST", f"{path}/update", body_of(left, texts=words), key=None, headers=keyed)
    assert again[2] == new
    late = mine | {"Idempotency-Key": "another-draft"}
    status, _, told = await api.call(
        "POST", f"{path}/update", body_of(left, severity="extreme"), key=None, headers=late
    )
    assert (status, told["code"]) == (412, "alert-changed")
    assert told["errors"][0]["params"] == {"alert": new["id"], "changed": "texts"}
    for old in ("update", "cancel", "cancel?kind=mistake"):
        status, headers, _ = await look(api, f"{path}/{old}", **mine)
        assert (status, headers["Location"]) == (303, f"/console/alerts/{new['id']}?changed={alert['id']}")
    _, _, page = await look(api, headers["Location"], **mine)
    assert "laigle-publish changed the alert meanwhile: the words." in page
    _, _, page = await look(api, path, **mine)
    assert "See the version that holds now" in html.unescape(page)
    assert 'class="severity past"' in page, "what no longer holds is not shown in its colour"
    _, _, listed = await look(api, "/console/alerts", **mine)
    assert re.findall(r'<span class="state[^"]*">([^<]+)<', listed)[-1] == "Replaced"
    assert ('severity severe"' in listed, 'severity past"' in listed) == (True, True)
    status, headers, _ = await api.call("GET", f"/v1/alerts/{new['id']}")
    assert headers["ETag"] == f'"{new["id"]}"'
    stale = {"If-Match": f'"{alert["id"]}"'}
    for there, body in (("cancel", {}), ("updates", {"severity": "extreme"})):
        for which in (alert, new):
            path_of = f"/v1/alerts/{which['id']}/{there}"
            status, _, told = await api.call("POST", path_of, body, headers=stale)
            assert (status, told["code"], told["errors"][0]["field"]) == (412, "alert-changed", "If-Match"), path_of
    _, _, public = await api.call("GET", f"/a/{alert['url'].rpartition('/')[2]}", key=None)
    assert "La Risle monte encore" in html.unescape(public), "an old link shows what holds now"


async def test_an_update_waits_for_a_second_person_who_sees_what_it_changes(api):
    await someone(api)
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(headline="La Risle déborde"))
    await until_finished(api, alert["id"])
    who = {name: await api.sign_in(f"laigle-{name}") for name in ("publish", "approver", "admin")}
    async with api.running.services.store.write() as unit:
        for name in ("approver", "admin"):  # who has no passkey does not count
            await passkeys.add(
                unit, passkeys.NewPasskey(api.operators[f"laigle-{name}"], name.encode(), b"key", 0, "phone", NOW)
            )
    path, moved = f"/console/alerts/{alert['id']}", {"circles": [circle(300, 0.57, 48.73)["circles"][0]]}
    status, _, asked = await api.call("POST", f"/v1/alerts/{alert['id']}/updates", {"area": moved})
    assert (status, asked["state"], asked["role"]) == (202, "awaiting_approval", "update")
    _, _, raw = await api.call("GET", f"{path}/update", key=None, headers=who["publish"])
    assert 'id="stake"' in raw
    drafted = body_of(given(raw), texts={"fr": {"headline": "La Risle monte encore"}})
    keyed = who["publish"] | {"Idempotency-Key": "one-draft"}
    status, _, mine = await api.call("POST", f"{path}/update", drafted, key=None, headers=keyed)
    assert (status, mine["waits"]) == (202, True)
    assert (await api.call("POST", f"{path}/update", drafted, key=None, headers=keyed))[2] == mine
    for name, links in (("approver", 2), ("publish", 1), ("admin", 2)):  # an author opens their own
        _, _, page = await look(api, path, **who[name])
        assert page.count("An update waits for a second person. Nothing of it was sent yet.") == 2
        assert page.count('href="/console/approvals/') == links, name
    _, _, page = await look(api, f"{path}?lang=fr", **who["approver"])
    assert page.count("Une mise à jour attend une seconde personne. Rien n’en est parti.") == 2
    _, _, page = await look(api, f"/console/approvals/{asked['id']}", **who["approver"])
    said = re.sub(r"<[^>]+>|\s+", " ", page)
    assert "An update of an alert that was sent" in said
    assert "What changes: the area." in said
    assert re.search(r"0 +newly inside.* 0 +still inside.* 1 +now outside", said)
    assert (await send(api, f"/console/approvals/{asked['id']}", "do=approve", **who["publish"]))[0] == 403
    other = "do=approve&seen=" + "0" * 64  # what the page showed before another approver changed it
    assert (await send(api, f"/console/approvals/{asked['id']}", other, **who["approver"]))[0] == 409
    shown = re.search(r'name="seen" value="(\w{64})"', page)[1]
    status, headers, _ = await send(
        api, f"/console/approvals/{asked['id']}", f"do=approve&seen={shown}", **who["approver"]
    )
    assert (status, headers["Location"]) == (303, f"/console/alerts/{asked['id']}")
    _, _, new = await api.call("GET", f"/v1/alerts/{asked['id']}")
    assert (new["role"], new["references"]) == ("update", [alert["id"]])
    assert "second person" not in (await look(api, path, **who["approver"]))[2], "decided"
    _, _, page = await look(api, f"/console/approvals/{mine['id']}", **who["admin"])
    assert "before anybody decided: this was not sent" in page
    assert "data-held" not in page
    _, _, old = await api.call("GET", f"/v1/alerts/{mine['id']}")
    assert old["state"] == "overtaken"
    late, _, problem = await api.call("POST", f"/v1/alerts/{alert['id']}/updates", {"headline": "Autre"})
    assert (late, problem["code"]) == (412, "alert-changed")
    await so_does_an_alert_for_later(api, who)
    await so_does_a_poll_that_asks_many(api, who)


async def so_does_an_alert_for_later(api, who):
    """Who may approve finds it on the first page."""
    _, _, plan = await api.call("POST", "/v1/schedules", an_alert(at="2030-12-02T07:30", reason="Marée"))
    one = f"/console/schedules/{plan['id']}"
    for name, approves in (("approver", True), ("publish", False)):
        assert f'href="{one}"' in (await look(api, "/console", **who[name]))[2]
        assert ("Approve it" in (await look(api, one, **who[name]))[2]) is approves
    assert (await send(api, one, "action=approve", **who["approver"]))[0] == 303
    assert f'href="{one}"' not in (await look(api, "/console", **who["approver"]))[2]
    _, _, approved = await api.call("GET", f"/v1/schedules/{plan['id']}")
    assert (plan["awaiting_approval"], approved["awaiting_approval"]) == (True, False)


async def so_does_a_poll_that_asks_many(api, who):
    """Nobody sees it before, and who made a key does not approve what the key sends."""
    async with api.running.services.store.write() as unit:
        station = await stations.by_slug(unit, "laigle")
        await approvals.set_rules(unit, station.id, ApprovalRules(reach=0))
        maker = api.operators["laigle-admin"]
        key = await stations.add_key(unit, KeyRole.PUBLISH, station.id, "siren", NOW, made_by=maker)
    closes = (api.running.services.clock.now() + timedelta(hours=2)).isoformat()
    ask = {"question": "Un marché ?", "answers": ["Oui", "Non"], "station": "laigle", "audience": "all_followers"}
    status, _, poll = await api.call("POST", "/v1/polls", {**ask, "closes": closes}, key=key)
    assert (status, poll["awaiting_approval"]) == (202, True)
    one, public = f"/console/approvals/{poll['alert']}", f"/polls/{poll['token']}"
    assert [(await api.call("GET", each, key=None))[0] for each in (public, f"/v1{public}")] == [404, 404]
    for name in ("approver", "publish"):
        assert f'href="{one}"' in (await look(api, "/console/polls?station=laigle", **who[name]))[2]
    assert (await send(api, one, "do=approve", **who["admin"]))[0] == 403
    assert "Oui  ·  Non" in (await look(api, one, **who["approver"]))[2]
    assert (await send(api, one, "do=approve", **who["approver"]))[0] == 303
    _, _, shown = await api.call("GET", f"/v1{public}", key=None)
    assert (shown["awaiting_approval"], shown["question"]) == (False, "Un marché ?")
    form = f"question=Une+foire+%3F&answers=Oui%0ANon&closes={closes[:16]}&audience=all_followers"
    status, headers, _ = await send(api, "/console/polls?station=laigle", form, **who["publish"])
    assert (status, "/console/approvals/" in headers["Location"]) == (303, True)
