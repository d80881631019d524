"""API keys: limited to some actions, their last use recorded, made and revoked in the console by owners."""

from __future__ import annotations

import re

from broadcaster.store.stations import stations
from tests.integration.http.conftest import an_alert


async def post(api, path, me, **data):
    async with api.http.post(api.running.url + path, data=data, headers=me, allow_redirects=False) as came:
        return came.status, await came.text()


async def test_an_owner_makes_a_key_for_one_thing_sees_its_use_and_revokes_it(api):
    me = await api.sign_in("laigle-admin")
    status, page = await post(api, "/console/keys", me, label="Sirène", station="laigle", days="90", look="1")
    assert status == 200
    key = re.search(r'id="new-key" value="(tk_[\w-]+)"', page)[1]
    assert "never used" in page or "jamais" in page
    status, _, _ = await api.call("GET", "/v1/alerts?station=laigle", key=key)
    assert status == 200
    status, _, refused = await api.call("POST", "/v1/alerts", an_alert(), key=key)
    assert (status, refused["errors"][0]["code"] if refused.get("errors") else refused["code"]) == (
        403,
        "permission-needed",
    )
    async with api.running.services.store.read() as unit:
        (made,) = [each for each in await stations.keys(unit) if each.label == "Sirène"]
    assert made.actions == ("look",)
    assert made.used_at is not None
    _, _, listed = await api.call("GET", "/console/keys", key=None, headers=me)
    assert key not in listed
    assert re.search("(made by|créée par) laigle-admin", listed)
    assert re.search("made on the machine|créée sur la machine", listed), "the keys of the fixture"

    other = await api.sign_in("rugles-admin")
    status, _ = await post(api, f"/console/keys/{made.id}/revoke", other)
    assert status in (403, 404)
    status, _ = await post(api, f"/console/keys/{made.id}/revoke", me)
    assert status == 303
    status, _, _ = await api.call("GET", "/v1/alerts?station=laigle", key=key)
    assert status == 401


async def test_a_key_for_nothing_or_for_another_station_is_not_made(api):
    me = await api.sign_in("laigle-admin")
    assert (await post(api, "/console/keys", me, label="x", station="laigle", days="90"))[0] == 422
    assert (await post(api, "/console/keys", me, label="x", station="laigle", days="91", look="1"))[0] == 422
    assert (await post(api, "/console/keys", me, label="x", station="rugles", days="90", look="1"))[0] == 403
