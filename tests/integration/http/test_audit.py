"""What people and machines do is told in the audit log, and owners read it there."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter

import pytest

from broadcaster.pipeline.auditing import chain_entries
from broadcaster.store.operations import audit_reading
from broadcaster.store.operations.audit_reading import Only
from broadcaster.store.stations import stations
from tests.integration.http.conftest import an_alert

PERSON = {"external_id": "R-1", "name": "Zoé Érable", "contacts": [{"channel": "sms", "phone": "+33639980001"}]}


async def told_of(api, **only):
    async with api.running.services.store.read() as unit:
        return await audit_reading.page(unit, Only(**only), limit=100)


async def get(api, path, me, status=200):
    found, _, text = await api.call("GET", path, key=None, headers=me)
    assert found == status, text
    return text


async def test_what_is_done_and_looked_at_stands_in_the_log_that_its_owner_reads(api):
    await api.call("POST", "/v1/stations/laigle/subscribers", PERSON, key="laigle-publish")
    _, _, alert = await api.call("POST", "/v1/alerts", an_alert(), key="laigle-publish")
    await api.call("GET", f"/v1/alerts/{alert['id']}/unreached", key="laigle-publish")
    me = await api.sign_in("laigle-admin")
    people = await get(api, "/console/people?station=laigle&q=R-1", me)
    number = re.search(r"/console/people/(\d+)", people)[1]
    await get(api, f"/console/people/{number}?station=laigle", me)
    await get(api, f"/console/people/{number}0?station=laigle", me, 404)
    await get(api, "/console/people/export.csv?station=laigle&who=all", me)
    await get(api, "/console/sandbox", me)
    assert Counter(each.action for each in await told_of(api)) == {
        "person_added": 1, "alert_sent": 1, "unreached_seen": 1, "people_seen": 1, "person_seen": 1,
        "register_exported": 1, "sandbox_seen": 1,
    }  # fmt: skip
    (seen,) = await told_of(api, about=int(number), actor_id=api.operators["laigle-admin"])
    assert (seen.actor.kind, seen.actor.origin, seen.action) == ("operator", "127.0.0.0/24", "person_seen")

    page = await get(api, "/console/audit", me)
    assert f"/console/alerts/{alert['id']}" in page
    assert "laigle-admin" in page
    assert "Zoé" not in page
    assert "+3363998" not in page
    filtered = await get(
        api, f"/console/audit?what=person_seen&who={api.operators['laigle-admin']}&since=2020-01-01", me
    )
    assert len(re.findall(r"<li><strong>", filtered)) == 1

    await chain_entries(api.running.services)
    lines = (await get(api, "/console/audit.json", me)).splitlines()
    assert all(len(json.loads(line)["hash"]) == 64 for line in lines[1:])
    assert ";person_seen;" in await get(api, "/console/audit.csv?what=person_seen", me)
    other = await api.sign_in("rugles-admin")
    assert str(alert["id"]) not in await get(api, "/console/audit", other)
    await get(api, "/console/audit", await api.sign_in("laigle-publish"), 403)


@pytest.mark.parametrize("query", ["who=x", "about=99999999999999999999", "what=nothing", "since=2026-99-99"])
async def test_a_filter_that_means_nothing_finds_all_or_is_refused_and_is_no_error(api, query):
    me = await api.sign_in("laigle-admin")
    status, _, _ = await api.call("GET", f"/console/audit?{query}", key=None, headers=me)
    assert status in (200, 422)


async def test_anybody_can_check_that_a_public_alert_was_sent_and_what_it_said(api):
    _, _, public = await api.call("POST", "/v1/alerts", an_alert(), key="laigle-publish")
    hidden = an_alert(audience={"kind": "groups", "groups": ["club"]}, area=...)
    async with api.running.services.store.write() as unit:
        station = await stations.by_slug(unit, "laigle")
        await stations.ensure_groups(unit, station.id, {"club": "Club"})
    status, _, _ = await api.call("POST", "/v1/alerts", hidden, key="laigle-publish")
    assert status == 202
    status, _, told = await api.call("GET", "/v1/stations/laigle/digest", key=None)
    assert status == 200
    assert [each["id"] for each in told["alerts"]] == [public["id"]]
    (entry,) = await told_of(api, about=int(public["id"]))
    assert entry.params["content"] == told["alerts"][0]["hash"]
    me = await api.sign_in("laigle-admin")
    said = await get(api, f"/console/audit?about={public['id']}&lang=fr", me)
    assert "gravité\u202f: grave danger, statut\u202f: réelle" in said
    table = (await get(api, f"/console/audit.csv?about={public['id']}&lang=fr", me)).splitlines()
    (row,) = csv.DictReader(table, delimiter=";")
    assert (row["Quoi"], row["action"], row["about"]) == ("envoi d’une alerte", "alert_sent", public["id"])
    assert "gravité\u202f: grave danger" in row["En détail"]
    assert json.loads(row["params"])["severity"] == "severe"
