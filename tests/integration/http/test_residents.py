"""What residents' devices ask: follow, leave, pause, renew, visit, take away; cells and a station's alerts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from broadcaster.http.people import confirmations
from broadcaster.http.tokens import Tokens
from broadcaster.store.people import welcomes
from broadcaster.store.register import erasing
from broadcaster.timetable import mind_residents
from tests.integration.http.conftest import LAIGLE, an_alert, circle
from tests.integration.http.test_alerts import until_finished
from tests.integration.http.test_people import push, register

ME = "/v1/subscribers/me"
CELL = "/v1/cells?lon=0.6&lat=48.75"
HOME = [{"label": "maison", "lon": LAIGLE[0], "lat": LAIGLE[1]}]


async def someone(api, **changes):
    _, _, made = await register(api, {"contacts": [push()], "places": HOME, **changes})
    async with api.running.services.store.write() as unit:
        await welcomes.confirm_person(unit, int(made["id"]))
    return made["token"]


async def me(api, token):
    return (await api.call("GET", ME, key=token))[2]


async def test_a_device_follows_a_second_station_and_leaves_the_first(api):
    token = await someone(api)
    assert (await api.call("PUT", ME + "/follows/rugles", key=token))[0] == 204
    assert (await api.call("DELETE", ME + "/follows/laigle", key=token))[0] == 204
    assert [each["station"] for each in (await me(api, token))["follows"]] == ["rugles"]
    assert (await api.call("PUT", ME + "/follows/nowhere", key=token))[0] == 404


async def test_who_is_paused_is_so_by_their_own_wish_in_the_account(api):
    token = await someone(api)
    until = (api.running.services.clock.now() + timedelta(days=2)).isoformat()
    status, _, changed = await api.call("PATCH", ME, {"paused_until": until}, key=token)
    assert (status, changed["paused_until"] is not None) == (200, True)
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
    await until_finished(api, alert["id"])
    _, _, page = await api.call("GET", f"/v1/alerts/{alert['id']}/unreached")
    assert [each["why"] for each in page["unreached"]] == ["Paused by their own wish"]
    assert (await api.call("PATCH", ME, {"paused_until": None}, key=token))[2]["paused_until"] is None
    account = await until_reached(api, alert["id"])
    assert account["people"]["unreached"] == 0


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/follows/rugles", None),
        ("PUT", "/push", {"subscription": push()["subscription"]}),
        ("PUT", "/position", {"lon": LAIGLE[0], "lat": LAIGLE[1]}),
        ("PATCH", "", {"places": HOME}),
        ("POST", "/confirmations", {"phone": "06 39 98 00 01"}),
        ("POST", "/trials", {"channel": "email", "to": "rose@example.org"}),
        ("DELETE", "", None),
    ],
)
async def test_the_token_of_who_is_erased_while_a_request_is_served_is_unknown(api, monkeypatch, method, path, body):
    token = await someone(api)
    asked = Tokens.owner

    async def erased_then(self, *given, **how):
        owner = await asked(self, *given, **how)
        async with api.running.services.store.write() as unit:
            await erasing.erase(unit, owner.id, erasing.Way.THEMSELVES, api.running.services.clock.now())
        return owner

    monkeypatch.setattr(Tokens, "owner", erased_then)
    status, _, problem = await api.call(method, ME + path, body, key=token)
    assert (status, problem["code"]) == (401, "key-unknown")


async def test_who_is_erased_before_their_further_number_is_written_down_is_unknown(api, monkeypatch):
    token, asked = await someone(api), confirmations.begin

    async def erased_then(services, station, given):
        async with services.store.write() as unit:
            await erasing.erase(unit, given.subscriber_id, erasing.Way.THEMSELVES, services.clock.now())
        return await asked(services, station, given)

    monkeypatch.setattr(confirmations, "begin", erased_then)
    status, _, problem = await api.call("POST", ME + "/confirmations", {"phone": "06 39 98 00 01"}, key=token)
    assert (status, problem["code"]) == (401, "key-unknown")


async def until_reached(api, alert_id):
    import asyncio  # noqa: PLC0415

    async with asyncio.timeout(30):
        while True:
            _, _, account = await api.call("GET", f"/v1/alerts/{alert_id}/report")
            if account["people"]["accepted"] + account["unconfirmed"].get("accepted", 0) == 1:
                return account
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("days", [-1, 400])
async def test_a_pause_ends_within_a_year(api, days):
    token = await someone(api)
    until = (api.running.services.clock.now() + timedelta(days=days)).isoformat()
    status, _, problem = await api.call("PATCH", ME, {"paused_until": until}, key=token)
    assert (status, problem["errors"][0]["field"]) == (422, "paused_until")


async def test_a_renewed_subscription_replaces_the_old(api):
    old, new = push(), push("https://fcm.googleapis.com/fcm/send/new")
    _, _, made = await register(api, {"contacts": [old]})
    body = {"subscription": new["subscription"], "replaces": old["subscription"]["endpoint"]}
    for _ in range(2):
        assert (await api.call("PUT", ME + "/push", body, key=made["token"]))[0] == 204
    kept = [each["subscription"] for each in (await me(api, made["token"]))["contacts"]]
    assert kept == [new["subscription"]]
    body["subscription"] = {**new["subscription"], "endpoint": "https://evil.example/x"}
    status, _, problem = await api.call("PUT", ME + "/push", body, key=made["token"])
    assert (status, problem["errors"][0]["field"]) == (422, "subscription.endpoint")


async def test_everything_that_is_kept_can_be_taken_away(api):
    token = await someone(api)
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
    await until_finished(api, alert["id"])
    status, headers, data = await api.call("GET", ME + "/data", key=token)
    assert (status, headers["Content-Disposition"]) == (200, 'attachment; filename="tocsin.json"')
    assert data["subscriber"]["places"] == HOME
    assert [(each["event"], each["channel"], each["state"]) for each in data["messages"]] == [
        ("Inondation", "push", "accepted")
    ]
    assert alert["url"].endswith(data["messages"][0]["alert"])
    assert [each["kind"] for each in data["records"]] == ["consent", "alert"]
    agreed = data["records"][0]["facts"]
    assert (agreed["given"], agreed["way"], agreed["version"]) == (True, "page", "1")
    assert "Vous pouvez revenir sur cet accord" in agreed["text"]
    status, _, page = await api.call("GET", "/me/data", key=token, headers={"Accept-Language": "fr"})
    assert status == 200
    assert "Ce que Tocsin conserve à mon sujet" in page
    assert "Inondation" in page
    assert "(fonctionne)" in page
    assert "Pas d’heures calmes" in page
    assert "00:00-00:00" not in page
    assert "p256dh" not in page, "a person reads it; the JSON has the keys"
    status, _, proof = await api.call("DELETE", ME, key=token)
    assert status == 200
    assert {"profile", "message", "alert"} <= set(proof["kinds"])
    assert (await api.call("GET", ME, key=token))[0] == 401
    back = {"contacts": [{"channel": "push", "subscription": data["subscriber"]["contacts"][0]["subscription"]}]}
    status, _, problem = await register(api, back, key=api.keys["laigle-publish"])
    assert (status, problem["code"]) == (409, "asked-to-be-left-out")
    assert (await register(api, back))[0] == 201, "they come back by their own device"


async def test_a_visitor_gets_what_holds_here_and_is_forgotten_when_the_hours_are_over(api):
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
    await until_finished(api, alert["id"])
    body = {"subscription": push()["subscription"], "lon": LAIGLE[0], "lat": LAIGLE[1], "hours": 3}
    status, _, made = await api.call("POST", "/v1/visits", body, key=None)
    assert (status, made["stations"]) == (201, ["L'Aigle", "Rugles"])
    await until_reached(api, alert["id"])
    assert (await me(api, made["token"]))["position"]["lon"] == LAIGLE[0]
    services = api.running.services
    clock, services.clock = services.clock, Ahead(hours=4)
    await mind_residents(services)
    services.clock = clock
    assert (await api.call("GET", ME, key=made["token"]))[0] == 401
    counts = await api.counts()
    assert (counts["subscribers"], counts["contacts"], counts["positions"]) == (0, 0, 0)


async def test_a_visitor_who_walks_into_another_commune_gets_what_its_followers_get(api):
    far = [[[2.0, 46.0], [2.2, 46.0], [2.2, 46.2], [2.0, 46.2], [2.0, 46.0]]]
    station = {"slug": "loin", "name": "Loin", "boundary": {"type": "Polygon", "coordinates": far}}
    assert (await api.call("POST", "/v1/stations", station))[0] == 201
    body = {"subscription": push()["subscription"], "lon": LAIGLE[0], "lat": LAIGLE[1], "hours": 3}
    _, _, made = await api.call("POST", "/v1/visits", body, key=None)
    before = await me(api, made["token"])
    assert (await api.call("PUT", ME + "/position", {"lon": 2.1, "lat": 46.1}, key=made["token"]))[0] == 204
    after = await me(api, made["token"])
    assert {each["station"] for each in after["follows"]} == {"laigle", "rugles", "loin"}
    assert after["forget_at"] == before["forget_at"] is not None
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(station="loin", area=circle(300, 2.1, 46.1)))
    await until_reached(api, alert["id"])


async def test_a_resident_who_moves_follows_nobody_by_it(api):
    token = await someone(api)
    assert (await api.call("PUT", ME + "/position", {"lon": 0.6, "lat": 48.75}, key=token))[0] == 204
    assert {each["station"] for each in (await me(api, token))["follows"]} == {"laigle"}


class Ahead:
    """A clock that is ahead."""

    def __init__(self, **by):
        self._by = timedelta(**by)

    def now(self):
        from broadcaster.clock import SystemClock  # noqa: PLC0415

        return SystemClock().now() + self._by


async def test_a_cell_has_the_alerts_that_reach_into_it_and_what_a_device_needs_to_decide(api):
    await api.call("POST", "/v1/alerts", an_alert())
    await api.call("POST", "/v1/alerts", an_alert(area=circle(300, 0.61, 48.79), headline="Ailleurs"))
    status, headers, cell = await api.call("GET", CELL, key=None)
    assert (status, headers["Cache-Control"]) == (200, "public, max-age=15")
    assert [cell[side] for side in ("west", "south", "east", "north")] == [0.6, 48.75, 0.7, 48.8]
    assert {each["texts"]["fr"]["headline"] for each in cell["alerts"]} == {"La Risle déborde", "Ailleurs"}
    assert {"lon": LAIGLE[0], "lat": LAIGLE[1], "radius_m": 1500.0} in [
        each["shape"]["circles"][0] for each in cell["alerts"]
    ]
    assert (await api.call("GET", "/v1/cells?lon=0.8&lat=48.75", key=None))[2]["alerts"] == []
    reached = (await api.call("GET", "/v1/cells?lon=0.6&lat=48.7", key=None))[2]["alerts"]
    assert [each["texts"]["fr"]["headline"] for each in reached] == ["La Risle déborde"]


@pytest.mark.parametrize("query", ["lon=0.6283&lat=48.75", "lon=0.6&lat=48.7631", "lon=0.6&lat=91", "lon=x&lat=1"])
async def test_nobody_says_more_than_which_cell_they_are_in_by_mistake(api, query):
    assert (await api.call("GET", f"/v1/cells?{query}", key=None))[0] == 422


async def test_a_stations_alerts_are_those_that_hold_and_not_those_for_groups(api):
    assert (await api.call("GET", "/v1/stations/laigle/alerts", key=None))[2]["alerts"] == []
    await register(api, {"groups": ["Parents"]}, key="laigle-publish")
    await api.call("POST", "/v1/alerts", an_alert(audience={"kind": "groups", "groups": ["parents"]}, area=None))
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert())
    _, _, found = await api.call("GET", "/v1/stations/laigle/alerts", key=None)
    assert [each["id"] for each in found["alerts"]] == [alert["id"]]
    await api.call("POST", f"/v1/alerts/{alert['id']}/cancel")
    assert (await api.call("GET", "/v1/stations/laigle/alerts", key=None))[2]["alerts"] == []
