"""An operator's session in the console: how it begins, how it ends, and what it lets nobody else do."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest

from broadcaster.config import Settings
from broadcaster.http.sessions import csrf_made_of
from broadcaster.store.operations import sessions
from tests.integration.http.conftest import open_api

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def send(api, path, form="", **headers):
    return await api.call("POST", path, key=None, raw=form, headers={**FORM, **headers})


async def look(api, path, **headers):
    return await api.call("GET", path, key=None, headers={"Accept-Language": "en", **headers})


async def test_signing_in_leads_to_the_page_that_was_asked_for(api):
    status, headers, _ = await look(api, "/console/sessions?lang=en")
    assert (status, headers["Location"]) == (303, "/console/sign-in?then=%2Fconsole%2Fsessions%3Flang%3Den")
    _, _, page = await look(api, headers["Location"])
    assert html.unescape(re.search('data-then="(.*?)"', page)[1]) == "/console/sessions?lang=en"


async def test_a_page_is_packed_and_its_size_tells_nothing(api):
    mine = await api.sign_in()
    asked = {**mine, "Accept-Encoding": "gzip"}
    seen = [(await look(api, "/console/new", **asked))[1] for _ in range(8)]
    assert {each["Content-Encoding"] for each in seen} == {"gzip"}
    sizes = {int(each["Content-Length"]) for each in seen}
    assert len(sizes) > 1
    assert max(sizes) < 25_000
    for plain in ({"Accept-Encoding": "identity"}, {"Sec-Fetch-Site": "cross-site"}):
        assert "Content-Encoding" not in (await look(api, "/console/new", **{**asked, **plain}))[1]


@pytest.mark.parametrize(
    "then", ["https://evil.example/", "//evil.example/console", "/\\evil.example", "/v1/alerts", ""]
)
@pytest.mark.asyncio(loop_scope="module")
async def test_a_sign_in_leads_to_no_other_site(refusing, then):
    _, _, page = await look(refusing, f"/console/sign-in?then={then}")
    assert 'data-then="/console"' in page


FOREIGN = ["https://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1.evil.example"]


@pytest.mark.parametrize("origin", FOREIGN)
async def test_an_older_browser_tells_another_site_by_its_origin(api, origin):
    mine = await api.sign_in()
    proof = {"Cookie": mine["Cookie"], "X-CSRF": mine["X-CSRF"]}
    for path in ("/console/sign-in/go-on", "/console/sign-out", "/console/reach"):
        assert (await send(api, path, "", **proof, Origin=origin))[0] == 403
    assert (await look(api, "/console", **mine))[0] == 200


async def test_behind_a_proxy_the_public_address_is_our_own_and_is_kept_to_https(tmp_path):
    settings = Settings(host="127.0.0.1", port=0, data_dir=tmp_path, public_url="https://alerts.town.example")
    async for api in open_api(settings):
        mine = await api.sign_in()
        status, headers, _ = await send(api, "/console/sign-in/go-on", "", **mine, Origin="https://alerts.town.example")
        assert (status, headers["Strict-Transport-Security"]) == (200, "max-age=31536000")
        status, _, _ = await send(api, "/console/sign-in/go-on", "", **mine, Origin="http://alerts.town.example")
        assert status == 403
        for path in ("/", "/healthz", "/v1/nowhere"):
            assert "Strict-Transport-Security" in (await look(api, path))[1]


async def test_a_key_opens_no_console(api):
    cookie = {"Cookie": f"tocsin_operator={api.keys['admin']}"}
    assert (await look(api, "/console", **cookie))[0] == 303
    assert (await api.call("GET", "/console"))[0] == 303


FOREIGN = ["https://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1.evil.example"]


async def test_where_there_is_no_https_no_browser_is_kept_to_it(api):
    assert "Strict-Transport-Security" not in (await look(api, "/"))[1]


async def test_a_form_without_the_proof_that_it_is_ours_changes_nothing(api):
    mine = await api.sign_in()
    cookie = {"Cookie": mine["Cookie"]}
    proof = mine["X-CSRF"]
    for form, headers in (
        ("", {}),
        ("csrf=", {}),
        (f"csrf={proof[::-1]}", {}),
        (f"csrf={csrf_made_of('other')}", {}),
        (f"csrf={proof}", {"Sec-Fetch-Site": "cross-site"}),
    ):
        status, _, _ = await send(api, "/console/sign-out", form, **cookie, **headers)
        assert status == 403
        assert (await look(api, "/console", **cookie))[0] == 200
    status, _, _ = await send(api, "/console/sign-out", f"csrf={proof}", **cookie)
    assert status == 303
    assert (await look(api, "/console", **cookie))[0] == 303


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


async def test_one_ends_ones_own_sessions_and_an_owner_those_of_the_station(api):
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
    again = "then=/console/sessions/7/end&held.headline=La+Risle&held.body=%3Cb%3E"
    assert (await send(api, "/console/sign-in/go-on", again))[0] == 401
    mine = await api.sign_in()
    status, _, page = await send(api, "/console/sign-in/go-on", again, **mine)
    assert status == 200
    name = mine["Cookie"].partition("=")[2]
    assert 'action="/console/sessions/7/end"' in page
    assert 'name="headline" value="La Risle"' in page
    assert 'name="body" value="&lt;b&gt;"' in page
    assert f'name="csrf" value="{csrf_made_of(name)}"' in page


async def test_a_script_without_a_session_gets_a_problem_and_no_page(api):
    status, _, _ = await look(api, "/console/sessions", Cookie="tocsin_operator=nobody")
    assert status == 303
    async with api.running.services.store.read() as unit:
        assert await sessions.find(unit, "nobody", api.running.services.clock.now(), timedelta(1)) is None
