"""An operator's session in the console: how it begins, how it ends, and what it lets nobody else do."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from broadcaster.config import Settings
from broadcaster.http.sessions import csrf_made_of
from broadcaster.store import tables
from broadcaster.store.operations import sessions
from broadcaster.store.stations import stations
from tests.integration.http.conftest import open_api

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def send(api, path, form="", **headers):
    return await api.call("POST", path, key=None, raw=form, headers={**FORM, **headers})


async def look(api, path, **headers):
    return await api.call("GET", path, key=None, headers={"Accept-Language": "en", **headers})


async def test_whoever_is_not_signed_in_is_led_to_the_key_and_then_where_they_wanted_to_go(api):
    status, headers, _ = await look(api, "/console/sessions?lang=en")
    assert (status, headers["Location"]) == (303, "/console/sign-in?then=%2Fconsole%2Fsessions%3Flang%3Den")
    _, _, page = await look(api, headers["Location"])
    then = html.unescape(re.search('name="then" value="(.*?)"', page)[1])
    key = api.keys["laigle-read"]
    status, headers, _ = await send(api, "/console/sign-in", f"key={key}&then={then.replace('&', '%26')}")
    assert (status, headers["Location"]) == (303, "/console/sessions?lang=en")
    cookie = headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/console"} <= {part.strip() for part in cookie.split(";")}
    assert key not in cookie
    status, _, page = await look(api, "/console/sessions", Cookie=cookie.split(";")[0])
    assert status == 200
    assert "this device" in page


async def test_a_wrong_key_signs_nobody_in_and_says_so(api):
    status, headers, page = await send(api, "/console/sign-in", "key=tk_wrong", **{"Accept-Language": "en"})
    assert status == 403
    assert "Set-Cookie" not in headers
    assert "This key is unknown, or was revoked." in page


@pytest.mark.parametrize(
    "then", ["https://evil.example/", "//evil.example/console", "/\\evil.example", "/v1/alerts", ""]
)
async def test_a_sign_in_leads_to_no_other_site(api, then):
    _, headers, _ = await send(api, "/console/sign-in", f"key={api.keys['admin']}&then={then}")
    assert headers["Location"] == "/console"


async def test_no_other_site_can_sign_a_browser_in(api):
    said = f"key={api.keys['admin']}"
    for site in ("cross-site", "same-site"):
        status, headers, _ = await send(api, "/console/sign-in", said, **{"Sec-Fetch-Site": site})
        assert (status, headers.get("Set-Cookie")) == (403, None)
    for site in ("same-origin", "none"):
        status, headers, _ = await send(api, "/console/sign-in", said, **{"Sec-Fetch-Site": site})
        assert status == 303


FOREIGN = ["https://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1.evil.example"]


@pytest.mark.parametrize("origin", FOREIGN)
async def test_an_older_browser_tells_another_site_by_its_origin(api, origin):
    said = f"key={api.keys['admin']}"
    status, headers, _ = await send(api, "/console/sign-in", said, Origin=origin)
    assert (status, headers.get("Set-Cookie")) == (403, None)
    mine = await api.sign_in()
    proof = {"Cookie": mine["Cookie"], "X-CSRF": mine["X-CSRF"]}
    assert (await send(api, "/console/sign-out", "", **proof, Origin=origin))[0] == 403
    assert (await send(api, "/console/reach", "{}", **proof, Origin=origin))[0] == 403
    assert (await look(api, "/console", **mine))[0] == 200


async def test_an_older_browser_signs_in_from_our_own_page(api):
    status, _, _ = await send(api, "/console/sign-in", f"key={api.keys['admin']}", Origin=api.running.url)
    assert status == 303


async def test_behind_a_proxy_the_public_address_is_our_own_and_is_kept_to_https(tmp_path):
    settings = Settings(host="127.0.0.1", port=0, data_dir=tmp_path, public_url="https://alerts.town.example")
    async for api in open_api(settings):
        said = f"key={api.keys['admin']}"
        status, headers, _ = await send(api, "/console/sign-in", said, Origin="https://alerts.town.example")
        assert (status, headers["Strict-Transport-Security"]) == (303, "max-age=31536000")
        assert (await send(api, "/console/sign-in", said, Origin="http://alerts.town.example"))[0] == 403
        for path in ("/", "/healthz", "/v1/nowhere"):
            assert "Strict-Transport-Security" in (await look(api, path))[1]


async def test_where_there_is_no_https_no_browser_is_kept_to_it(api):
    assert "Strict-Transport-Security" not in (await look(api, "/"))[1]


async def test_a_form_without_the_proof_that_it_is_ours_changes_nothing(api):
    mine = await api.sign_in()
    cookie = {"Cookie": mine["Cookie"]}
    proof = mine["X-CSRF"]
    for form, headers in (
        ("", {}),
        ("csrf=", {}),
        (f"csrf={proof[:-1]}0", {}),
        (f"csrf={csrf_made_of('other')}", {}),
        (f"csrf={proof}", {"Sec-Fetch-Site": "cross-site"}),
    ):
        status, _, _ = await send(api, "/console/sign-out", form, **cookie, **headers)
        assert status == 403
        assert (await look(api, "/console", **cookie))[0] == 200
    status, _, _ = await send(api, "/console/sign-out", f"csrf={proof}", **cookie)
    assert status == 303
    assert (await look(api, "/console", **cookie))[0] == 303


async def test_a_session_ends_with_its_key(api):
    mine = await api.sign_in("laigle-publish")
    assert (await look(api, "/console", **mine))[0] == 200
    services = api.running.services
    async with services.store.write() as unit:
        number = next(row.id for row in await stations.keys(unit) if row.label == "publish" and row.slug == "laigle")
        await stations.revoke_key(unit, number, services.clock.now())
    assert (await look(api, "/console", **mine))[0] == 303


async def test_a_session_and_its_key_end_when_the_key_expires(api):
    services = api.running.services
    now = services.clock.now()
    async with services.store.write() as unit:
        station = await stations.by_slug(unit, "laigle")
        ends = now + timedelta(hours=1)
        api.keys["short"] = await stations.add_key(unit, "publish", station.id, "short", now, expires_at=ends)
    mine = await api.sign_in("short")
    name = mine["Cookie"].partition("=")[2]
    assert (await api.call("GET", "/v1/alerts", key="short"))[0] == 200
    async with services.store.read() as unit:
        assert await sessions.find(unit, name, now + timedelta(minutes=59), timedelta(hours=4)) is not None
        assert await sessions.find(unit, name, now + timedelta(minutes=61), timedelta(hours=4)) is None
    async with services.store.write() as unit:
        await unit.conn.execute(update(tables.api_keys).values(expires_at=now))
    assert (await api.call("GET", "/v1/alerts", key="short"))[0] == 401
    assert (await look(api, "/console", **mine))[0] == 303


async def test_a_session_ends_by_itself_sooner_when_nobody_uses_it(api):
    mine = await api.sign_in()
    name = mine["Cookie"].partition("=")[2]
    store, now = api.running.services.store, api.running.services.clock.now()
    idle = timedelta(hours=4)
    async with store.write() as unit:
        found = await sessions.find(unit, name, now + timedelta(hours=3, minutes=59), idle)
        assert found is not None
        assert await sessions.find(unit, name, now + timedelta(hours=4, minutes=1), idle) is None
        await sessions.seen(unit, found.id, now + timedelta(hours=11))
        assert await sessions.find(unit, name, now + timedelta(hours=11, minutes=59), idle) is not None
        assert await sessions.find(unit, name, now + timedelta(hours=12, minutes=1), idle) is None
        assert await sessions.forget_ended(unit, now + timedelta(hours=12, minutes=1)) == 1


async def test_one_ends_the_sessions_of_ones_key_and_an_admin_those_of_the_station(api):
    reader, other, admin, elsewhere = [
        await api.sign_in(key) for key in ("laigle-read", "laigle-read", "laigle-admin", "rugles-read")
    ]
    ids = {}
    for name, each in (("reader", reader), ("admin", admin), ("elsewhere", elsewhere)):
        _, _, page = await look(api, "/console/sessions", **each)
        ids[name] = re.findall(r"/console/sessions/(\d+)/end", page)
    assert [len(each) for each in ids.values()] == [2, 3, 1]
    for mine in (reader, admin):
        status, _, _ = await send(api, f"/console/sessions/{ids['elsewhere'][0]}/end", **mine)
        assert status == 404
    status, _, _ = await send(api, f"/console/sessions/{max(map(int, ids['reader']))}/end", **reader)
    assert status == 303
    assert [(await look(api, "/console", **each))[0] for each in (reader, other, elsewhere)] == [200, 303, 200]


async def test_what_was_written_while_the_session_ended_is_kept_and_goes_on_after_signing_in(api):
    mine = await api.sign_in()
    api_store = api.running.services.store
    async with api_store.write() as unit:
        await sessions.sign_out(unit, mine["Cookie"].partition("=")[2])
    said = "csrf=old&headline=La+Risle+d%C3%A9borde&body=%3Cb%3E%22"
    status, _, page = await send(api, "/console/sessions/7/end", said, **mine)
    assert status == 401
    held = dict(re.findall('name="(held[.][a-z]+)" value="(.*?)"', page))
    assert {name: html.unescape(value) for name, value in held.items()} == {
        "held.headline": "La Risle déborde",
        "held.body": '<b>"',
    }
    again = f"key={api.keys['admin']}&then=/console/sessions/7/end&held.headline=La+Risle&held.body=%3Cb%3E"
    status, headers, page = await send(api, "/console/sign-in", again)
    assert status == 200
    name = headers["Set-Cookie"].split(";")[0].partition("=")[2]
    assert 'action="/console/sessions/7/end"' in page
    assert 'name="headline" value="La Risle"' in page
    assert 'name="body" value="&lt;b&gt;"' in page
    assert f'name="csrf" value="{csrf_made_of(name)}"' in page


async def test_a_script_without_a_session_gets_a_problem_and_no_page(api):
    status, _, _ = await look(api, "/console/sessions", Cookie="tocsin_operator=nobody")
    assert status == 303
    async with api.running.services.store.read() as unit:
        assert await sessions.find(unit, "nobody", api.running.services.clock.now(), timedelta(1)) is None
