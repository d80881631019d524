"""Stations and subscribers over HTTP."""

from __future__ import annotations

import base64
import os
import secrets

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from broadcaster.domain.people import ChannelName, NewContact, NewSubscriber
from tests.integration.http.conftest import BOUNDARY, LAIGLE, an_alert, circle


def push(endpoint=None):
    endpoint = endpoint or f"https://fcm.googleapis.com/fcm/send/{secrets.token_urlsafe(6)}"
    point = (
        ec.generate_private_key(ec.SECP256R1())
        .public_key()
        .public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    )
    keys = {
        name: base64.urlsafe_b64encode(raw).decode().rstrip("=")
        for name, raw in (("p256dh", point), ("auth", os.urandom(16)))
    }
    return {"channel": "push", "subscription": {"endpoint": endpoint, "keys": keys}}


async def register(api, body, key=None):
    return await api.call("POST", "/v1/stations/laigle/subscribers", body, key=key)


async def test_a_commune_becomes_a_station_with_its_own_boundary_and_town_hall(api):
    status, headers, made = await api.call("POST", "/v1/stations", {"slug": "l-aigle", "insee": "61214"})
    assert status == 201, made
    assert (made["name"], made["region"], made["insee"]) == ("L'Aigle", "FR", "61214")
    assert made["boundary"]["type"] in ("Polygon", "MultiPolygon")
    assert made["lon"] == pytest.approx(0.63, abs=0.05)
    assert headers["Location"] == "/v1/stations/l-aigle"
    status, _, problem = await api.call("POST", "/v1/stations", {"slug": "l-aigle", "insee": "61214"})
    assert status == 409, problem


async def test_a_boundary_becomes_a_station(api):
    body = {"slug": "club", "name": "Le Club", "kind": "association", "boundary": BOUNDARY, "languages": ["en"]}
    status, _, made = await api.call("POST", "/v1/stations", body)
    assert (status, made["languages"], made["groups"]) == (201, ["en"], [])
    assert BOUNDARY["coordinates"][0][0][0] < made["lon"] < BOUNDARY["coordinates"][0][1][0]


async def test_a_boundary_with_swapped_coordinates_is_refused_with_a_code_until_the_caller_says_which(api):
    ring = [[lat, lon] for lon, lat in BOUNDARY["coordinates"][0]]
    body = {"slug": "club", "name": "C", "kind": "association", "boundary": {"type": "Polygon", "coordinates": [ring]}}
    status, _, problem = await api.call("POST", "/v1/stations", body)
    assert (status, problem["code"]) == (422, "swapped")
    assert "near Somalia" in problem["detail"]
    assert "swap: true" in problem["hint"]
    status, _, made = await api.call("POST", "/v1/stations", {**body, "swap": True})
    assert status == 201
    assert made["lat"] == pytest.approx(48.76, abs=0.05)
    assert made["notes"] == ["Latitude and longitude were swapped."]
    status, _, made = await api.call("POST", "/v1/stations", {**body, "slug": "navy", "swap": False})
    assert (status, made["notes"]) == (201, None)
    assert made["lon"] == pytest.approx(48.76, abs=0.05)


async def test_an_outline_that_crosses_itself_is_mended_when_the_caller_says_so(api):
    crossing = [[0.61, 48.75], [0.64, 48.77], [0.64, 48.75], [0.61, 48.77], [0.61, 48.75]]
    features = [
        {"type": "Feature", "properties": {}, "geometry": None},
        {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [0.63, 48.76]}},
        {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [crossing]}},
    ]
    boundary = {"type": "FeatureCollection", "features": features}
    body = {"slug": "club", "name": "C", "kind": "association", "boundary": boundary}
    status, _, problem = await api.call("POST", "/v1/stations", body)
    assert (status, problem["code"]) == (422, "crosses-itself")
    assert "mend: true" in problem["hint"]
    status, _, made = await api.call("POST", "/v1/stations", {**body, "mend": True})
    assert status == 201
    assert len(made["boundary"]["coordinates"]) == 2
    assert len(made["notes"]) == 3


