"""Enrolling the vulnerable over HTTP: by the station only, and taken back by the person at any time."""

from __future__ import annotations

import pytest

from broadcaster.domain.audit import Action
from broadcaster.domain.people import NewSubscriber
from broadcaster.domain.permissions import KeyRole, Permission
from broadcaster.store.operations import audit_reading
from broadcaster.store.operations.audit_reading import Only
from broadcaster.store.people import profiles
from broadcaster.store.register import vulnerable
from broadcaster.store.stations import stations
from tests.integration.http.test_people import push

PATH, ME = "/v1/stations/laigle/subscribers", "/v1/subscribers/me"


async def enrolled(api, *, vulnerable=None):
    return await api.enrol(NewSubscriber("fr", vulnerable=vulnerable))


async def flag(api, token):
    _, _, known = await api.call("GET", ME, key=token)
    return known["vulnerable"]


@pytest.mark.parametrize(
    ("given", "known"), [({"vulnerable": True}, True), ({"vulnerable": False}, False), ({}, False)]
)
async def test_the_station_enrols_with_a_key_made_for_it(api, given, known):
    services = api.running.services
    async with services.store.write() as unit:
        station, now = await stations.by_slug(unit, "laigle"), services.clock.now()
        only = (Permission.REGISTER, Permission.VULNERABLE)
        key = await stations.add_key(unit, KeyRole.PUBLISH, station.id, "register", now, only=only)
    if given:
        for other in ("laigle-publish", "laigle-admin"):
            status, _, problem = await api.call("POST", PATH, given, key=other)
            assert (status, problem["code"]) == (403, "permission-needed"), "no role opens the register"
    status, _, made = await api.call("POST", PATH, given, key=key)
    assert (status, made["token"]) == (201, None), "a key does not act as the person"
    async with api.running.services.store.read() as unit:
        assert (await profiles.read(unit, int(made["id"]))).vulnerable is known
        entries = await vulnerable.listed(unit, station.id)
        told = await audit_reading.page(unit, Only(action=Action.VULNERABLE_ADDED), limit=9)
    assert [each.about for each in told] == [each.id for each in entries]
    assert len(entries) == known


@pytest.mark.parametrize("said", [True, False])
async def test_nobody_is_enrolled_without_a_key(api, said):
    status, _, problem = await api.call("POST", PATH, {"contacts": [push()], "vulnerable": said}, key=None)
    assert status == 401, problem
    assert problem["code"] == "key-needed-for"


async def test_anybody_who_changes_something_else_stays_enrolled(api):
    token = await enrolled(api, vulnerable=True)
    status, _, known = await api.call("PATCH", ME, {"locale": "en"}, key=token)
    assert (status, known["vulnerable"]) == (200, True)


@pytest.mark.parametrize("said", [False, None])
async def test_anybody_who_is_enrolled_takes_it_back(api, said):
    token = await enrolled(api, vulnerable=True)
    status, _, known = await api.call("PATCH", ME, {"vulnerable": said}, key=token)
    assert (status, known["vulnerable"]) == (200, False)
    assert await flag(api, token) is False


async def test_nobody_enrols_themselves(api):
    token = await enrolled(api)
    status, _, problem = await api.call("PATCH", ME, {"vulnerable": True}, key=token)
    assert (status, problem["errors"][0]["field"]) == (422, "vulnerable")
    assert await flag(api, token) is False
