"""Requests that come at the same moment, over PostgreSQL, where writers work side by side: no trouble of ours shows."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from sqlalchemy import func, select

from broadcaster.config import Settings
from broadcaster.store.tables import alerts, opt_outs
from channels.sandbox import Sandbox
from tests.integration.http.conftest import BOUNDARY, an_alert, open_api
from tests.integration.http.test_people import push
from tests.servers.postgres import driven
from tests.servers.shaped import shaped
from tests.servers.town_api import eventually

N = 12


@pytest.fixture
async def api(tmp_path, postgres):
    settings = Settings(data_dir=tmp_path, database_url=driven(shaped(postgres)), port=0, requests_per_minute=10_000)
    async for each in open_api(settings):
        yield each


async def at_once(api, *asked, n=N, **how):
    """Ask the same ``n`` times at once; give the statuses, counted, and what was said."""
    said = await asyncio.gather(*(api.call(*asked, **how) for _ in range(n)))
    return Counter(status for status, _, _ in said), [body for _, _, body in said]


async def test_simultaneous_requests_for_one_slug_make_one_station_and_the_others_get_a_conflict(api):
    new = {"slug": "club", "name": "Vélo-club", "kind": "association", "languages": ["fr"], "boundary": BOUNDARY}
    statuses, _ = await at_once(api, "POST", "/v1/stations", new)
    assert statuses == {201: 1, 409: N - 1}


async def test_a_subscriber_who_changes_and_erases_themselves_many_times_at_once_hears_no_error_of_ours(api):
    _, _, made = await api.call("POST", "/v1/stations/laigle/subscribers", {"contacts": [push()]}, key=None)
    places = [{"label": f"place {n}", "lon": 0.6 + n / 1000, "lat": 48.76} for n in range(5)]
    statuses, _ = await at_once(api, "PATCH", "/v1/subscribers/me", {"places": places}, key=made["token"])
    assert statuses == {200: N}
    _, _, seen = await api.call("GET", "/v1/subscribers/me", key=made["token"])
    assert seen["places"] == places
    changing = at_once(api, "PATCH", "/v1/subscribers/me", {"places": places}, key=made["token"])
    erasing = at_once(api, "DELETE", "/v1/subscribers/me", key=made["token"])
    (changed, _), (erased, _) = await asyncio.gather(changing, erasing)
    assert set(changed) <= {200, 401}
    assert set(erased) <= {200, 401}
    assert erased[200] >= 1


async def test_a_cancel_that_is_asked_for_many_times_at_once_is_one_all_clear(api):
    _, _, issued = await api.call("POST", "/v1/alerts", an_alert())
    statuses, said = await at_once(api, "POST", f"/v1/alerts/{issued['id']}/cancel")
    assert statuses == {202: N}
    assert len({each["id"] for each in said}) == 1
    async with api.running.services.store.read() as unit:
        assert await unit.conn.scalar(select(func.count()).select_from(alerts)) == 2


async def test_an_update_that_is_repeated_with_its_key_while_it_is_written_is_one(api):
    _, _, issued = await api.call("POST", "/v1/alerts", an_alert())
    keyed = {"Idempotency-Key": "one-update"}
    path = f"/v1/alerts/{issued['id']}/updates"
    statuses, said = await at_once(api, "POST", path, {"headline": "La Risle monte"}, headers=keyed)
    assert statuses == {202: N}
    assert len({each["id"] for each in said}) == 1


async def test_simultaneous_one_click_unsubscribes_count_once(api):
    services = api.running.services
    assert all(isinstance(each, Sandbox) for each in services.channels.values())
    contact = {"channel": "email", "email": "rose@example.org"}
    place = {"label": "home", "lon": 0.6283, "lat": 48.7631}
    await api.call("POST", "/v1/stations/laigle/subscribers", {"contacts": [contact], "places": [place]})
    _, _, issued = await api.call("POST", "/v1/alerts", an_alert(channels=["email"]))
    found = []

    async def there():
        found[:] = (await api.call("GET", f"/v1/alerts/{issued['id']}/deliveries"))[2]["deliveries"]
        return bool(found)

    await eventually(there, "the mail is written down")
    token = services.store.vault.link("optout", int(found[0]["id"]))
    statuses, _ = await at_once(api, "POST", f"/u/{token}", key=None)
    assert statuses == {200: N}
    async with services.store.read() as unit:
        assert await unit.conn.scalar(select(func.count()).select_from(opt_outs)) == 1
