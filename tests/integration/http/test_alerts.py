"""Alerts over HTTP: taken once, followed live, accounted for, lifted."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest

from tests.integration.http.conftest import LAIGLE, an_alert, circle


async def someone(api, external_id="r-1", **changes):
    body = {
        "external_id": external_id,
        "locale": "fr",
        "contacts": [
            {"channel": "sms", "phone": "06 39 98 00 01"},
            {"channel": "email", "email": "resident@example.org"},
        ],
        "places": [{"label": "home", "lon": LAIGLE[0], "lat": LAIGLE[1]}],
        **changes,
    }
    status, _, made = await api.call("POST", "/v1/stations/laigle/subscribers", body)
    assert status == 201, made
    return made


async def until_finished(api, alert_id):
    async with asyncio.timeout(20):
        while True:
            _, _, account = await api.call("GET", f"/v1/alerts/{alert_id}/report")
            if account["finished_at"] is not None:
                return account
            await asyncio.sleep(0.05)


async def test_an_alert_is_taken_sent_and_accounted_for(api):
    await someone(api)
    status, headers, alert = await api.call("POST", "/v1/alerts", an_alert(channels=["sms", "email"]))
    assert status == 202, alert
    assert headers["Location"] == f"/v1/alerts/{alert['id']}"
    assert alert["sandbox"] == ["sms", "email"]
    account = await until_finished(api, alert["id"])
    assert (account["matched"], account["unaccounted"], account["people"]["accepted"]) == (1, 0, 1)
    assert account["sandbox"] == ["sms", "email"]
    status, _, page = await api.call("GET", f"/v1/alerts/{alert['id']}/deliveries")
    assert sorted(each["channel"] for each in page["deliveries"]) == ["email", "sms"]
    assert {each["external_id"] for each in page["deliveries"]} == {"r-1"}
    _, _, only = await api.call("GET", f"/v1/alerts/{alert['id']}/deliveries?channel=sms&state=accepted&limit=1")
    assert [each["channel"] for each in only["deliveries"]] == ["sms"]
    _, _, rest = await api.call("GET", f"/v1/alerts/{alert['id']}/deliveries?channel=sms&cursor={only['next']}")
    assert rest == {"deliveries": [], "next": None}
    beyond = await api.call("GET", f"/v1/alerts/{alert['id']}/deliveries?cursor={2**63 - 1}")
    assert (beyond[0], beyond[2]) == (200, rest)
    _, _, shown = await api.call("GET", f"/v1/alerts/{alert['id']}")
    assert shown["state"] == "finished"
    assert shown["texts"]["fr"]["headline"] == "La Risle déborde"
    _, _, listed = await api.call("GET", "/v1/alerts?station=laigle", key="laigle-read")
    assert [each["id"] for each in listed["alerts"]] == [alert["id"]]


async def test_whom_nothing_reached_is_listed_with_why_to_who_may_publish(api):
    await someone(api, "alone", contacts=[], name="Mme Sans-Contact")
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
    await until_finished(api, alert["id"])
    status, _, page = await api.call("GET", f"/v1/alerts/{alert['id']}/unreached", key="laigle-publish")
    assert status == 200
    assert [(each["external_id"], each["name"]) for each in page["unreached"]] == [("alone", "Mme Sans-Contact")]
    (missed,) = page["unreached"]
    assert missed["why"] == "No valid number or address"
    assert missed["reasons"] == [{"reason": "no-contact", "channel": None, "code": None}]
    status, _, _ = await api.call("GET", f"/v1/alerts/{alert['id']}/unreached", key="laigle-read")
    assert status == 403


async def test_an_alert_that_concerns_nobody_says_so_loudly(api):
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
    account = await until_finished(api, alert["id"])
    assert account["matched"] == 0
    assert "NOBODY" in account["warnings"][0]


async def test_the_same_key_and_body_give_the_same_answer_and_one_alert(api):
    key = {"Idempotency-Key": "crue-1"}
    first = await api.call("POST", "/v1/alerts", an_alert(), headers=key)
    spaced = json.dumps(an_alert(severity="severe", status="actual", audience="followers"), indent=3)
    again = await api.call("POST", "/v1/alerts", raw=spaced, headers=key)
    assert (first[0], again[0]) == (202, 202)
    assert first[2]["id"] == again[2]["id"]
    assert (await api.counts())["alerts"] == 1


async def test_ten_at_once_with_one_key_are_one_alert(api):
    key = {"Idempotency-Key": "crue-2"}
    answers = await asyncio.gather(*(api.call("POST", "/v1/alerts", an_alert(), headers=key) for _ in range(10)))
    assert {status for status, _, _ in answers} == {202}
    assert len({alert["id"] for _, _, alert in answers}) == 1
    assert (await api.counts())["alerts"] == 1


async def test_the_same_key_with_another_body_is_a_conflict_and_no_alert(api):
    key = {"Idempotency-Key": "crue-3"}
    await api.call("POST", "/v1/alerts", an_alert(), headers=key)
    status, headers, problem = await api.call("POST", "/v1/alerts", an_alert(area=circle(1501)), headers=key)
    assert (status, headers["Content-Type"]) == (409, "application/problem+json")
    assert problem["type"] == "urn:tocsin:problem:conflict"
    assert (await api.counts())["alerts"] == 1


@pytest.mark.parametrize("key", ["x" * 201, "é", "two words"])
async def test_an_idempotency_key_that_is_none_is_refused(api, key):
    status, _, problem = await api.call("POST", "/v1/alerts", an_alert(), headers={"Idempotency-Key": key})
    assert status == 422
    assert problem["errors"][0]["field"] == "Idempotency-Key"
    assert (await api.counts())["alerts"] == 0


async def test_reach_foresees_and_keeps_nothing(api):
    await someone(api)
    before = await api.counts()
    status, _, reach = await api.call("POST", "/v1/reach", an_alert(channels=["sms"]), key="laigle-publish")
    assert status == 200, reach
    assert (reach["people"], reach["channels"]["sms"]["people"]) == (1, 1)
    assert reach["sms"][0]["language"] == "fr"
    assert reach["sandbox"] == ["sms"]
    assert await api.counts() == before


async def test_a_cancel_sends_one_all_clear_however_often_it_is_asked_for(api):
    await someone(api)
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
    await until_finished(api, alert["id"])
    status, headers, cleared = await api.call("POST", f"/v1/alerts/{alert['id']}/cancel")
    assert status == 202, cleared
    assert (cleared["msg_type"], cleared["references"]) == ("cancel", [alert["id"]])
    assert headers["Location"] == f"/v1/alerts/{cleared['id']}"
    again = await api.call("POST", f"/v1/alerts/{alert['id']}/cancel", {"texts": {"fr": {"headline": "Fini"}}})
    assert again[2]["id"] == cleared["id"]
    status, _, problem = await api.call("POST", f"/v1/alerts/{alert['id']}/cancel", {"kind": "mistake"})
    assert (status, problem["code"], problem["errors"][0]["params"]["alert"]) == (409, "ended-as-over", cleared["id"])
    account = await until_finished(api, cleared["id"])
    assert account["matched"] == 1
    _, _, old = await api.call("GET", f"/v1/alerts/{alert['id']}")
    assert old["cancelled_at"] is not None


async def events(api, alert_id, last=None):
    """All events of a stream until it ends: (id, event, data)."""
    headers = {"Authorization": f"Bearer {api.keys['laigle-read']}"}
    if last is not None:
        headers["Last-Event-ID"] = last
    found = []
    async with (
        asyncio.timeout(20),
        api.http.get(f"{api.running.url}/v1/alerts/{alert_id}/events", headers=headers) as answer,
    ):
        if answer.status != 200:
            return answer.status
        assert answer.content_type == "text/event-stream"
        for block in (await answer.text()).replace("\r\n", "\n").split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
            if "event" in fields:
                found.append((fields["id"], fields["event"], fields["data"]))
    return found


async def test_the_account_is_streamed_until_it_is_finished(api):
    await someone(api)
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(channels=["sms"]))
    seen = await events(api, alert["id"])
    *accounts, end = seen
    assert end == ("end", "end", "{}")
    assert {event for _, event, _ in accounts} == {"report"}
    last = json.loads(accounts[-1][2])
    assert (last["alert_id"], last["matched"], last["unaccounted"]) == (alert["id"], 1, 0)
    assert len({mark for mark, _, _ in accounts}) == len(accounts)
    # Whoever reconnects gets the account as it is; whoever saw the end is told to stay away.
    assert (await events(api, alert["id"], last=accounts[0][0]))[-2][2] == accounts[-1][2]
    assert await events(api, alert["id"], last="end") == 204


async def test_a_key_sees_nothing_of_another_station(api):
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
    for path in ("", "/report", "/deliveries", "/unreached", "/events"):
        status, _, _ = await api.call("GET", f"/v1/alerts/{alert['id']}{path}", key="rugles-admin")
        assert status == 404, path
    assert (await api.call("POST", f"/v1/alerts/{alert['id']}/cancel", key="rugles-admin"))[0] == 404
    assert (await api.call("POST", "/v1/alerts", an_alert(), key="rugles-admin"))[0] == 403
    assert (await api.call("GET", "/v1/alerts?station=laigle", key="rugles-admin"))[0] == 403
    assert (await api.call("GET", "/v1/alerts", key="rugles-admin"))[2] == {"alerts": [], "next": None}
    assert (await api.call("GET", f"/v1/sandbox?alert={alert['id']}", key="rugles-admin"))[0] == 403


async def test_a_key_that_may_read_may_not_send(api):
    status, headers, problem = await api.call("POST", "/v1/alerts", an_alert(), key="laigle-read")
    assert (status, headers["Content-Type"]) == (403, "application/problem+json")
    assert "permission send" in problem["detail"]
    assert (await api.counts())["alerts"] == 0


@pytest.mark.parametrize("path", ["0", "x", "99999999999999999999", "9223372036854775808", "12"])
@pytest.mark.asyncio(loop_scope="module")
async def test_an_id_that_names_no_alert_is_not_found(refusing, path):
    assert (await refusing.call("GET", f"/v1/alerts/{path}"))[0] == 404


async def test_nearby_gives_what_holds_at_a_point_and_nothing_beyond(api):
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
    status, _, here = await api.call("GET", f"/v1/nearby?lon={LAIGLE[0]}&lat={LAIGLE[1]}", key=None)
    assert status == 200
    assert [each["url"] for each in here["alerts"]] == [alert["url"]]
    assert here["alerts"][0]["area"]["type"] == "FeatureCollection"
    assert (await api.call("GET", "/v1/nearby?lon=0.66&lat=48.7631", key=None))[2] == {"alerts": []}
    await api.call("POST", f"/v1/alerts/{alert['id']}/cancel")
    assert (await api.call("GET", f"/v1/nearby?lon={LAIGLE[0]}&lat={LAIGLE[1]}", key=None))[2] == {"alerts": []}


async def test_an_alert_may_say_everything_there_is_to_say(api):
    await someone(api, groups=["École Victor-Hugo"])
    body = an_alert(
        status="exercise",
        urgency="immediate",
        certainty="observed",
        category="met",
        sms="Crue. Montez.",
        easy="L'eau monte.\r\nMontez.",
        texts={"en": {"headline": "Flood", "description": "Water rises.\r\nFast.", "instruction": "Go up."}},
        area={
            "circles": [{"lon": 0.62, "lat": 48.76, "radius_m": 300}, {"lon": 0.63, "lat": 48.76, "radius_m": 5000}],
            "polygons": {
                "type": "Polygon",
                "coordinates": [[[0.60, 48.75], [0.65, 48.75], [0.65, 48.78], [0.60, 48.75]]],
            },
        },
        audience={"kind": "groups", "groups": ["ecole-victor-hugo"]},
        channels=["email", "sms"],
        expires="2199-01-01T00:00:00Z",
    )
    status, _, problem = await api.call("POST", "/v1/alerts", body)
    assert (status, problem["errors"][0]["field"]) == (422, "expires")
    hours = [f"{api.running.services.clock.now() + timedelta(hours=n):%Y-%m-%dT%H:%M:%S}+00:00" for n in (1, 5)]
    status, _, alert = await api.call("POST", "/v1/alerts", {**body, "onset": hours[0], "expires": hours[1]})
    assert status == 202, alert
    assert alert["audience"] == {"kind": "groups", "groups": ["ecole-victor-hugo"], "told": None}
    assert alert["texts"]["en"]["description"] == "Water rises.\nFast."
    assert alert["texts"]["fr"]["sms"] == "Crue. Montez."
    assert alert["texts"]["fr"]["easy"] == "L'eau monte.\nMontez."
    assert alert["area"]["circles"][0] == {"lon": 0.62, "lat": 48.76, "radius_m": 300}
    assert alert["expires"].startswith(hours[1][:19])
    assert (alert["status"], alert["category"], alert["channels"]) == ("exercise", "met", ["email", "sms"])
    assert (await until_finished(api, alert["id"]))["matched"] == 1


@pytest.mark.parametrize("audience", ["followers", "everyone", "all_followers", {"kind": "all_followers"}, {}])
async def test_an_audience_is_an_object_or_its_word(api, audience):
    status, _, alert = await api.call("POST", "/v1/alerts", an_alert(audience=audience))
    assert status == 202, alert
    assert alert["audience"]["kind"] == (audience if isinstance(audience, str) else audience.get("kind", "followers"))


async def test_a_page_of_alerts_leads_to_the_next(api):
    made = [(await api.call("POST", "/v1/alerts", an_alert()))[2]["id"] for _ in range(3)]
    _, _, first = await api.call("GET", "/v1/alerts?limit=2")
    assert [each["id"] for each in first["alerts"]] == made[:0:-1]
    _, _, second = await api.call("GET", f"/v1/alerts?limit=2&before={first['next']}")
    assert ([each["id"] for each in second["alerts"]], second["next"]) == (made[:1], None)


async def test_an_id_beyond_64_bits_is_refused_wherever_one_is_asked_for(api):
    for path in (
        "/v1/alerts?before=",
        "/v1/schedules?before=",
        "/v1/stations/laigle/digest?before=",
        "/v1/sandbox?alert=",
    ):
        status, _, problem = await api.call("GET", f"{path}{1 << 63}")
        assert (status, [each["code"] for each in problem["errors"]]) == (422, ["not-an-alert-id"]), path