async def test_an_area_beyond_the_margin_is_refused_with_the_way_to_widen_it(api):
    status, _, problem = await api.call("POST", "/v1/alerts", an_alert(area=circle(3000, 0.70)))
    assert status == 422
    assert problem["code"] == problem["errors"][0]["code"] == "area-outside"
    assert "tocsin station margin SLUG METRES" in problem["hint"]
    assert "TOCSIN_MARGIN_M" in problem["hint"]
    french = {"Accept-Language": "fr"}
    _, _, problem = await api.call("POST", "/v1/alerts", an_alert(area=circle(3000, 0.70)), headers=french)
    assert problem["hint"].startswith("Un administrateur peut élargir la marge")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"slug": "X", "insee": "61214"}, "slug"),
        ({"slug": "x", "insee": "99999"}, "insee"),
        ({"slug": "x", "name": "X"}, "boundary"),
        ({"slug": "x", "boundary": BOUNDARY}, "name"),
        ({"slug": "x", "name": "X", "boundary": {"type": "Point", "coordinates": [0, 0]}}, "boundary"),
        ({"slug": "x", "name": "X", "boundary": BOUNDARY, "languages": ["English"]}, "languages[0]"),
        ({"slug": "x", "name": "X", "boundary": BOUNDARY, "margin_m": -1}, "margin_m"),
        ({"slug": "x", "name": "X", "boundary": BOUNDARY, "phone": "12"}, "phone"),
        ({"slug": "x", "name": "X", "boundary": BOUNDARY, "email": "nobody"}, "email"),
    ],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_a_bad_station_is_refused_and_its_field_named(refusing, body, field):
    before = await refusing.counts()
    status, _, problem = await refusing.call("POST", "/v1/stations", body)
    assert status == 422, problem
    assert problem["errors"][0]["field"].startswith(field)
    assert await refusing.counts() == before


async def test_only_a_key_of_every_station_makes_one(api):
    body = {"slug": "x", "insee": "61214"}
    assert (await api.call("POST", "/v1/stations", body, key="laigle-admin"))[0] == 403
    assert (await api.call("POST", "/v1/stations", body, key=None))[0] == 401


async def test_the_world_sees_a_stations_facts_and_its_key_its_groups(api):
    await register(api, {"groups": ["École Victor-Hugo"], "locale": "fr"}, key="laigle-publish")
    _, _, world = await api.call("GET", "/v1/stations/laigle", key=None)
    assert (world["name"], world["groups"], world["followers"]) == ("L'Aigle", None, None)
    _, _, inside = await api.call("GET", "/v1/stations/laigle", key="laigle-read")
    assert inside["groups"] == [{"slug": "ecole-victor-hugo", "name": "École Victor-Hugo", "members": 1}]
    assert inside["followers"] == 1
    assert (await api.call("GET", "/v1/stations/laigle", key="rugles-admin"))[2]["groups"] is None
    assert (await api.call("GET", "/v1/stations/nowhere", key=None))[0] == 404


async def test_a_device_registers_itself_reads_changes_moves_and_leaves(api):
    mine = push()
    places = [{"label": "maison", "lon": LAIGLE[0], "lat": LAIGLE[1]}]
    status, _, made = await register(api, {"locale": "fr", "contacts": [mine], "places": places})
    assert status == 201, made
    me = "/v1/subscribers/me"
    _, _, shown = await api.call("GET", me, key=made["token"])
    assert shown["contacts"] == [{**mine, "status": "active", "phone": None, "email": None, "guardian": 0}]
    (followed,) = shown["follows"]
    assert (followed["station"], followed["external_id"], followed["least"]) == ("laigle", None, "minor")
    assert {topic["choice"] for topic in followed["topics"]} == {"now"}
    status, _, changed = await api.call("PATCH", me, {"locale": "en", "name": "Anne"}, key=made["token"])
    assert (status, changed["locale"], changed["name"]) == (200, "en", "Anne")
    assert changed["places"] == places
    assert changed["contacts"] == shown["contacts"]
    _, _, emptied = await api.call("PATCH", me, {"name": None, "places": []}, key=made["token"])
    assert (emptied["name"], emptied["places"], emptied["locale"]) == (None, [], "en")
    moved = {"lon": 0.63, "lat": 48.76, "accuracy_m": 12.5}
    assert (await api.call("PUT", f"{me}/position", moved, key=made["token"]))[0] == 204
    _, _, shown = await api.call("GET", me, key=made["token"])
    assert {name: shown["position"][name] for name in moved} == moved
    status, _, proof = await api.call("DELETE", me, key=made["token"])
    assert (status, set(proof)) == (200, {"number", "at", "kinds", "shared"})
    assert (await api.call("GET", me, key=made["token"]))[0] == 401
    assert (await api.counts())["contacts"] == 0


@pytest.mark.parametrize(
    "contact", [{"channel": "sms", "phone": "0639980001"}, {"channel": "email", "email": "a@example.org"}]
)
async def test_without_a_key_phones_and_mails_are_not_taken(api, contact):
    before = await api.counts()
    status, headers, problem = await register(api, {"contacts": [contact]})
    assert status == 401
    assert headers["WWW-Authenticate"].startswith("Bearer")
    assert "push subscription proves itself" in problem["detail"]
    assert await api.counts() == before
    mine = push()
    _, _, made = await register(api, {"contacts": [mine]})
    status, _, problem = await api.call("PATCH", "/v1/subscribers/me", {"contacts": [mine, contact]}, key=made["token"])
    assert (status, problem["errors"][0]["field"]) == (422, "contacts[1]")


