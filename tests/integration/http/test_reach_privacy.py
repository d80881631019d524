"""What a key that may publish learns of where people are before it sends: of strangers, nothing."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text

from broadcaster.config import Settings
from broadcaster.domain.fixes import Fix
from broadcaster.domain.people import NewPlace, NewSubscriber
from broadcaster.register.contacts import mail_contact
from broadcaster.store import tables
from broadcaster.store.people import fixes, people, welcomes
from broadcaster.store.stations import stations
from tests.integration.http.conftest import LAIGLE, an_alert, circle, open_api
from tests.integration.http.test_people import push

LON, LAT = LAIGLE
METRE = 1 / 111_320
FIGURES = (
    "people",
    "registered",
    "others",
    "others_fewer_than",
    "devices",
    "reachable",
    "no_channel",
    "unused",
    "no_contact",
    "further",
    "opted_out",
    "paused",
    "channels",
    "seconds_to_95",
    "expected",
)


async def signs_up(api, number, lon=LON, lat=LAT, slug="laigle"):
    """Somebody follows a station by themselves, and their device answers the welcome; return their token."""
    body = {
        "locale": "fr",
        "contacts": [push(f"https://fcm.googleapis.com/fcm/send/{number}")],
        "places": [{"label": "home", "lon": lon, "lat": lat}],
    }
    status, _, made = await api.call("POST", f"/v1/stations/{slug}/subscribers", body, key=None)
    assert status == 201, made
    async with api.running.services.store.write() as unit:
        await welcomes.confirm_person(unit, int(made["id"]))
    return made.get("token")


async def is_registered(api, number, lon=LON, lat=LAT):
    body = {
        "external_id": f"R-{number}",
        "contacts": [{"channel": "email", "email": f"r{number}@example.org"}],
        "places": [{"label": "home", "lon": lon, "lat": lat}],
    }
    assert (await api.call("POST", "/v1/stations/laigle/subscribers", body, key="laigle-publish"))[0] == 201


def square(size_m, lon=LON, lat=LAT):
    w, n = size_m / 2 * METRE * 1.52, size_m / 2 * METRE
    ring = [[lon - w, lat - n], [lon + w, lat - n], [lon + w, lat + n], [lon - w, lat + n], [lon - w, lat - n]]
    return {"polygons": {"type": "Polygon", "coordinates": [ring]}}


async def reach(api, area, **changes):
    status, _, told = await api.call("POST", "/v1/reach", an_alert(area=area, **changes), key="laigle-publish")
    assert status == 200, told
    return {name: told[name] for name in FIGURES}


@pytest.mark.parametrize("audience", ["followers", "everyone"])
async def test_a_square_of_five_metres_does_not_tell_whether_somebody_is_there(api, audience):
    await signs_up(api, 0, LON + 0.02, LAT + 0.01)  # somebody, somewhere
    asked = {"audience": audience}
    empty = await reach(api, square(5), **asked)
    assert (empty["people"], empty["others_fewer_than"]) == (0, 10)
    api.running.services.here.crowd._period = -1  # a quarter of an hour later
    await signs_up(api, 1)
    there = await reach(api, square(5), **asked)
    assert there == empty
    for size in (20, 100, 250):
        assert await reach(api, square(size), **asked) == empty


async def test_visitors_and_followers_of_other_stations_are_not_told_apart_from_nobody(api):
    point = {"lon": LON, "lat": LAT}
    await signs_up(api, 0, LON + 0.03, LAT)
    empty = await reach(api, square(5), audience="everyone")
    await signs_up(api, 1, slug="rugles")
    body = {"subscription": push("https://fcm.googleapis.com/fcm/send/v")["subscription"], "hours": 4, **point}
    status, _, made = await api.call("POST", "/v1/visits", body, key=None)
    assert status == 201, made
    api.running.services.here.crowd._period = -1
    assert await reach(api, square(5), audience="everyone") == empty


async def test_people_of_the_register_are_counted_exactly_and_at_once(api):
    for number in range(3):
        await is_registered(api, number)
        told = await reach(api, square(5))
        assert (told["people"], told["registered"], told["others"], told["others_fewer_than"]) == (
            number + 1, number + 1, 0, None,
        )  # fmt: skip
        assert told["channels"]["email"]["people"] == number + 1


async def test_a_crowd_that_signed_up_is_about_right_and_sent_to_exactly(api):
    for number in range(60):
        await signs_up(api, number, LON + (number % 8) * 1e-4, LAT + (number // 8) * 1e-4)
    await is_registered(api, 0)
    told = await reach(api, circle(1500))
    assert told["registered"] == 1
    assert told["others"] in (50, 60, 70)
    assert told["people"] == 1 + told["others"]
    assert told["devices"] == told["others"]
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(area=circle(1500)))
    while (account := (await api.call("GET", f"/v1/alerts/{alert['id']}/report"))[2])["matched"] < 61:
        assert account["unaccounted"] >= 0
    assert account["matched"] == 61


async def test_the_live_position_of_somebody_in_the_register_is_not_found_by_a_group_of_one(api):
    """A key decides who is in a group: in an area it must not be answered for one person alone."""
    body = {
        "external_id": "R-1",
        "contacts": [{"channel": "email", "email": "r1@example.org"}],
        "places": [{"label": "home", "lon": LON - 0.03, "lat": LAT}],
        "groups": ["one"],
    }
    status, _, made = await api.call("POST", "/v1/stations/laigle/subscribers", body, key="laigle-publish")
    assert status == 201
    services = api.running.services
    async with services.store.write() as unit:
        await fixes.keep(unit, [Fix(int(made["id"]), LON, LAT, 10.0, services.clock.now())])
    one = {"kind": "groups", "groups": ["one"]}
    assert (await reach(api, square(200), audience=one))["people"] == 0
    assert (await reach(api, square(200, LON - 0.03), audience=one))["people"] == 1
    for audience in ("followers", "everyone"):
        assert (await reach(api, square(5), audience=audience))["people"] == 0


async def test_the_reach_never_reveals_what_one_person_chose(api):
    services = api.running.services
    some = [
        NewSubscriber("fr", (mail_contact(f"r{n}@example.org"),), (NewPlace("home", LON, LAT),), groups=(group,))
        for n, group in enumerate(["one", *["others"] * 60])
    ]
    async with services.store.write() as unit:
        groups = await stations.ensure_groups(unit, 1, {"one": "One", "others": "Others"})
        tokens = [people.new_token() for _ in some]
        await people.register(unit, 1, some, tokens, groups_by_slug=groups, now=services.clock.now())

    async def asked(**changes):
        services.here.choices._period = -1  # a quarter of an hour later
        body = an_alert(**{"severity": "moderate", "topic": "works", "area": None, **changes})
        status, _, told = await api.call("POST", "/v1/reach", body, key="laigle-publish")
        assert status == 200, told
        assert sum(told["hearing"].values()) == told["people"]
        return {name: told[name] for name in (*FIGURES, "hearing")}

    async def mute(most):
        async with services.store.write() as unit:
            await unit.conn.execute(tables.topic_choices.delete())
            await unit.conn.execute(
                text(
                    "INSERT INTO topic_choices SELECT station_id, subscriber_id, 'works', 1 FROM follows"
                    f" WHERE station_id = 1 ORDER BY subscriber_id LIMIT {most}"
                )
            )

    audiences = [{"kind": "groups", "groups": [name]} for name in ("one", "others")] + ["all_followers"]
    nobody = [await asked(audience=each) for each in audiences]
    assert [each["hearing"]["now"] for each in nobody] == [1, 60, 61]
    seen = set()
    for most in range(1, 62, 2):
        await mute(most)
        one, every = await asked(audience=audiences[0]), await asked(audience=audiences[2])
        unwanted = every["hearing"]["unwanted"]
        assert one == nobody[0] or unwanted == 61, "what all chose, each chose"
        assert unwanted == 0 if most <= 10 else abs(unwanted - most) < 20
        seen.add(unwanted)
    assert seen <= {0, 10, 20, 30, 40, 50, 60, 61}
    await mute(61)
    assert (await asked(audience="all_followers", severity="severe"))["hearing"]["now"] == 61, "nobody mutes a flood"


async def test_the_console_and_the_density_tell_no_more_than_the_api(api):
    for number in range(9):
        await signs_up(api, number, LON + number * 1e-4)
    mine = await api.sign_in("laigle-publish")
    draft = {
        "station": "laigle", "status": "actual", "severity": "severe", "texts": {"fr": {"headline": "Crue"}},
        "area": square(100), "territory": False, "audience": {"kind": "followers", "groups": []},
        "channels": ["push"], "cheap": [],
    }  # fmt: skip
    status, _, told = await api.call("POST", "/console/reach", draft, key=None, headers=mine)
    assert status == 200, told
    assert (told["people"], told["others_fewer_than"]) == (0, 10)
    _, _, cells = await api.call("GET", "/console/density?station=laigle", key=None, headers=mine)
    assert cells == {"cells": []}


async def test_a_key_asks_so_often_a_minute_and_another_key_goes_on(tmp_path):
    settings = Settings(host="127.0.0.1", port=0, data_dir=tmp_path, reaches_per_minute=5)
    async for api in open_api(settings):
        body = an_alert()
        asked = [await api.call("POST", "/v1/reach", body, key="laigle-publish") for _ in range(7)]
        assert [status for status, _, _ in asked] == [200] * 5 + [429] * 2
        assert int(asked[-1][1]["Retry-After"]) > 0
        assert "with this key" in json.dumps(asked[-1][2])
        assert (await api.call("POST", "/v1/reach", body, key="laigle-admin"))[0] == 200
        # Sending is another matter.
        assert (await api.call("POST", "/v1/alerts", body, key="laigle-publish"))[0] == 202