@pytest.mark.parametrize("given", [{"external_id": "R-1"}, {"guardians": ["Rose"]}, {"vulnerable": False}])
async def test_without_a_key_nothing_is_taken_that_only_the_station_gives(api, given):
    status, _, problem = await register(api, {"contacts": [push()], **given})
    (name,) = given
    assert (status, problem["code"]) == (401, "key-needed-for")
    assert problem["detail"] == f"Only the station gives {name}, with its key."


async def test_a_subscriber_keeps_the_phone_that_the_station_gave(api):
    number = "+33639980001"
    contacts = tuple(NewContact(channel, number, number) for channel in (ChannelName.SMS, ChannelName.VOICE))
    token = await api.enrol(NewSubscriber("fr", contacts))
    _, _, shown = await api.call("GET", "/v1/subscribers/me", key=token)
    assert {each["phone"] for each in shown["contacts"]} == {"+33639980001"}
    kept = [{"channel": "sms", "phone": "+33639980001"}]
    status, _, changed = await api.call("PATCH", "/v1/subscribers/me", {"contacts": kept}, key=token)
    assert (status, [each["channel"] for each in changed["contacts"]]) == (200, ["sms"])


async def test_the_same_external_id_twice_is_a_conflict(api):
    assert (await register(api, {"external_id": "7"}, key="laigle-publish"))[0] == 201
    assert (await register(api, {"external_id": "7"}, key="laigle-publish"))[0] == 409
    assert (await register(api, {"external_id": "7"}, key="rugles-publish"))[0] == 403
    assert (await api.counts())["subscribers"] == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"contacts": [{"channel": "fax", "phone": "1"}]}, "contacts[0].channel"),
        ({"contacts": [{"phone": "1"}]}, "contacts[0].channel"),
        ({"contacts": [{"channel": "sms"}]}, "contacts[0].phone"),
        ({"contacts": [{"channel": "sms", "phone": "06"}]}, "contacts[0].phone"),
        ({"contacts": [{"channel": "sms", "phone": "02 33 84 16 16"}]}, "contacts[0].phone"),
        ({"contacts": [{"channel": "email", "email": "a@@b"}]}, "contacts[0].email"),
        ({"contacts": [push("https://evil.example/x")]}, "contacts[0].subscription.endpoint"),
        ({"contacts": [push("http://127.0.0.1/x")]}, "contacts[0].subscription.endpoint"),
        ({"contacts": [{"channel": "push", "subscription": {"endpoint": "x"}}]}, "contacts[0].subscription"),
        ({"contacts": [{"channel": "email", "email": "a@b.fr"}] * 11}, "contacts"),
        ({"places": [{"label": "x" * 41, "lon": 0, "lat": 0}]}, "places[0].label"),
        ({"places": [{"label": "x", "lon": "0", "lat": 0}]}, "places[0].lon"),
        ({"places": [{"lon": 0, "lat": 91}]}, "places[0].lat"),
        ({"places": [{"lon": 0, "lat": 0}] * 21}, "places"),
        ({"groups": ["!!!"]}, "groups[0]"),
        ({"locale": "french"}, "locale"),
        ({"name": "x" * 121}, "name"),
    ],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_a_bad_subscriber_is_refused_and_its_field_named(refusing, body, field):
    before = await refusing.counts()
    status, _, problem = await register(refusing, body, key="laigle-publish")
    assert status == 422, problem
    assert problem["errors"][0]["field"].startswith(field)
    assert await refusing.counts() == before


async def test_nobody_without_a_key_makes_a_group(api):
    status, _, problem = await register(api, {"contacts": [push()], "groups": ["invented"]})
    assert (status, problem["errors"][0]["field"]) == (422, "groups[0]")
    assert (await api.counts())["groups"] == 0


@pytest.mark.parametrize("token", ["sb_nobody", "tk_nobody", "", "é"])
@pytest.mark.asyncio(loop_scope="module")
async def test_a_token_that_is_unknown_is_401(refusing, token):
    headers = {"Authorization": f"Bearer {token}"}
    status, answer, problem = await refusing.call("GET", "/v1/subscribers/me", key=None, headers=headers)
    assert (status, answer["Content-Type"]) == (401, "application/problem+json"), problem
    assert answer["WWW-Authenticate"].startswith('Bearer realm="tocsin"')
